"""Real voices: what they say is heard back as it was written, soon, and without silence around it.

The models come from the store (`visavis models pull`); a missing one fails, with the command that fetches it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import numpy as np
import pytest

from visavis.kernel.media import to_float
from visavis.kernel.resample import Resampler
from visavis.kernel.settings import Settings
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler
from visavis.models.store import ModelStore
from visavis.speak.base import Speech, Tts
from visavis.speak.hibari import HibariTts
from visavis.speak.kokoro import KokoroTts

pytestmark = pytest.mark.e2e

ENGLISH = [
    "Please bring your passport and two photographs to the front desk.",
    "I am afraid I do not know that, but a colleague of mine can tell you.",
    "The library opens early on weekdays, and closes late in the evening.",
]
SPANISH = [
    "La biblioteca abre temprano y cierra por la noche entre semana.",
    "Por favor, traiga su pasaporte y dos fotografías a la recepción.",
    "El año pasado viajamos a México con nuestros amigos argentinos.",
]


@pytest.fixture
async def context() -> AsyncIterator[EngineContext]:
    settings, scheduler = Settings(), ComputeScheduler(2)
    yield EngineContext(settings, ModelStore(settings.models), scheduler)
    scheduler.close()


async def say(voice: Tts, text: str, language: str = "en") -> list[Speech]:
    return [piece async for piece in voice.stream(text, language=language)]


async def heard(context: EngineContext, pieces: list[Speech], language: str) -> list[str]:
    whisper = pytest.importorskip("faster_whisper", reason="pip install visavis[whisper]")

    def work() -> str:
        model = whisper.WhisperModel(str(context.store.path("whisper-base")), compute_type="int8", cpu_threads=2)
        resampler = Resampler(24_000, 16_000)
        pcm = resampler.push(np.concatenate([piece.pcm for piece in pieces]))
        pcm = np.concatenate([pcm, resampler.flush()])
        segments, _ = model.transcribe(to_float(pcm), language=language)
        return " ".join(segment.text for segment in segments)

    return words(await asyncio.to_thread(work))


def words(text: str) -> list[str]:
    return re.sub(r"[^\w\s]", "", text.lower()).split()


def wrong(reference: list[str], got: list[str]) -> int:
    """Word errors: the edit distance."""
    row = list(range(len(got) + 1))
    for i, word in enumerate(reference, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1]


async def word_error_rate(context: EngineContext, voice: Tts, sentences: list[str], language: str) -> float:
    errors = total = 0
    for sentence in sentences:
        pieces = await say(voice, sentence, language)
        assert " ".join(mark.text for piece in pieces for mark in piece.words) == sentence
        got = await heard(context, pieces, language)
        errors += wrong(words(sentence), got)
        total += len(words(sentence))
    return errors / total


async def test_hibari_is_understood(context: EngineContext) -> None:
    voice = await HibariTts.load(context)
    assert await word_error_rate(context, voice, ENGLISH, "en") <= 0.1


async def test_hibari_starts_at_once_and_trims_its_silence(context: EngineContext) -> None:
    voice = await HibariTts.load(context)
    loop = asyncio.get_running_loop()
    took_s = []
    for _ in range(5):
        began_s = loop.time()
        [piece] = await say(voice, "Of course, let me have a look at that,")
        took_s.append(loop.time() - began_s)
    assert min(took_s) < 0.5  # 16 ms on a quiet machine
    level = np.abs(piece.pcm.astype(np.int32))
    assert level[: round(0.06 * 24_000)].max() > 300
    assert level[-round(0.02 * 24_000) :].max() < 1_000


async def test_kokoro_is_understood_in_spanish(context: EngineContext) -> None:
    voice = await KokoroTts.load(context)
    assert await word_error_rate(context, voice, SPANISH, "es") <= 0.15


async def test_kokoro_speaks_english_too(context: EngineContext) -> None:
    voice = await KokoroTts.load(context)
    assert await word_error_rate(context, voice, ENGLISH[:1], "en") <= 0.1
