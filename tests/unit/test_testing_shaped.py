"""The shaped doubles take the times that they promise, and the recogniser among them says what was said so far."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.hear.base import HEAR_RATE_HZ, Words
from visavis.kernel.errors import ConfigError
from visavis.kernel.media import Pcm
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.testing.shaped import ASR_FINAL, LLM_FIRST, Shape, ShapedAsr, ShapedLlm, ShapedTts
from visavis.testing.shaped_script import FRAME_S, Breath, Place, ShapedScript, voiced_frames, voiced_s
from visavis.think.base import Finished, LlmRequest, TextDelta

FIRST = Breath("I would like to know", 1.2)
SECOND = Breath("whether I need an appointment.", 1.6, ends_line=True)
THIRD = Breath("Thank you.", 0.6, ends_line=True)
BREATHS = [FIRST, SECOND, THIRD]
WINDOW = 512


def on_virtual_time(scene: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(scene)


@pytest.mark.parametrize("shape", [ASR_FINAL, *LLM_FIRST.values()])
def test_draws_have_the_published_median_and_tail(shape: Shape) -> None:
    random = np.random.default_rng(5)
    drawn = [shape.draw(random) for _ in range(20_000)]
    p50_s, p95_s = np.percentile(drawn, [50, 95])
    assert p50_s == pytest.approx(shape.p50_s, rel=0.03)
    assert p95_s == pytest.approx(shape.p95_s, rel=0.05)


def test_the_figures_are_those_of_the_docs() -> None:
    assert (ASR_FINAL.p50_s, ASR_FINAL.p95_s) == (0.247, 0.298)
    assert (LLM_FIRST["slow"].p50_s, LLM_FIRST["slow"].p95_s) == (0.536, 1.771)
    assert (LLM_FIRST["fast"].p50_s, LLM_FIRST["fast"].p95_s) == (0.098, 0.217)


# The place in the script.


def tone(seconds: float, rate_hz: int = HEAR_RATE_HZ) -> Pcm:
    wave: Pcm = (np.sin(np.arange(round(seconds * rate_hz)) * 0.2) * 8_000).astype(np.int16)
    return wave


def test_only_sound_counts() -> None:
    pcm = np.concatenate([tone(0.5), np.zeros(8_000, np.int16), tone(0.3)])
    assert voiced_s(pcm, HEAR_RATE_HZ) == pytest.approx(0.8, abs=0.021)
    assert voiced_frames(np.zeros(0, np.int16), HEAR_RATE_HZ) == 0


@given(st.lists(st.floats(0.0, 0.2), max_size=60))
def test_words_only_ever_come_in_order(steps: list[float]) -> None:
    place = Place(BREATHS)
    everything = " ".join(breath.text for breath in BREATHS)
    before = ""
    for step_s in steps:
        place.moved(step_s)
        said = place.words(0.0)
        assert everything.startswith(said) and said.startswith(before)
        before = said


def test_no_word_after_a_pause_is_known_before_it() -> None:
    place = Place(BREATHS)
    place.moved(1.15)
    assert "whether" not in place.words(0.0)
    place.settle()
    assert place.words(0.0) == FIRST.text
    place.moved(1.62)
    place.settle()
    assert place.words(0.0) == f"{FIRST.text} {SECOND.text}"
    assert place.words(1.2) == SECOND.text
    assert place.at_s == pytest.approx(2.8)


def test_a_place_in_the_middle_of_a_breath_stays_there() -> None:
    place = Place(BREATHS)
    place.moved(0.7)
    place.settle()
    assert place.at_s == 0.7
    assert 0 < len(place.words(0.0).split()) < 5


def test_a_short_breath_is_not_over_before_it_began() -> None:
    place = Place([Breath("Um,", 0.2), Breath("can you help?", 1.0, ends_line=True)])
    place.settle()
    assert place.at_s == 0.0
    place.moved(0.16)
    place.settle()
    assert place.words(0.0) == "Um,"


def test_a_little_too_much_sound_is_no_word_of_the_next_breath() -> None:
    place = Place([Breath("Where is it?", 0.8, ends_line=True), Breath("I see.", 0.5, ends_line=True)])
    place.moved(0.88)
    assert place.words(0.0, slack_s=0.06) == "Where is it?"


# The engines.


async def say(stream: Any, seconds: float, level: bool = True) -> list[Pcm]:
    """Pushed as a call does, a window at the time it was spoken. Returns the windows."""
    windows = []
    for _ in range(round(seconds * HEAR_RATE_HZ / WINDOW)):
        await asyncio.sleep(WINDOW / HEAR_RATE_HZ)
        window = tone(WINDOW / HEAR_RATE_HZ) if level else np.zeros(WINDOW, np.int16)
        stream.push(window)
        windows.append(window)
    return windows


def asr() -> ShapedAsr:
    return ShapedAsr(ShapedScript([BREATHS], seed=3))


def test_a_final_comes_a_drawn_time_after_the_last_sound() -> None:
    async def scene() -> None:
        stream = asr().stream("en", lambda words: None)
        loop = asyncio.get_running_loop()
        await say(stream, 1.2)
        ended_s = loop.time()
        await say(stream, 0.1, level=False)
        words = await stream.final()
        assert words.text == FIRST.text
        assert 0.15 < loop.time() - ended_s < 0.4
        assert words.took_s == pytest.approx(loop.time() - ended_s - 0.096, abs=1e-6)
        again_s = loop.time()
        assert (await stream.final()).took_s == 0.0 and loop.time() == again_s
        await say(stream, 1.6)
        assert (await stream.final()).text == f"{FIRST.text} {SECOND.text}"
        stream.commit()
        await say(stream, 0.6)
        assert (await stream.final()).text == THIRD.text
        await stream.close()

    on_virtual_time(scene())


def test_partials_trail_the_sound_and_are_never_wrong() -> None:
    async def scene() -> None:
        told: list[tuple[float, Words]] = []
        loop = asyncio.get_running_loop()
        stream = asr().stream("en", lambda words: told.append((loop.time(), words)))
        began_s = loop.time()
        await say(stream, 1.2)
        await stream.close()
        assert len(told) > 3
        for at_s, words in told:
            assert FIRST.text.startswith(words.text)
            share = (at_s - began_s - 0.15 + 0.06) / FIRST.voiced_s
            assert len(words.text) <= share * (len(FIRST.text) + 1) + 1

    on_virtual_time(scene())


def test_speech_that_is_pushed_again_counts_once() -> None:
    """The agent was heard too soon: the turn is closed, and its latest windows come again from their onset."""

    async def scene() -> None:
        stream = asr().stream("en", lambda words: None)
        await say(stream, 1.2)
        windows = await say(stream, 0.8)
        stream.commit()
        for window in windows:
            stream.push(window)
        await say(stream, 0.8)
        assert (await stream.final()).text == SECOND.text
        await stream.close()

    on_virtual_time(scene())


def test_a_model_is_as_quick_as_it_says() -> None:
    async def scene() -> None:
        llm = ShapedLlm(ShapedScript([], llm="slow", seed=3))
        loop = asyncio.get_running_loop()
        for _ in range(5):
            began_s = loop.time()
            times, first = [], 0.0
            async for event in llm.stream(LlmRequest([])):
                if isinstance(event, TextDelta):
                    times.append(loop.time() - began_s)
                    first = first or event.took_s
                else:
                    assert isinstance(event, Finished)
            assert times[0] == pytest.approx(first)
            assert 60 <= 1.3 / np.median(np.diff(times)) <= 100

    on_virtual_time(scene())


def test_a_voice_is_audible_from_its_first_sample() -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        [speech] = [piece async for piece in ShapedTts().stream("We open at nine.")]
        assert loop.time() - began_s == pytest.approx(0.12) and speech.took_s == 0.12
        assert voiced_frames(speech.pcm[: round(FRAME_S * speech.rate_hz)], speech.rate_hz) == 1
        assert [mark.text for mark in speech.words] == ["We", "open", "at", "nine."]
        assert speech.words[-1].end_s == pytest.approx(speech.duration_s, abs=0.001)

    on_virtual_time(scene())


def test_scripts_survive_their_file(tmp_path: Path) -> None:
    script = ShapedScript([BREATHS, [THIRD]], llm="slow", seed=9)
    script.write(tmp_path / "script.json")
    assert ShapedScript.load(str(tmp_path / "script.json")) == script
    with pytest.raises(ConfigError, match="no script"):
        ShapedScript.load(str(tmp_path / "nothing.json"))
    with pytest.raises(ConfigError, match="no shape"):
        ShapedLlm(ShapedScript([], llm="medium"))
