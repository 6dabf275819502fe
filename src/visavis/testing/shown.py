"""Scripted sight: pictures that say themselves which they are, and a reader and a describer that know their words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from visavis.kernel.media import VideoFrame, VideoSource
from visavis.see.base import Image
from visavis.see.reading import Line, Word

BLOCK_PX = 20


def shown(number: int, at_s: float, source: VideoSource = "screen", *, scale: int = 1) -> VideoFrame:
    """Picture `number` (1–255), 320×180 times `scale`: no two numbers look alike."""
    chance = np.random.default_rng(number)
    blocks = chance.choice(np.array([20, 235], np.uint8), (180 // BLOCK_PX, 320 // BLOCK_PX, 1)).repeat(3, axis=2)
    blocks[0, 0] = number
    image: Image = blocks.repeat(BLOCK_PX * scale, axis=0).repeat(BLOCK_PX * scale, axis=1)
    return VideoFrame(image, source, at_s)


@dataclass
class ScriptedReader:
    """Reads `texts[number]` of picture `number`, '' for others, after `takes_s`. `raises` it raises instead."""

    texts: Mapping[int, str] = field(default_factory=dict)
    takes_s: float = 0.2
    raises: Exception | None = None
    name: str = "reader"
    looks: int = 0

    async def read(self, image: Image) -> list[Line]:
        text = await self._text(image)
        return [Line(tuple(Word(word, (9 * n, 0, 8, 10)) for n, word in enumerate(text.split())))] if text else []

    async def describe(self, image: Image, *, question: str = "") -> str:
        return await self._text(image)

    async def _text(self, image: Image) -> str:
        self.looks += 1
        await asyncio.sleep(self.takes_s)
        if self.raises is not None:
            raise self.raises
        return self.texts.get(int(image[0, 0, 0]), "")
