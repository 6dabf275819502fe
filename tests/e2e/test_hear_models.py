"""Real models on speech that the real voice makes: what is said comes back as text, sounds are found where they are.

The models come from the store (`visavis models pull`); a missing one fails, with the command that fetches it. Tests
on recorded people want the shared development data (`VISAVIS_SHARED`, or `shared` beside the repository).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import pytest
from hibari import Hibari

from visavis.hear.base import Asr, AsrStream, Words
from visavis.hear.moonshine import MoonshineAsr
from visavis.hear.segmenter import WINDOW_S, SpeechSegmenter
from visavis.hear.silero import WINDOW, SileroVad
from visavis.hear.smart_turn import SmartTurn
from visavis.hear.whisper import WhisperAsr
from visavis.kernel.events.turn import SpeechStarted, SpeechStopped
from visavis.kernel.media import Pcm, to_float, to_pcm
from visavis.kernel.resample import Resampler
from visavis.kernel.settings import Settings
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler
from visavis.models.store import ModelStore

pytestmark = pytest.mark.e2e

RATE = 16_000
SHARED = Path(os.environ.get("VISAVIS_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
SENTENCES = [
    "I would like to book a table for four people on Friday evening.",
    "My order has not arrived yet, could you check where it is?",
    "Please send the documents to my office before the end of the month.",
]


@lru_cache
def voice() -> Hibari:
    return Hibari(threads=1)


@lru_cache
def spoken(text: str) -> Pcm:
    """`text` as speech at 16 kHz."""
    made = voice()
    resampler = Resampler(made.sample_rate, RATE)
    pcm = to_pcm(np.concatenate(list(made.stream(text))).astype(np.float32))
    return np.concatenate((resampler.push(pcm), resampler.flush()))


def silence(seconds: float) -> Pcm:
    """A quiet room: never quite zero."""
    made: Pcm = np.random.default_rng(5).integers(-12, 13, int(seconds * RATE)).astype(np.int16)
    return made


def words_of(text: str) -> list[str]:
    return re.sub(r"[^a-z0-9' ]", " ", text.lower()).split()


def errors(wanted: list[str], heard: list[str]) -> int:
    """Words to insert, delete or replace."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


@pytest.fixture
def context() -> Iterator[EngineContext]:
    settings = Settings()
    scheduler = ComputeScheduler(2)
    yield EngineContext(settings, ModelStore(settings.models), scheduler)
    scheduler.close()


@pytest.fixture
async def moonshine(context: EngineContext) -> Asr:
    return await MoonshineAsr.load(context)


@pytest.fixture
async def vad(context: EngineContext) -> AsyncIterator[SileroVad]:
    made = await SileroVad.load(context)
    yield made
    await made.close()


async def listen(stream: AsrStream, pcm: Pcm, speed: float = 4.0) -> None:
    """Pushes `pcm` in frames of 20 ms, faster than life."""
    for at in range(0, len(pcm), 320):
        stream.push(pcm[at : at + 320])
        await asyncio.sleep(0.02 / speed)


async def test_moonshine_understands_the_voice(moonshine: Asr) -> None:
    wrong = total = 0
    for sentence in SENTENCES:
        stream = moonshine.stream("en", lambda words: None)
        stream.push(np.concatenate((silence(0.5), spoken(sentence), silence(0.5))))
        heard = await stream.final()
        wrong += errors(words_of(sentence), words_of(heard.text))
        total += len(words_of(sentence))
        assert heard.took_s > 0
        await stream.close()
    assert wrong / total <= 0.1


async def test_partials_grow_into_the_final(moonshine: Asr) -> None:
    partials: list[Words] = []
    stream = moonshine.stream("en", partials.append)
    await listen(stream, spoken(SENTENCES[0]))
    final = await stream.final()
    await stream.close()
    assert len(partials) >= 2
    assert len(words_of(partials[0].text)) < len(words_of(final.text))
    wanted = words_of(final.text)
    assert errors(wanted, words_of(partials[-1].text)) <= len(wanted) / 2


async def test_silence_and_a_hum_say_nothing_much(moonshine: Asr) -> None:
    stream = moonshine.stream("en", lambda words: None)
    stream.push(silence(3))
    assert (await stream.final()).text == ""
    await stream.close()


@pytest.mark.parametrize("word", ["Yes.", "No.", "Okay."])
async def test_a_single_word_is_heard(moonshine: Asr, word: str) -> None:
    stream = moonshine.stream("en", lambda words: None)
    stream.push(spoken(word))
    heard = words_of((await stream.final()).text)
    await stream.close()
    assert errors(words_of(word), heard) <= (0 if word == "Yes." else 1)
    assert len(heard) == 1


async def test_a_turn_of_a_minute_is_heard_to_its_end(moonshine: Asr) -> None:
    text = " ".join(SENTENCES * 5)
    pcm = np.concatenate([np.concatenate((spoken(sentence), silence(0.4))) for sentence in SENTENCES * 5])
    assert len(pcm) > 45 * RATE
    partials: list[Words] = []
    stream = moonshine.stream("en", partials.append)
    await listen(stream, pcm, speed=8.0)
    heard = await stream.final()
    await stream.close()
    assert errors(words_of(text), words_of(heard.text)) / len(words_of(text)) <= 0.15
    assert max(len(words_of(words.text)) for words in partials) > 80


