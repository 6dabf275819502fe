"""Word marks and mouth shapes: in order, within the audio, anchored at pauses; and the trimming of pieces."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.media import Samples
from visavis.speak.piece import CLAUSE_TAIL_S, LEAD_S, SENTENCE_TAIL_S, make_piece
from visavis.speak.visemes import PhoneWord, timing

SHAPES = {"sil", "aa", "ee", "ih", "oh", "ou", "mm", "ff", "th", "dd", "kk", "ch", "ss", "nn", "rr"}
RATE_HZ = 24_000


def tone(seconds: float, level: float = 0.3) -> Samples:
    phase = np.arange(round(seconds * RATE_HZ)) * (2 * np.pi * 200 / RATE_HZ)
    return (level * np.sin(phase)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def test_shapes_follow_the_phonemes() -> None:
    _, visemes = timing([PhoneWord("my", "mˈI")], start_s=0.0, end_s=0.3)
    assert [shape for _, shape in visemes] == ["sil", "mm", "aa", "ih", "sil"]
    assert visemes[-1][0] == pytest.approx(0.3)


def test_words_follow_a_pause_that_is_heard() -> None:
    words = [PhoneWord("So,", "sˈO,"), PhoneWord("now.", "nˈW.")]
    marks, visemes = timing(words, start_s=0.0, end_s=2.0, pauses=[(0.5, 1.5)])
    assert marks[0].end_s == pytest.approx(0.5)
    assert marks[1].start_s == pytest.approx(1.5)
    assert (0.5, "sil") in visemes


@given(
    st.lists(st.text(alphabet="ˈˌ mIsAkəɹtˈ,.ː?", max_size=8), min_size=1, max_size=8),
    st.floats(0, 1),
    st.floats(0.05, 5),
)
def test_marks_are_in_order_and_within_the_piece(spelled: list[str], start_s: float, length_s: float) -> None:
    words = [PhoneWord(f"w{n}", phonemes) for n, phonemes in enumerate(spelled)]
    marks, visemes = timing(words, start_s=start_s, end_s=start_s + length_s)
    assert [mark.text for mark in marks] == [word.text for word in words]
    times = [time for mark in marks for time in (mark.start_s, mark.end_s)]
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(times))
    assert all(start_s - 1e-9 <= time <= start_s + length_s + 1e-9 for time in times)
    starts = [start for start, _ in visemes]
    assert starts == sorted(starts)
    assert {shape for _, shape in visemes} <= SHAPES
    assert visemes[-1][1] == "sil"


@pytest.mark.parametrize(("text", "tail_s"), [("there.", SENTENCE_TAIL_S), ("there,", CLAUSE_TAIL_S)])
def test_silence_around_the_voice_is_cut(text: str, tail_s: float) -> None:
    audio = np.concatenate([silence(0.3), tone(0.5), silence(0.5)])
    speech = make_piece(audio, RATE_HZ, [PhoneWord(text, "ðˈɛɹ.")])
    assert speech is not None
    assert speech.duration_s == pytest.approx(LEAD_S + 0.5 + tail_s, abs=0.011)
    assert speech.words[0].start_s == pytest.approx(LEAD_S, abs=0.006)
    assert speech.words[0].end_s == pytest.approx(LEAD_S + 0.5, abs=0.011)


def test_a_pause_in_the_audio_places_the_words_after_it() -> None:
    audio = np.concatenate([silence(0.3), tone(0.4), silence(0.3), tone(0.4), silence(0.2)])
    speech = make_piece(audio, RATE_HZ, [PhoneWord("So,", "sˈO,"), PhoneWord("now.", "nˈW.")])
    assert speech is not None
    assert speech.words[1].start_s == pytest.approx(LEAD_S + 0.7, abs=0.011)


def test_nothing_but_silence_is_no_piece() -> None:
    assert make_piece(silence(1.0), RATE_HZ, [PhoneWord("x", "ˈɛks")]) is None
    assert make_piece(silence(0.0), RATE_HZ, [PhoneWord("x", "ˈɛks")]) is None
