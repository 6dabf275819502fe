"""The caller's microphone before anything listens: whole frames for the canceller, whatever the client sends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.media import AudioFrame, Pcm
from visavis.session.microphone import ECHO_S, FRAME, Microphone

RATE = 16_000


class Halver:
    """A canceller that only notes what it was given."""

    def __init__(self) -> None:
        self.far: list[Pcm] = []

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        assert len(near) == len(far)
        assert len(near) % FRAME == 0
        self.far.append(far)
        halved: Pcm = near // 2
        return halved


def agent(at_s: float, samples: int) -> Pcm:
    """A voice that says what time it is, in samples."""
    first = round(at_s * RATE)
    return np.arange(first, first + samples).astype(np.int16)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=30))
def test_any_pieces_give_the_same_samples_at_the_same_times(pieces: list[int]) -> None:
    said = np.random.default_rng(1).integers(-9000, 9000, sum(pieces)).astype(np.int16)
    canceller = Halver()
    microphone = Microphone(canceller, agent)
    out: list[Pcm] = []
    at = 0
    for size in pieces:
        pcm, at_s = microphone.take(AudioFrame(said[at : at + size], RATE, 1.0 + at / RATE))
        assert at_s == pytest.approx(1.0 + sum(map(len, out)) / RATE)
        out.append(pcm)
        at += size
    whole = at // FRAME * FRAME
    assert np.array_equal(np.concatenate(out), said[:whole] // 2)
    assert np.array_equal(np.concatenate(canceller.far), agent(1.0, whole)), "each sample beside the agent's of then"


def test_without_a_canceller_frames_pass_as_they_came() -> None:
    frame = AudioFrame(np.arange(371).astype(np.int16), RATE, 2.5)
    for microphone in (Microphone(None, agent), Microphone(Halver(), None)):
        pcm, at_s = microphone.take(frame)
        assert pcm is frame.pcm
        assert at_s == 2.5
        assert not microphone.agent_heard(2.5)


def test_it_knows_how_long_an_echo_may_last() -> None:
    microphone = Microphone(Halver(), lambda at_s, samples: np.full(samples, 900 if at_s < 2.0 else 0, np.int16))
    assert not microphone.agent_heard(0.0)
    for n in range(200):
        microphone.take(AudioFrame(np.zeros(320, np.int16), RATE, 1.0 + n * 0.02))
    assert microphone.agent_heard(2.0 + ECHO_S - 0.05)
    assert not microphone.agent_heard(2.0 + ECHO_S + 0.05)
