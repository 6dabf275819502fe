"""The sharpest of the last frames: a page in a hand is blurred in one picture and readable in the next."""

from __future__ import annotations

from collections import deque

import numpy as np

from visavis.kernel.media import VideoFrame
from visavis.see.base import Image

KEEP_S = 0.8
APART_S = 0.15
MOST_PIXELS = 8_000_000
"""Of all pictures kept together (24 MB); the newest is always kept."""
LOOKED_AT_PX = 640


class Sharpest:
    """The recent frames of one source, a few of them, kept for less than a second."""

    def __init__(self) -> None:
        self._kept: deque[VideoFrame] = deque()
        self._newest: VideoFrame | None = None

    def push(self, frame: VideoFrame) -> None:
        """Frames in order of media time; blocks for no time: sharpness is measured when somebody asks."""
        self._newest = frame
        while self._kept and frame.at_s - self._kept[0].at_s > KEEP_S:
            self._kept.popleft()
        if not self._kept or frame.at_s - self._kept[-1].at_s >= APART_S - 1e-6:
            self._kept.append(frame)
        while len(self._kept) > 1 and sum(kept.image.size for kept in self._kept) > 3 * MOST_PIXELS:
            self._kept.popleft()

    def best(self, since_s: float, now_s: float, fresh_s: float = KEEP_S) -> VideoFrame | None:
        """The sharpest frame taken at `since_s` or later, none older than `fresh_s` before `now_s`; None if there is
        none. Of about equally sharp ones the newest.
        """
        oldest_s = max(since_s, now_s - fresh_s) - 1e-6
        frames = [kept for kept in self._kept if kept.at_s >= oldest_s]
        newest = self._newest
        if newest is not None and newest.at_s >= oldest_s and all(kept is not newest for kept in frames):
            frames.append(newest)
        if len(frames) < 2:
            return frames[0] if frames else None
        found = [(sharpness(frame.image), frame) for frame in frames]
        most = max(sharp for sharp, _ in found)
        return [frame for sharp, frame in found if sharp >= 0.95 * most][-1]

    def clear(self) -> None:
        """Forget all pictures: consent was withdrawn, or the track ended."""
        self._kept.clear()
        self._newest = None


def sharpness(image: Image) -> float:
    """The variance of the Laplacian of the picture's middle in its own resolution: more is sharper. 0.9 ms."""
    height, width = image.shape[:2]
    top, left = max(0, (height - LOOKED_AT_PX * 9 // 16) // 2), max(0, (width - LOOKED_AT_PX) // 2)
    grey = image[top : height - top, left : width - left, 1].astype(np.int16)
    if min(grey.shape) < 3:
        return 0.0
    inner = grey[1:-1, 1:-1] << 2
    inner -= grey[:-2, 1:-1]
    inner -= grey[2:, 1:-1]
    inner -= grey[1:-1, :-2]
    inner -= grey[1:-1, 2:]
    return float(inner.var(dtype=np.float32))
