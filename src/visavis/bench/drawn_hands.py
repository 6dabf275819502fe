"""Drawn people who hold up a hand, for `visavis bench gestures`: raised, or only nearly so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from visavis.bench.gate_cameras import Person
from visavis.bench.gate_draw import Colour
from visavis.see.base import Image

Act = Literal["raised", "a moment", "waved", "low", "sideways", "two hands", "fist", "two fingers"]
NEARLY: tuple[Act, ...] = ("a moment", "waved", "low", "sideways", "two hands", "fist", "two fingers")
"""What is no raised hand, and must not be told as one."""

WIDTH, HEIGHT = 640, 480
APART_S = 5.0
RISES_S = 0.35

_OPEN = (True, True, True, True)
_KNUCKLES = ((-0.34, -0.92), (-0.12, -1.0), (0.12, -0.97), (0.33, -0.85))
_TIPS = ((-0.48, -1.72), (-0.15, -1.95), (0.18, -1.85), (0.5, -1.5))

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Raise:
    """One action: at rest from `at_s` for `holds_s`. `x`, `y` of the wrist and `palm`, its length, are pixels."""

    act: Act
    at_s: float
    holds_s: float
    x: float
    y: float
    palm: float
    angle: float
    fingers: tuple[bool, bool, bool, bool] = _OPEN


@dataclass(frozen=True, slots=True)
class HandTake:
    """A minute or so of one drawn person."""

    person: Person
    wall: Colour
    raises: Sequence[Raise]
    seconds: float
    seed: int

    def picture(self, at_s: float) -> Image:
        image: Image = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        image[:] = self.wall
        self.person.paint(image, at_s, 0.0, 0.0, talks=True)
        for one in self.raises:
            self._paint(image, one, at_s)
        noise = np.random.default_rng(self.seed + int(at_s * 1000)).normal(0, 4, image.shape)
        noisy: Image = np.clip(image + noise, 0, 255).astype(np.uint8)
        return noisy

    def _paint(self, image: Image, one: Raise, at_s: float) -> None:
        up = min((at_s - one.at_s) / RISES_S + 1, (one.at_s + one.holds_s - at_s) / RISES_S + 1, 1.0)
        if up <= 0:
            return
        drop = (1 - up) * (HEIGHT - one.y + 2 * one.palm)
        aside = 1.6 * one.palm * math.sin(9 * at_s) if one.act == "waved" else 0.0
        placed = replace(one, x=one.x + aside, y=one.y + drop)
        draw_hand(image, placed, self.person.skin)
        if one.act == "two hands":
            draw_hand(image, replace(placed, x=WIDTH - placed.x, angle=-placed.angle), self.person.skin)


def hand_takes(seed: int, count: int, raises: int = 16) -> list[HandTake]:
    """`count` people, each of whom raises a hand, and nearly so, in turn."""
    return [_take(np.random.default_rng(seed + index), raises, seed + index) for index in range(count)]


def _take(draw: np.random.Generator, raises: int, seed: int) -> HandTake:
    acts: list[Act] = []
    for index in range(raises):
        acts.append("raised" if index % 2 == 0 else NEARLY[int(draw.integers(len(NEARLY)))])
    wall = tuple(int(value) for value in draw.integers(90, 200, 3))
    shown = [_raise(draw, act, 3.0 + APART_S * index) for index, act in enumerate(acts)]
    return HandTake(Person.any(draw), (wall[0], wall[1], wall[2]), shown, 3.0 + APART_S * raises, seed)


def _raise(draw: np.random.Generator, act: Act, at_s: float) -> Raise:
    side = float(draw.choice([-1, 1]))
    palm = float(draw.uniform(34, 60))
    x, y = WIDTH / 2 + side * float(draw.uniform(150, 210)), float(draw.uniform(230, 290))
    angle = float(draw.uniform(-0.35, 0.35))
    one = Raise(act, round(at_s, 3), float(draw.uniform(1.3, 2.5)), x, y, palm, angle)
    match act:
        case "a moment":
            return replace(one, holds_s=0.25)
        case "low":
            return replace(one, x=WIDTH / 2 + side * 60, y=HEIGHT - 20.0)
        case "sideways":
            return replace(one, angle=side * float(draw.uniform(1.1, 1.6)))
        case "fist":
            return replace(one, fingers=(False, False, False, False))
        case "two fingers":
            return replace(one, fingers=(True, True, False, False))
        case _:
            return one


def draw_hand(image: Image, one: Raise, skin: Colour) -> None:
    """A hand and its forearm, shaded like round things, into `image`."""
    pen = _Pen(image, one, np.array(skin, np.float32))
    pen.stroke((0, 1.9), (0, 0.05), 0.26)
    for begin, end, radius in (
        ((-0.22, -0.15), (-0.3, -0.85), 0.2),
        ((0.22, -0.15), (0.3, -0.8), 0.2),
        ((0, -0.15), (0, -0.9), 0.26),
        ((0, -0.5), (0, -0.6), 0.42),
    ):
        pen.stroke(begin, end, radius)
    for knuckle, tip, straight in zip(_KNUCKLES, _TIPS, one.fingers, strict=True):
        if not straight:
            pen.stroke(knuckle, (knuckle[0], knuckle[1] + 0.25), 0.13, 0.9)
            continue
        pen.stroke(knuckle, tip, 0.115)
        for joint in (0.35, 0.68):
            x, y = (knuckle[axis] + joint * (tip[axis] - knuckle[axis]) for axis in (0, 1))
            pen.stroke((x - 0.07, y), (x + 0.07, y), 0.018, 0.7)
    if any(one.fingers):
        pen.stroke((-0.3, -0.35), (-0.62, -0.75), 0.14)
        pen.stroke((-0.62, -0.75), (-0.78, -1.15), 0.115)
    else:
        pen.stroke((-0.35, -0.55), (0.1, -0.62), 0.13, 0.95)


class _Pen:
    """Strokes with round ends; points in lengths of the palm from the wrist, fingers upwards."""

    def __init__(self, image: Image, one: Raise, skin: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
        self._image = image
        self._one = one
        self._skin = skin

    def _at(self, point: Point) -> Point:
        c, s, palm = math.cos(self._one.angle), math.sin(self._one.angle), self._one.palm
        return self._one.x + palm * (point[0] * c - point[1] * s), self._one.y + palm * (point[0] * s + point[1] * c)

    def stroke(self, begin: Point, end: Point, radius: float, tone: float = 1.0) -> None:
        (x0, y0), (x1, y1), r = self._at(begin), self._at(end), radius * self._one.palm
        left, right = max(0, int(min(x0, x1) - r - 2)), min(WIDTH, int(max(x0, x1) + r + 3))
        top, bottom = max(0, int(min(y0, y1) - r - 2)), min(HEIGHT, int(max(y0, y1) + r + 3))
        if left >= right or top >= bottom:
            return
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        across, down = x1 - x0, y1 - y0
        along = np.clip(((x - x0) * across + (y - y0) * down) / max(across**2 + down**2, 1e-6), 0, 1)
        off = np.hypot(x - x0 - along * across, y - y0 - along * down)
        covers = np.clip(r - off + 0.5, 0, 1)[..., None]
        light = (0.62 + 0.38 * np.sqrt(np.clip(1 - off / r, 0, 1)))[..., None] * tone
        under = self._image[top:bottom, left:right]
        under[:] = (under * (1 - covers) + self._skin * light * covers).astype(np.uint8)
