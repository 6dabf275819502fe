"""Every rung of the ladder in a call of its own: lost, told once, on the journal, and climbed back from."""

from __future__ import annotations

import asyncio
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from calls import checked

from visavis.bench.chaos_calls import ANSWER, SETTINGS
from visavis.hear.base import Asr
from visavis.kernel.agent import Agent
from visavis.kernel.events import Degraded, Recovered, ReplyEnded, SightNoted
from visavis.kernel.events.survival import Rung
from visavis.kernel.messages import Problem, Transcript
from visavis.kernel.settings import KnowledgeSettings
from visavis.kernel.timeouts import Timeouts
from visavis.see.base import Describer
from visavis.see.vision import Sighted
from visavis.session.fallback import Pool
from visavis.session.fallback_asr import FallbackAsr
from visavis.session.fallback_llm import FallbackLlm
from visavis.session.fallback_tts import FallbackTts
from visavis.session.fallback_vision import FallbackDescriber
from visavis.session.knowing import Knowledge
from visavis.session.phrases import phrase
from visavis.session.rungs import rung_words
from visavis.session.stack import Layers
from visavis.speak.base import Tts
from visavis.testing.doubles import ScriptedLlm, ScriptedTts
from visavis.testing.faulty import FaultyAsr, FaultyDescriber, FaultyLlm, FaultyTts, GoingOnLlm, Trouble
from visavis.testing.scenario import Played, Scenario
from visavis.testing.shown import shown
from visavis.think.base import Llm
from visavis.think.knowledge.base import Passage

RUNGS: tuple[Rung, ...] = typing.get_args(Rung)
ON_THE_PAGE = {"captions_only"}
"""There is no voice to say it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A call in which something is lost until loop time `well_s`: questions at these moments, and who is broken."""

    questions_s: tuple[float, ...]
    well_s: float
    arrange: Callable[[Layers, list[object]], Layers]
    pictures_s: tuple[float, ...] = ()


def trouble() -> Trouble:
    return Trouble("500", Timeouts.of(SETTINGS.llm))


def eyes(layers: Layers, broken: list[object]) -> Layers:
    faulty = FaultyDescriber(trouble())
    broken.append(faulty)
    described: list[tuple[str, Describer]] = [("eyes", faulty)]
    pool = Pool("vision", described, Timeouts.of(SETTINGS.vision))
    return replace(
        models(layers, GoingOnLlm(ANSWER)), sighted=Sighted(describer=FallbackDescriber(pool), remote=False)
    )


def models(layers: Layers, *engines: Llm) -> Layers:
    pool = Pool("llm", [(f"llm{n}", engine) for n, engine in enumerate(engines, 1)], Timeouts.of(SETTINGS.llm))
    return replace(layers, llm=FallbackLlm(pool))


def first_model(layers: Layers, broken: list[object]) -> Layers:
    broken.append(faulty := FaultyLlm(trouble(), ANSWER))
    return models(layers, faulty, GoingOnLlm(ANSWER))


def only_model(layers: Layers, broken: list[object]) -> Layers:
    broken.append(faulty := FaultyLlm(trouble(), ANSWER))
    return models(layers, faulty)


def voices(layers: Layers, *engines: Tts) -> Layers:
    pool = Pool("tts", [(f"tts{n}", engine) for n, engine in enumerate(engines, 1)], Timeouts.of(SETTINGS.tts))
    return replace(models(layers, GoingOnLlm(ANSWER)), tts=FallbackTts(pool))


def first_voice(layers: Layers, broken: list[object]) -> Layers:
    broken.append(faulty := FaultyTts(trouble()))
    return voices(layers, faulty, ScriptedTts())


def only_voice(layers: Layers, broken: list[object]) -> Layers:
    broken.append(faulty := FaultyTts(trouble()))
    return voices(layers, faulty)


def only_ear(layers: Layers, broken: list[object]) -> Layers:
    broken.append(faulty := FaultyAsr(trouble(), layers.asr))
    heard: list[tuple[str, Asr]] = [("ear", faulty)]
    pool = Pool("asr", heard, Timeouts.of(SETTINGS.asr))
    return replace(models(layers, GoingOnLlm(ANSWER)), asr=FallbackAsr(pool))


