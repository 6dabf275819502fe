"""What is left out of recognition, and where long turns are cut."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.hear.quiet import quiet_place, speech_only
from visavis.kernel.media import Pcm

RATE = 16_000


def noise(seconds: float, level: int) -> Pcm:
    made: Pcm = np.random.default_rng(1).integers(-level, level + 1, int(seconds * RATE)).astype(np.int16)
    return made


def test_silence_and_nothing_hold_no_speech() -> None:
    assert len(speech_only(np.zeros(RATE, np.int16))) == 0
    assert len(speech_only(np.empty(0, np.int16))) == 0
    assert len(speech_only(noise(1, 5))) == 0


def test_silence_around_speech_is_left_out_but_for_some_padding() -> None:
    samples = speech_only(np.concatenate((noise(3, 20), noise(2, 8_000), noise(4, 20))))
    assert len(samples) / RATE == pytest.approx(2 + 0.2 + 0.25, abs=0.03)
    assert np.abs(samples[int(0.3 * RATE) : int(2.1 * RATE)]).max() > 0.2


def test_pauses_inside_speech_stay() -> None:
    samples = speech_only(np.concatenate((noise(1, 8_000), noise(1.5, 10), noise(1, 8_000))))
    assert len(samples) / RATE == pytest.approx(3.5, abs=0.03)


def test_soft_speech_next_to_loud_speech_stays() -> None:
    samples = speech_only(np.concatenate((noise(1, 700), noise(1, 8_000))))
    assert len(samples) / RATE == pytest.approx(2, abs=0.03)


def test_a_very_short_word_gets_silence_around_it() -> None:
    samples = speech_only(noise(0.3, 8_000))
    assert len(samples) == RATE
    loud = np.flatnonzero(samples)
    assert loud[0] > 0.3 * RATE
    assert loud[-1] < 0.7 * RATE


@pytest.mark.parametrize("length", [1, 100, 319, 320, 321])
def test_scraps_shorter_than_a_frame_do_no_harm(length: int) -> None:
    assert len(speech_only(np.full(length, 9_000, np.int16))) == RATE


def test_a_cut_falls_into_the_pause() -> None:
    audio = np.concatenate((noise(9, 8_000), noise(0.5, 30), noise(8.5, 8_000)))
    assert 9.0 <= quiet_place(audio, 8, 15) / RATE <= 9.5


def test_of_equal_pauses_the_later_one_is_taken() -> None:
    pause = np.zeros(RATE // 2, np.int16)
    audio = np.concatenate((noise(9, 8_000), pause, noise(3, 8_000), pause, noise(5, 8_000)))
    assert 12.5 <= quiet_place(audio, 8, 15) / RATE <= 13.0


def test_a_cut_stays_in_its_bounds_without_any_pause() -> None:
    assert 8.0 <= quiet_place(noise(20, 8_000), 8, 15) / RATE <= 15.0
    assert quiet_place(noise(8, 8_000), 8, 15) == 8 * RATE
