"""Changes before a camera: somebody comes or goes, something is held up, a gesture, light and scene.

Blocks of the picture are compared, free of the camera's exposure, with what they were when a change was last told.
What a block does by itself (a talking head, leaves in a window) is learnt and does not count. A change is a solid
patch of blocks, not the edge of something that sways, and it is told when it has stayed as it is for a while.
The kind is a guess from size, stillness and brightness: no face and no person is recognised here. Where faces are
looked for, what moves with a face does not count, and another number of them does (see/presence.py).
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.media import VideoFrame
from visavis.see.base import Change, ChangeKind
from visavis.see.luma import Blocks, Grid, Mask, box_of, faded, luma, neighbours
from visavis.see.presence import Presence
from visavis.see.view import LIGHT, OFFSET, View, difference, gain, lit, new_blocks, something_new, view

LEAST_DIFFERENCE = 13.0
"""Brightness by which a block's mean differs at least; its own habit raises that."""
HABIT_FACTOR = 2.5
HABIT_S = 12.0
START_HABIT = 3.0
MOST_HABIT = 20.0
TOLD_HABIT = 4.0
"""What was told makes the next change of the same place less of an event: some people never sit still."""
CORE_BLOCKS = 3
CORE_OF = 7
"""So many blocks that have changed with nearly all their neighbours: a patch of about 3×5 blocks, 120×200 px at 720p.
The edges of a head that sways have none."""

HELD_S = 0.6
"""How long a patch must stay as it is."""
STILL = 7.0
STILL_SHARE = 0.75
"""So much of the patch moves by less than that from the beginning of the time to its end."""
MOVES_ON = 12.0
"""While patches elsewhere move by more than that, somebody is still on the way."""
PAGE_DIFFERENCE = 40.0
PATIENCE_S = 2.5
"""A large change that does not come to rest is told after so long, as not settled."""
LARGE_SHARE = 0.3

LIGHT_S = 0.5
EXPOSURE_S = 4.0
"""Slower changes of light than this are followed silently; so are small differences of blocks, more slowly."""
DRIFT_S = 15.0

MOTION_CELL = 14.0
LIVE_SHARE = 0.0015
"""Share of cells that move from frame to frame while somebody is in view; an empty room stays below."""
LIVE_S = 0.8
LIVE_KNOWN_S = 2.0
"""After so long it is known whether somebody is in view at first."""
SCENE_SHARE = 0.55
PERSON_SHARE = 0.14
GESTURE_SHARE = 0.05
NEW_SHARE = 0.5
"""Of a page, a hand, or somebody who comes, most is new; of a head that turns, less than half."""
GAP_S = 3.0
COUNTED_S = 4.0
"""Faces are counted a while after a change was told; within this it is the same event."""


