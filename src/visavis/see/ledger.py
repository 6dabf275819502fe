"""The frame ledger: every frame of a source that is not sent is counted by reason, every one that is sent is told.

Facts only: `FramesSeen` counts what came in, `FrameSent` and `FramesDropped` what became of it. Readers of the
journal (the call page, the cost) add them up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from visavis.kernel.events import Event, FramesDropped, FrameSent
from visavis.kernel.media import VideoFrame, VideoSource
from visavis.see.base import Decision
from visavis.see.sizes import fitted
from visavis.see.tokens import cost

PERIOD_S = 1.0


class FrameLedger:
    """One call's. `note` takes the facts, on the event loop; it never blocks and never raises.

    Times are media time, taken from the frames. Drops are told once a second and source; `flush` tells the rest.
    """

    def __init__(self, note: Callable[[Event], object]) -> None:
        self._note = note
        self._dropped: dict[VideoSource, Counter[str]] = {}
        self._since_s: dict[VideoSource, float] = {}

    def decided(self, frame: VideoFrame, decision: Decision) -> None:
        """A frame of any source that was not sent, and why; decisions to send are told by `sent`."""
        if not decision.send:
            self.dropped(frame.source, decision.why, frame.at_s)

    def dropped(self, source: VideoSource, why: str, at_s: float) -> None:
        """Also for frames that went to the worker and were dropped there: `queue_full`, `nothing_new`, …"""
        since_s = self._since_s.setdefault(source, at_s)
        self._dropped.setdefault(source, Counter())[why] += 1
        if at_s - since_s >= PERIOD_S:
            self._tell(source)

    def sent(
        self, frame: VideoFrame, why: str, now_s: float, *, longest: int, provider: str = "", model: str = ""
    ) -> FrameSent:
        """`frame` goes at media time `now_s`, with a long side of at most `longest` pixels."""
        height, width = frame.image.shape[:2]
        width, height = fitted(width, height, longest)
        price = cost(model, width, height)
        fact = FrameSent(
            frame.source,
            frame.at_s,
            width,
            height,
            why,
            provider,
            price.tokens,
            round(price.usd, 6),
            round(max(0.0, now_s - frame.at_s), 3),
        )
        self._note(fact)
        return fact

    def flush(self, source: VideoSource | None = None) -> None:
        """Tells what is counted so far: a track has ended, or the call."""
        for one in [source] if source else list(self._dropped):
            self._tell(one)

    def _tell(self, source: VideoSource) -> None:
        counts = self._dropped.pop(source, None)
        self._since_s.pop(source, None)
        if counts:
            self._note(FramesDropped(source, dict(sorted(counts.items()))))
