"""`visavis bench cost`: what one call costs the server, silent and speaking, and what a second one adds."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from visavis.bench.conversation import Conversation
from visavis.bench.server_process import ServerProcess
from visavis.bench.speech import RATE_HZ, spoken
from visavis.bench.usage import Span, rss_mb
from visavis.testing.rtc_caller import RtcCaller

SILENT_S = 10.0
SETTLE_S = 3.0

_FLUENT = (
    "I bought the bicycle here last spring and since the weekend the chain makes a loud noise whenever I change into "
    "the third gear and my neighbour thinks that the whole rear wheel might have to be replaced because"
)
_HESITANT = _FLUENT.replace(" and ", " and | ")


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    async with ServerProcess() as server:
        return await call_cost(server)


async def call_cost(server: ServerProcess) -> dict[str, Any]:
    """CPU-milliseconds per second of the server's worker with one call on it; memory of a second, audio-only one."""
    first = RtcCaller(video=True)
    await first.join(server.url)
    second = RtcCaller(video=False)
    try:
        await Conversation(first).begin()
        await asyncio.sleep(SETTLE_S)
        silent = Span(server.worker)
        await asyncio.sleep(SILENT_S)
        silent_ms = silent.stop()
        speaking_ms = await _while_speaking(server, first, _FLUENT)
        pausing_ms = await _while_speaking(server, first, _HESITANT)
        before_mb = rss_mb(server.worker)
        await second.join(server.url)
        await Conversation(second).begin()
        added_mb = rss_mb(server.worker) - before_mb
    finally:
        await first.leave()
        await second.leave()
    return {
        "cpu_ms_per_s": {
            "silent": round(silent_ms, 1),
            "speaking": round(speaking_ms, 1),
            "pausing": round(pausing_ms, 1),
        },
        "rss_mb": round(before_mb, 1),
        "second_session_mb": round(added_mb, 2),
    }


async def _while_speaking(server: ServerProcess, caller: RtcCaller, text: str) -> float:
    """From the first to the last sound of a long sentence that ends open, so that no answer is spoken meanwhile.

    Pauses in it may be ends of turn: replies are then made ahead and thrown away, which is part of the cost.
    """
    audio = await spoken(text, "low")
    async with asyncio.TaskGroup() as group:
        group.create_task(caller.say(audio), name="saying")
        await asyncio.sleep(0.5)
        span = Span(server.worker)
        await asyncio.sleep(len(audio) / RATE_HZ - 1.0)
        cost = span.stop()
    await asyncio.sleep(12.0)
    return cost
