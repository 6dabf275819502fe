"""One suite over every voice: what `Tts` promises, with scripted models under the real adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

from visavis.kernel.errors import ProviderError, Rejected
from visavis.models.scheduler import ComputeScheduler, Priority
from visavis.speak.base import Speech, Tts
from visavis.speak.english import EnglishG2p, phoneme_ids
from visavis.speak.hibari import HibariTts
from visavis.speak.kokoro import KokoroTts, Loaded

RATE_HZ = 24_000
SHAPES = {"sil", "aa", "ee", "ih", "oh", "ou", "mm", "ff", "th", "dd", "kk", "ch", "ss", "nn", "rr"}


@cache
def front_end() -> EnglishG2p:
    return EnglishG2p()


@dataclass
class ScriptedModel:
    """Hums 60 ms a phoneme between 300 ms of silence before and 500 ms after."""

    calls: list[list[int]] = field(default_factory=list)
    broken: bool = False

    def hum(self, ids: list[int]) -> Any:
        self.calls.append(ids)
        if self.broken:
            raise Fail("broken")
        phase = np.arange(round(0.06 * RATE_HZ) * len(ids)) * (2 * np.pi * 150 / RATE_HZ)
        sound = (0.2 * np.sin(phase)).astype(np.float32)
        return np.concatenate([np.zeros(7200, np.float32), sound, np.zeros(12_000, np.float32)])


class RecordingScheduler(ComputeScheduler):
    def __init__(self) -> None:
        super().__init__(threads=1)
        self.priorities: list[Priority] = []

    async def run(self, priority: Priority, function: Callable[[], Any]) -> Any:
        self.priorities.append(priority)
        return await super().run(priority, function)


@pytest.fixture
def scheduler() -> Any:
    made = RecordingScheduler()
    yield made
    made.close()


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


def make(kind: str, model: ScriptedModel, scheduler: ComputeScheduler) -> Tts:
    if kind == "hibari":
        scripted = SimpleNamespace(ids=phoneme_ids, from_ids=lambda ids, speed, rng: model.hum(ids))
        return HibariTts(scripted, front_end(), scheduler)
    session = SimpleNamespace(run=lambda _, feed: [model.hum(feed["tokens"][0].tolist())])
    voices = {name: np.zeros((510, 256), np.float32) for name in ("af_heart", "bf_emma", "ef_dora")}
    return KokoroTts(Loaded(session, voices, {False: front_end(), True: front_end()}), scheduler)


@pytest.fixture(params=["hibari", "kokoro"])
async def voice(request: pytest.FixtureRequest, model: ScriptedModel, scheduler: Any) -> AsyncIterator[Tts]:
    made = make(request.param, model, scheduler)
    yield made
    await made.close()


async def say(voice: Tts, text: str, /, **options: Any) -> list[Speech]:
    return [piece async for piece in voice.stream(text, **options)]


TEXT = "Hello! Your bill is $3.50, due on 3/4/2025 at 3:30 pm. Call **555-0123**, or mail a@b.org. 😀 Bye."
SHOWN = "Hello! Your bill is $3.50, due on 3/4/2025 at 3:30 pm. Call 555-0123, or mail a@b.org. Bye."


async def test_pieces_carry_the_written_words_in_time(voice: Tts) -> None:
    pieces = await say(voice, TEXT)
    assert " ".join(mark.text for piece in pieces for mark in piece.words) == SHOWN
    assert len(pieces) >= 4
    for piece in pieces:
        assert piece.pcm.dtype == np.int16 and piece.pcm.ndim == 1 and piece.rate_hz == RATE_HZ == voice.rate_hz
        times = [time for mark in piece.words for time in (mark.start_s, mark.end_s)]
        assert times == sorted(times)
        assert times[0] >= 0 and times[-1] <= piece.duration_s
        assert {shape for _, shape in piece.visemes} <= SHAPES
        starts = [start for start, _ in piece.visemes]
        assert starts == sorted(starts) and starts[-1] <= piece.duration_s


async def test_silence_is_trimmed(voice: Tts) -> None:
    [sentence] = await say(voice, "Hello there.")
    assert np.abs(sentence.pcm[: round(0.03 * RATE_HZ)]).max() > 1000
    assert not np.abs(sentence.pcm[-round(0.1 * RATE_HZ) :]).any()
    [clause] = await say(voice, "Hello there,")
    assert len(clause.pcm) < len(sentence.pcm)


@pytest.mark.parametrize("text", ["", "  ", "...", "😀", "```\ncode\n```"])
async def test_nothing_to_say_is_no_piece(voice: Tts, text: str) -> None:
    assert await say(voice, text) == []


async def test_the_first_piece_goes_before_the_rest(voice: Tts, scheduler: RecordingScheduler) -> None:
    await say(voice, "One thing. Two things. Three things.")
    assert scheduler.priorities == [Priority.REPLY, Priority.REPLY, Priority.SPEECH, Priority.SPEECH]


async def test_closing_the_stream_stops_the_work(voice: Tts, model: ScriptedModel) -> None:
    stream = voice.stream("One thing. Two things. Three things.")
    await anext(stream)
    await stream.aclose()
    assert len(model.calls) == 1


async def test_cancelling_drops_what_waits(voice: Tts, model: ScriptedModel, scheduler: RecordingScheduler) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(say(voice, "One thing. Two things."))
        await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
    assert model.calls == []


async def test_a_failing_model_is_a_provider_error(voice: Tts, model: ScriptedModel) -> None:
    model.broken = True
    with pytest.raises(ProviderError) as caught:
        await say(voice, "Hello.")
    assert caught.value.retryable and caught.value.stage == "speak"
    model.broken = False
    assert await say(voice, "Hello.")


@pytest.mark.parametrize("options", [{"voice": "nobody"}, {"language": "ja"}])
async def test_an_unknown_voice_or_language_is_rejected(voice: Tts, options: dict[str, str]) -> None:
    with pytest.raises(Rejected) as caught:
        await say(voice, "Hello.", **options)
    assert caught.value.hint


async def test_kokoro_speaks_spanish_in_its_own_voice(model: ScriptedModel, scheduler: Any) -> None:
    voice = make("kokoro", model, scheduler)
    pieces = await say(voice, "Son 21 euros. ¿De acuerdo?", language="es-MX")
    assert [mark.text for piece in pieces for mark in piece.words] == ["Son", "21", "euros.", "¿De", "acuerdo?"]
    assert model.calls[0][1:-1] == phoneme_ids("sˈon beintjˈun ˈeuɾos.")
    with pytest.raises(Rejected, match="does not speak"):
        await say(voice, "Hola.", voice="af_heart", language="es")


async def test_kokoro_cuts_long_sentences_at_pauses(model: ScriptedModel, scheduler: Any) -> None:
    voice = make("kokoro", model, scheduler)
    text = "The library opens at nine in the morning, and it closes at six in the evening, on every weekday."
    pieces = await say(voice, text)
    assert len(pieces) > 1
    assert " ".join(mark.text for piece in pieces for mark in piece.words) == text
    assert all(piece.words[-1].text[-1] in ",." for piece in pieces)
