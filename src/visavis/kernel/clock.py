"""Time, injected everywhere. Rooms never read the machine's clock themselves.

`Clock.now()` is the running event loop's own time, so that `asyncio.sleep`, `asyncio.timeout` and the rooms
agree, under real time and under `VirtualTimeLoop` alike.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """`now()` is monotonic seconds, `wall()` seconds since 1970 (UTC)."""

    def now(self) -> float: ...
    def wall(self) -> float: ...


class LoopClock:
    """The clock of the running event loop: real on a normal loop, virtual on a `VirtualTimeLoop`."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        loop = asyncio.get_running_loop()
        offset: float | None = getattr(loop, "wall_offset_s", None)
        return time.time() if offset is None else loop.time() + offset


class ManualClock:
    """A clock that moves only when told to; for pure tests."""

    def __init__(self, now_s: float = 0.0, wall_s: float = 1_750_000_000.0) -> None:
        self._now_s = now_s
        self._offset_s = wall_s - now_s

    def now(self) -> float:
        return self._now_s

    def wall(self) -> float:
        return self._now_s + self._offset_s

    def advance(self, seconds: float) -> None:
        self._now_s += seconds


class MediaClock:
    """Media time of one session: seconds since it began. One per session; a resumed session starts later."""

    def __init__(self, clock: Clock, *, start_s: float = 0.0) -> None:
        self._clock = clock
        self._origin_s = clock.now() - start_s

    def now(self) -> float:
        return self._clock.now() - self._origin_s

    def wall(self) -> float:
        return self._clock.wall()


class StreamTimeline:
    """Maps one stream's sample count to media time, and says when the mapping had to move.

    A stream that arrives evenly keeps its anchor, so that jitter does not leak into media time. When arrival and
    count drift apart by more than `tolerance_s` (a gap, a stalled sender, a clock that runs fast) the stream is
    anchored anew and `on_remap` hears by how many seconds.
    """

    def __init__(
        self,
        rate_hz: int,
        now: Callable[[], float],
        *,
        tolerance_s: float = 0.12,
        on_remap: Callable[[float], None] | None = None,
    ) -> None:
        self._rate_hz = rate_hz
        self._now = now
        self._tolerance_s = tolerance_s
        self._on_remap = on_remap
        self._anchor_s: float | None = None
        self._count = 0

    def stamp(self, samples: int) -> float:
        """Media time of the first of the next `samples` samples, which have just arrived in full."""
        arrived_s = self._now() - samples / self._rate_hz
        if self._anchor_s is None:
            self._anchor_s = max(0.0, arrived_s)
        at_s = self._anchor_s + self._count / self._rate_hz
        drift_s = arrived_s - at_s
        if abs(drift_s) > self._tolerance_s:
            self._anchor_s += drift_s
            at_s += drift_s
            if self._on_remap is not None:
                self._on_remap(drift_s)
        self._count += samples
        return at_s
