"""A small grey picture of a large coloured one, and how it differs from another: what change detection works on.

Everything here is arithmetic on arrays of about 320×180, cheap enough for every frame of a call.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.see.base import Image

Grid = NDArray[np.float32]
"""Brightness 0–255, shape (rows, columns), both multiples of `BLOCK`."""
Mask = NDArray[np.bool_]
Blocks = NDArray[Any]
"""One value per square of `BLOCK` × `BLOCK` cells of a grid."""

LONG_SIDE = 320
BLOCK = 10
MOST_ROWS = 4
"""Rows of pixels read for one row of the grid: bounds the work on huge pictures."""

_LUMA = (0.299, 0.587, 0.114)


def cell_px(image: Image) -> int:
    """Pixels of `image` along one side of a grid cell: so many that the grid's long side comes nearest to 320, for
    what counts as large is told in cells. 640 and 512 px: 2, 1280 and 1366 px: 4.
    """
    wanted = int(max(image.shape[:2])) / LONG_SIDE
    low = max(1, math.floor(wanted))
    return low if wanted * wanted <= low * (low + 1) else low + 1


def luma(image: Image) -> Grid | None:
    """The mean brightness of each cell; None for a picture too small to tell anything from. 1.5 ms at 720p."""
    if image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < 3 * BLOCK:
        return None
    cell = cell_px(image)
    rows, columns = (side // cell // BLOCK * BLOCK for side in image.shape[:2])
    if not rows or not columns:
        return None
    used = image[: rows * cell, : columns * cell]
    taken = sorted({index * cell // min(cell, MOST_ROWS) for index in range(min(cell, MOST_ROWS))})
    total = used[taken[0] :: cell].astype(np.uint16)
    for row in taken[1:]:
        total += used[row::cell]
    weights = np.tile(np.array(_LUMA, np.float32), cell) / np.float32(cell * len(taken))
    grid: Grid = (total.reshape(-1, 3 * cell).astype(np.float32) @ weights).reshape(rows, columns)
    return grid


def block_sums(cells: NDArray[Any]) -> Blocks:
    """Sums over blocks of a grid, or counts over those of a mask."""
    rows, columns = cells.shape
    values = cells if cells.dtype == np.float32 else cells.view(np.uint8).astype(np.float32)
    across = values.reshape(-1, BLOCK) @ np.ones(BLOCK, np.float32)
    sums: Blocks = across.reshape(rows // BLOCK, BLOCK, columns // BLOCK).sum(axis=1)
    return sums


def block_means(grid: Grid) -> Blocks:
    means: Blocks = block_sums(grid) / np.float32(BLOCK * BLOCK)
    return means


def wide(mask: Mask, run: int) -> Mask:
    """Where at least `run` cells in a row of `mask` are set, counted from there; one hole in a row is forgiven.

    Words and areas have such runs, a cursor, a caret or a digit of a clock has not.
    """
    closed = mask.copy()
    closed[:, 1:-1] |= mask[:, :-2] & mask[:, 2:]
    found = np.zeros_like(closed)
    window, have = closed, 1
    while have < run:  # doubling: log2(run) passes
        step = min(have, run - have)
        window = window[:, :-step] & window[:, step:]
        have += step
    found[:, : window.shape[1]] = window
    return found


def neighbours(blocks: Mask, least: int) -> Mask:
    """Blocks whose 3×3 surroundings, themselves included, hold at least `least` set ones."""
    padded = np.pad(blocks, 1).astype(np.int8)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    around: Mask = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) >= least
    return around


def box_of(blocks: Mask, image: Image) -> tuple[int, int, int, int]:
    """(x, y, width, height) in pixels of `image` around all set blocks; the whole picture when there are none."""
    height, width = image.shape[:2]
    if not blocks.any():
        return 0, 0, width, height
    side = BLOCK * cell_px(image)
    rows, columns = np.flatnonzero(blocks.any(axis=1)), np.flatnonzero(blocks.any(axis=0))
    x, y = int(columns[0]) * side, int(rows[0]) * side
    return x, y, min(width, (int(columns[-1]) + 1) * side) - x, min(height, (int(rows[-1]) + 1) * side) - y


def faded(values: NDArray[np.float32], towards: NDArray[Any], passed_s: float, tau_s: float) -> NDArray[np.float32]:
    """A running mean with time constant `tau_s` after `passed_s` more seconds."""
    share = np.float32(1 - math.exp(-passed_s / tau_s))
    mean: NDArray[np.float32] = values + (towards - values) * share
    return mean
