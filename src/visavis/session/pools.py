"""The providers that an agent's stack names, loaded and pooled; and each call's own view of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from visavis.hear.base import Asr
from visavis.kernel.agent import Agent
from visavis.kernel.settings import Settings
from visavis.kernel.timeouts import Timeouts
from visavis.models.engines import Engines, split
from visavis.see.vision import Sighted
from visavis.session.fallback import Pool, Watch
from visavis.session.fallback_asr import FallbackAsr
from visavis.session.fallback_llm import FallbackLlm
from visavis.session.fallback_search import FallbackSearch
from visavis.session.fallback_tts import FallbackTts
from visavis.session.fallback_vision import FallbackDescriber
from visavis.speak.base import Tts
from visavis.think.base import Llm

E = TypeVar("E")


async def load_asr(engines: Engines, agent: Agent, settings: Settings) -> FallbackAsr:
    """As the others here: raises ConfigError and ModelError for any provider that cannot load."""
    names = agent.stack.asrs(agent.language)
    loaded: list[Asr] = [await engines.get("asr", name) for name in names]
    return FallbackAsr(Pool("asr", _named(names, loaded), Timeouts.of(settings.asr), settings.fallback))


async def load_llm(engines: Engines, agent: Agent, settings: Settings) -> FallbackLlm:
    names = agent.stack.llms()
    loaded: list[Llm] = [await engines.get("llm", name) for name in names]
    return FallbackLlm(Pool("llm", _named(names, loaded), Timeouts.of(settings.llm), settings.fallback))


async def load_tts(engines: Engines, agent: Agent, settings: Settings) -> FallbackTts:
    """A name "engine:voice" names the voice to speak with."""
    names = agent.stack.voices(agent.language)
    chosen = [split("tts", name) for name in names]
    loaded: list[Tts] = [await engines.get("tts", engine) for engine, _ in chosen]
    pool = Pool("tts", _named(names, loaded), Timeouts.of(settings.tts), settings.fallback)
    for member, (_, voice) in zip(pool.members, chosen, strict=True):
        member.voice = voice
    return FallbackTts(pool)


async def with_fallbacks(engines: Engines, sighted: Sighted, settings: Settings) -> Sighted:
    """`sighted` with the describers of `vision.fallbacks` behind its own, which has to be there."""
    names = settings.vision.fallbacks
    if sighted.describer is None:
        return sighted
    loaded = [sighted.describer, *[await engines.get("vision", name) for name in names]]
    engines_by_name = _named([settings.vision.provider, *names], loaded)
    pool = Pool("vision", engines_by_name, Timeouts.of(settings.vision), settings.fallback)
    away = sighted.remote or any(split("vision", name)[0] != "embedded" for name in names)
    longest_s = settings.vision.deadline_s * len(loaded)
    return replace(sighted, describer=FallbackDescriber(pool), remote=away, deadline_s=longest_s)


def _named(names: Sequence[str], engines: Sequence[Any]) -> list[tuple[str, Any]]:
    """By their own names; where two are alike, as the stack has them."""
    own = [engine.name for engine in engines]
    return list(zip(own if len(set(own)) == len(own) else names, engines, strict=True))


def watched(engine: E, watch: Watch) -> E:
    """The session's own view of `engine`, where it has such a thing."""
    if isinstance(engine, (FallbackAsr, FallbackLlm, FallbackTts, FallbackDescriber, FallbackSearch)):
        return cast(E, engine.of(watch))
    return engine


def pools_of(engines: Iterable[object]) -> list[Pool[Any]]:
    """Those of the engines that have one."""
    pooled = (FallbackAsr, FallbackLlm, FallbackTts, FallbackDescriber, FallbackSearch)
    return [engine.pool for engine in engines if isinstance(engine, pooled)]
