"""Where the agent's voice turns up in the microphone, and whether it stays there."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.hear.echo_path import EchoPath
from visavis.kernel.media import Pcm

RATE = 16_000
FRAME = 160


def voice(seconds: float, seed: int, hz: float = 0.0) -> Pcm:
    """Noise, or a buzz of about a pitch, which rises and falls as a voice does."""
    at_s = np.arange(round(seconds * RATE)) / RATE
    sound = np.random.default_rng(seed).standard_normal(len(at_s))
    if hz:
        sound = sound * 0.3 + np.sign(np.sin(2 * np.pi * hz * (at_s + 0.01 * np.sin(2 * np.pi * 1.3 * at_s))))
    return (sound * 2_000).astype(np.int16)


def late(far: Pcm, *delays_ms: float) -> Pcm:
    """`far` as it comes back: each delay for an equal part of it."""
    part = -(-len(far) // len(delays_ms))
    at = np.arange(len(far))
    source = (
        at - np.repeat([round(ms * RATE / 1000) for ms in delays_ms], part)[at.clip(max=part * len(delays_ms) - 1)]
    )
    return np.where(source >= 0, far[source.clip(min=0)] // 2, 0).astype(np.int16)


def moves_s(near: Pcm, far: Pcm, path: EchoPath | None = None) -> list[float]:
    """When it moved, in seconds."""
    path = path or EchoPath()
    starts = range(0, len(near) // FRAME * FRAME, FRAME)
    return [at / RATE for at in starts if path.moved(near[at : at + FRAME], far[at : at + FRAME])]


@pytest.mark.parametrize("hz", [0.0, 110.0, 220.0])
@pytest.mark.parametrize(("before_ms", "after_ms"), [(20, 120), (300, 80), (50, 550)])
def test_a_move_is_noticed_once_and_within_a_third_of_a_second(before_ms: float, after_ms: float, hz: float) -> None:
    far = voice(6, 1, hz)
    [moved_s] = moves_s(late(far, before_ms, after_ms), far)
    assert 3.0 < moved_s < 3.35 + after_ms / 1000


def test_what_stays_or_wanders_a_little_has_not_moved() -> None:
    far = voice(6, 1)
    assert moves_s(late(far, 80), far) == []
    assert moves_s(late(far, 80, 90, 75), far) == []


def test_a_person_is_no_echo() -> None:
    far = voice(6, 1)
    near = late(far, 80)
    assert moves_s(near + 2 * voice(6, 2, 150.0), far) == []
    near[3 * RATE :] = voice(3, 3)
    assert moves_s(near, far) == []


def test_silence_and_a_microphone_that_is_off() -> None:
    far, silence = voice(3, 1), np.zeros(3 * RATE, np.int16)
    assert moves_s(silence, far) == moves_s(voice(3, 2), silence) == moves_s(silence, silence) == []


def test_the_place_is_kept_while_the_agent_rests() -> None:
    path, far = EchoPath(), voice(3, 1)
    assert moves_s(late(far, 50), far, path) == []
    path.rest()
    assert moves_s(late(far, 60), far, path) == []
    path.rest()
    assert len(moves_s(late(far, 250), far, path)) == 1
