"""Tools in a call: strict, only once the person's turn is over, and told to the model whatever comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    ReplyDiscarded,
    ReplyReleased,
    ToolCalled,
    ToolRefused,
    ToolReturned,
    TurnEnded,
)
from visavis.kernel.messages import Say, ToolNote
from visavis.kernel.tool import tool as marked
from visavis.session.tool_run import TOOL_ROUNDS
from visavis.testing.doubles import ScriptedEndpoint, ScriptedLlm
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import ToolCall
from visavis.think.context import as_data

ran: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_ran_yet() -> None:
    ran.clear()


def opening_hours(day: str) -> str:
    """When the museum is open.

    day: the day of the week, in English
    """
    ran.append(day)
    return f"{day}: nine to six"


@marked
def ferry_times(day: str) -> str:
    """When the ferry leaves."""
    ran.append(day)
    return f"{day}: at noon"


def broken() -> str:
    """Always fails."""
    raise ValueError("no database")


async def slow() -> str:
    """Takes its time."""
    ran.append("slow")
    await asyncio.Event().wait()
    return "never"


def calling(*answers: Any, tool: Callable[..., Any] = opening_hours, **more: Any) -> Scenario:
    call = Scenario(Agent("Ada", "You answer.", greeting="", tools=(tool,)), llm=ScriptedLlm(list(answers)), **more)
    call.says(1.0, "are you open on Monday")
    return call


def wants(name: str = "opening_hours", arguments: str = '{"day": "Monday"}', call: str = "c1") -> list[ToolCall]:
    return [ToolCall(call, name, arguments)]


def exchange(call: Scenario, nth: int = -1) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in call.llm.requests[nth].messages[1:]]


def notes(played: Played) -> list[tuple[str, str]]:
    return [(note.name, note.status) for note in played.messages(ToolNote) if isinstance(note, ToolNote)]


def test_a_tool_is_called_and_its_result_answered_from() -> None:
    call = calling(wants(), "From nine to six.")
    played = checked(call, until=9.0)
    assert played.heard() == ["From nine to six."]
    assert ran == ["Monday"]
    (called,) = played.events(ToolCalled)
    assert (called.name, called.arguments, called.call) == ("opening_hours", {"day": "Monday"}, "c1")
    (returned,) = played.events(ToolReturned)
    assert (returned.result, returned.ok) == ("Monday: nine to six", True)
    assert notes(played) == [("opening_hours", "called"), ("opening_hours", "done")]
    assert exchange(call) == [
        ("user", "are you open on Monday"),
        ("assistant", ""),
        ("tool", as_data("a tool", "Monday: nine to six")),
    ]
    (spec,) = call.llm.requests[0].tools
    assert spec.description == "When the museum is open."
    assert spec.parameters["properties"]["day"]["description"] == "the day of the week, in English"


def test_the_next_turn_still_knows_what_the_tool_said() -> None:
    call = calling(wants(), "From nine to six.", "You are welcome.")
    call.says(9.0, "thank you very much")
    checked(call, until=14.0)
    messages = call.llm.requests[-1].messages
    assert [message.role for message in messages] == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert messages[2].tool_calls[0].id == messages[3].tool_call_id == "c1"


def test_no_tool_runs_before_the_turn_is_over() -> None:
    call = calling(wants(), "From nine to six.", endpoint=ScriptedEndpoint([0.3]))
    played = checked(call, until=9.0)
    assert played.at(ToolCalled) >= played.at(ReplyReleased) >= played.at(TurnEnded)
    assert ran == ["Monday"]


def test_the_tool_of_a_reply_that_dies_never_runs() -> None:
    call = calling(wants(), "For Tuesday then.", endpoint=ScriptedEndpoint([0.3, 0.9]))
    call.says(1.0 + 5 * 0.3 + 0.45, "or better on Tuesday")
    played = checked(call, until=9.0)
    assert [event.why for event in played.events(ReplyDiscarded)] == ["resumed"]
    assert ran == []
    assert not played.events(ToolCalled)
    assert played.heard() == ["For Tuesday then."]


def test_a_turn_that_is_taken_up_again_holds_back_its_tool() -> None:
    """The turn had ended and the model was still thinking when the person went on."""
    call = calling(wants(), "For Tuesday then.")
    call.llm = ScriptedLlm([wants(), "For Tuesday then."], first_s=1.0)
    call.says(1.0 + 5 * 0.3 + 0.8, "or better on Tuesday")
    played = checked(call, until=12.0)
    assert ran == []
    assert played.heard() == ["For Tuesday then."]


def test_an_unknown_tool_is_refused_and_the_model_told() -> None:
    call = calling(wants("delete_everything", "{}"), "I cannot do that.")
    played = checked(call, until=9.0)
    (refused,) = played.events(ToolRefused)
    assert refused.name == "delete_everything"
    assert not played.events(ToolCalled)
    assert "no tool named 'delete_everything'" in exchange(call)[-1][1]
    assert played.heard() == ["I cannot do that."]


@pytest.mark.parametrize("arguments", ["{", "[]", "{}", '{"day": 1}', '{"day": "Monday", "force": true}'])
def test_wrong_arguments_are_refused(arguments: str) -> None:
    call = calling(wants(arguments=arguments), "Sorry.")
    played = checked(call, until=9.0)
    assert ran == []
    assert len(played.events(ToolRefused)) == 1
    assert played.heard() == ["Sorry."]


def test_a_failing_tool_is_told_to_the_model() -> None:
    call = calling(wants("broken", "{}"), "That did not work.", tool=broken)
    played = checked(call, until=9.0)
    (returned,) = played.events(ToolReturned)
    assert not returned.ok
    assert "no database" in exchange(call)[-1][1]
    assert notes(played)[-1] == ("broken", "failed")
    assert played.heard() == ["That did not work."]


def test_a_model_that_only_ever_calls_tools_is_stopped() -> None:
    call = calling(wants("ferry_times"), tool=ferry_times)
    played = checked(call, until=15.0)
    assert len(ran) == TOOL_ROUNDS
    assert len(call.llm.requests) == TOOL_ROUNDS + 1
    assert not call.llm.requests[-1].tools
    assert len(played.heard()) == 1, "an apology, not silence"


def test_several_calls_at_once_are_all_answered() -> None:
    calls = [*wants(call="c1"), *wants(arguments='{"day": "Tuesday"}', call="c2")]
    call = calling(calls, "Both days.")
    call.says(9.0, "thank you very much")
    checked(call, until=12.0)
    assert ran == ["Monday", "Tuesday"]
    for request in call.llm.requests[1:]:
        asked = [tool.id for message in request.messages for tool in message.tool_calls]
        told = [message.tool_call_id for message in request.messages if message.role == "tool"]
        assert asked == told == ["c1", "c2"]


def test_a_tool_cut_short_by_the_person_leaves_a_conversation_that_models_accept() -> None:
    call = calling(wants("slow", "{}"), "Never mind then.", tool=slow)
    call.does(6.0, Say("forget it"))
    played = checked(call, until=9.0)
    assert ran == ["slow"]
    assert played.heard() == ["Never mind then."]
    messages = call.llm.requests[-1].messages
    assert [message.role for message in messages] == ["system", "user", "assistant", "tool", "user"]
    assert "not known" in messages[3].text
