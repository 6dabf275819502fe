"""What an echo canceller promises, on the real AEC3 (it needs no model files)."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.hear.base import EchoCanceller
from visavis.hear.echo import DELAY, LEARN_FRAMES, Aec3
from visavis.kernel.errors import UsageError
from visavis.kernel.media import AudioFrame, Pcm
from visavis.session.echo_reference import EchoReference
from visavis.session.microphone import Microphone

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


def learn(canceller: EchoCanceller) -> None:
    """The agent has spoken for long enough, and some time ago."""
    far = syllables(4, seed=9)
    processed(canceller, in_the_room(far), far)
    rest = np.zeros(2 * RATE, np.int16)
    processed(canceller, rest, rest)


def test_nothing_is_heard_beside_the_agent_until_the_room_is_known() -> None:
    canceller, far = Aec3(), syllables(4, seed=1)
    person = syllables(4, seed=2)
    heard = processed(canceller, person, far)
    learning = int(np.flatnonzero(heard)[0])
    assert RATE * LEARN_FRAMES // 100 <= learning < 4 * RATE
    assert heard[learning:].any()


def test_after_a_short_greeting_the_person_is_heard_again_at_once() -> None:
    far = np.concatenate((syllables(0.3, seed=1), np.zeros(RATE, np.int16)))
    person = syllables(1.3, seed=2)
    heard = processed(Aec3(), person, far)
    first = int(np.flatnonzero(heard)[0])
    assert first < (0.3 + 0.55) * RATE


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
    canceller = Aec3()
    learn(canceller)
    heard = processed(canceller, near, far.astype(np.int16)).astype(np.int64)
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


# In the session: the reference by media time, what the client says of its delay, and what is true.


def room(seed: int = 3, decay_s: float = 0.25) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A living room: a direct way and noise that decays by 60 dB in `decay_s`."""
    at_s = np.arange(int(decay_s * RATE)) / RATE
    tail = np.random.default_rng(seed).standard_normal(len(at_s)) * 10 ** (-3 * at_s / decay_s) * 0.05
    tail[0] = 0.6
    return tail


def echoed(far: Pcm, true_ms: int, drift_ppm: float = 0.0) -> Pcm:
    echo = np.convolve(far, room())[: len(far)]
    if drift_ppm:
        echo = np.interp(np.arange(len(echo)) * (1 - drift_ppm / 1e6), np.arange(len(echo)), echo)
    late = true_ms * RATE // 1000
    return np.concatenate((np.zeros(late), echo))[: len(far)].astype(np.int16)


def in_a_call(near: Pcm, far: Pcm, reported_ms: int, chunk: int = 320) -> Pcm:
    """As the session does it: the agent's 20 ms leave, then the microphone's pieces of that time come in."""
    reference = EchoReference(RATE, lambda: reported_ms / 1000)
    microphone = Microphone(Aec3(), reference.at)
    heard: list[Pcm] = []
    said = 0
    for at in range(0, len(near) - chunk + 1, chunk):
        while said < at + chunk:
            reference.played(far[said : said + 320], said / RATE)
            said += 320
        pcm, _ = microphone.take(AudioFrame(near[at : at + chunk], RATE, at / RATE))
        heard.append(pcm)
    return np.concatenate(heard)


@pytest.mark.parametrize(
    ("reported_ms", "true_ms"),
    [(0, 20), (50, 50), (50, 200), (50, 450), (400, 20), (400, 400), (700, 600), (700, 780)],
)
def test_the_delay_need_not_be_known(reported_ms: int, true_ms: int) -> None:
    far = syllables(8, seed=1)
    echo = echoed(far, true_ms)
    cleaned = in_a_call(echo, far, reported_ms)
    settled = slice(4 * RATE, len(cleaned))
    assert loudness(echo[settled]) - loudness(cleaned[settled]) > 15


@pytest.mark.parametrize("chunk", [128, 371, 1024])
def test_clients_may_send_pieces_of_any_length(chunk: int) -> None:
    far = syllables(6, seed=1)
    echo = echoed(far, 120)
    cleaned = in_a_call(echo, far, 50, chunk)
    settled = slice(3 * RATE, len(cleaned))
    assert loudness(echo[settled]) - loudness(cleaned[settled]) > 15


@pytest.mark.parametrize("drift_ppm", [-200.0, 200.0])
def test_the_clients_clock_may_run_a_little_fast_or_slow(drift_ppm: float) -> None:
    far = syllables(12, seed=1)
    echo = echoed(far, 120, drift_ppm)
    cleaned = in_a_call(echo, far, 50)
    settled = slice(4 * RATE, len(cleaned))
    assert loudness(echo[settled]) - loudness(cleaned[settled]) > 15


def test_a_client_that_ran_dry_and_plays_later_from_then_on() -> None:
    """The room is learnt anew: meanwhile nothing is heard beside the agent, and afterwards the echo is gone again."""
    far = syllables(10, seed=1)
    echo = echoed(far, 50)
    later = np.concatenate((echo[: 5 * RATE], np.zeros(RATE // 10, np.int16), echo[5 * RATE :]))[: len(far)]
    cleaned = in_a_call(later, far, 50)
    assert not cleaned[round(5.6 * RATE) : round(6.4 * RATE)].any()
    settled = slice(8 * RATE, len(cleaned))
    assert cleaned[settled].any()
    assert loudness(later[settled]) - loudness(cleaned[settled]) > 15


def test_a_person_who_speaks_over_the_agent_comes_through() -> None:
    """Double talk: the canceller takes the echo and leaves most of the person."""
    far = syllables(10, seed=1, level=3_000)
    person = np.zeros_like(far)
    person[6 * RATE : 8 * RATE] = syllables(2, seed=2, level=3_000)
    near = np.clip(person.astype(int) + echoed(far, 120), -32_768, 32_767).astype(np.int16)
    cleaned = in_a_call(near, far, 50)
    during, before = slice(6 * RATE, 8 * RATE), slice(4 * RATE, 6 * RATE)
    assert loudness(person[during]) - loudness(cleaned[during]) < 6
    assert loudness(cleaned[during]) - loudness(cleaned[before]) > 12
