"""An agent that talks for minutes, so that there is always something to interrupt; its voice carries a pilot tone,
whose level at the ear tells how loud the voice is even where speech pauses by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from visavis.hear.moonshine import MoonshineAsr
from visavis.hear.redecode import Heard
from visavis.kernel.media import Pcm
from visavis.models.engines import EngineContext
from visavis.models.scheduler import Priority
from visavis.speak.base import Speech, Tts
from visavis.speak.hibari import HibariTts
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolSpec, Usage

SENTENCES = (
    "The old harbour was built in the seventeenth century by merchants from the northern islands.",
    "Most of the houses along the water were made of brick because timber was taxed heavily.",
    "In winter the canal froze over and the children skated to school along its whole length.",
    "A large clock on the tower told the fishermen when the tide would turn in the evening.",
    "The market moved to the main square after the great fire destroyed the southern quarter.",
    "Visitors today can walk along the wall and look at the paintings in the small museum.",
    "The bridge near the station was opened by the mayor in front of thousands of people.",
    "Every summer musicians from all over the country play in the gardens behind the theatre.",
)
ROUNDS = 6


PARTIAL_TAKES_S = 0.08
FINAL_TAKES_S = 0.2

PILOT_HZ = 9_000
PILOT = 300
"""Amplitude, of 32,768."""


class PilotVoice:
    """The embedded voice with the pilot tone in it."""

    name = "pilot"
    rate_hz = 24_000

    def __init__(self, voice: Tts) -> None:
        self._voice = voice

    @classmethod
    async def load(cls, context: EngineContext) -> PilotVoice:
        return cls(await HibariTts.load(context))

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        async for speech in self._voice.stream(text, voice=voice, language=language):
            at_s = np.arange(len(speech.pcm)) / speech.rate_hz
            tone = PILOT * np.sin(2 * np.pi * PILOT_HZ * at_s)
            yield replace(speech, pcm=np.clip(speech.pcm + tone, -32_768, 32_767).astype(np.int16))

    async def close(self) -> None:
        await self._voice.close()


class TimedAsr(MoonshineAsr):
    """Where a virtual clock stands still while models compute: each pass takes what it takes on two idle cores."""

    name = "moonshine"

    async def quick(self, pcm: Pcm, language: str, before: Heard | None) -> Heard:
        heard = await super().quick(pcm, language, before)
        await asyncio.sleep(PARTIAL_TAKES_S)
        return heard

    async def best(self, pcm: Pcm, language: str, before: Heard | None, priority: Priority) -> Heard:
        heard = await super().best(pcm, language, before, priority)
        await asyncio.sleep(FINAL_TAKES_S)
        return heard


_STEP = 240
_PHASE = 2 * np.pi * PILOT_HZ / 24_000 * np.arange(_STEP)
_CARRIER = np.stack((np.cos(_PHASE), np.sin(_PHASE)), axis=1).astype(np.float32) / (_STEP / 2)


def pilot_levels(pcm: Pcm) -> NDArray[np.float32]:
    """The pilot's amplitude in each 10 ms of 24 kHz audio; about `PILOT` at full voice."""
    steps = pcm[: len(pcm) // _STEP * _STEP].reshape(-1, _STEP).astype(np.float32)
    levels: NDArray[np.float32] = np.hypot(*(steps @ _CARRIER).T)
    return levels


class Talker:
    """Each answer is a few minutes long and begins at another sentence."""

    name = "talker"
    tells_ends = False
    model = "double"

    def __init__(self) -> None:
        self._answers = 0

    @classmethod
    async def load(cls, context: EngineContext) -> Talker:
        return cls()

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        first = self._answers % len(SENTENCES)
        self._answers += 1
        for sentence in (SENTENCES[first:] + SENTENCES[:first]) * ROUNDS:
            yield TextDelta(sentence + " ")
            await asyncio.sleep(0)
        yield Finished("stop", Usage(10, 1000))

    async def prefill(self, request: LlmRequest) -> None:
        """Nothing to prepare."""

    async def p_ends(self, request: LlmRequest) -> float | None:
        """It cannot tell."""
        return None

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Nothing to warm."""

    async def close(self) -> None:
        """Nothing to release."""
