"""Camera takes for `visavis bench gate`: a drawn person talks, holds things up, goes and comes; the light changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from visavis.bench.gate_draw import (
    BRIGHTEST,
    DARKEST,
    Colour,
    Stream,
    canvas,
    ellipse,
    paste,
    rectangle,
    words,
    write,
)
from visavis.bench.gate_takes import BEGINNING, Label, Take, moments
from visavis.see.base import Image

WIDE = Stream(1280, 720, 10, 900_000)
SMALL = Stream(640, 360, 12, 350_000)
NOISE = 4.0
OUTSIDE = 1.4
"""How far to the side nothing is seen of a person any more, in picture heights."""
MOVES_S = 0.7
"""How long it takes to raise a page, and to put it down."""


@dataclass(frozen=True, slots=True)
class Person:
    """Looks and habits of one drawn person; coordinates are shares of the picture's height."""

    skin: Colour
    shirt: Colour
    hair: Colour
    size: float
    sway: tuple[float, ...]

    @classmethod
    def any(cls, draw: np.random.Generator) -> Person:
        shade = float(draw.uniform(0.45, 1))
        return cls(
            (int(225 * shade), int(178 * shade), int(150 * shade)),
            (int(draw.integers(20, 210)), int(draw.integers(20, 210)), int(draw.integers(20, 210))),
            (int(draw.integers(10, 120)), int(draw.integers(10, 80)), int(draw.integers(10, 60))),
            float(draw.uniform(0.9, 1.15)),
            tuple(float(value) for value in draw.uniform(0.6, 1.4, 6)),
        )

    def paint(self, image: Image, at_s: float, away: float, lean: float, *, talks: bool) -> None:
        """`away`: how far out of the picture to the side, in picture heights; `lean`: how far to the side, same."""
        h = image.shape[0]
        a, b, c, d, e, f = self.sway
        x = image.shape[1] / 2 + h * (away + lean + 0.012 * np.sin(0.7 * a * at_s) + 0.008 * np.sin(2.1 * b * at_s))
        y = h * (0.43 + 0.010 * np.sin(1.3 * c * at_s) + 0.006 * np.sin(3.1 * d * at_s) + 0.1 * abs(lean))
        breath = 1 + 0.01 * np.sin(1.6 * at_s)
        s = self.size * h
        ellipse(image, x - 0.6 * h * lean, 1.08 * h, 0.42 * s * breath, 0.36 * s * breath, self.shirt)
        rectangle(image, x - 0.06 * s, y + 0.15 * s, 0.12 * s, 0.16 * s, self.skin)
        ellipse(image, x, y - 0.05 * s, 0.165 * s, 0.215 * s, self.hair)
        ellipse(image, x, y, 0.145 * s, 0.195 * s, self.skin)
        shut = (at_s * 0.3 * e) % 1 < 0.04
        for side in (-1, 1):
            ellipse(image, x + side * 0.055 * s, y - 0.03 * s, 0.02 * s, (0.004 if shut else 0.013) * s, (30, 30, 40))
        speaks = talks and np.sin(0.4 * f * at_s) > -0.5
        opening = 0.008 + (0.03 * abs(np.sin(9 * at_s) * np.sin(2.3 * at_s)) if speaks else 0)
        ellipse(image, x, y + 0.095 * s, 0.045 * s, opening * s, (120, 45, 45))


def _room(draw: np.random.Generator, stream: Stream) -> Image:
    """A wall with a shelf and a picture, lit unevenly."""
    height, width = stream.height, stream.width
    tone = draw.integers(110, 215, 3)
    image = canvas(width, height, (int(tone[0]), int(tone[1]), int(tone[2])))
    for _ in range(14):
        x, tall = draw.uniform(0, 0.3) * width, draw.uniform(0.1, 0.2) * height
        colour = (int(draw.integers(40, 200)), int(draw.integers(40, 200)), int(draw.integers(40, 200)))
        rectangle(image, x, 0.45 * height - tall, 0.02 * width, tall, colour)
    rectangle(image, 0, 0.45 * height, 0.33 * width, 0.02 * height, (90, 70, 50))
    rectangle(image, 0.75 * width, 0.1 * height, 0.18 * width, 0.25 * height, (60, 80, 110))
    across = np.linspace(0.8, 1.15, width)[None, :, None]
    room: Image = np.clip(image * across, 0, 255).astype(np.uint8)
    return room


