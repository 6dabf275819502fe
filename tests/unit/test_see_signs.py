"""What a hand shows, from its points, and whether it is held."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.bench.drawn_hands import WIDTH, HandTake, Raise
from visavis.bench.gate_cameras import Person
from visavis.bench.gestures import Held, Watched
from visavis.see.base import Sign
from visavis.see.hands import Hand
from visavis.see.signs import GAP_S, HOLD_S, OVER_S, Holds, signs

PICTURE = (640, 480)
FACE = (245, 110, 150, 150)
"""Half as large again as the face, whose middle is at (320, 185)."""


def hand(
    x: float, y: float, *, palm: float = 40.0, turned_deg: float = 0.0, bent: bool = False, thumb: bool = False
) -> Hand:
    """Wrist at (x, y); fingers up where `turned_deg` is 0."""
    points = [(0.0, 0.0)]
    points += [(-0.3, -0.3), (-0.45, -0.5), (-0.5, -0.8), (-0.55, -1.1)] if not thumb else [
        (-0.2, -0.4), (-0.2, -0.9), (-0.2, -1.4), (-0.2, -1.9)
    ]  # fmt: skip
    for across in (-0.3, -0.1, 0.1, 0.3):
        steps = [(0.0, -1.0), (0.0, -1.3), (0.0, -1.55), (0.0, -1.8)]
        if bent:
            steps = [(0.0, -1.0), (0.0, -1.25), (0.15, -1.1), (0.15, -0.9)]
        points += [(across + dx, dy) for dx, dy in steps]
    flat = np.array(points, np.float32)
    turn = math.radians(turned_deg)
    turned = flat @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]], np.float32)
    shape = np.concatenate([turned, np.zeros((21, 1), np.float32)], axis=1)
    return Hand((turned * palm + np.array([x, y])).astype(np.float32), shape)


def shown(*hands: Hand, faces: list[tuple[int, int, int, int]] | None = None) -> list[str]:
    return [sign.gesture for sign in signs(hands, [FACE] if faces is None else faces, *PICTURE)]


def test_an_open_hand_beside_the_head_is_raised() -> None:
    assert shown(hand(500, 240)) == ["raised_hand"]
    assert shown(hand(140, 240, turned_deg=-30)) == ["raised_hand"]
    (sign,) = signs([hand(500, 240)], [FACE], *PICTURE)
    assert (sign.x, sign.y) == pytest.approx((496 / 640, 200 / 640), abs=0.01) and sign.size == pytest.approx(
        0.11, abs=0.02
    )


@pytest.mark.parametrize(
    "hands",
    [
        [hand(500, 240, bent=True)],
        [hand(500, 240, turned_deg=60)],
        [hand(500, 240, turned_deg=180)],
        [hand(330, 240)],
        [hand(500, 420)],
        [hand(500, 240), hand(140, 240)],
    ],
    ids=["a fist", "sideways", "hanging", "before the face", "before the chest", "two"],
)
def test_other_hands_are_not(hands: list[Hand]) -> None:
    assert shown(*hands) == []


def test_above_the_head_and_without_a_face() -> None:
    assert shown(hand(330, 100)) == ["raised_hand"]
    assert shown(hand(330, 240), faces=[]) == ["raised_hand"]
    assert shown(hand(330, 420), faces=[]) == []


def test_a_thumb_out_of_a_closed_hand() -> None:
    assert shown(hand(330, 420, bent=True, thumb=True)) == ["thumb_up"]
    assert shown(hand(330, 420, bent=True)) == []
    assert shown(hand(330, 420, bent=True, thumb=True, turned_deg=90)) == []
    assert shown(hand(330, 420, thumb=True), faces=[]) == []


def told(times: list[float], *, moves: float = 0.0) -> list[float]:
    holds = Holds()
    sign = Sign("raised_hand", 0.3, 0.3, 0.2)
    return [at_s for n, at_s in enumerate(times) if holds.push(at_s, [replace(sign, x=0.3 + n * moves)])]


def test_what_is_held_is_told_once() -> None:
    assert told([0.0, 0.2, 0.4, 0.6, 0.8, 3.0]) == [0.6]
    assert told([0.0, HOLD_S]) == [], "two looks are too few"
    assert told([0.0, 0.2, 0.4 + GAP_S, 0.8 + GAP_S]) == [], "too long a gap"
    again = [0.0, 0.3, 0.6, 0.7 + OVER_S, 1.0 + OVER_S, 1.3 + OVER_S]
    assert told(again) == [0.6, 1.3 + OVER_S]
    assert told([n / 5 for n in range(20)], moves=0.1) == [], "it moves by half its size with each look"


def test_the_bench_counts_what_was_told_and_when() -> None:
    watched = Watched("one", [Held("raised_hand", 1.0, 2.0), Held("raised_hand", 5.0, 6.0)], seconds=60.0, looks=300)
    watched.told = [(1.8, "raised_hand"), (4.0, "raised_hand"), (5.5, "thumb_up")]
    row = watched.row()
    assert (row["events"], row["recall"], row["false"], row["false_per_min"], row["delay_s_p50"]) == (
        2,
        0.5,
        2,
        2,
        0.8,
    )
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text("utf-8")
    section = page.split("## `visavis bench gestures`")[1].split("\n## ")[0]
    for key in (*row, "rows", "drawn", "clips", "told_for_nothing"):
        assert f"`{key}`" in section, f"docs/benchmarks.md does not explain {key}"


def test_a_drawn_hand_comes_up_stays_and_goes() -> None:
    person = Person.any(np.random.default_rng(1))
    raised = Raise("raised", 2.0, 1.0, 500.0, 250.0, 50.0, 0.0)
    take = HandTake(person, (90, 120, 150), [raised], 5.0, 1)
    bare = HandTake(person, (90, 120, 150), [], 5.0, 1)

    def skin(at_s: float) -> float:
        beside = take.picture(at_s)[60:300, WIDTH - 220 :].astype(int) - bare.picture(at_s)[60:300, WIDTH - 220 :]
        return float((np.abs(beside).max(axis=2) > 30).mean())

    assert skin(1.0) == skin(4.0) == 0
    assert 0 < skin(1.9) < skin(2.0) == pytest.approx(skin(2.9), abs=0.01)
    assert skin(2.0) > 0.1
