"""What an echo canceller promises, on the real AEC3 (it needs no model files)."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.hear.base import EchoCanceller
from visavis.hear.echo import DELAY, Aec3
from visavis.kernel.errors import UsageError
from visavis.kernel.media import Pcm

RATE = 16_000


def syllables(seconds: float, seed: int, level: float = 6_000) -> Pcm:
    """Noise with the rhythm of speech."""
    count = int(seconds * RATE)
    rhythm = np.clip(np.sin(2 * np.pi * 3 * np.arange(count) / RATE), 0, 1)
    made: Pcm = (np.random.default_rng(seed).standard_normal(count) * rhythm * level).clip(-32768, 32767)
    return made.astype(np.int16)


def in_the_room(far: Pcm) -> Pcm:
    """The agent's voice as the microphone hears it: 25 ms later, softer, with a reflection."""
    path = np.zeros(900)
    path[400], path[620], path[890] = 0.5, 0.2, -0.1
    return np.convolve(far, path)[: len(far)].astype(np.int16)


def processed(canceller: EchoCanceller, near: Pcm, far: Pcm, chunk: int = 320) -> Pcm:
    pieces = [canceller.process(near[at : at + chunk], far[at : at + chunk]) for at in range(0, len(near), chunk)]
    return np.concatenate(pieces)


def loudness(pcm: Pcm) -> float:
    return float(10 * np.log10(np.mean(np.square(pcm, dtype=np.float64)) + 1e-9))


def test_the_agents_voice_is_removed() -> None:
    far = syllables(4, seed=1)
    echo = in_the_room(far)
    cleaned = processed(Aec3(), echo, far)
    assert len(cleaned) == len(echo)
    assert cleaned.dtype == np.int16
    assert loudness(echo[2 * RATE :]) - loudness(cleaned[2 * RATE :]) > 25


def test_the_person_is_heard_as_before_while_the_agent_is_silent() -> None:
    near = syllables(2, seed=2)
    heard = processed(Aec3(), near, np.zeros_like(near))
    assert np.array_equal(heard[DELAY:], near[:-DELAY])


def test_after_a_long_silence_it_still_knows_the_room() -> None:
    canceller, far = Aec3(), syllables(3, seed=1)
    processed(canceller, in_the_room(far), far)
    pause = np.zeros(3 * RATE, np.int16)
    processed(canceller, pause, pause)
    again = syllables(1, seed=5)
    echo = in_the_room(again)
    assert loudness(echo) - loudness(processed(canceller, echo, again)) > 20


def test_time_stands_still_at_the_moments_it_goes_to_rest_and_wakes() -> None:
    """A click a second keeps its distance to the next, through silence, rest and the agent's voice."""
    near = np.zeros(5 * RATE, np.int16)
    near[RATE // 2 :: RATE] = 20_000
    far = np.concatenate((np.zeros(2 * RATE), syllables(0.2, seed=1, level=400), np.zeros(2 * RATE + 12_800)))
    heard = processed(Aec3(), near, far.astype(np.int16)).astype(np.int64)
    peaks = [second * RATE + int(np.abs(heard[second * RATE : (second + 1) * RATE]).argmax()) for second in range(5)]
    assert [peak - RATE // 2 - n * RATE for n, peak in enumerate(peaks)] == pytest.approx([DELAY] * 5, abs=8)


def test_chunks_of_any_multiple_of_10_ms_give_the_same() -> None:
    far = syllables(2.4, seed=1)
    echo = in_the_room(far)
    assert np.array_equal(processed(Aec3(), echo, far, 160), processed(Aec3(), echo, far, 960))


def test_the_callers_arrays_are_left_alone_and_nothing_in_gives_nothing_out() -> None:
    far = syllables(0.1, seed=1)
    near = in_the_room(far)
    before = near.copy(), far.copy()
    canceller = Aec3()
    processed(canceller, near, far)
    assert np.array_equal(near, before[0])
    assert np.array_equal(far, before[1])
    assert len(canceller.process(np.empty(0, np.int16), np.empty(0, np.int16))) == 0


@pytest.mark.parametrize(("near", "far"), [(160, 320), (100, 100), (320, 0)])
def test_odd_lengths_are_refused(near: int, far: int) -> None:
    with pytest.raises(UsageError):
        Aec3().process(np.zeros(near, np.int16), np.zeros(far, np.int16))