class CameraChange:
    def __init__(self, presence: Presence | None = None) -> None:
        self._presence = presence or Presence()
        self._last_s = self._told_s = float("-inf")
        self._grid: Grid | None = None
        self._patch_since_s: float | None = None
        self._light_since_s: float | None = None
        self._recent: deque[tuple[float, View]] = deque()
        self._live = 0.0
        self._live_told: float | None = None

    def push(self, frame: VideoFrame) -> Change | None:
        grid = luma(frame.image)
        if grid is None or frame.at_s <= self._last_s:
            return None
        passed_s, self._last_s = frame.at_s - self._last_s, frame.at_s
        now = view(frame.image, grid)
        if self._grid is None or self._grid.shape != grid.shape:
            first = self._grid is None or not _same_ratio(self._grid, grid)
            self._start(grid, now)
            nowhere = np.zeros((0, 0), bool)
            return Change("scene", frame.at_s, box_of(nowhere, frame.image), 1.0, True) if first else None
        self._follow(grid, now, frame.at_s, min(passed_s, GAP_S))
        return self._light(now, frame) or self._patch(now, frame, min(passed_s, GAP_S)) or self._people(frame)

    def _start(self, grid: Grid, now: View) -> None:
        self._grid, self._told, self._began_s = grid, now, self._last_s
        blocks = now.shape[0] // 2, now.shape[1] // 2
        self._habit: NDArray[np.float32] = np.full(blocks, START_HABIT, np.float32)
        self._gain = 0.0
        self._patch_since_s = self._light_since_s = None
        self._recent.clear()

    def _follow(self, grid: Grid, now: View, at_s: float, passed_s: float) -> None:
        assert self._grid is not None
        moving = float((np.abs(grid - self._grid) > MOTION_CELL).mean())
        share = 1 - math.exp(-passed_s / LIVE_S)
        self._live += (moving - self._live) * share
        self._grid = grid
        self._recent.append((at_s, now))
        while at_s - self._recent[0][0] > HELD_S + 1e-6:
            self._recent.popleft()

    def _light(self, now: View, frame: VideoFrame) -> Change | None:
        """A change of light is a change of all blocks by about one factor."""
        factor = gain(self._told, now)
        before, self._gain = self._gain, factor
        if abs(factor) < LIGHT:
            self._light_since_s = None
            followed = np.float32(math.exp(factor * self._share(frame, EXPOSURE_S)))
            self._told = (self._told + OFFSET) * followed - OFFSET
            return None
        if self._light_since_s is None or abs(factor - before) > LIGHT / 2:
            self._light_since_s = frame.at_s
        if frame.at_s - self._light_since_s < LIGHT_S:
            return None
        return self._tell("scene", np.ones(self._habit.shape, bool), frame, settled=True)

    def _share(self, frame: VideoFrame, tau_s: float) -> float:
        passed_s = frame.at_s - self._recent[-2][0] if len(self._recent) > 1 else 0.0
        return 1 - math.exp(-passed_s / tau_s)

    def _patch(self, now: View, frame: VideoFrame, passed_s: float) -> Change | None:
        now = lit(now, self._gain, self._told)
        differs = difference(self._told, now)
        changed = differs > np.maximum(LEAST_DIFFERENCE, HABIT_FACTOR * self._habit)
        core = neighbours(changed, CORE_OF)
        if int(core.sum()) < CORE_BLOCKS or self._light_since_s is not None:
            self._patch_since_s = None
            self._learn(differs, changed, passed_s)
            return None
        patch = changed & neighbours(core, 1)
        share = float(patch.mean())
        if self._patch_since_s is None:
            self._patch_since_s = frame.at_s
        waited_s = frame.at_s - self._patch_since_s
        held = waited_s >= HELD_S and self._rests(patch, waited_s if _page_like(patch, differs) else 0.0)
        if not held and not (waited_s >= PATIENCE_S and share >= LARGE_SHARE):
            return None
        apart = patch & ~self._presence.heads(frame.at_s, *patch.shape)
        new = new_blocks(self._told, now, apart)
        if not something_new(new) or new.sum() < NEW_SHARE * apart.sum():
            self._settle(patch)
            return None
        return self._tell(self._kind(new, share), patch, frame, settled=held)

    def _people(self, frame: VideoFrame) -> Change | None:
        """Somebody has come or gone whom the blocks did not show."""
        if not self._presence.came_or_went(frame.at_s):
            return None
        if frame.at_s - self._told_s < COUNTED_S:
            self._presence.told()
            return None
        return self._tell("person", np.zeros(self._habit.shape, bool), frame, settled=True)

    def _learn(self, differs: Blocks, changed: Mask, passed_s: float) -> None:
        if self._live_told is None and self._last_s - self._began_s > LIVE_KNOWN_S:
            self._live_told = self._live
        self._habit = faded(self._habit, np.minimum(differs, np.float32(MOST_HABIT)), passed_s, HABIT_S)
        drifted = faded(self._told, self._recent[-1][1], passed_s, DRIFT_S)
        self._told = np.where(changed.repeat(2, 0).repeat(2, 1)[..., None], self._told, drifted)

    def _rests(self, patch: Mask, waited_s: float) -> bool:
        (began_s, before), (_, now) = self._recent[0], self._recent[-1]
        if self._last_s - began_s < 0.6 * HELD_S:
            return False
        middle = self._recent[len(self._recent) // 2][1]
        moved = np.maximum(difference(before, now), difference(middle, now))
        patience = 1 + min(max(0.0, waited_s - HELD_S), 1.0)  # a page in the hand trembles
        moves_on = int(neighbours(moved > patience * MOVES_ON, CORE_OF).sum()) >= CORE_BLOCKS
        return not moves_on and float((moved[patch] < patience * STILL).mean()) >= STILL_SHARE

    def _kind(self, new: Mask, share: float) -> ChangeKind:
        """`share`: of all that has changed."""
        if share >= SCENE_SHARE:
            return "scene"
        is_live = self._live > LIVE_SHARE
        was_live = is_live if self._live_told is None else self._live_told > LIVE_SHARE
        if was_live != is_live and share >= PERSON_SHARE:
            return "person"
        if share < GESTURE_SHARE:
            return "gesture"
        return "held_up" if _filled(new) else "person"

    def _tell(self, kind: ChangeKind, patch: Mask, frame: VideoFrame, *, settled: bool) -> Change:
        self._settle(patch)
        self._told_s = frame.at_s
        return Change(kind, frame.at_s, box_of(patch, frame.image), round(float(patch.mean()), 4), settled)

    def _settle(self, patch: Mask) -> None:
        """What is in view now is what the next change is measured against."""
        latest = [now for at_s, now in self._recent if self._last_s - at_s <= HELD_S / 2]
        self._told = np.stack(latest).mean(axis=0, dtype=np.float32)
        self._habit[patch] = np.minimum(self._habit[patch] + TOLD_HABIT, MOST_HABIT)
        self._presence.told()
        self._gain, self._live_told = 0.0, self._live
        self._patch_since_s = self._light_since_s = None


def _page_like(patch: Mask, differs: Blocks) -> bool:
    return _filled(patch) and float(differs[patch].mean()) > PAGE_DIFFERENCE


def _filled(patch: Mask) -> bool:
    """A page or a box in the hand fills most of the rectangle around it."""
    rows, columns = np.flatnonzero(patch.any(axis=1)), np.flatnonzero(patch.any(axis=0))
    around = (int(rows[-1]) - int(rows[0]) + 1) * (int(columns[-1]) - int(columns[0]) + 1)
    return bool(patch.sum() >= 0.55 * around)


def _same_ratio(one: Grid, other: Grid) -> bool:
    return bool(abs(one.shape[1] / one.shape[0] - other.shape[1] / other.shape[0]) < 0.08)
