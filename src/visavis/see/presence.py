"""Where a face is in a camera's picture, and how many there are: what moves with a face is that person's business.

Fed by the face tracker where there is consent to look for faces; without it the camera's changes are told from the
pictures alone. Pure: observations with media time in.
"""

from __future__ import annotations

import math

import numpy as np

from visavis.see.base import FaceObservation
from visavis.see.luma import Mask

FRESH_S = 1.0
"""An older look tells nothing about the picture."""
COUNTS_S = 1.2
"""Another number of faces counts after so long: a face may be lost for a moment."""
SIDEWAYS, ABOVE, BELOW = 0.6, 0.6, 0.4
"""So much wider than the face, on each side, and higher, in its widths and heights, are head, hair and neck."""

Box = tuple[float, float, float, float]


class Presence:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know of no face, as at the beginning."""
        self._seen_s = -math.inf
        self._box: Box | None = None
        self._told_box: Box | None = None
        self._count: int | None = None
        self._told_count: int | None = None
        self._differs_since_s: float | None = None

    def push(self, at_s: float, seen: FaceObservation | None) -> None:
        """`seen` in the picture of media time `at_s`. None: no face is there."""
        if at_s <= self._seen_s:
            return
        if at_s - self._seen_s > FRESH_S:
            self._differs_since_s = None
        self._seen_s = at_s
        self._box = seen.box if seen else None
        self._count = seen.faces if seen else 0
        if self._told_count is None:
            self._told_count, self._told_box = self._count, self._box
        if self._count == self._told_count:
            self._differs_since_s = None
        elif self._differs_since_s is None:
            self._differs_since_s = at_s

    def came_or_went(self, at_s: float) -> bool:
        """Whether another number of faces is in view than when something was told, and has been for a while."""
        since_s = self._differs_since_s
        return self._fresh(at_s) and since_s is not None and self._seen_s - since_s >= COUNTS_S

    def heads(self, at_s: float, rows: int, columns: int) -> Mask:
        """Blocks of the head that was in view when something was told and is in view now; none where it is not."""
        mask = np.zeros((rows, columns), bool)
        if self._fresh(at_s) and self._box is not None and self._told_box is not None:
            for x, y, width, height in (self._box, self._told_box):
                top, bottom = y - ABOVE * height, y + (1 + BELOW) * height
                left, right = x - SIDEWAYS * width, x + (1 + SIDEWAYS) * width
                mask[_span(top, bottom, rows), _span(left, right, columns)] = True
        return mask

    def told(self) -> None:
        """A change was told or settled: what is in view now is what counts from here on."""
        self._told_box, self._told_count, self._differs_since_s = self._box, self._count, None

    def _fresh(self, at_s: float) -> bool:
        return abs(at_s - self._seen_s) <= FRESH_S


def _span(low: float, high: float, blocks: int) -> slice:
    return slice(max(0, math.floor(low * blocks)), max(0, math.ceil(high * blocks)))