CALLS: dict[Rung, Lost] = {
    "vision_off": Lost((10.0, 22.0, 60.0), 30.0, eyes, pictures_s=(1.0, 4.0, 7.0, 50.0)),
    "smaller_model": Lost((1.0, 10.0, 40.0, 50.0), 18.0, first_model),
    "other_voice": Lost((1.0, 12.0, 45.0, 60.0), 20.0, first_voice),
    "captions_only": Lost((1.0, 12.0, 45.0), 20.0, only_voice),
    "text_chat": Lost((1.0, 9.0, 45.0), 22.0, only_ear),
    "handoff": Lost((1.0, 9.0, 45.0, 60.0), 18.0, only_model),
    "call_back": Lost((1.0, 9.0, 19.0, 60.0, 75.0), 30.0, only_model),
}


def test_every_rung_has_a_call() -> None:
    assert set(CALLS) == set(RUNGS)


def play(lost: Lost) -> Played:
    broken: list[object] = []

    def heal() -> None:
        for engine in broken:
            engine.well = True  # type: ignore[attr-defined]

    def arrange(layers: Layers) -> Layers:
        asyncio.get_running_loop().call_at(lost.well_s, heal)
        return lost.arrange(layers, broken)

    call = Scenario(Agent("Ada", "You answer.", greeting=""), settings=SETTINGS, arrange=arrange)
    for at_s in lost.questions_s:
        call.says(at_s, "when do you open")
    for number, at_s in enumerate(lost.pictures_s, 1):
        for later_s in (0.0, 0.3, 0.6, 0.9, 1.2):
            call.does(at_s + later_s, shown(number, at_s + later_s))
    return checked(call, until=lost.questions_s[-1] + 12.0)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_rung_is_told_once_and_climbed_back_from(rung: Rung) -> None:
    lost, words = CALLS[rung], rung_words(rung, "en")
    played = play(lost)
    [down_s] = [record.at_s for record in played.records if record.event == Degraded(rung, _why(played, rung))]
    [up_s] = [record.at_s for record in played.records if record.event == Recovered(rung)]
    assert down_s < lost.well_s < up_s, played.told()
    spoken = [(record.at_s, record.event.text) for record in played.records if isinstance(record.event, ReplyEnded)]
    assert sum(words in text for _, text in spoken) == (0 if rung in ON_THE_PAGE else 1), played.told()
    if rung in ON_THE_PAGE:
        assert [problem.text for problem in problems(played)].count(words) == 1
    else:
        assert down_s <= next(at_s for at_s, text in spoken if words in text) < lost.well_s
    # What is there again serves the last question as if nothing had been.
    answers = [
        m.text for m in played.messages(Transcript) if isinstance(m, Transcript) and m.role == "agent" and m.final
    ]
    assert (answers[-1], spoken[-1][1]) == (ANSWER, ANSWER), played.told()
    assert spoken[-1][0] > lost.questions_s[-1]


def _why(played: Played, rung: Rung) -> str:
    [why] = [event.why for event in played.events(Degraded) if event.rung == rung]
    assert why, "the error's code"
    return why


def problems(played: Played) -> list[Problem]:
    return [message for message in played.messages(Problem) if isinstance(message, Problem)]


def test_while_nobody_sees_answers_come_as_before_and_a_picture_is_seen_again() -> None:
    played = play(CALLS["vision_off"])
    first, *others = played.heard()
    assert first == f"{rung_words('vision_off', 'en')} {ANSWER}"
    assert others == [ANSWER, ANSWER]
    assert [event.text for event in played.events(SightNoted)] == ["a red bicycle"]


def test_what_no_document_tells_is_declined_by_the_backup_too() -> None:
    """The ladder's words do not hide the mark that declines; they are said with the next answer."""
    found = Passage("hours", "We open at nine.", "Hours", "hours.md", 0.9, 1.0)

    class Shelf:
        async def search(self, question: str, limit: int = 5) -> list[Passage]:
            return [found]

    def arrange(layers: Layers) -> Layers:
        backup = ScriptedLlm(["[0] We probably open on Sundays.", "[1] We open at nine."])
        layers = models(layers, FaultyLlm(trouble(), ANSWER), backup)
        return replace(layers, knowledge=Knowledge(Shelf(), KnowledgeSettings()))

    call = Scenario(Agent("Ada", "You answer.", greeting=""), settings=SETTINGS, arrange=arrange)
    call.says(1.0, "Do you open on Sundays?")
    call.says(9.0, "When do you open on Mondays?")
    played = checked(call, until=20.0)
    assert played.heard() == [
        phrase("not_in_documents", "en"),
        f"{rung_words('smaller_model', 'en')} We open at nine.",
    ]
