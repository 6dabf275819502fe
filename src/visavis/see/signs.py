"""What a hand shows, told from its points; and of several pictures, whether it is held. Pure.

A raised hand is open, its fingers point up, it is beside the head or above it, and it is the only one that is: two
hands before the chest belong to what somebody is saying. A thumb that is up stands out of a closed hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from visavis.kernel.events.see import Gesture
from visavis.see.base import Sign
from visavis.see.hands import MIDDLE_KNUCKLE, WRIST, Hand
from visavis.see.mesh import FACE_MARGIN
from visavis.see.network import Floats

KNUCKLES = (5, 9, 13, 17)
THUMB_KNUCKLE, THUMB_TIP = 2, 4
MIDDLE_TIP = 12

STRAIGHT = 0.85
BENT = 0.8
"""From knuckle to tip, as the crow flies, by the length of the finger: all above the first, all below the second."""

UP_DEG = 40.0
"""The four fingers of a raised hand point up, on average; the thumb likewise."""
BESIDE = 0.75
"""A raised hand is so many widths of the face, or more, to the side of the face's middle: not before it."""
UPPER = 0.5
"""Where no face is found, the knuckles are in this upper part of the picture."""
THUMB_OVER = 0.6
"""A thumb that is up ends so many lengths of the palm above all knuckles and fingers."""

HOLD_S = 0.6
LEAST_LOOKS = 3
GAP_S = 0.5
"""A gesture is held when it is seen in three looks or more over so long, with no longer gap between two of them."""
MOVED = 0.6
"""While it is held it stays within so many sizes of the hand from where it was: waving is not raising."""
OVER_S = 0.8
"""It is over when it has not been seen for so long."""

Face = tuple[int, int, int, int]
"""x, y, width, height in pixels, half as large again as the face (`mesh.FACE_MARGIN`)."""


def signs(hands: Sequence[Hand], faces: Sequence[Face], width: int, height: int) -> list[Sign]:
    """What the hands of a picture of this size show."""
    found: list[Sign] = []
    longest = max(width, height)
    raised = _raised(hands)
    if len(raised) == 1 and _high(raised[0], _nearest(raised[0], faces), height):
        found.append(_sign("raised_hand", raised[0], longest))
    found += [_sign("thumb_up", hand, longest) for hand in hands if _thumb_up(hand)]
    return found


def could_be_raised(hands: Sequence[Hand]) -> bool:
    """Whether it depends on where faces are what the hands show."""
    return len(_raised(hands)) == 1


class Holds:
    """One camera's gestures: which are held. The same looks at the same times give the same answers."""

    def __init__(self) -> None:
        self._since: dict[Gesture, tuple[float, Sign, int]] = {}
        self._seen_s: dict[Gesture, float] = {}
        self._told: set[Gesture] = set()

    def push(self, at_s: float, seen: Sequence[Sign]) -> list[Gesture]:
        """`seen` in the picture of media time `at_s`. Returns the gestures that are held now and were not before."""
        for gesture, seen_s in list(self._seen_s.items()):
            if at_s - seen_s > GAP_S:
                self._since.pop(gesture, None)
            if at_s - seen_s > OVER_S:
                self._told.discard(gesture)
        held: list[Gesture] = []
        for sign in seen:
            self._seen_s[sign.gesture] = at_s
            since_s, first, looks = self._since.get(sign.gesture, (at_s, sign, 0))
            if math.hypot(sign.x - first.x, sign.y - first.y) > MOVED * first.size:
                since_s, first, looks = at_s, sign, 0
            self._since[sign.gesture] = (since_s, first, looks + 1)
            long_enough = looks + 1 >= LEAST_LOOKS and at_s - since_s >= HOLD_S
            if long_enough and sign.gesture not in self._told:
                self._told.add(sign.gesture)
                held.append(sign.gesture)
        return held


def _sign(gesture: Gesture, hand: Hand, longest: int) -> Sign:
    x, y = (float(value) / longest for value in hand.points[MIDDLE_KNUCKLE])
    low, high = hand.points.min(axis=0), hand.points.max(axis=0)
    return Sign(gesture, round(x, 4), round(y, 4), round(float((high - low).max()) / longest, 4))


def _straightness(hand: Hand) -> list[float]:
    """Of index, middle, ring and little finger, 0–1."""
    told = []
    for knuckle in KNUCKLES:
        joints = hand.shape[knuckle : knuckle + 4]
        length = float(np.linalg.norm(np.diff(joints, axis=0), axis=1).sum())
        told.append(float(np.linalg.norm(joints[3] - joints[0])) / max(length, 1e-6))
    return told


def _raised(hands: Sequence[Hand]) -> list[Hand]:
    """As far as they tell by themselves."""
    return [hand for hand in hands if _open(hand) and _points_up(hand)]


def _open(hand: Hand) -> bool:
    return min(_straightness(hand)) > STRAIGHT


def _points_up(hand: Hand) -> bool:
    along = np.sum([hand.points[knuckle + 3] - hand.points[knuckle] for knuckle in KNUCKLES], axis=0)
    return _off_up_deg(along) <= UP_DEG


def _off_up_deg(along: Floats) -> float:
    return abs(math.degrees(math.atan2(float(along[0]), -float(along[1]))))


def _nearest(hand: Hand, faces: Sequence[Face]) -> Face | None:
    def away(face: Face) -> float:
        x, y, width, height = face
        middle = hand.points[MIDDLE_KNUCKLE]
        return math.hypot(x + width / 2 - float(middle[0]), y + height / 2 - float(middle[1])) / max(width, 1)

    return min(faces, key=away, default=None)


def _high(hand: Hand, face: Face | None, height: int) -> bool:
    """Beside the head, fingertips above the middle of the face; or above the head."""
    knuckle, tip = hand.points[MIDDLE_KNUCKLE], hand.points[MIDDLE_TIP]
    if face is None:
        return float(knuckle[1]) < UPPER * height
    x, y, width, tall = face
    middle_x, middle_y, face_width = x + width / 2, y + tall / 2, width / FACE_MARGIN
    beside = abs(float(knuckle[0]) - middle_x) >= BESIDE * face_width
    above = float(hand.points[WRIST][1]) < y
    return float(tip[1]) < middle_y and (beside or above)


def _thumb_up(hand: Hand) -> bool:
    if max(_straightness(hand)) >= BENT:
        return False
    points = hand.points
    palm = float(np.linalg.norm(points[MIDDLE_KNUCKLE] - points[WRIST]))
    over = float(points[KNUCKLES[0] :, 1].min() - points[THUMB_TIP, 1])
    return _off_up_deg(points[THUMB_TIP] - points[THUMB_KNUCKLE]) <= UP_DEG and over >= THUMB_OVER * palm
