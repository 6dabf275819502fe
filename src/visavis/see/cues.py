"""From observations of a face to visual cues: is the mouth moving, is the person turned here, did they nod?

Pure: observations with their media time go in, in order, and facts come out whenever a cue changes. Thresholds were
chosen on a few public clips of other people (docs/benchmarks.md), none of them on one person's data.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from visavis.kernel.events.base import Event
from visavis.kernel.events.see import FaceCue, FacingCue, MouthCue, Nodded
from visavis.see.base import FaceObservation

MOUTH_WINDOW_S = 0.4
MOVING_STD = 0.02
STILL_STD = 0.006
"""A mouth whose opening varies by more than the first within the window is moving as in talking; by less than the
second, still. Between the two nothing is known: some people hardly move their lips when they talk."""
LEAST_LOOKS = 3

AWAY_DEG = 32.0
HERE_DEG = 24.0
"""Turned by more than the first from where this person usually looks: away; by less than the second: here again."""
TURN_HOLDS_S = 0.25
USUAL_TAKES_S = 20.0
USUAL_LIMIT_DEG = 30.0
"""A camera beside the screen sees its person from the side: what is usual is learnt, within a limit."""

NOD_SWING = 0.06
"""A swing of the head moves the tip of the nose up or down by at least this many face heights."""
NOD_SWINGS = 4
NOD_WITHIN_S = 1.4
NOD_TURN_DEG = 10.0
"""A nod is down, up, down, up within 1.4 s, without turning. A single dip is none: it may be a look at the keys."""
NOD_AGAIN_S = 1.5

LOST_S = 0.5
"""A face that is not found for so long is gone; a change in the number of faces holds twice as long to count."""
GAP_S = 1.0
"""After a longer gap between pictures nothing is concluded from what was before it."""
MOST_FACES = 3


class CueReader:
    """One person's cues. The same observations at the same times give the same facts."""

    def __init__(self) -> None:
        self.cue = FaceCue()
        self._last_s = -math.inf
        self._seen_s = -math.inf
        self._recent: deque[tuple[float, FaceObservation]] = deque()
        self._usual_deg = 0.0
        self._turned_since_s: float | None = None
        self._faces_since_s: float | None = None
        self._nodded_s = -math.inf

    def push(self, at_s: float, seen: FaceObservation | None) -> list[Event]:
        """`seen` in the picture of media time `at_s`; a picture that is not newer than the last one is ignored."""
        if at_s <= self._last_s:
            return []
        gap_s, self._last_s = at_s - self._last_s, at_s
        if gap_s > GAP_S:
            self._forget()
        if seen is None:
            return self._without_face(at_s)
        self._seen_s = at_s
        self._recent.append((at_s, seen))
        while at_s - self._recent[0][0] > NOD_WITHIN_S:
            self._recent.popleft()
        facing = self._facing(at_s, seen, min(gap_s, GAP_S))
        events = self._change(FaceCue(self._mouth(at_s), facing, self._faces(at_s, seen.faces)))
        if self.cue.mouth != "moving" and at_s - self._nodded_s > NOD_AGAIN_S and self._nods():
            self._nodded_s = at_s
            self._recent.clear()
            events.append(Nodded())
        return events

    def told(self, at_s: float, cue: FaceCue, *, nodded: bool) -> list[Event]:
        """What somebody else has seen, at media time `at_s`: it counts as if seen here."""
        events = self._change(cue)
        if nodded and at_s - self._nodded_s > NOD_AGAIN_S:
            self._nodded_s = at_s
            events.append(Nodded())
        return events

    def lapse(self) -> list[Event]:
        """No pictures come any more: nothing is known."""
        self._forget()
        return self._change(FaceCue())

    def _forget(self) -> None:
        self._recent.clear()
        self._turned_since_s = self._faces_since_s = None

    def _change(self, cue: FaceCue) -> list[Event]:
        if cue == self.cue:
            return []
        self.cue = cue
        return [cue]

    def _without_face(self, at_s: float) -> list[Event]:
        if at_s - self._seen_s < LOST_S:
            return []
        self._forget()
        facing: FacingCue = "away" if self.cue.facing == "away" else "unknown"  # turned away until out of sight
        return self._change(FaceCue("unknown", facing, 0))

    def _mouth(self, at_s: float) -> MouthCue:
        openings = [seen.mouth for seen_s, seen in self._recent if at_s - seen_s <= MOUTH_WINDOW_S]
        if len(openings) < LEAST_LOOKS:
            return self.cue.mouth
        moved = spread(openings)
        if moved > MOVING_STD:
            return "moving"
        return "still" if moved < STILL_STD else "unknown"

    def _facing(self, at_s: float, seen: FaceObservation, gap_s: float) -> FacingCue:
        turned_deg = abs(seen.yaw_deg - self._usual_deg)
        before = self.cue.facing
        now: FacingCue = before
        if turned_deg > AWAY_DEG:
            now = "away"
        elif turned_deg < HERE_DEG or before == "unknown":
            now = "here"
            share = min(1.0, gap_s / USUAL_TAKES_S)
            usual_deg = self._usual_deg + share * (seen.yaw_deg - self._usual_deg)
            self._usual_deg = max(-USUAL_LIMIT_DEG, min(USUAL_LIMIT_DEG, usual_deg))
        if now == before or before == "unknown":
            self._turned_since_s = None
            return now
        if self._turned_since_s is None:
            self._turned_since_s = at_s
        return now if at_s - self._turned_since_s >= TURN_HOLDS_S else before

    def _faces(self, at_s: float, faces: int) -> int:
        faces = min(faces, MOST_FACES)
        if faces == self.cue.faces or self.cue.faces == 0:
            self._faces_since_s = None
            return faces
        if self._faces_since_s is None:
            self._faces_since_s = at_s
        return faces if at_s - self._faces_since_s >= 2 * LOST_S else self.cue.faces

    def _nods(self) -> bool:
        turns = [seen.yaw_deg for _, seen in self._recent]
        steady = max(turns) - min(turns) < NOD_TURN_DEG
        return steady and _swings([seen.nose_y for _, seen in self._recent], NOD_SWING) >= NOD_SWINGS


def spread(openings: Sequence[float]) -> float:
    """The standard deviation of a mouth's opening."""
    mean = sum(openings) / len(openings)
    return math.sqrt(sum((opening - mean) ** 2 for opening in openings) / len(openings))


def _swings(heights: list[float], least: float) -> int:
    """How often the height went one way and then the other, by at least `least` each time."""
    swings, low, high, rising = 0, heights[0], heights[0], None
    for height in heights[1:]:
        low, high = min(low, height), max(high, height)
        if rising is not True and height - low >= least:
            swings, rising, high = swings + 1, True, height
        elif rising is not False and high - height >= least:
            swings, rising, low = swings + 1, False, height
    return swings
