"""Counts the pictures that come in, one fact per second and source; the pictures themselves are not kept."""

from __future__ import annotations

from collections.abc import Callable

from visavis.kernel.events import Event, FramesSeen
from visavis.kernel.media import VideoFrame

PERIOD_S = 1.0


class FrameCounter:
    """`latest` holds the newest frame per source, for whoever wants to look."""

    def __init__(self, note: Callable[[Event], object]) -> None:
        self._note = note
        self.latest: dict[str, VideoFrame] = {}
        self._since: dict[str, tuple[float, int]] = {}

    def see(self, frame: VideoFrame) -> None:
        self.latest[frame.source] = frame
        since_s, count = self._since.get(frame.source, (frame.at_s, 0))
        count += 1
        if frame.at_s - since_s >= PERIOD_S:
            height, width = frame.image.shape[:2]
            self._note(FramesSeen(frame.source, count, width, height))
            since_s, count = frame.at_s, 0
        self._since[frame.source] = (since_s, count)
