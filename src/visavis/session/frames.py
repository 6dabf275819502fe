"""Counts the pictures that come in, one fact per second and source; the pictures themselves are not kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from visavis.kernel.events import Event, FramesSeen
from visavis.kernel.media import VideoFrame, VideoSource

PERIOD_S = 1.0


class FrameCounter:
    """`flush` tells what is left: a device was switched off, or the call is over."""

    def __init__(self, note: Callable[[Event], object]) -> None:
        self._note = note
        self._since_s: dict[VideoSource, float] = {}
        self._count: Counter[VideoSource] = Counter()
        self._size: dict[VideoSource, tuple[int, int]] = {}

    def see(self, frame: VideoFrame) -> None:
        source = frame.source
        height, width = frame.image.shape[:2]
        self._size[source] = width, height
        self._count[source] += 1
        if frame.at_s - self._since_s.setdefault(source, frame.at_s) >= PERIOD_S:
            self._since_s[source] = frame.at_s
            self._tell(source)

    def flush(self) -> None:
        self._since_s.clear()
        for source in list(self._count):
            self._tell(source)

    def _tell(self, source: VideoSource) -> None:
        self._note(FramesSeen(source, self._count.pop(source), *self._size[source]))
