"""What the synthetic caller says: pauses where they are written, and a bench's worth of different turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.bench.conversation import TurnReport
from visavis.bench.lines import LINES
from visavis.bench.loop import calls_of, loop_figures
from visavis.bench.speech import KOKORO, PAUSE_S, PITCHES, RATE_HZ, Part, joined, parts_of, without_pauses
from visavis.testing.ear import EAR_HZ, Ear


def test_pauses_are_read() -> None:
    assert parts_of("My number is |0.45| five five | three.") == [
        Part("My number is"),
        Part("five five", 0.45),
        Part("three.", PAUSE_S),
    ]
    assert without_pauses("My number is |0.45| five five | three.") == "My number is five five three."
    assert parts_of("Hello.") == [Part("Hello.")]


@pytest.mark.parametrize("text", ["", "| hello", "hello |", "hello |0.3| |0.4| there"])
def test_a_pause_stands_between_words(text: str) -> None:
    with pytest.raises(ValueError, match="pause"):
        parts_of(text)


words = st.lists(st.sampled_from(["one", "two.", "three,"]), min_size=1, max_size=3).map(" ".join)


@given(st.lists(st.tuples(st.integers(1, 9), words), max_size=5), words)
def test_a_line_is_as_long_as_its_breaths_and_pauses(later: list[tuple[int, str]], first: str) -> None:
    text = first + "".join(f" |{tenths / 10}| {part}" for tenths, part in later)
    breaths = [np.ones(100, np.int16)] * (1 + len(later))
    whole = joined(text, breaths)
    silence = sum(round(tenths / 10 * RATE_HZ) for tenths, _ in later)
    assert len(whole) == 100 * len(breaths) + silence
    assert int(np.count_nonzero(whole)) == 100 * len(breaths)
    assert without_pauses(text) == " ".join([first, *(part for _, part in later)])


def test_there_are_forty_different_lines_in_several_voices() -> None:
    assert len({line.text for line in LINES}) >= 40
    assert {line.voice for line in LINES} == set(PITCHES) == set(KOKORO)
    pauses = [part.pause_s for line in LINES for part in parts_of(line.text)[1:]]
    assert min(pauses) >= 0.3 and max(pauses) <= 0.9
    assert sum(len(parts_of(line.text)) > 1 for line in LINES) >= 15


def test_turns_are_dealt_out_to_calls() -> None:
    calls = calls_of(50)
    assert [len(call) for call in calls] == [8, 8, 8, 8, 8, 8, 2]
    assert calls_of(12) == [calls_of(50)[0], calls_of(50)[1][:4]]


def test_a_turn_that_was_cut_off_has_no_latency() -> None:
    turns = [TurnReport(LINES[0], v2v_ms=40.0, cut_off=True, closed_early=True)]
    turns += [TurnReport(line, v2v_ms=600.0, content_gap_ms=300.0) for line in LINES[:3]]
    figures = loop_figures(turns)
    assert figures["first_sound_ms"]["p50"] == 600.0
    assert figures["first_content_ms"]["p50"] == 900.0
    assert figures["false_cutoffs"] == figures["early_closes"] == 0.25
    assert figures["turns"] == figures["answered"] == 4


# What the caller hears.


def loud(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.full(round(seconds * EAR_HZ), 3_000, np.int16)


def test_a_voice_does_not_wait_behind_silence_that_filled_a_gap() -> None:
    ear = Ear()
    ear.play(np.zeros(EAR_HZ // 10, np.int16), 5.0)
    ear.play(loud(0.02), 5.03)
    assert ear.first_sound_after(4.0) == pytest.approx(5.03)


def test_a_burst_of_sound_is_heard_in_a_row() -> None:
    ear = Ear()
    for _ in range(5):
        ear.play(loud(0.02), 7.0)
    assert [round(piece.at_s, 3) for piece in ear.heard] == [7.0, 7.02, 7.04, 7.06, 7.08]
    assert ear.last_sound() == pytest.approx(7.1)
    assert ear.silent_from(7.0) == pytest.approx(7.1)
    assert ear.heard_between(7.05, 7.2) and not ear.heard_between(7.2, 8.0)
