"""What real pictures show for `visavis bench objects`, by eye: clips of a data directory, and photographs that the
wheel of scikit-image ships. Neither is part of this repository.

Kinds have the model's names. A number is how many there are; `SOME`: it is there, how many cannot be said (cut off,
in motion, some far away). A kind in `maybe` is neither found nor false: an arm without its person, a vase
like a bottle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SOME = -1


@dataclass(frozen=True, slots=True)
class Shows:
    """From `from_s` on."""

    from_s: float = 0.0
    kinds: Mapping[str, int] = field(default_factory=dict)
    maybe: frozenset[str] = frozenset()

    @classmethod
    def of(cls, from_s: float, kinds: Mapping[str, int], *maybe: str) -> Shows:
        return cls(from_s, kinds, frozenset(maybe))


def _bottles(from_s: float, bottles: int, *maybe: str) -> Shows:
    return Shows.of(from_s, {"Bottle": bottles}, *maybe)


_BOTTLES = [
    _bottles(0.0, 3),
    _bottles(5.4, SOME, "Person"),
    _bottles(7.6, 2),
    _bottles(10.8, SOME, "Person"),
    _bottles(13.8, 3),
    _bottles(15.3, SOME, "Person"),
    _bottles(18.3, 1),
    _bottles(21.3, SOME, "Person"),
    _bottles(24.9, 2),
    _bottles(27.3, SOME, "Person"),
    _bottles(29.4, 3),
    _bottles(30.3, SOME, "Person"),
    _bottles(32.7, 2),
    _bottles(34.3, SOME, "Person"),
    _bottles(37.0, 3),
]
"""While a hand comes and goes the number of bottles is not judged."""
_ONE = [Shows.of(0.0, {"Person": 1})]
_SIGNING = [Shows.of(0.0, {"Person": 1}, "Chair")]
_SIGNS = ("again", "book", "eat", "hungry", "milk", "no", "school", "sorry", "thanks", "want")

CLIPS: Mapping[str, Sequence[Shows]] = {
    "scene/bottles.mp4": _BOTTLES,
    "gaze/head_pose_female.gif": _ONE,
    "gaze/head_pose_male.gif": _ONE,
    **{f"gestures/asl_{sign}.mkv": _SIGNING for sign in _SIGNS},
    "talking_head/carphone_pristine.mp4": [Shows.of(0.0, {"Person": 1}, "Chair")],
    "talking_head/latentsync_demo1.mp4": [Shows.of(0.0, {"Person": 1, "Chair": SOME})],
    "talking_head/latentsync_demo2.mp4": [Shows.of(0.0, {"Person": 1}, "Bottle", "Coffee cup")],
    "talking_head/liveportrait_d14.mp4": [Shows.of(0.0, {"Person": 1, "Bottle": 1})],
    "talking_head/liveportrait_d3.mp4": _ONE,
    "talking_head/liveportrait_d6.mp4": _ONE,
    "talking_head/liveportrait_d9.mp4": _ONE,
    "talking_head/liveportrait_s29.mp4": [Shows.of(0.0, {"Person": SOME, "Coffee cup": 2})],
    "talking_head/wda_aoc.mp4": _ONE,
}

PHOTOS: Mapping[str, Shows] = {
    "astronaut.png": Shows.of(0.0, {"Person": 1}),
    "brick.png": Shows(),
    "camera.png": Shows.of(0.0, {"Person": 1}),
    "cell.png": Shows(),
    "chelsea.png": Shows.of(0.0, {"Cat": 1}),
    "coffee.png": Shows.of(0.0, {"Coffee cup": 1}),
    "coins.png": Shows(),
    "color.png": Shows(),
    "grass.png": Shows(),
    "gravel.png": Shows(),
    "hubble_deep_field.jpg": Shows(),
    "ihc.png": Shows(),
    "moon.png": Shows(),
    "motorcycle_left.png": Shows.of(0.0, {}, "Chair", "Bottle"),
    "page.png": Shows(),
    "retina.jpg": Shows(),
    "rocket.jpg": Shows(),
    "text.png": Shows(),
}
HELD = {"chelsea.png": "Cat", "coffee.png": "Coffee cup"}
"""Shown small before something else, as somebody holds up a picture."""
BEHIND = ("brick.png", "gravel.png", "grass.png", "rocket.jpg", "motorcycle_left.png", "page.png")
"""None of what is told is in these."""
