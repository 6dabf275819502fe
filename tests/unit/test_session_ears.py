"""The ears: what a streaming recogniser tells, and how far it speaks for the sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from visavis.hear.base import HEAR_RATE_HZ, AsrStream, Words
from visavis.kernel.cleared import Cleared
from visavis.kernel.events import Event, SpeechStopped, TranscriptRevised
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.settings import TurnSettings
from visavis.session.ears import Ears
from visavis.session.stack import Layers
from visavis.testing.doubles import ScriptedVad

FRAME = 320
LAG_S = 0.05


class _Stream:
    """Says "hello" once per pushed window, and that it speaks for all but the last `LAG_S` of the sound."""

    def __init__(self, on_partial: Callable[[Words], None]) -> None:
        self._on_partial = on_partial
        self._pushed_s = 0.0

    def push(self, pcm: Pcm) -> None:
        self._pushed_s += len(pcm) / HEAR_RATE_HZ
        self._on_partial(Words("hello", "en", 0.01, max(0.001, self._pushed_s - LAG_S)))

    def hurry(self, on: bool) -> None: ...

    async def final(self) -> Words:
        return Words("hello", "en", 0.01)

    def commit(self) -> None:
        self._pushed_s = 0.0

    async def close(self) -> None: ...


class _Asr:
    name = "streaming"

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream:
        return _Stream(on_partial)


async def _heard(pcm: Pcm) -> list[Event]:
    told: list[Event] = []
    layers = Layers(vad=ScriptedVad(), asr=_Asr(), llm=None, tts=None)  # type: ignore[arg-type]
    ears = Ears(layers, TurnSettings(), "en", told.append)
    task = asyncio.create_task(ears.run())
    for at in range(0, len(pcm), FRAME):
        ears.hear(Cleared.by_trust(AudioFrame(pcm[at : at + FRAME], HEAR_RATE_HZ, at / HEAR_RATE_HZ)))
        for _ in range(4):
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return told


async def test_the_same_words_are_told_again_only_as_speech_stops() -> None:
    silence, voice = np.zeros(HEAR_RATE_HZ, np.int16), np.full(HEAR_RATE_HZ, 9_000, np.int16)
    told = await _heard(np.concatenate([silence, voice, silence]))
    stops = [event for event in told if isinstance(event, SpeechStopped)]
    partials = [event for event in told if isinstance(event, TranscriptRevised)]
    assert len(stops) == 1 and [partial.text for partial in partials] == ["hello", "hello"]
    assert told.index(partials[1]) == told.index(stops[0]) - 1
    known_s = stops[0].at_s + stops[0].after_s
    assert partials[1].until_s == pytest.approx(known_s - LAG_S, abs=0.033)
