"""How large a frame is sent: as it is for what may hold text, small for scenes."""

from __future__ import annotations

from typing import Any

import av

from visavis.see.base import ChangeKind, Image

SCENE_PX = 512
"""Long side of frames that show people and things."""
TEXT_PX = 2048
"""Text goes as it is, up to this long side."""

_READABLE: frozenset[ChangeKind] = frozenset({"text", "layout", "window", "held_up"})


def longest_px(kind: ChangeKind | None, source: str, *, asked: bool) -> int:
    """The long side to send at most: full for what may hold text, small for scenes."""
    if asked or source == "screen" or kind in _READABLE:
        return TEXT_PX
    return SCENE_PX


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size within `longest`, of the same shape; never larger than it was."""
    shrink = max(1.0, max(width, height) / longest)
    return max(1, round(width / shrink)), max(1, round(height / shrink))


def shrunk(image: Image, longest: int) -> Image:
    """`image` with a long side of at most `longest` pixels, averaged over areas. About 3 ms; off the event loop."""
    height, width = image.shape[:2]
    size = fitted(width, height, longest)
    if size == (width, height):
        return image
    frame: Any = av.VideoFrame.from_ndarray(image, "rgb24")
    small: Image = frame.reformat(*size, "rgb24", interpolation="AREA", threads=1).to_ndarray()
    return small
