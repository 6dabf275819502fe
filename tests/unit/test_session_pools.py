"""Lists of providers, as an agent's stack names them."""

from __future__ import annotations

from typing import Any

import pytest

from visavis.kernel.agent import Agent, Stack
from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import FallbackSettings, LlmSettings, Settings, TtsSettings, VisionSettings
from visavis.models.engines import Engines
from visavis.see.vision import Sighted
from visavis.session.breaker import Breaker
from visavis.session.fallback import KNOWN_FROM, Member
from visavis.session.fallback_llm import WholeWords
from visavis.session.fallback_vision import FallbackDescriber
from visavis.session.pools import load_asr, load_llm, load_tts, with_fallbacks
from visavis.testing.doubles import ScriptedAsr, ScriptedLlm, ScriptedTts
from visavis.testing.faulty import GoodDescriber

SETTINGS = Settings(
    llm=LlmSettings(first_timeout_s=3.0),
    tts=TtsSettings(total_timeout_s=9.0),
    fallback=FallbackSettings(failures=5, retry_s=7.0, hedge=["llm"]),
    vision=VisionSettings(provider="openai", model="m", fallbacks=["embedded:/m.gguf"], deadline_s=4.0),
)


@pytest.fixture
async def engines() -> Any:
    loaded = Engines.of(SETTINGS)
    loaded.put("llm", "openai:gpt-4o-mini", ScriptedLlm())
    loaded.put("llm", "embedded", ScriptedLlm())
    loaded.put("tts", "hibari", ScriptedTts())
    loaded.put("tts", "kokoro", ScriptedTts())
    loaded.put("asr", "moonshine", ScriptedAsr([]))
    loaded.put("vision", "embedded:/m.gguf", GoodDescriber())
    yield loaded
    await loaded.close()


def agent(**stack: Any) -> Agent:
    return Agent("Ada", "You answer.", stack=Stack(**stack))


async def test_a_list_is_a_pool_in_its_order(engines: Engines) -> None:
    llm = await load_llm(engines, agent(llm=["openai:gpt-4o-mini", "embedded"]), SETTINGS)
    assert [member.name for member in llm.pool.members] == ["openai:gpt-4o-mini", "embedded"], "their own are alike"
    assert llm.pool.limits.first_s == 3.0
    assert llm.pool.hedged
    assert (llm.pool.first.breaker.failures, llm.pool.first.breaker.retry_s) == (5, 7.0)
    assert not llm.tells_ends


async def test_a_plain_string_is_a_list_of_one(engines: Engines) -> None:
    asr = await load_asr(engines, agent(), SETTINGS)
    assert [member.name for member in asr.pool.members] == ["scripted"]
    assert not asr.pool.hedged


async def test_a_voice_is_named_with_its_engine(engines: Engines) -> None:
    tts = await load_tts(engines, agent(tts=["hibari", "kokoro:af_heart"]), SETTINGS)
    assert [member.voice for member in tts.pool.members] == ["", "af_heart"]
    assert tts.pool.limits.total_s == 9.0


async def test_describers_stand_behind_the_first_one(engines: Engines) -> None:
    sighted = await with_fallbacks(engines, Sighted(describer=GoodDescriber(), remote=True), SETTINGS)
    assert isinstance(sighted.describer, FallbackDescriber)
    assert len(sighted.describer.pool.members) == 2
    assert sighted.deadline_s == 8.0, "time for both"
    assert await with_fallbacks(engines, Sighted(), SETTINGS) == Sighted(), "nobody describes"


async def test_a_recogniser_has_no_model_to_name(engines: Engines) -> None:
    with pytest.raises(ConfigError, match="without a model"):
        await load_asr(engines, agent(asr="whisper:large"), SETTINGS)


def test_a_p95_is_known_after_some_calls() -> None:
    member = Member("m", None, Breaker())
    member.firsts_s.extend([0.2] * (KNOWN_FROM - 1))
    assert member.p95_s is None
    member.firsts_s.append(5.0)
    assert member.p95_s == 5.0
    member.firsts_s.extend([0.2] * KNOWN_FROM)
    assert member.p95_s == 0.2


@pytest.mark.parametrize("deltas", [["We ", "open", " at ni", "ne."], ["We open at nine."], list("We open at nine.")])
def test_only_whole_words_are_handed_out(deltas: list[str]) -> None:
    words, out = WholeWords(), ""
    for delta in deltas:
        out += words.feed(delta)
        assert not out or out == "We open at nine."[: len(out)]
        assert out in ("", "We", "We open", "We open at"), out
    assert out + words.flush() == "We open at nine."
