"""Pictures of a WebRTC line: which media line is the camera and which the screen, and how often we look."""

from __future__ import annotations

from typing import Any

import numpy as np

from visavis.kernel.media import VideoFrame, VideoSource
from visavis.kernel.messages import Track

_ORDER: tuple[VideoSource, ...] = ("camera", "screen")
_LONGEST_SIDE = 1280


class Pictures:
    """By default the first video line is the camera and the second the screen; a `Track` message may say otherwise.
    Two lines are never one source.

    At most `fps` pictures a second and source are converted; the others cost their decoding only, and lines whose
    device is off, or all while `fps` is 0, not even that. `camera_fps`, if set, is the camera's own rate.
    """

    def __init__(self, fps: float = 5.0) -> None:
        self.fps = fps
        self.camera_fps: float | None = None
        self._source_of: dict[str, VideoSource] = {}
        self._off: set[str] = set()
        self._taken_s: dict[VideoSource, float] = {}

    def new_line(self) -> None:
        """Another connection has other media lines."""
        self._source_of.clear()
        self._off.clear()

    def heard(self, message: Track, mids: list[str]) -> None:
        if message.kind == "microphone":
            return
        mid = message.mid or self._mid_of(message.kind, mids)
        if mid not in mids:
            return
        self._source_of[mid] = message.kind
        (self._off.discard if message.on else self._off.add)(mid)

    def wanted(self, mid: str) -> bool:
        return self.fps > 0 and mid not in self._off

    def take(self, mid: str, mids: list[str], picture: Any, at_s: float) -> VideoFrame | None:
        """`picture` (an `av.VideoFrame`) as RGB, at most 1280 pixels long; None when it is not its turn."""
        source = self._source(mid, mids)
        if source is None or not self.wanted(mid):
            return None
        last_s = self._taken_s.get(source)
        fps = self.camera_fps or self.fps if source == "camera" else self.fps
        if last_s is not None and 0 <= at_s - last_s < 0.95 / fps:
            return None
        self._taken_s[source] = at_s
        return VideoFrame(to_rgb(picture), source, at_s)

    def _source(self, mid: str, mids: list[str]) -> VideoSource | None:
        known = self._source_of.get(mid)
        if known is not None:
            return known
        place = mids.index(mid) if mid in mids else len(_ORDER)
        source = _ORDER[place] if place < len(_ORDER) else None
        return None if source in self._source_of.values() else source

    def _mid_of(self, source: VideoSource, mids: list[str]) -> str:
        return next((mid for mid in mids if self._source(mid, mids) == source), "")


def to_rgb(picture: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """RGB uint8 of an `av.VideoFrame`, shape (height, width, 3), scaled down to 1280 pixels on its longer side, and
    turned as a recording says (browsers turn pictures before they send them).

    One thread: waking a pool of them costs more than the conversion.
    """
    shrink = max(1.0, max(picture.width, picture.height) / _LONGEST_SIDE)
    width, height = (max(2, int(side / shrink) & ~1) for side in (picture.width, picture.height))
    image: np.ndarray[Any, np.dtype[np.uint8]] = picture.reformat(width, height, "rgb24", threads=1).to_ndarray()
    quarters = round(getattr(picture, "rotation", 0) / 90) % 4  # the oldest PyAV that will do cannot tell
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image
