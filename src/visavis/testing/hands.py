"""Scripted hands: pictures that say themselves how a hand is held, and an engine that reads it off them."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from visavis.kernel.errors import ProviderError
from visavis.kernel.events.see import Gesture
from visavis.kernel.media import VideoFrame
from visavis.see.base import Image, Sign

_NUMBERS: dict[Gesture | None, int] = {None: 0, "raised_hand": 1, "thumb_up": 2}
_BROKEN = 255


def hand(at_s: float, gesture: Gesture | None, *, x: float = 0.5, broken: bool = False) -> VideoFrame:
    """A camera's picture; the middle of the hand is at `x` (0–1, in steps of 0.01)."""
    image = np.zeros((4, 6, 3), np.uint8)
    image[0, 0] = (_BROKEN if broken else _NUMBERS[gesture], round(x * 100), 0)
    return VideoFrame(image, "camera", at_s)


class ScriptedHands:
    """Sees what `hand` has put into a picture, after `takes_s`. `looks` counts the pictures that were looked at."""

    name = "scripted"

    def __init__(self, takes_s: float = 0.0) -> None:
        self.takes_s = takes_s
        self.looks = 0

    @classmethod
    async def load(cls, context: Any) -> ScriptedHands:
        return cls()

    async def look(self, image: Image) -> list[Sign]:
        self.looks += 1
        await asyncio.sleep(self.takes_s)
        number, x, _ = (int(value) for value in image[0, 0])
        if number == _BROKEN:
            raise ProviderError("the picture is broken", stage="vision")
        return [Sign(gesture, x / 100, 0.3, 0.2) for gesture, its in _NUMBERS.items() if gesture and its == number]
