"""Frames wait for each other only while a caller is silent and nothing gets louder, and never for long."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.hear.lull import SAMPLES_TOGETHER, SETTLED_WINDOWS, Lull
from visavis.kernel.media import Pcm


def frame(peak: int) -> Pcm:
    pcm = np.full(320, -peak, np.int16)
    pcm[7] = peak
    return pcm


def settled(peak: int = 60) -> Lull:
    """A lull whose usual peak is `peak`, with nothing waiting."""
    lull = Lull()
    for _ in range(20):
        assert not lull.may_wait(frame(peak))
    for _ in range(SETTLED_WINDOWS):
        lull.scored(0.02)
    return lull


def test_in_a_lull_frames_are_looked_at_in_groups() -> None:
    lull = settled()
    together = SAMPLES_TOGETHER // 320
    waits = [lull.may_wait(frame(60)) for _ in range(3 * together)]
    assert waits == ([True] * (together - 1) + [False]) * 3


@pytest.mark.parametrize("usual", [0, 60, 600])
def test_a_frame_that_stands_out_is_looked_at_at_once(usual: int) -> None:
    lull = settled(usual)
    assert lull.may_wait(frame(usual))
    assert not lull.may_wait(frame(2 * usual + 20))


def test_one_loud_noise_does_not_hide_what_follows_it() -> None:
    lull = settled()
    assert not lull.may_wait(frame(20_000))
    assert lull.may_wait(frame(60))
    assert not lull.may_wait(frame(200))


def test_noise_that_stays_becomes_usual() -> None:
    lull = settled()
    waits = [lull.may_wait(frame(300)) for _ in range(40)]
    assert not any(waits[:8])
    assert any(waits[20:])


def test_after_anything_like_speech_no_frame_waits_until_silence_has_settled_again() -> None:
    lull = settled()
    lull.scored(0.3)
    for _ in range(SETTLED_WINDOWS - 1):
        assert not lull.may_wait(frame(60))
        lull.scored(0.01)
    lull.scored(0.01)
    assert lull.may_wait(frame(60))


def test_an_empty_frame_is_a_quiet_one() -> None:
    assert settled().may_wait(np.zeros(0, np.int16))
