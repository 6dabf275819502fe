"""Maps what a stream counts (samples, RTP timestamps) to media time, by its quickest arrivals.

Packets come late, never early: the quickest arrivals of the last second tell where the stream really stands, so
neither jitter nor a stall followed by a burst moves the mapping. Pure: the caller says what time it is.
"""

from __future__ import annotations

from dataclasses import dataclass

_WINDOW_S = 1.0
_AT_ONCE_S = 1.0


@dataclass(slots=True)
class ArrivalClock:
    """`rate_hz` counts per second. Moves only when it is off by more than `tolerance_s` for a whole second, or
    by more than a second at once.

    A `live` stream cannot be sent ahead of time: whatever comes quicker than the mapping expects shows that it stands
    too late (a call's first packet often is late, and so is what follows a stall), so it follows at once. Such small
    steps are no move.
    """

    rate_hz: int
    tolerance_s: float = 0.12
    live: bool = False
    _base_s: float | None = None
    _window_from_s: float = 0.0
    _window_min_s: float = float("inf")

    def arrived(self, count: int, now_s: float) -> float:
        """Everything before `count` is here at `now_s`. Returns by how many seconds the mapping moved (mostly 0)."""
        transit_s = now_s - count / self.rate_hz
        if self._base_s is None:
            self._base_s = transit_s
            self._open_window(now_s)
            return 0.0
        self._window_min_s = min(self._window_min_s, transit_s)
        if abs(transit_s - self._base_s) > _AT_ONCE_S:
            return self._move(transit_s, now_s)
        if self.live and -self.tolerance_s <= transit_s - self._base_s < 0:
            self._base_s = transit_s
        if now_s - self._window_from_s < _WINDOW_S:
            return 0.0
        quickest_s = self._window_min_s
        if abs(quickest_s - self._base_s) > self.tolerance_s:
            return self._move(quickest_s, now_s)
        self._open_window(now_s)
        return 0.0

    def at(self, count: int) -> float:
        """Media time of the sample `count`, in seconds, never below 0."""
        return max(0.0, (self._base_s or 0.0) + count / self.rate_hz)

    def count_at(self, at_s: float) -> int:
        """Where the stream should stand at media time `at_s`."""
        return int((at_s - (self._base_s or 0.0)) * self.rate_hz)

    def reset(self) -> None:
        self._base_s = None

    def _move(self, base_s: float, now_s: float) -> float:
        by_s = base_s - (self._base_s or 0.0)
        self._base_s = base_s
        self._open_window(now_s)
        return by_s

    def _open_window(self, now_s: float) -> None:
        self._window_from_s, self._window_min_s = now_s, float("inf")