async def test_silero_finds_speech_where_it_is(vad: SileroVad) -> None:
    said = np.concatenate((spoken(SENTENCES[0])[4_800:], silence(0.01)))  # the voice begins with 0.3 s of silence
    pcm = np.concatenate((silence(1.5), said, silence(1.5)))
    stream, segmenter = vad.stream(), SpeechSegmenter(Settings().turn)
    events = []
    for at in range(0, len(pcm) - WINDOW, WINDOW):
        event = segmenter.push(at / RATE, await stream.push(pcm[at : at + WINDOW]))
        if event is not None:
            events.append(event)
    assert isinstance(events[0], SpeechStarted)
    assert isinstance(events[-1], SpeechStopped)
    assert events[0].at_s == pytest.approx(1.5, abs=0.25)
    assert events[-1].at_s == pytest.approx(1.5 + len(said) / RATE, abs=0.45)
    assert events[-1].after_s < 0.2 + 2 * WINDOW_S


async def test_batched_windows_score_as_single_ones(vad: SileroVad) -> None:
    sounds = [spoken(SENTENCES[0]), spoken(SENTENCES[1]), silence(3), spoken(SENTENCES[2])[8_000:]]
    windows = [[pcm[at : at + WINDOW] for at in range(0, 40 * WINDOW, WINDOW)] for pcm in sounds]
    alone = []
    for caller in windows:
        stream = vad.stream()
        alone.append([await stream.push(window) for window in caller])
    streams = [vad.stream() for _ in sounds]
    together = [
        await asyncio.gather(*(stream.push(caller[n]) for stream, caller in zip(streams, windows, strict=True)))
        for n in range(40)
    ]
    assert np.allclose(np.array(together).T, np.array(alone), atol=1e-5)
    assert max(alone[0]) > 0.9
    assert max(alone[2]) < 0.1


async def test_windows_in_a_row_score_as_single_ones(vad: SileroVad) -> None:
    pcm = spoken(SENTENCES[0])[: 40 * WINDOW]
    one, run = vad.stream(), vad.stream()
    singly = [await one.push(pcm[at : at + WINDOW]) for at in range(0, len(pcm), WINDOW)]
    in_runs = [p for at in range(0, len(pcm), 5 * WINDOW) for p in await run.push_run(pcm[at : at + 5 * WINDOW])]
    assert in_runs == pytest.approx(singly, abs=1e-5)
    assert max(singly) > 0.9


async def test_smart_turn_tells_a_finished_sentence_from_a_broken_one(context: EngineContext) -> None:
    scorer = await SmartTurn.load(context)
    finished, broken = [], []
    for sentence in SENTENCES:
        pcm = spoken(sentence)
        finished.append(await scorer.p_complete(to_float(np.concatenate((pcm, silence(0.2))))))
        broken.append(await scorer.p_complete(to_float(pcm[: len(pcm) * 7 // 10])))
    assert np.mean(finished) > 0.8
    assert np.mean(broken) < 0.3


async def test_whisper_understands_the_voice_too(context: EngineContext) -> None:
    asr = await WhisperAsr.load(context)
    stream = asr.stream("en-US", lambda words: None)
    stream.push(spoken(SENTENCES[0]))
    heard = await stream.final()
    await stream.close()
    assert errors(words_of(SENTENCES[0]), words_of(heard.text)) <= 2


@pytest.fixture
def clips() -> list[dict[str, str]]:
    """A few recordings of people speaking English, 2–8 s each, with their words."""
    if not (SHARED / "asr.jsonl").is_file():
        pytest.skip(f"no shared development data at {SHARED}")
    rows = [json.loads(line) for line in (SHARED / "asr.jsonl").read_text().splitlines()]
    return [row for row in rows if row["lang"] == "en" and 2 < row["duration_s"] < 8][::4][:10]


@pytest.mark.shared
async def test_recorded_people_are_understood(moonshine: Asr, clips: list[dict[str, str]]) -> None:
    wrong = total = 0
    for clip in clips:
        stream = moonshine.stream("en", lambda words: None)
        stream.push(_read(SHARED / clip["audio"]))
        wanted = words_of(clip["text"])
        wrong += errors(wanted, words_of((await stream.final()).text))
        total += len(wanted)
        await stream.close()
    assert wrong / total <= 0.2


@pytest.mark.shared
async def test_smart_turn_on_recorded_people(context: EngineContext, clips: list[dict[str, str]]) -> None:
    scorer = await SmartTurn.load(context)
    sounds = [to_float(_read(SHARED / clip["audio"])) for clip in clips]
    finished = [await scorer.p_complete(sound) for sound in sounds]
    broken = [await scorer.p_complete(sound[: len(sound) * 6 // 10]) for sound in sounds]
    assert np.mean(finished) - np.mean(broken) > 0.4


def _read(path: Path) -> Pcm:
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as container:
        frames = [made for frame in container.decode(audio=0) for made in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])
