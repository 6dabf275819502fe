"""Hedges in every layer: the second provider is asked when the first is later than its p95; who is sooner serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from calls import checked

from visavis.bench.chaos_calls import ANSWER, SETTINGS
from visavis.hear.base import Asr
from visavis.kernel.agent import Agent
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import (
    BreakerOpened,
    Degraded,
    Event,
    FirstAudioPlayed,
    Hedged,
    PassagesFound,
    ProviderFailed,
    TurnEnded,
)
from visavis.kernel.settings import FallbackSettings, KnowledgeSettings
from visavis.kernel.timeouts import Timeouts
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.session.fallback import KNOWN_FROM, Pool, Watch
from visavis.session.fallback_asr import FallbackAsr
from visavis.session.fallback_search import FallbackSearch
from visavis.session.fallback_tts import FallbackTts
from visavis.session.in_turn import asked
from visavis.session.knowing import Knowledge
from visavis.session.stack import Layers
from visavis.speak.base import Tts
from visavis.testing.doubles import ScriptedAsr, ScriptedTts
from visavis.testing.faulty import GoingOnLlm
from visavis.testing.scenario import Played, Scenario
from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.retrieval import Searching

QUESTION = "when do you open tomorrow"
HEDGED = FallbackSettings(hedge=["asr", "tts", "vision", "retrieval"])


def known(pool: Pool[Any], p95_s: float) -> Pool[Any]:
    """A pool that has seen enough of its first provider."""
    pool.first.firsts_s.extend([p95_s] * KNOWN_FROM)
    return pool


def play(arrange: Callable[[Layers], Layers]) -> Played:
    call = Scenario(Agent("Ada", "You answer.", greeting=""), settings=SETTINGS, arrange=arrange)
    call.says(1.0, QUESTION)
    played = checked(call, until=16.0)
    assert not played.events(Degraded) and not played.events(BreakerOpened), "nothing has failed"
    return played


def ears(settings: FallbackSettings, slow_s: float) -> Callable[[Layers], Layers]:
    def arrange(layers: Layers) -> Layers:
        asrs: list[tuple[str, Asr]] = [("slow", ScriptedAsr([QUESTION], final_s=slow_s)), ("quick", layers.asr)]
        pool = known(Pool("asr", asrs, Timeouts(first_s=3.0, idle_s=5.0, total_s=6.0), settings), 0.2)
        return replace(layers, asr=FallbackAsr(pool), llm=GoingOnLlm(ANSWER))

    return arrange


def waited_s(played: Played) -> float:
    """From the last word of the person until the agent is heard."""
    return played.at(FirstAudioPlayed) - (1.0 + 0.3 * len(QUESTION.split()))


def test_a_recogniser_that_is_late_with_a_pauses_words_is_hedged() -> None:
    alone, hedged = play(ears(FallbackSettings(), 2.4)), play(ears(HEDGED, 2.4))
    assert not alone.events(Hedged)
    assert set(hedged.events(Hedged)) == {Hedged("asr", "slow", "quick", 0.2, "quick")}
    assert [event.text for event in hedged.events(TurnEnded)] == [QUESTION]
    assert hedged.heard() == alone.heard() == [ANSWER]
    assert waited_s(hedged) < waited_s(alone) - 1.0


def test_a_recogniser_that_is_sooner_after_all_wins() -> None:
    played = play(ears(HEDGED, 0.25))
    assert {event.winner for event in played.events(Hedged)} == {"slow"}, "0.05 s later than its p95"
    assert played.heard() == [ANSWER]


def test_a_late_voice_is_hedged_and_every_word_is_said_once() -> None:
    def arrange(layers: Layers) -> Layers:
        voices: list[tuple[str, Tts]] = [("slow", ScriptedTts(first_s=2.5)), ("quick", ScriptedTts())]
        pool = known(Pool("tts", voices, Timeouts.of(SETTINGS.tts), HEDGED), 0.3)
        return replace(layers, tts=FallbackTts(pool), llm=GoingOnLlm(ANSWER))

    played = play(arrange)
    assert played.heard() == [ANSWER]
    assert set(played.events(Hedged)) == {Hedged("tts", "slow", "quick", 0.3, "quick")}
    assert waited_s(played) < 2.0


class Shelf:
    def __init__(self, takes_s: float, error: ProviderError | None = None) -> None:
        self._takes_s = takes_s
        self._error = error

    async def search(self, question: str, limit: int = 5) -> list[Passage]:
        await asyncio.sleep(self._takes_s)
        if self._error is not None:
            raise self._error
        return [Passage("hours", "We open at nine.", "Hours", "hours.md", 0.9, 1.0)]


def shelves(settings: FallbackSettings, slow: Shelf) -> Pool[Searching]:
    sources: list[tuple[str, Searching]] = [("vectors", slow), ("words", Shelf(0.02))]
    return known(Pool("retrieval", sources, Timeouts.all_within(2.0), settings), 0.05)


@pytest.mark.parametrize(("settings", "late"), [(FallbackSettings(), True), (HEDGED, False)])
def test_words_alone_find_passages_while_vectors_are_late(settings: FallbackSettings, late: bool) -> None:
    def arrange(layers: Layers) -> Layers:
        search = FallbackSearch(shelves(settings, Shelf(1.5)))
        return replace(layers, knowledge=Knowledge(search, KnowledgeSettings()), llm=GoingOnLlm(f"[1] {ANSWER}"))

    call = Scenario(Agent("Ada", "You answer.", greeting=""), settings=SETTINGS, arrange=arrange)
    call.says(1.0, "tomorrow")
    played = checked(call, until=14.0)
    assert [event.late for event in played.events(PassagesFound)][:1] == [late], played.told()
    assert bool(played.events(Hedged)) is not late


def facts_of(slow: Shelf) -> tuple[list[Passage], list[Event]]:
    facts: list[Event] = []
    loop = VirtualTimeLoop()
    try:
        search = FallbackSearch(shelves(HEDGED, slow)).of(Watch(facts.append))
        return loop.run_until_complete(search.search("tomorrow")), facts
    finally:
        assert not asyncio.all_tasks(loop)
        loop.close()


def test_a_failure_beside_a_hedge_is_noted_and_counts() -> None:
    found, facts = facts_of(Shelf(0.06, ProviderError("broken")))
    assert [passage.id for passage in found] == ["hours"]
    assert facts == [
        ProviderFailed.of("retrieval", "vectors", ProviderError("broken")),
        Hedged("retrieval", "vectors", "words", 0.05, "words"),
    ]


def test_a_describer_may_be_hedged_too() -> None:
    async def look() -> tuple[str, float]:
        engines = [("slow", 3.0), ("quick", 0.5)]
        pool = known(Pool("vision", engines, Timeouts.all_within(8.0), HEDGED), 1.0)

        async def described(takes_s: float) -> str:
            await asyncio.sleep(takes_s)
            return f"seen in {takes_s}"

        return await asked(pool, Watch(), described), asyncio.get_running_loop().time()

    loop = VirtualTimeLoop()
    try:
        assert loop.run_until_complete(look()) == ("seen in 0.5", 1.5)
    finally:
        loop.close()
