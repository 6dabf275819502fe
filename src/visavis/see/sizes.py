"""How large a frame is sent, and how many tokens it costs by the published rule of tiles."""

from __future__ import annotations

import math
from typing import Any

import av

from visavis.see.base import ChangeKind, Image

SCENE_PX = 512
"""Long side of frames that show people and things."""
TEXT_PX = 2048
"""Text goes as it is, up to this long side."""

_BASE_TOKENS, _TILE_TOKENS, _TILE_PX, _SHORT_PX = 85, 170, 512, 768
"""GPT-4o: shrunk to a short side of 768, then 170 tokens for each tile of 512×512, and 85."""

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


def image_tokens(width: int, height: int) -> int:
    """Tokens of one picture by the rule of tiles; other providers count otherwise, and their own count is used."""
    width, height = fitted(width, height, 2048)
    shrink = max(1.0, min(width, height) / _SHORT_PX)
    tiles = math.ceil(width / shrink / _TILE_PX) * math.ceil(height / shrink / _TILE_PX)
    return _BASE_TOKENS + _TILE_TOKENS * tiles
