"""One suite over every recogniser: what `AsrStream` promises, with scripted models under the real adapters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from visavis.hear.base import Asr, Words
from visavis.hear.moonshine import MoonshineAsr
from visavis.hear.whisper import WhisperAsr
from visavis.kernel.errors import ConfigError, ProviderError
from visavis.kernel.media import Pcm, Samples
from visavis.models.scheduler import ComputeScheduler, Yield

RATE = 16_000


@dataclass
class Script:
    """What the model underneath says of so many seconds, and whether it fails."""

    broken: bool = False
    passes: int = 0

    def hear(self, samples: Samples) -> str:
        self.passes += 1
        return " ".join(["word"] * round(len(samples) / RATE))


class ScriptedMoonshine:
    def __init__(self, script: Script) -> None:
        self._script = script

    def decoding(self, samples: Samples, draft: Sequence[int]) -> Any:
        return _Decoding(self._script, samples)


class _Decoding:
    def __init__(self, script: Script, samples: Samples) -> None:
        self._script, self._samples = script, samples
        self.tokens: list[int] = []
        self.text = ""

    def advance(self, give_way: Yield) -> bool:
        if self._script.broken:
            raise ProviderError("broken", stage="hear")
        if len(self._samples):
            self.text = self._script.hear(self._samples)
        return True


class ScriptedWhisper:
    supported_languages = ("en", "es", "de")

    def __init__(self, script: Script) -> None:
        self._script = script
        self.languages: list[str] = []

    def transcribe(self, samples: Samples, *, language: str, **options: Any) -> tuple[list[Any], None]:
        if self._script.broken:
            raise RuntimeError("broken")
        self.languages.append(language)
        assert samples.dtype == np.float32
        return [_Segment(f" {self._script.hear(samples)}")], None


@dataclass
class _Segment:
    text: str


def moonshine(script: Script, scheduler: ComputeScheduler) -> Asr:
    model: Any = ScriptedMoonshine(script)
    return MoonshineAsr(model, model, scheduler)


def whisper(script: Script, scheduler: ComputeScheduler) -> Asr:
    return WhisperAsr(ScriptedWhisper(script), scheduler)


@pytest.fixture
async def scheduler() -> AsyncIterator[ComputeScheduler]:
    made = ComputeScheduler(2)
    yield made
    made.close()


@pytest.fixture(params=[moonshine, whisper])
def make(request: pytest.FixtureRequest) -> Callable[[Script, ComputeScheduler], Asr]:
    chosen: Callable[[Script, ComputeScheduler], Asr] = request.param
    return chosen


def noise(seconds: float) -> Pcm:
    made: Pcm = np.random.default_rng(3).integers(-9000, 9000, int(seconds * RATE)).astype(np.int16)
    return made


Make = Callable[[Script, ComputeScheduler], Asr]


async def test_partials_come_by_themselves_and_the_final_supersedes_them(
    make: Make, scheduler: ComputeScheduler
) -> None:
    told: list[Words] = []
    first = asyncio.Event()

    def on_partial(words: Words) -> None:
        told.append(words)
        first.set()

    stream = make(Script(), scheduler).stream("en", on_partial)
    stream.push(noise(2))
    await asyncio.wait_for(first.wait(), 5)
    assert told[0].text == "word word"
    assert told[0].language == "en"
    assert told[0].took_s >= 0
    stream.push(noise(1))
    final = await stream.final()
    count = len(told)
    assert final.text == "word word word"
    await asyncio.sleep(0.05)
    assert len(told) == count
    await stream.close()


async def test_a_final_without_news_costs_nothing(make: Make, scheduler: ComputeScheduler) -> None:
    script = Script()
    stream = make(script, scheduler).stream("en", lambda words: None)
    stream.push(noise(1.2))
    first = await stream.final()
    passes = script.passes
    assert await stream.final() == first
    assert script.passes == passes
    await stream.close()


@pytest.mark.parametrize("pcm", [np.empty(0, np.int16), np.zeros(2 * RATE, np.int16)])
async def test_silence_is_empty_text(make: Make, scheduler: ComputeScheduler, pcm: Pcm) -> None:
    stream = make(Script(), scheduler).stream("en", lambda words: None)
    stream.push(pcm)
    assert (await stream.final()).text == ""
    await stream.close()


async def test_commit_begins_a_new_turn(make: Make, scheduler: ComputeScheduler) -> None:
    stream = make(Script(), scheduler).stream("en", lambda words: None)
    stream.push(noise(3))
    assert (await stream.final()).text == "word word word"
    stream.commit()
    assert (await stream.final()).text == ""
    stream.push(noise(1))
    assert (await stream.final()).text == "word"
    await stream.close()


async def test_two_callers_do_not_hear_each_other(make: Make, scheduler: ComputeScheduler) -> None:
    asr = make(Script(), scheduler)
    one, two = asr.stream("en", lambda words: None), asr.stream("en", lambda words: None)
    one.push(noise(3))
    two.push(noise(1))
    texts = [words.text for words in await asyncio.gather(one.final(), two.final())]
    assert texts == ["word word word", "word"]
    await one.close()
    await two.close()


async def test_a_broken_model_is_a_provider_error_and_only_of_that_call(
    make: Make, scheduler: ComputeScheduler
) -> None:
    script = Script(broken=True)
    stream = make(script, scheduler).stream("en", lambda words: None)
    stream.push(noise(1))
    with pytest.raises(ProviderError) as caught:
        await stream.final()
    assert caught.value.stage == "hear"
    script.broken = False
    assert (await stream.final()).text == "word"
    await stream.close()
    await stream.close()


async def test_an_unknown_language_is_refused(make: Make, scheduler: ComputeScheduler) -> None:
    with pytest.raises(ConfigError):
        make(Script(), scheduler).stream("tlh", lambda words: None)


async def test_whisper_takes_the_language_without_its_region(scheduler: ComputeScheduler) -> None:
    model = ScriptedWhisper(Script())
    stream = WhisperAsr(model, scheduler).stream("es-MX", lambda words: None)
    stream.push(noise(1))
    assert (await stream.final()).language == "es-MX"
    assert set(model.languages) == {"es"}
    await stream.close()
