"""Square, turned regions of a picture: cutting them out, and mapping points in them back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.see.base import Image

Points = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Region:
    """Centre and side in pixels of the picture, turned by `angle` radians (clockwise, as y points down)."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    def cut(self, image: Image, pixels: int) -> Image:
        """The region as (pixels, pixels, 3), black outside the picture. Each pixel is its nearest neighbour.

        Interpolation costs 14 times as much in numpy (2.6 against 0.2 ms for 192 pixels).
        """
        height, width = image.shape[:2]
        grid = ((np.arange(pixels, dtype=np.float32) + 0.5) / pixels - 0.5) * self.side
        c, s = math.cos(self.angle), math.sin(self.angle)
        column = np.floor(self.x + c * grid[None, :] - s * grid[:, None]).astype(np.int32)
        row = np.floor(self.y + s * grid[None, :] + c * grid[:, None]).astype(np.int32)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        index = np.clip(row, 0, height - 1) * width + np.clip(column, 0, width - 1)
        cut: Image = np.ascontiguousarray(image).reshape(-1, 3).take(index, axis=0)
        if not inside.all():
            cut[~inside] = 0
        return cut

    def back(self, points: Points) -> Points:
        """Points of the region (shares of its side, shape (n, 2)) as pixels of the picture."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        offset = (points - 0.5) * self.side
        turned: Points = offset @ np.array([[c, s], [-s, c]], np.float32) + np.array([self.x, self.y], np.float32)
        return turned
