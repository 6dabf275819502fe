"""What a camera shows, small: brightness and two colours of half blocks; and what of it is new, or has only moved.

Two pictures are compared in both directions. A block that looks like something close by in the other picture has only
moved: a head that turns, somebody who shifts in the chair. A page held up shows what was nowhere before, and somebody
who left is nowhere now.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from visavis.see.base import Image
from visavis.see.luma import BLOCK, Blocks, Grid, Mask, cell_px, neighbours

View = NDArray[np.float32]
"""Shape (2 × rows of blocks, 2 × columns, 3): brightness, red less green, blue less green; means of half blocks."""

PART = BLOCK // 2
"""Cells along one side of a half block."""
OFFSET = np.array([8.0, 0.0, 0.0], np.float32)
"""Of the darkest, a factor of light tells nothing."""
WHITE = 6.0
"""A camera's white balance shifts the colours of a whole picture by less than that."""
STEPS = (0, 1, -1, 2, -2, 4, -4, 6, -6, 8, -8)
"""So many half blocks something moves, either way, and is still taken for the same: up to 160 px at 720p."""
REACH = 8
ALIKE = 11.0
"""The halves of a block may differ by so much, on average, from what they are taken for."""
NOWHERE = 1e4

NEW_BLOCKS = 3
NEW_OF = 5
"""So many new blocks of which each has at least four new neighbours are something; fewer are a shadow or a fold."""
LIGHT = 0.3
"""Logarithm of the factor by which the light changes at once; auto-exposure stays below."""


def view(image: Image, grid: Grid) -> View:
    """`grid` is the brightness of `image`. Colour is that of one pixel in each cell: 0.5 ms."""
    rows, columns = grid.shape
    cell = cell_px(image)
    pixels = image[: rows * cell : cell, : columns * cell : cell].astype(np.float32)
    cells = np.empty((rows, columns, 3), np.float32)
    cells[..., 0] = grid
    cells[..., 1] = pixels[..., 0] - pixels[..., 1]
    cells[..., 2] = pixels[..., 2] - pixels[..., 1]
    down = cells.reshape(rows // PART, PART, columns * 3).sum(axis=1)
    parts: View = down.reshape(rows // PART, columns // PART, PART, 3).sum(axis=2) / np.float32(PART * PART)
    return parts


def gain(told: View, now: View) -> float:
    """The logarithm of the factor of light between two views: what most of the picture has changed by."""
    return float(np.median(np.log((now[..., 0] + 8) / (told[..., 0] + 8))))


def lit(now: View, log_gain: float, told: View) -> View:
    """`now` as it would look with the light, and the white balance, of `told`."""
    same: View = (now + OFFSET) / np.float32(math.exp(log_gain)) - OFFSET
    for colour in (1, 2):
        same[..., colour] -= np.clip(np.median(same[..., colour] - told[..., colour]), -WHITE, WHITE)
    return same


def difference(told: View, now: View) -> Blocks:
    """How much each block differs, in brightness or in one of the colours, whichever is more."""
    sums: Blocks = np.abs(_block_sums(now - told)).max(axis=2) / np.float32(4)
    return sums


def new_blocks(before: View, now: View, where: Mask) -> Mask:
    """Those blocks of `where` that show in `now` what was not close by in `before`, or where something is gone."""
    found = np.zeros_like(where)
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not len(rows):
        return found
    top, bottom, left, right = 2 * rows[0], 2 * rows[-1] + 2, 2 * columns[0], 2 * columns[-1] + 2
    old, new = before[top:bottom, left:right], now[top:bottom, left:right]
    margins = ((REACH, REACH), (REACH, REACH), (0, 0))
    there, here = (np.pad(one, margins, constant_values=NOWHERE) for one in (before, now))
    arrived = np.full((old.shape[0] // 2, old.shape[1] // 2), NOWHERE, np.float32)
    gone = arrived.copy()
    for down in STEPS:
        for across in STEPS:
            window = np.s_[REACH + top + down : REACH + bottom + down, REACH + left + across : REACH + right + across]
            np.minimum(arrived, _worst(new - there[window]), out=arrived)
            np.minimum(gone, _worst(old - here[window]), out=gone)
    found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = np.maximum(arrived, gone) > ALIKE
    new_ones: Mask = found & where
    return new_ones


def something_new(blocks: Mask) -> bool:
    return int(neighbours(blocks, NEW_OF).sum()) >= NEW_BLOCKS


def same_view(one: View, other: View) -> bool:
    """True when two views show the same but for exposure, noise and small movements."""
    if one.shape != other.shape:
        return False
    light = gain(one, other)
    if abs(light) >= LIGHT:
        return False
    now = lit(other, light, one)
    changed: Mask = difference(one, now) > ALIKE
    return not something_new(changed) or not something_new(new_blocks(one, now, changed))


def _block_sums(parts: View) -> View:
    rows = parts[0::2] + parts[1::2]
    sums: View = rows[:, 0::2] + rows[:, 1::2]
    return sums


def _worst(differences: View) -> Blocks:
    """The mean of the halves' absolute differences for each block, in the channel where it is largest."""
    means: Blocks = _block_sums(np.abs(differences)).max(axis=2) / np.float32(4)
    return means
