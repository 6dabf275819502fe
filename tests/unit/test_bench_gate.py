"""The bench of the gate: its set is as large as promised, its labels are true, its scores are arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from visavis.bench.gate import MAKERS, figures
from visavis.bench.gate_font import ink
from visavis.bench.gate_score import Log, Told, found, row
from visavis.bench.gate_takes import BEGINNING, Label, Take
from visavis.see.gate import REASONS


def test_the_set_is_long_varied_and_sparse() -> None:
    takes = [make(seed) for seed, make in enumerate(MAKERS)]
    minutes, events = sum(take.seconds for take in takes) / 60, sum(len(take.labels) for take in takes)
    assert minutes >= 20
    assert len({take.kind for take in takes}) >= 6
    assert events >= 60
    assert events / minutes <= 3
    assert {take.source for take in takes} == {"camera", "screen"}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: str(make.__name__))
def test_each_label_is_where_the_picture_changes(make: Callable[[int], Take]) -> None:
    """Another second's pictures are the same but for what always moves; across a label they differ by more."""
    take = make(7)
    for label in take.labels:
        before, after = take.draw(label.at_s - 2.5).astype(int), take.draw(label.at_s + 0.2).astype(int)
        assert (np.abs(after - before).max(axis=2) > 25).sum() > 150, label
    again = make(7)
    assert (again.draw(20.0) == take.draw(20.0)).all()
    assert list(again.labels) == list(take.labels)


def log(*told: Told, labels: tuple[Label, ...] = (Label(10, "a", "A"), Label(20, "b", BEGINNING, again=True))) -> Log:
    return Log("slides", "screen", labels, seconds=60, frames=240, clock_tokens=60_000, told=list(told))


def sent(at_s: float, frame_at_s: float, why: str = "text_changed") -> Told:
    return Told(at_s, why, True, frame_at_s, 1000)


def test_an_event_wants_a_frame_of_its_own_within_two_seconds() -> None:
    for told, recall, false in (
        (sent(10.5, 10.4), 0.5, 0),
        (sent(12.1, 12.0), 0.0, 1),
        (sent(10.5, 9.9), 0.0, 1),
        (sent(0, 0, "first_frame"), 0.0, 0),
    ):
        one = row(log(told))
        assert (one["event_recall"], one["false_sends_per_min"]) == (recall, false)
    assert row(log(sent(10.5, 10.4), sent(11.0, 11.0)))["false_sends_per_min"] == 1


def test_what_was_in_view_before_may_be_named_instead() -> None:
    named = Told(20.6, "already_sent", False, 0.0, 0)
    wrong = Told(20.6, "already_sent", False, 10.4, 0)
    assert [label.what for label in found(log(named), [named])[0]] == ["b"]
    assert found(log(wrong), [wrong]) == ([], [])


def test_tokens_are_told_against_one_frame_a_second() -> None:
    figured = figures([log(sent(0, 0, "first_frame"), sent(10.5, 10.4), sent(20.5, 20.4))])
    assert figured["total"]["tokens_saved"] == 0.95
    assert figured["total"]["event_recall"] == 1.0
    assert figured["ablation"][0]["stage"] == "clock"


def test_letters_are_ink() -> None:
    assert ink("Hg", 4).shape == (20, 24)
    assert ink(" ", 4).max() == 0
    assert 0.1 < float(ink("E", 3).mean()) < 0.6


def test_every_reason_is_explained() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "vision.md").read_text(encoding="utf-8")
    assert set(REASONS) <= set(re.findall(r"`([a-z_]+)`", page))
