"""Changes of a shared screen: text, layout, slides and windows; not cursors, clocks, videos and compression.

The screen is compared with what it showed when a change was last told. A place counts when it differs by a run of
cells as wide as a word, and has been quiet for a while: the longer, the more it moves by itself.
"""

from __future__ import annotations

import math

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
"""A place that moved three times in the last seconds (a clock with seconds), and text that grew three times (typing),
must be quiet for longer."""
BUSY_TIMES = 2.5
BUSY_S = 2.5
HABIT_QUIET_S = 4.0
"""A place that moves out of habit (a video, a presenter), and what changes along with it, counts only when all of it
has come to rest."""
STIRS = 6.0
HABIT = 0.3
HABIT_S = 4.0
HABIT_STEP_S = 0.5
"""One picture after a gap makes no habit."""
OLD_HABIT = 0.15
OLD_HABIT_S = 20.0
FILM_BLOCKS = 4
"""So far, in blocks, what changes when a film is cut to another shot is taken for a part of it."""
BESIDE_BLOCKS = 2
"""So far what changes beside a film at any other time: a presenter's arm."""
CUT = 2.0
"""A film is cut when it changes by so many times more than it has lately."""
CUT_S = 4.0
CUT_KNOWN_S = 60.0
"""The still parts of a film show at its cuts; they are known for so long."""
GROWS_S = 6.0
"""A change that grows and does not settle is told after so long."""
LETTERS_CELLS = 4
"""Narrower things (a blinking caret, a pointer's tip) neither grow nor make a habit."""
GROWS_CELLS = 3.0
"""Runs of that width that come or go around what differs until it counts as growing."""
GROWS_SHARE = 0.01
AROUND_BLOCKS = 2

LAYOUT_SHARE = 0.12
WINDOW_SHARE = 0.4
RESIZED_DIFFERS = 6.0


class ScreenChange:
    def __init__(self) -> None:
        self._last_s = float("-inf")
        self._previous: Grid | None = None
        self._told: Grid | None = None
        self._differs_since_s: float | None = None
        self._cells = (0.0, 0.0)
        self._growths = 0.0
        self._grown_s = 0.0

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
        self._cut_s: NDArray[np.float64] = np.full(blocks, -np.inf)
        self._filmed = 0.0
        self._differs_since_s, self._cells, self._growths = None, (0.0, 0.0), 0.0

    def _resized(self, grid: Grid, frame: VideoFrame) -> Change | None:
        """A stream that only changes its resolution shows the same; one that changes its shape does not."""
        assert self._told is not None
        same = _same_when_scaled(self._told, grid)
        self._start(grid, frame.at_s)
        if same:
            return None
        return Change("layout", frame.at_s, box_of(np.zeros((0, 0), bool), frame.image), 1.0, False)

    def _moved(self, grid: Grid, previous: Grid, at_s: float, passed_s: float) -> None:
        moved = np.abs(grid - previous)
        active = block_sums(moved > DIFFERS) >= ACTIVE_CELLS
        self._active_s[active] = at_s
        fade = math.exp(-passed_s / BUSY_S)
        self._times = self._times * np.float32(fade) + active
        self._growths *= fade
        stirring = block_sums(wide(moved > STIRS, LETTERS_CELLS)) >= ACTIVE_CELLS
        passed_s = min(passed_s, HABIT_STEP_S)
        self._cut(moved, active, at_s, passed_s)
        self._habit = faded(self._habit, stirring, passed_s, HABIT_S)
        self._old_habit = faded(self._old_habit, stirring, passed_s, OLD_HABIT_S)

    def _cut(self, moved: Grid, active: Mask, at_s: float, passed_s: float) -> None:
        """Notes which places changed when a film was cut."""
        film = self._films()
        if not film.any():
            self._filmed = 0.0
            return
        changed = float(block_means(moved)[film].mean())
        if self._filmed and changed > CUT * self._filmed:
            self._cut_s[active] = at_s
        share = 1 - math.exp(-passed_s / CUT_S)
        self._filmed = self._filmed + (changed - self._filmed) * share if self._filmed else changed

    def _films(self) -> Mask:
        moving: Mask = (self._habit > HABIT) | (self._old_habit > OLD_HABIT)
        return moving

    def _settled(self, grid: Grid, told: Grid, frame: VideoFrame) -> Change | None:
        mask = np.abs(grid - told) > DIFFERS
        differing = _worded(mask)
        if not differing.any():
            self._differs_since_s, self._cells = None, (0.0, 0.0)
            return None
        film_s = self._film(differing)
        film = np.isfinite(film_s)
        if self._differs_since_s is None or not (differing & ~film).any():
            self._differs_since_s = frame.at_s
        grows = self._grows(float(block_sums(wide(mask, LETTERS_CELLS))[_near(differing) & ~film].sum()), frame.at_s)
        needed_s = np.where(self._times > BUSY_TIMES, BUSY_QUIET_S, QUIET_S)
        needed_s[film] = HABIT_QUIET_S
        ready = differing & (frame.at_s - np.maximum(self._active_s, film_s) >= needed_s - 1e-6)
        if not ready.any() or (grows and frame.at_s - self._differs_since_s < GROWS_S):
            return None
        self._differs_since_s, self._told, self._cells = None, grid, (0.0, 0.0)
        share = float(differing.mean())
        return Change(_kind(share), frame.at_s, box_of(differing, frame.image), round(share, 4), not grows)

    def _grows(self, cells: float, at_s: float) -> bool:
        """Text is still being typed, a page still scrolls: what differs keeps leaving the range that it had. A caret
        that blinks beside a letter only goes to and fro in it.
        """
        least, most = self._cells
        slack = max(GROWS_CELLS, GROWS_SHARE * cells)
        if not least - slack <= cells <= most + slack:
            self._cells = min(least, cells), max(most, cells)
            self._grown_s = at_s
            self._growths += 1
        needed_s = BUSY_QUIET_S if self._growths > BUSY_TIMES else QUIET_S
        return at_s - self._grown_s < needed_s - 1e-6

    def _film(self, differing: Mask) -> NDArray[np.float64]:
        """When a film last moved, for each of its blocks; −inf for blocks that belong to none."""
        habitual = self._films()
        moved_s = np.where(habitual, self._active_s, -np.inf)
        if habitual.any():
            for step in range(FILM_BLOCKS):
                spread_s = _highest_around(moved_s)
                known = self._last_s - self._cut_s <= CUT_KNOWN_S
                moved_s = np.where((step == 0) | differing & (known | (step < BESIDE_BLOCKS)), spread_s, moved_s)
        return moved_s


def _worded(mask: Mask) -> Mask:
    """Blocks that differ by a word or more; one on the edge between two blocks counts in both."""
    runs: Blocks = block_sums(wide(mask, WORD_CELLS))
    some: Mask = runs > 0
    return (runs >= WORD_RUNS) | (some & neighbours(some, 2))


def _near(blocks: Mask) -> Mask:
    for _ in range(AROUND_BLOCKS):
        blocks = neighbours(blocks, 1)
    return blocks


def _highest_around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values, 1, constant_values=-np.inf)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    highest: NDArray[np.float64] = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    return highest


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
