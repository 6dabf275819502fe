"""The streaming resampler: chunking does not matter, tones keep their place and level, what would alias is gone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.kernel.errors import UsageError
from visavis.kernel.media import Pcm
from visavis.kernel.resample import Resampler

RATES = [(48_000, 16_000), (24_000, 48_000), (8_000, 16_000), (44_100, 16_000), (16_000, 24_000), (22_050, 48_000)]


def tone(hz: float, rate_hz: int, seconds: float = 0.5, level: float = 10_000) -> Pcm:
    wave: Pcm = np.rint(level * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(np.int16)
    return wave


def whole(pcm: Pcm, from_hz: int, to_hz: int) -> Pcm:
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate((resampler.push(pcm), resampler.flush()))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RATES), st.lists(st.integers(0, 700), max_size=12), st.integers(0, 2**31))
def test_any_chunking_gives_the_same_samples(rates: tuple[int, int], sizes: list[int], seed: int) -> None:
    pcm = np.random.default_rng(seed).integers(-32768, 32767, sum(sizes)).astype(np.int16)
    resampler = Resampler(*rates)
    pieces, at = [], 0
    for size in sizes:
        pieces.append(resampler.push(pcm[at : at + size]))
        at += size
    pieces.append(resampler.flush())
    assert np.array_equal(np.concatenate(pieces), whole(pcm, *rates))


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_a_tone_keeps_its_place_its_level_and_its_length(from_hz: int, to_hz: int) -> None:
    made = whole(tone(700, from_hz), from_hz, to_hz).astype(float)
    wanted = tone(700, to_hz).astype(float)
    assert abs(len(made) - len(wanted)) <= 1
    inner = slice(to_hz // 50, len(wanted) - to_hz // 50)
    error = np.sqrt(np.mean((made[inner] - wanted[inner]) ** 2))
    assert error < 2.0  # of 10 000: rounding


@pytest.mark.parametrize(("hz", "most"), [(9_000, 10.0), (15_000, 10.0)])
def test_what_the_lower_rate_cannot_hold_is_removed_not_folded(hz: float, most: float) -> None:
    made = whole(tone(hz, 48_000), 48_000, 16_000).astype(float)
    assert np.abs(made[400:-400]).max() < most


def test_speech_band_survives_telephone_and_hearing_rates() -> None:
    made = whole(tone(6_500, 48_000), 48_000, 16_000).astype(float)
    assert np.sqrt(2 * np.mean(made[400:-400] ** 2)) > 9_000


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_delay_is_fixed_and_short(from_hz: int, to_hz: int) -> None:
    resampler = Resampler(from_hz, to_hz)
    assert resampler.delay_s <= 0.0021
    taken = given_out = 0
    for n in range(1, 101):
        size = from_hz * n // 50 - taken
        taken += size
        given_out += len(resampler.push(np.zeros(size, np.int16)))
        assert taken / from_hz - given_out / to_hz <= resampler.delay_s + 1 / to_hz + 1e-9


def test_equal_rates_pass_through_and_loud_noise_is_clipped_not_wrapped() -> None:
    pcm = tone(100, 16_000, level=32_767)
    assert np.array_equal(whole(pcm, 16_000, 16_000), pcm)
    square = np.where(np.arange(4_800) // 60 % 2, 32_767, -32_768).astype(np.int16)
    made = whole(square, 48_000, 16_000)
    assert made[np.arange(20) * 40 + 30].min() > 25_000 or made[np.arange(20) * 40 + 30].max() < -25_000


def test_flush_makes_it_new() -> None:
    resampler = Resampler(48_000, 16_000)
    pcm = tone(300, 48_000, 0.1)
    first = np.concatenate((resampler.push(pcm), resampler.flush()))
    again = np.concatenate((resampler.push(pcm), resampler.flush()))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("rates", [(0, 16_000), (16_000, -1), (16_000, 15_999)])
def test_impossible_rates_are_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(UsageError):
        Resampler(*rates)
