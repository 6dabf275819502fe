"""Calls in which a provider fails by script and another is there to go on, on the virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from visavis.hear.base import Asr
from visavis.kernel.agent import Agent
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import AudioHeard, Record, ToolReturned, TurnEnded
from visavis.kernel.settings import (
    AsrSettings,
    FallbackSettings,
    LlmSettings,
    SessionSettings,
    Settings,
    TtsSettings,
    VisionSettings,
)
from visavis.kernel.timeouts import Timeouts
from visavis.see.base import Describer
from visavis.session.fallback import Pool, Watch
from visavis.session.fallback_asr import FallbackAsr
from visavis.session.fallback_llm import FallbackLlm
from visavis.session.fallback_search import FallbackSearch
from visavis.session.fallback_tts import FallbackTts
from visavis.session.fallback_vision import FallbackDescriber
from visavis.session.rungs import rung_words
from visavis.session.stack import Layers
from visavis.speak.base import Tts
from visavis.testing.doubles import ScriptedTts
from visavis.testing.faulty import (
    FAULTS,
    Fault,
    FaultyAsr,
    FaultyDescriber,
    FaultyLlm,
    FaultySearch,
    FaultyTts,
    GoingOnLlm,
    GoodDescriber,
    GoodSearch,
    Trouble,
)
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import Llm, ToolCall
from visavis.think.knowledge.retrieval import Retrieval, Searching

QUESTION = "when do you open tomorrow and when do you close"
ANSWER = "We open at nine in the morning. We close at six in the evening."
BOOKED = "Your table is booked for tomorrow at nine."

SETTINGS = Settings(
    asr=AsrSettings(connect_timeout_s=1.0, first_timeout_s=1.0, idle_timeout_s=1.0, total_timeout_s=6.0),
    llm=LlmSettings(connect_timeout_s=1.0, first_timeout_s=3.0, idle_timeout_s=2.0, total_timeout_s=6.0),
    tts=TtsSettings(connect_timeout_s=1.0, first_timeout_s=3.0, idle_timeout_s=2.0, total_timeout_s=6.0),
    vision=VisionSettings(deadline_s=4.0),
    session=SessionSettings(idle_prompt_s=600.0),
)


CONNECTING = "as it connects"
RETRIEVAL_S = 0.15
SEARCH_S = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """`heard_within_s`: from the moment at which the failing provider had to be given up, or from the turn's end if
    that was later, until the next piece of the agent's voice."""

    layer: str
    fault: str
    answered: bool
    heard_within_s: float
    duplicates: int


@dataclass(slots=True)
class Case:
    """One call. `strikes` says at which moment the fault comes."""

    layer: str
    fault: Fault
    strikes: str
    play: Callable[[Trouble], tuple[Played, str]]
    """Plays the call; returns it, and what was to be heard."""
    limits: Timeouts = field(default_factory=lambda: Timeouts.of(SETTINGS.llm))

    @property
    def name(self) -> str:
        return f"{self.fault} {self.strikes}".strip()

    def row(self) -> Row:
        trouble = Trouble(self.fault, self.limits, connecting=self.strikes == CONNECTING)
        played, wanted = self.play(trouble)
        assert trouble.strikes or trouble.due_s is not None, f"{self.layer}: {self.name} did not strike"
        return row_of(self.layer, self.name, played, wanted, trouble.due_s or 0.0)


def row_of(layer: str, name: str, played: Played, wanted: str, due_s: float) -> Row:
    """`due_s` in media time, which begins with the loop's in a scenario."""
    said = without_rungs(" ".join(played.heard())).split()
    ends_s = [record.at_s for record in played.records if isinstance(record.event, TurnEnded)]
    since_s = max([due_s, *ends_s[:1]])
    within_s = next((at_s - since_s for at_s in sounds(played.records) if at_s >= since_s - 1e-3), float("inf"))
    tools = sum(isinstance(record.event, ToolReturned) for record in played.records)
    repeated = max(0, len(said) - len(wanted.split()))
    return Row(layer, name, " ".join(said) == wanted, round(within_s, 2), max(0, tools - 1) + repeated)


def sounds(records: list[Record]) -> Iterator[float]:
    """When pieces of the agent's voice began."""
    return (record.at_s for record in records if isinstance(record.event, AudioHeard))


def without_rungs(text: str) -> str:
    for rung in ("smaller_model", "other_voice", "vision_off"):
        text = text.replace(rung_words(rung, "en"), " ")
    return text.replace("…", " ")


def _call(arrange: Callable[[Layers], Layers], *, agent: Agent | None = None) -> Played:
    call = Scenario(agent or Agent("Ada", "You answer.", greeting=""), settings=SETTINGS, arrange=arrange)
    call.says(1.0, QUESTION)
    return call.run(until=40.0)


def _llms(*models: Llm) -> FallbackLlm:
    return FallbackLlm(Pool("llm", [(model.name, model) for model in models], Timeouts.of(SETTINGS.llm)))


def _llm(after: int, trouble: Trouble) -> tuple[Played, str]:
    def arrange(layers: Layers) -> Layers:
        return replace(layers, llm=_llms(FaultyLlm(trouble, ANSWER, after=after), GoingOnLlm(ANSWER)))

    return _call(arrange), ANSWER


