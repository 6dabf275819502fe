"""A tool shows something in a call, and what the person does with it is their next turn."""

from __future__ import annotations

from typing import Any

from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    LookedAt,
    MessageRejected,
    OptionsChosen,
    PageShown,
    TextTyped,
    ToolReturned,
    TurnEnded,
)
from visavis.kernel.messages import Chosen, Looked, PageAct, Problem, ShowChoices, Transcript
from visavis.show import Choices
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import ToolCall

SLOTS = Choices("Which suits you?", ["Tuesday at ten", "Wednesday at three"])


def free_slots() -> Choices:
    """Slots that are free."""
    return SLOTS


def call(*acts: tuple[float, PageAct]) -> tuple[Scenario, Played]:
    answers: list[Any] = [[ToolCall("c1", "free_slots", "{}")], "Which one?", "Wednesday it is.", "Anything else?"]
    scenario = Scenario(Agent("Ada", "You answer.", greeting="", tools=(free_slots,)), llm=ScriptedLlm(answers))
    scenario.says(1.0, "when can you come")
    for at_s, act in acts:
        scenario.does(at_s, act)
    return scenario, checked(scenario, until=20.0)


def shown_in(played: Played) -> int:
    (show,) = [record.seq for record in played.records if isinstance(record.event, PageShown)]
    return show


def test_a_choice_is_the_next_turn() -> None:
    show = shown_in(call()[1])
    scenario, played = call((9.0, Chosen(show, ["Wednesday at three"])), (15.0, Chosen(show, ["Tuesday at ten"])))
    assert played.events(PageShown) == [PageShown(1, "c1", SLOTS)]
    (returned,) = played.events(ToolReturned)
    assert "Tuesday at ten; Wednesday at three" in returned.result
    answered = ShowChoices(show, SLOTS, True)
    assert played.messages(ShowChoices) == [ShowChoices(show, SLOTS), answered, answered]
    assert played.events(OptionsChosen) == [OptionsChosen(show, ["Wednesday at three"])]
    assert played.events(TextTyped) == [TextTyped("Wednesday at three")]
    assert [turn.typed for turn in played.events(TurnEnded)] == [False, True]
    assert played.heard() == ["Which one?", "Wednesday it is."]
    assert scenario.llm.requests[-1].messages[-1].text == "Wednesday at three"
    assert Transcript("user", "Wednesday at three", True, 2) in played.messages(Transcript)
    # The second answer to the same question is not taken.
    assert len(played.events(MessageRejected)) == 1
    assert [problem.code for problem in played.messages(Problem) if isinstance(problem, Problem)] == ["bad_message"]


def test_a_look_is_known_in_the_next_turn_and_answered_by_nothing() -> None:
    show = shown_in(call()[1])
    scenario, played = call((9.0, Looked(show)), (11.0, Chosen(show, ["Wednesday at three"])))
    assert played.events(LookedAt) == [LookedAt(show)]
    assert played.heard() == ["Which one?", "Wednesday it is."]
    assert any("Which suits you?" in message.text for message in scenario.llm.requests[-1].messages)
