"""Automatic gain: quiet voices rise, nothing else does, and nothing ever clips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.hear.gain import FLOOR_DB, LOUD_ENOUGH_DB, MAX_GAIN_DB, PEAK, TARGET_DB, AutoGain
from visavis.kernel.media import Pcm

WINDOW = 512
SPEECH, SILENCE = 0.97, 0.02


def noise(level_db: float, windows: int = 1, seed: int = 1) -> Pcm:
    made = np.random.default_rng(seed).standard_normal(windows * WINDOW) * 32_768 * 10 ** (level_db / 20)
    return np.clip(np.rint(made), -32_768, 32_767).astype(np.int16)


def loudness_db(pcm: Pcm) -> float:
    return float(10 * np.log10(np.mean(np.square(pcm, dtype=np.float64)) / 32_768**2 + 1e-12))


def heard(gain: AutoGain, pcm: Pcm, p: float) -> Pcm:
    """Through the gain, window by window, all with the same probability."""
    out = []
    for at in range(0, len(pcm), WINDOW):
        out.append(gain.apply(pcm[at : at + WINDOW]))
        gain.learn(pcm[at : at + WINDOW], p)
    return np.concatenate(out)


@pytest.mark.parametrize("level_db", [-50.0, -55.0])
def test_a_quiet_voice_rises_to_the_target(level_db: float) -> None:
    gain = AutoGain()
    heard(gain, noise(-85.0, 30), SILENCE)
    risen = heard(gain, noise(level_db, 200), SPEECH)
    assert loudness_db(risen[-20 * WINDOW :]) == pytest.approx(min(TARGET_DB, level_db + MAX_GAIN_DB), abs=1.0)


def test_it_rises_slowly() -> None:
    risen = heard(AutoGain(), noise(-55.0, 31), SPEECH)
    assert loudness_db(risen[-WINDOW:]) < -55.0 + 10, "at most 10 dB in the first second"


@pytest.mark.parametrize("level_db", [LOUD_ENOUGH_DB + 1, -26.0, -3.0])
def test_a_voice_that_is_loud_enough_is_not_touched(level_db: float) -> None:
    gain, pcm = AutoGain(), noise(level_db)
    for _ in range(200):
        assert gain.apply(pcm) is pcm
        gain.learn(pcm, SPEECH)


def test_noise_without_a_voice_is_never_raised() -> None:
    gain, pcm = AutoGain(), noise(-55.0, 300)
    assert np.array_equal(heard(gain, pcm, SILENCE), pcm)


def test_the_rooms_noise_stays_below_its_limit() -> None:
    gain = AutoGain()
    for _ in range(4):
        heard(gain, noise(-60.0, 100), SILENCE)
        heard(gain, noise(-52.0, 100), SPEECH)
    assert loudness_db(heard(gain, noise(-60.0, 10, seed=2), SILENCE)) <= FLOOR_DB + 0.5


def test_digital_silence_stays_silent_and_teaches_nothing() -> None:
    gain = AutoGain()
    heard(gain, noise(-80.0, 30), SILENCE)
    heard(gain, noise(-55.0, 200), SPEECH)
    heard(gain, np.zeros(WINDOW, np.int16), SILENCE)  # the last window of speech counts from here on
    before_db = gain.gain_db
    assert before_db > 20
    assert not heard(gain, np.zeros(100 * WINDOW, np.int16), SILENCE).any()
    assert gain.gain_db == before_db


def test_the_gain_goes_when_the_caller_speaks_up() -> None:
    gain = AutoGain()
    heard(gain, noise(-55.0, 200), SPEECH)
    heard(gain, noise(-26.0, 100), SPEECH)
    assert gain.gain_db == 0.0
    pcm = noise(-26.0)
    gain.apply(pcm)
    assert gain.apply(pcm) is pcm


levels = st.lists(
    st.tuples(st.floats(-90.0, 0.0), st.sampled_from([0.0, 0.1, 0.3, 0.6, 1.0]), st.integers(1, 40)), max_size=12
)


@given(levels)
def test_nothing_clips_jumps_or_gets_quieter_whatever_comes(stretches: list[tuple[float, float, int]]) -> None:
    gain = AutoGain()
    for seed, (level_db, p, windows) in enumerate(stretches):
        pcm = noise(level_db, windows, seed)
        out = heard(gain, pcm, p)
        assert out.dtype == np.int16
        raised = np.abs(out.astype(int))
        untouched = np.abs(pcm.astype(int))
        assert (raised >= untouched - 1).all()
        assert (raised <= np.maximum(untouched + 1, PEAK + 1)).all()
        assert (np.sign(out) == np.sign(pcm)).all()
        assert 0.0 <= gain.gain_db <= MAX_GAIN_DB


def test_a_bang_in_the_middle_of_a_quiet_voice_keeps_its_form() -> None:
    gain = AutoGain()
    heard(gain, noise(-55.0, 200), SPEECH)
    bang = noise(-12.0)
    out = gain.apply(bang)
    assert int(np.abs(out.astype(int)).max()) <= PEAK + 1
    ratio = out[np.abs(bang) > 3000] / bang[np.abs(bang) > 3000]
    assert ratio.max() - ratio.min() < 0.5, "scaled as a whole, not flattened"


@given(st.lists(st.integers(1, 5), min_size=1, max_size=40))
def test_up_to_so_many_windows_at_once_come_out_as_one_by_one(groups: list[int]) -> None:
    pcm = noise(-55.0, sum(groups), seed=3)
    windows = [pcm[at : at + WINDOW] for at in range(0, len(pcm), WINDOW)]
    singly, together = AutoGain(late=5), AutoGain(late=5)
    one_by_one = heard(singly, pcm, SPEECH)
    out: list[Pcm] = []
    for size in groups:
        group, windows = windows[:size], windows[size:]
        out += [together.apply(window) for window in group]
        for window in group:
            together.learn(window, SPEECH)
    assert np.array_equal(np.concatenate(out), one_by_one)