def _llm_with_tool(from_request: int, trouble: Trouble) -> tuple[Played, str]:
    """The model fails when it has asked for a tool (`from_request` 1), or when it has its result (2)."""

    def book() -> str:
        """Book a table."""
        return "booked"

    call = ToolCall("c1", "book", "{}")

    def arrange(layers: Layers) -> Layers:
        faulty = FaultyLlm(trouble, BOOKED, call=call, from_request=from_request)
        return replace(layers, llm=_llms(faulty, GoingOnLlm(BOOKED, call=call)))

    return _call(arrange, agent=Agent("Ada", "You answer.", greeting="", tools=(book,))), BOOKED


def _tts(after: int, trouble: Trouble) -> tuple[Played, str]:
    def arrange(layers: Layers) -> Layers:
        voices: list[tuple[str, Tts]] = [("faulty", FaultyTts(trouble, after=after)), ("spare", ScriptedTts())]
        pool = Pool("tts", voices, Timeouts.of(SETTINGS.tts), FallbackSettings())
        return replace(layers, llm=GoingOnLlm(ANSWER), tts=FallbackTts(pool))

    return _call(arrange), ANSWER


def _asr(trouble: Trouble, after: int = 0, stops_after: int = 0) -> tuple[Played, str]:
    def arrange(layers: Layers) -> Layers:
        recognisers: list[tuple[str, Asr]] = [
            ("faulty", FaultyAsr(trouble, layers.asr, after=after, stops_after=stops_after)),
            ("spare", layers.asr),
        ]
        pool = Pool("asr", recognisers, Timeouts.of(SETTINGS.asr), FallbackSettings())
        return replace(layers, llm=GoingOnLlm(ANSWER), asr=FallbackAsr(pool))

    return _call(arrange), ANSWER


async def vision_row(layer: str, fault: str, eyes: FallbackDescriber, due: Callable[[], float | None]) -> Row:
    """A frame to describe. The voice never waits for it, so what counts is when there is a note for the next turn.
    `due`: the loop time at which the first describer had to be given up."""
    picture = np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    told = await eyes.of(Watch()).describe(picture)
    due_s = due()
    assert due_s is not None, f"{layer}: {fault} did not strike"
    over_s = max(0.0, asyncio.get_running_loop().time() - due_s)
    return Row(layer, fault, told == "a red bicycle", round(over_s, 2), 0)


async def search_row(layer: str, fault: str, sources: FallbackSearch, due_s: float) -> Row:
    """Passages for a question. An answer waits at most `RETRIEVAL_S` for them, whatever happens; then it goes
    without, and they serve the next one."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        failures: list[ProviderError] = []
        retrieval = Retrieval(group, sources.of(Watch()), 5, failures.append)
        began_s = loop.time()
        first = await retrieval.passages("opening hours tomorrow", RETRIEVAL_S)
        waited_s = loop.time() - began_s
        later = first if first.passages else await retrieval.passages("opening hours tomorrow", 2 * due_s)
    assert not failures, failures
    return Row(layer, fault, bool(later.passages), round(max(0.0, waited_s - RETRIEVAL_S), 2), 0)


async def aside_rows() -> list[Row]:
    """Vision and retrieval, for which the voice does not wait."""
    rows: list[Row] = []
    limits = Timeouts.all_within(SETTINGS.vision.deadline_s)
    for fault in FAULTS:
        trouble = Trouble(fault, limits)
        eyes: list[tuple[str, Describer]] = [("faulty", FaultyDescriber(trouble)), ("spare", GoodDescriber())]
        pool = Pool("vision", eyes, limits)
        rows.append(await vision_row("vision", fault, FallbackDescriber(pool), partial(getattr, trouble, "due_s")))
    for fault in FAULTS:
        trouble = Trouble(fault, Timeouts.all_within(SEARCH_S))
        sources: list[tuple[str, Searching]] = [("faulty", FaultySearch(trouble)), ("spare", GoodSearch())]
        found = Pool("retrieval", sources, Timeouts.all_within(SEARCH_S))
        rows.append(await search_row("retrieval", fault, FallbackSearch(found), SEARCH_S))
    return rows


def cases() -> list[Case]:
    """Every fault, at every layer and moment."""
    asr, tts = Timeouts.of(SETTINGS.asr), Timeouts.of(SETTINGS.tts)
    final = Timeouts.all_within(asr.first_s)
    rows = [
        Case("asr", "stall", CONNECTING, _asr, asr),
        Case("llm", "stall", CONNECTING, partial(_llm, 0)),
        Case("tts", "stall", CONNECTING, partial(_tts, 0), tts),
    ]
    for fault in FAULTS:
        rows += [Case("asr", fault, "", _asr, final)]
        rows += [Case("asr", fault, "after partials", partial(_asr, after=1), final)]
        rows += [Case("asr", fault, "while the person speaks", partial(_asr, stops_after=2), asr)]
        rows += [Case("llm", fault, "", partial(_llm, 0))]
        rows += [Case("llm", fault, "in mid-stream", partial(_llm, 9))]
        rows += [Case("llm", fault, "as it calls a tool", partial(_llm_with_tool, 1))]
        rows += [Case("llm", fault, "after a tool", partial(_llm_with_tool, 2))]
        rows += [Case("tts", fault, "", partial(_tts, 0), tts)]
        rows += [Case("tts", fault, "in mid-stream", partial(_tts, 3), tts)]
    return rows
