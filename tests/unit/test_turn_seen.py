"""What the camera tells the floor: nods answer questions, words said while turned away are not for the agent."""

from __future__ import annotations

import pytest

from visavis.kernel.events import (
    AsideIgnored,
    Event,
    FaceCue,
    FinalRequested,
    Nodded,
    PlaybackStarted,
    PlaybackStopped,
    ReplyEnded,
    SpeechStarted,
    SpeechStopped,
    TranscriptRevised,
    TurnEnded,
    TurnMaybeOver,
)
from visavis.kernel.settings import TurnSettings
from visavis.turn.floor import Floor
from visavis.turn.seen import NOD, NOD_WITHIN_S


def told(floor: Floor, *facts: tuple[float, Event]) -> list[Event]:
    return [decision for at_s, fact in facts for decision in floor.feed(fact, at_s)]


def agent_says(text: str, until_s: float = 1.0) -> list[tuple[float, Event]]:
    return [(0.0, PlaybackStarted(1)), (until_s, ReplyEnded(1, text, True)), (until_s, PlaybackStopped(1))]


def person_says(text: str) -> list[tuple[float, Event]]:
    return [(2.06, SpeechStarted(2.0)), (3.1, SpeechStopped(3.0, 0.1)), (3.2, TranscriptRevised(text, 1))]


def test_a_nod_answers_the_agents_question() -> None:
    floor = Floor(TurnSettings())
    decided = told(floor, *agent_says("Shall I book it?"), (2.0, Nodded()))
    assert decided == [TurnMaybeOver(1, NOD), TurnEnded(1, 1, NOD, 2.0, "nod")]


@pytest.mark.parametrize("at_s", [0.5, 1.0 + NOD_WITHIN_S + 0.1])
def test_a_nod_at_another_time_is_no_answer(at_s: float) -> None:
    facts = sorted([*agent_says("Shall I book it?"), (at_s, Nodded())], key=lambda fact: fact[0])
    assert told(Floor(TurnSettings()), *facts) == []


def test_a_nod_to_a_statement_or_beside_words_is_no_answer() -> None:
    assert told(Floor(TurnSettings()), *agent_says("It is booked."), (2.0, Nodded())) == []
    floor = Floor(TurnSettings())
    told(floor, *agent_says("Shall I book it?"), (2.06, SpeechStarted(2.0)))
    assert floor.feed(Nodded(), 2.1) == []


def test_one_nod_is_one_answer() -> None:
    floor = Floor(TurnSettings())
    decided = told(floor, *agent_says("Shall I book it?"), (2.0, Nodded()), (2.5, Nodded()))
    assert sum(isinstance(decision, TurnEnded) for decision in decided) == 1


def test_words_said_while_turned_away_are_not_for_the_agent() -> None:
    floor = Floor(TurnSettings())
    away = (1.5, FaceCue("still", "away", 1))
    assert told(floor, away, *person_says("Did you feed the cat?")) == [FinalRequested(1), AsideIgnored(1)]
    here = FaceCue("still", "here", 1)
    again = [(5.06, SpeechStarted(5.0)), (6.1, SpeechStopped(6.0, 0.1)), (6.2, TranscriptRevised("And you?", 2))]
    assert TurnMaybeOver(1, "And you?") in told(floor, (4.0, here), *again)


def test_a_glance_away_does_not_lose_the_words() -> None:
    floor = Floor(TurnSettings())
    speech = person_says("When do you open?")
    glances = [(2.5, FaceCue("moving", "away", 1)), *speech[1:]]
    assert TurnMaybeOver(1, "When do you open?") in told(floor, speech[0], *glances)


def test_without_a_camera_everything_is_for_the_agent() -> None:
    assert TurnMaybeOver(1, "When do you open?") in told(Floor(TurnSettings()), *person_says("When do you open?"))