def _page(draw: np.random.Generator, stream: Stream) -> Image:
    """A letter or a card, as large as one held half a metre from the camera."""
    height = int(stream.height * draw.uniform(0.38, 0.6))
    width = int(height * draw.choice([0.72, 1.4]))
    shade = int(draw.integers(225, 252))
    page = canvas(width, height, (shade, shade, shade - 6))
    half_px = max(2, stream.height // 160)
    for row in range(height // (8 * half_px)):
        write(page, 0.06 * width, (row + 0.6) * 7 * half_px, words(draw, 6), (40, 40, 46), half_px)
    page[:, int(0.94 * width) :] = (shade, shade, shade - 6)
    return page


def _exposure(draw: np.random.Generator) -> Callable[[float], float]:
    """How a camera's automatic exposure drifts to and fro, by a tenth."""
    phase, rate = draw.uniform(0, 6, 2), draw.uniform(0.2, 0.5, 2)
    return lambda at_s: float(1 + 0.05 * np.sin(rate[0] * at_s + phase[0]) + 0.04 * np.sin(rate[1] * at_s + phase[1]))


def _lit(image: Image, gain: float) -> Image:
    levels = np.clip(np.arange(256) * gain, DARKEST, BRIGHTEST).astype(np.uint8)
    lit: Image = levels.take(image)
    return lit


def _leans(draw: np.random.Generator, seconds: float) -> Callable[[float], float]:
    """People shift in their chair now and then, and stay so for a while."""
    times = np.sort(draw.uniform(0, seconds, max(1, int(seconds / 25))))
    places = np.concatenate([[0.0], draw.uniform(-0.07, 0.07, len(times))])

    def lean(at_s: float) -> float:
        index = int(np.searchsorted(times, at_s))
        if index == 0:
            return 0.0
        part = min(1.0, (at_s - times[index - 1]) / 0.8)
        return float(places[index - 1] + (places[index] - places[index - 1]) * part)

    return lean


def talking_head(seed: int, seconds: float = 180.0) -> Take:
    """Somebody talks, nods, blinks, breathes and shifts: nothing happens."""
    draw = np.random.default_rng(seed)
    room, person = _room(draw, WIDE), Person.any(draw)
    exposure, lean = _exposure(draw), _leans(draw, seconds)

    def picture(at_s: float) -> Image:
        image = room.copy()
        person.paint(image, at_s, 0, lean(at_s), talks=True)
        return _lit(image, exposure(at_s))

    return Take("talking_head", "camera", seconds, WIDE, [], picture, NOISE)


def held_up(seed: int, seconds: float = 210.0) -> Take:
    """Pages and cards held to the camera, and a hand raised, while the person goes on talking."""
    draw = np.random.default_rng(seed)
    room, person, exposure = _room(draw, SMALL), Person.any(draw), _exposure(draw)
    shown = []
    for index, at_s in enumerate(moments(draw, 10, seconds, 11.0)):
        page = None if index % 4 == 3 else _page(draw, SMALL)
        place = (float(draw.uniform(0.25, 0.6)), float(draw.uniform(0.25, 0.4)))
        shown.append((at_s, float(draw.uniform(3, 6) if page is not None else 2.2), page, place))
    labels = [
        Label(at_s, "gesture" if page is None else "held up", f"thing {index}")
        for index, (at_s, _, page, _) in enumerate(shown)
    ]

    def picture(at_s: float) -> Image:
        image = room.copy()
        person.paint(image, at_s, 0, 0, talks=True)
        for since_s, held_s, page, place in shown:
            up = min(1.0, (at_s - since_s + MOVES_S) / MOVES_S, (since_s + held_s + MOVES_S - at_s) / MOVES_S)
            if up > 0:
                _hold(image, person, page, place, up, at_s)
        return _lit(image, exposure(at_s))

    return Take("held_up", "camera", seconds, SMALL, labels, picture, NOISE)


def _hold(
    image: Image, person: Person, page: Image | None, place: tuple[float, float], up: float, at_s: float
) -> None:
    height, width = image.shape[:2]
    tremble = 0.004 * height * np.sin(8 * at_s)
    low = (1 - up) * 0.9 * height
    if page is None:
        x, y = 0.78 * width + 2 * tremble, 0.36 * height + low
        rectangle(image, x - 0.06 * height, y, 0.12 * height, height, person.shirt)
        ellipse(image, x, y, 0.11 * height, 0.15 * height, person.skin)
        return
    x, y = place[0] * width + tremble, place[1] * height + low + tremble
    paste(image, x, y, page)
    ellipse(image, x + page.shape[1] / 2, y + page.shape[0], 0.07 * height, 0.05 * height, person.skin)


def comes_and_goes(seed: int, seconds: float = 200.0) -> Take:
    """The person leaves, comes back, and is joined by another."""
    draw = np.random.default_rng(seed)
    room, exposure = _room(draw, SMALL), _exposure(draw)
    people = Person.any(draw), Person.any(draw)
    labels: list[Label] = []
    moves: list[tuple[float, int, float, float]] = []
    places = [0.0, OUTSIDE]
    seen = {_present(places)}
    for index, at_s in enumerate(moments(draw, 9, seconds, 12.0)):
        who = 1 if index % 4 == 2 or places[1] < 1 else 0
        here = places[who] < 1
        there = OUTSIDE if here else (0.55 if who else 0.0)
        moves.append((at_s, who, places[who], there))
        places[who] = there
        shows = _present(places)
        labels.append(Label(at_s, "leaves" if here else "enters", shows, again=here and shows in seen))
        seen.add(shows)

    def picture(at_s: float) -> Image:
        image = room.copy()
        for who in (1, 0):
            away = OUTSIDE if who else 0.0
            for end_s, mover, before, after in moves:
                if mover == who and at_s > end_s - 1.3:
                    away = before + (after - before) * min(1.0, (at_s - end_s + 1.3) / 1.3)
            if away < OUTSIDE:
                people[who].paint(image, at_s + 5 * who, away, 0, talks=who == 0)
        return _lit(image, exposure(at_s))

    return Take("comes_and_goes", "camera", seconds, SMALL, labels, picture, NOISE)


def _present(places: Sequence[float]) -> str:
    present = [place < 1 for place in places]
    return BEGINNING if present == [True, False] else f"in view: {present}"


def lights(seed: int, seconds: float = 160.0) -> Take:
    """Lights are switched, a lamp beside goes on, the camera is turned."""
    draw = np.random.default_rng(seed)
    rooms = [_room(draw, SMALL) for _ in range(3)]
    person, exposure = Person.any(draw), _exposure(draw)
    states = [(0, 1.0, 0.0)]
    labels = []
    for index, at_s in enumerate(moments(draw, 7, seconds, 13.0)):
        room, light, lamp = states[-1]
        kind = ("light", "scene", "lamp")[index % 3]
        if kind == "light":
            light = 0.5 if light == 1.0 else 1.0
        elif kind == "scene":
            room = (room + 1) % 3
        else:
            lamp = 70.0 - lamp
        states.append((room, light, lamp))
        shows = BEGINNING if states[-1] == states[0] else f"room {room}, light {light}, lamp {lamp}"
        labels.append(Label(at_s, kind, shows, again=states[-1] in states[:-1]))
    cone = np.clip(1.4 - np.linspace(0, 2.2, SMALL.width), 0, 1)[None, :, None]

    def picture(at_s: float) -> Image:
        room, light, lamp = states[sum(label.at_s <= at_s for label in labels)]
        image = rooms[room].copy()
        person.paint(image, at_s, 0, 0, talks=True)
        if lamp:
            image = np.clip(image + lamp * cone, 0, 255).astype(np.uint8)
        return _lit(image, light * exposure(at_s))

    return Take("lights", "camera", seconds, SMALL, labels, picture, NOISE)


CAMERAS: tuple[Callable[[int], Take], ...] = (talking_head, held_up, comes_and_goes, lights)
