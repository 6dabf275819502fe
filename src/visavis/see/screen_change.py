"""Changes of a shared screen: text, layout, slides and windows; not cursors, clocks, videos and compression.

The screen is compared with what it showed when a change was last told. A place counts when it differs by a run of
cells as wide as a word, and has been quiet for a while: the longer, the more it moves by itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.media import VideoFrame
from visavis.see.base import Change, ChangeKind
from visavis.see.luma import Blocks, Grid, Mask, block_means, block_sums, box_of, faded, luma, neighbours, wide

DIFFERS = 12.0
"""Brightness by which a cell differs; compression changes the mean of 4×4 pixels by less."""
WORD_CELLS = 8
"""A word of four letters at 14 px is at least so wide in a 720p picture; cursors and digits of clocks are not."""
WORD_RUNS = 2
"""So many runs of that width within a block and its neighbours."""
ACTIVE_CELLS = 3

QUIET_S = 0.45
BUSY_QUIET_S = 1.15
"""A place that moved three times in the last seconds (typing, a clock with seconds) must be quiet for longer."""
BUSY_TIMES = 2.5
BUSY_S = 2.5
HABIT_QUIET_S = 4.0
"""A place that moves out of habit (a video, a presenter) counts only when it has come to rest."""
HABIT = 0.3
HABIT_S = 4.0
OLD_HABIT = 0.15
OLD_HABIT_S = 20.0
WAIT_S = 1.0
"""How long a settled change waits for others that are still moving."""

LAYOUT_SHARE = 0.12
WINDOW_SHARE = 0.4
GAP_S = 5.0
RESIZED_DIFFERS = 6.0


class ScreenChange:
    def __init__(self) -> None:
        self._last_s = float("-inf")
        self._previous: Grid | None = None
        self._told: Grid | None = None
        self._waiting_s: float | None = None

    def push(self, frame: VideoFrame) -> Change | None:
        grid = luma(frame.image)
        if grid is None or frame.at_s <= self._last_s:
            return None
        passed_s, self._last_s = frame.at_s - self._last_s, frame.at_s
        if self._previous is None or self._told is None:
            self._start(grid, frame.at_s)
            return Change("window", frame.at_s, box_of(np.zeros((0, 0), bool), frame.image), 1.0, True)
        if grid.shape != self._told.shape:
            return self._resized(grid, frame)
        self._moved(grid, self._previous, frame.at_s, passed_s)
        self._previous = grid
        return self._settled(grid, self._told, frame)

    def _start(self, grid: Grid, at_s: float) -> None:
        blocks = block_means(grid).shape
        self._previous = self._told = grid
        self._active_s: NDArray[np.float64] = np.full(blocks, at_s)
        self._times: NDArray[np.float32] = np.zeros(blocks, np.float32)
        self._habit: NDArray[np.float32] = np.zeros(blocks, np.float32)
        self._old_habit: NDArray[np.float32] = np.zeros(blocks, np.float32)
        self._waiting_s = None

    def _resized(self, grid: Grid, frame: VideoFrame) -> Change | None:
        """A stream that only changes its resolution shows the same; one that changes its shape does not."""
        assert self._told is not None
        same = _same_when_scaled(self._told, grid)
        self._start(grid, frame.at_s)
        if same:
            return None
        return Change("layout", frame.at_s, box_of(np.zeros((0, 0), bool), frame.image), 1.0, False)

    def _moved(self, grid: Grid, previous: Grid, at_s: float, passed_s: float) -> None:
        active = block_sums(np.abs(grid - previous) > DIFFERS) >= ACTIVE_CELLS
        self._active_s[active] = at_s
        self._times = self._times * np.float32(np.exp(-passed_s / BUSY_S)) + active
        passed_s = min(passed_s, GAP_S)
        self._habit = faded(self._habit, active, passed_s, HABIT_S)
        self._old_habit = faded(self._old_habit, active, passed_s, OLD_HABIT_S)

    def _settled(self, grid: Grid, told: Grid, frame: VideoFrame) -> Change | None:
        differing = self._differing(grid, told)
        if not differing.any():
            self._waiting_s = None
            return None
        habitual = (self._habit > HABIT) | (self._old_habit > OLD_HABIT)
        needed_s = np.where(self._times > BUSY_TIMES, BUSY_QUIET_S, QUIET_S)
        needed_s[neighbours(habitual, 1)] = HABIT_QUIET_S
        quiet = frame.at_s - self._active_s >= needed_s - 1e-6
        ready = differing & quiet
        if not ready.any():
            self._waiting_s = None
            return None
        if self._waiting_s is None:
            self._waiting_s = frame.at_s
        moving = differing & ~quiet & ~neighbours(habitual, 1)
        if moving.any() and frame.at_s - self._waiting_s < WAIT_S:
            return None
        self._waiting_s, self._told = None, grid
        share = float(differing.mean())
        return Change(_kind(share), frame.at_s, box_of(differing, frame.image), round(share, 4), not moving.any())

    def _differing(self, grid: Grid, told: Grid) -> Mask:
        mask = np.abs(grid - told) > DIFFERS
        if not mask.any():
            return np.zeros(self._times.shape, bool)
        runs: Blocks = block_sums(wide(mask, WORD_CELLS))
        here: Mask = runs >= WORD_RUNS
        split = (runs > 0) & ~here  # a word on the edge between two blocks
        if split.any():
            here |= split & (neighbours(runs > 0, 2))
        return here


def same_screen(one: Grid, other: Grid) -> bool:
    """True when two pictures of a screen differ by nothing that is as wide as a word."""
    if one.shape != other.shape:
        return _same_when_scaled(one, other)
    return int(wide(np.abs(one - other) > DIFFERS, WORD_CELLS).sum()) < WORD_RUNS


def _same_when_scaled(one: Grid, other: Grid) -> bool:
    if abs(one.shape[1] / one.shape[0] - other.shape[1] / other.shape[0]) > 0.08:
        return False
    few, many = sorted((block_means(one), block_means(other)), key=lambda blocks: blocks.size)
    row = (np.arange(few.shape[0]) * many.shape[0]) // few.shape[0]
    column = (np.arange(few.shape[1]) * many.shape[1]) // few.shape[1]
    return float(np.abs(few - many[np.ix_(row, column)]).mean()) < RESIZED_DIFFERS


def _kind(share: float) -> ChangeKind:
    if share >= WINDOW_SHARE:
        return "window"
    return "layout" if share >= LAYOUT_SHARE else "text"
