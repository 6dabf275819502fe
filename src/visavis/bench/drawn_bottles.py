"""Drawn tables with bottles on them, or with none: what a detector should tell apart without any photograph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.see.base import Image
from visavis.see.network import Floats
from visavis.see.picture import scaled

WIDTH, HEIGHT = 640, 360
FINER = 3
"""Drawn so many times as large, and reduced."""

UP = (0.0, 0.55, 0.62, 0.80, 0.91, 0.92, 1.0)
ACROSS = (1.0, 1.0, 0.92, 0.44, 0.40, 0.48, 0.48)
"""A bottle's width by its height from the ground, both as shares."""
CAP, LABEL = 0.92, (0.20, 0.45)
WIDE = 0.3
"""A bottle is so much narrower than it is high."""
GROUND = 0.88

MOST = 3
COLOURS = ((120, 160, 178), (40, 110, 50), (120, 60, 20))
"""Water, green and brown glass."""


@dataclass(frozen=True, slots=True)
class Table:
    """`bottles` of `height` (a share of the picture's) on a table before a wall; `seed` is of the camera's noise."""

    bottles: int
    height: float
    colour: tuple[int, int, int] = COLOURS[0]
    label: bool = True
    wall: int = 140
    seed: int = 1

    def picture(self) -> Image:
        high, wide = HEIGHT * FINER, WIDTH * FINER
        drawn = np.full((high, wide, 3), (self.wall + 10, self.wall, self.wall - 8), np.float32)
        drawn[int(0.7 * high) :] = (215, 208, 203)
        for index in range(self.bottles):
            self._stand(drawn, wide * (index + 1) / (self.bottles + 1))
        small = scaled(np.clip(drawn, 0, 255).astype(np.uint8), WIDTH, HEIGHT).astype(np.float32)
        noise = np.random.default_rng(self.seed).normal(0, 3, small.shape)
        return np.clip(small + noise, 0, 255).astype(np.uint8)

    def _stand(self, drawn: Floats, middle: float) -> None:
        tall = self.height * HEIGHT * FINER
        foot = GROUND * HEIGHT * FINER
        up = (foot - np.arange(drawn.shape[0])) / tall
        across = (np.arange(drawn.shape[1]) - middle) / (WIDE * tall / 2)
        half = np.interp(up, UP, ACROSS, left=-1.0, right=-1.0)
        inside = np.abs(across)[None, :] <= half[:, None]
        colours = np.full((len(up), 3), self.colour, np.float32)
        colours[up >= CAP] = (20, 40, 160)
        if self.label:
            colours[(up >= LABEL[0]) & (up <= LABEL[1])] = (220, 60, 50)
        light = 1 - 0.45 * np.abs(across) ** 3 + 0.5 * np.exp(-(((across + 0.45) / 0.12) ** 2))
        shaded = colours[:, None, :] * light[None, :, None]
        drawn[inside] = shaded[inside]


def tables(seed: int, count: int) -> list[Table]:
    """0 to `MOST` bottles on each."""
    draw = np.random.default_rng(seed)
    return [
        Table(
            int(draw.integers(MOST + 1)),
            float(draw.uniform(0.55, 0.75)),
            COLOURS[int(draw.integers(len(COLOURS)))],
            bool(draw.integers(2)),
            int(draw.integers(110, 200)),
            int(draw.integers(1 << 30)),
        )
        for _ in range(count)
    ]
