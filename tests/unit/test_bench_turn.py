"""The bench of turn ends: what counts as an end, and that its arithmetic is right."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.bench.turn_detectors import Outcome, Truth, dead_air_s, false_cutoffs, roc, saving
from visavis.bench.turn_sets import Turn, call_turns


def test_a_pause_ends_a_turn_only_when_the_other_party_takes_over() -> None:
    own = [(0.0, 2.0), (2.6, 4.0), (10.0, 11.0)]
    other = [(4.8, 9.0), (11.5, 13.0)]
    assert call_turns(own, other) == [Turn(0.0, 4.0), Turn(10.0, 11.0)]


def test_a_sign_of_listening_takes_no_turn() -> None:
    assert call_turns([(0.0, 2.0), (3.0, 4.0)], [(2.2, 2.5), (4.4, 6.0)]) == [Turn(0.0, 4.0)]


def test_what_is_said_wholly_under_the_others_speech_is_no_turn() -> None:
    assert call_turns([(3.0, 3.5), (8.0, 9.0)], [(1.0, 7.0), (9.5, 12.0)]) == [Turn(8.0, 9.0)]


TRUTH = Truth(np.array([True, True, False, False]), np.array([np.inf, np.inf, 0.5, 1.0]))


def test_cut_offs_and_dead_air_are_counted_apart() -> None:
    result = Outcome("x", np.array([[0.2, 0.4, 0.6, 0.6], [0.2, 0.4, np.inf, np.inf]]))
    cut, dead_s = roc(result, TRUTH)
    assert cut.tolist() == [0.5, 0.0]
    assert dead_s.tolist() == pytest.approx([0.3, 0.3])
    assert dead_air_s(result, TRUTH) == pytest.approx(0.3)
    assert false_cutoffs(result, TRUTH) == 0.0


def test_a_detector_that_cuts_too_often_has_no_dead_air_to_tell() -> None:
    assert dead_air_s(Outcome("x", np.full((1, 4), 0.3)), TRUTH) == np.inf


def test_saving_is_against_the_best_of_the_other() -> None:
    ours, theirs = Outcome("a", np.full((1, 4), 1.0)), Outcome("b", np.full((2, 4), [[2.0], [3.0]]))
    value, low, high = saving(ours, theirs, TRUTH, ["a", "b", "c", "d"], seed=1, rounds=50)
    assert (value, low, high) == (0.5, 0.5, 0.5)
