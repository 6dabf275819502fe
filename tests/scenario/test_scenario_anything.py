"""Calls in which anything may happen at any time: the rules of every call hold, and no question meets silence."""

from __future__ import annotations

from typing import Any

from calls import checked
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    AudioHeard,
    FloorTaken,
    Interrupted,
    PlaybackStarted,
    PlaybackStopped,
    ReplyDiscarded,
    ReplyEnded,
    ReplyStarted,
    TurnEnded,
)
from visavis.kernel.messages import Say, Typing
from visavis.kernel.settings import SessionSettings, Settings
from visavis.testing.doubles import ScriptedEndpoint, ScriptedLlm, ScriptedTts
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import ToolCall
from visavis.transport.base import Lost, Returned

ANSWERS: list[Any] = [
    "Yes.",
    "We open at nine and close at six, every day except on Mondays. Come and see us.",
    "",
    RuntimeError("boom"),
    [ToolCall("c1", "opening_hours", '{"day": "Monday"}')],
    [ToolCall("c2", "nonsense", "{")],
]
WORDS = ["yes", "mm-hm", "wait", "I would like to", "book a table for two people", "what time do you open"]


def opening_hours(day: str) -> str:
    """When we are open."""
    return f"{day}: nine to six"


@st.composite
def calls(draw: st.DrawFn) -> Scenario:
    seconds = st.floats(0.01, 1.5)
    fails = {number: RuntimeError("boom") for number in draw(st.sets(st.integers(1, 6), max_size=2))}
    call = Scenario(
        Agent(
            "Ada",
            "You answer.",
            greeting=draw(st.sampled_from(["", "Hello, how can I help?"])),
            tools=(opening_hours,),
        ),
        llm=ScriptedLlm([*draw(st.lists(st.sampled_from(ANSWERS), max_size=6)), "Fine."], first_s=draw(seconds)),
        tts=ScriptedTts(first_s=draw(seconds), fails=draw(st.sampled_from([False, False, False, True]))),
        endpoint=draw(st.sampled_from([None, 1])) and ScriptedEndpoint(draw(st.lists(st.floats(0, 1), max_size=5))),
        asr_options={"final_s": draw(seconds), "fails": fails},
        settings=Settings(session=SessionSettings(idle_prompt_s=15.0)),
    )
    at_s = 0.1
    for _ in range(draw(st.integers(1, 7))):
        at_s += draw(st.floats(0.1, 3.0))
        match draw(st.sampled_from(["says", "says", "says", "noise", "types", "typing", "lost"])):
            case "says":
                at_s = call.says(round(at_s, 2), draw(st.sampled_from(WORDS)))
            case "noise":
                length_s = draw(st.floats(0.1, 1.0))
                call.noise(round(at_s, 2), length_s)
                at_s += length_s
            case "types":
                call.does(at_s, Say(draw(st.sampled_from(WORDS))))
            case "typing":
                call.does(at_s, Typing())
            case "lost":
                away_s = draw(st.floats(0.1, 4.0))
                call.does(at_s, Lost())
                call.does(at_s + away_s, Returned(away_s))
                at_s += away_s
    return call


def check_sound(played: Played) -> None:
    """One voice at a time; silence after the floor is taken; heard words only grow and end as recorded."""
    audible, heard = 0, ""
    for record in played.records:
        match record.event:
            case PlaybackStarted(reply=reply):
                assert not audible, played.told()
                audible, heard = reply, ""
            case PlaybackStopped():
                audible = 0
            case AudioHeard(text=text):
                assert text.startswith(heard), played.told()
                heard = text
            case Interrupted(heard=text):
                assert text.startswith(heard)
            case FloorTaken(reply=reply):
                assert reply == audible


def check_answered(played: Played) -> None:
    """Every turn has a reply that was said, shown, or cut by the person; nothing is left hanging at the end."""
    waiting = 0
    open_replies: set[int] = set()
    for record in played.records:
        match record.event:
            case TurnEnded(turn=turn):
                waiting = turn
            case ReplyStarted(reply=reply):
                open_replies.add(reply)
            case ReplyDiscarded(reply=reply):
                open_replies.discard(reply)
            case ReplyEnded(reply=reply):
                open_replies.discard(reply)
                waiting = 0
    assert not waiting, played.told()
    assert not open_replies, played.told()


@settings(max_examples=60)
@given(calls())
def test_any_call_keeps_the_rules(call: Scenario) -> None:
    ends_s = [end_s for _, end_s, _ in call.script.utterances] + [at_s for at_s, _ in call.script.items] + [1.0]
    ends_s += [end_s for _, end_s in call.script.noises]
    played = checked(call, until=max(ends_s) + 13.0)
    assert played.reason == "left", played.told()
    check_sound(played)
    check_answered(played)
    for request in call.llm.requests:
        asked = [tool.id for message in request.messages for tool in message.tool_calls]
        assert asked == [message.tool_call_id for message in request.messages if message.role == "tool"]
        assert request.messages[-1].role in ("user", "tool")
