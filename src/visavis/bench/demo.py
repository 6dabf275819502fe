"""The demo's call: a synthetic caller joins the demo agent through real WebRTC and talks with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from visavis.bench.conversation import Conversation, Line
from visavis.bench.report import demo_figures
from visavis.bench.server_process import ServerProcess
from visavis.bench.usage import Span, rss_mb
from visavis.testing.rtc_caller import RtcCaller

LINES = (
    Line("Hello, what are your opening hours on Saturday?"),
    Line("And how much does a full service cost?"),
    Line("I have a flat tire. How long does it take to repair it?"),
    Line("Sorry, one more thing, where is your workshop?", after_s=1.0),
    Line("Thank you very much, that is all I wanted to know."),
)


async def demo_call(server: ServerProcess, tell: Callable[[str], None]) -> dict[str, Any]:
    """Hold the call; returns the demo's figures. Raises NegotiationFailed or PeerGone when it cannot connect."""
    caller = RtcCaller(video=True)
    await caller.join(server.url)
    try:
        conversation = Conversation(caller, tell)
        await conversation.begin()
        span = Span(server.worker)
        report = await conversation.hold(LINES)
        return demo_figures(report, span.stop(), rss_mb(server.worker))
    finally:
        await caller.leave()
