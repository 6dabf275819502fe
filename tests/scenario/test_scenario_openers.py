"""Openers in a call: the first sound comes at once, the content when it is ready, and nothing is said twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from calls import StallingLlm, asked, checked

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import (
    Apologized,
    FirstAudioPlayed,
    FirstContentPlayed,
    Interrupted,
    OpenerChosen,
    PlaybackStopped,
    ReplyEnded,
    ReplyReleased,
    ToolReturned,
    TurnEnded,
)
from visavis.kernel.messages import Latency, Transcript
from visavis.session.openers import Mode, Openers
from visavis.speak.base import Speech, WordMark
from visavis.speak.openers import phrases
from visavis.testing.doubles import WORD_S, ScriptedLlm, ScriptedTts, sound
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import ToolCall
from visavis.think.context import as_data

RATE_HZ = 24_000


def spoken(text: str) -> list[Speech]:
    words = text.split()
    marks = tuple(WordMark(word, n * WORD_S, (n + 1) * WORD_S) for n, word in enumerate(words))
    return [Speech(sound(1, len(words) * WORD_S, RATE_HZ), RATE_HZ, marks, opener=True)]


def openers(mode: Mode, late_s: Sequence[float] = (), *, language: str = "en") -> Openers:
    made = Openers(mode, 0.7, language, {text: spoken(text) for text in phrases(language)})
    for seconds in late_s:
        made.learn(seconds, tools=False)
    return made


def shown(played: Played) -> Latency:
    (message,) = played.messages(Latency)
    assert isinstance(message, Latency)
    return message


def test_the_opener_sounds_at_once_and_the_model_goes_on_from_it() -> None:
    call = Scenario(llm=ScriptedLlm([" we open at nine."], first_s=1.5), openers=openers("on"))
    end_s = call.says(1.0, "when do you open")
    played = checked(call, until=8.0)
    released_s = played.at(ReplyReleased)
    assert played.at(FirstAudioPlayed) - released_s <= 0.3
    assert played.at(FirstContentPlayed) - end_s >= 1.5
    assert [request.begun for request in call.llm.requests] == ["Let me see,"]
    assert played.heard() == ["Let me see, we open at nine."]
    (sounded,), (content,) = played.events(FirstAudioPlayed), played.events(FirstContentPlayed)
    assert sounded.opener
    assert sounded.v2v_s == pytest.approx(played.at(FirstAudioPlayed) - end_s, abs=0.04)
    assert content.v2v_s == pytest.approx(played.at(FirstContentPlayed) - end_s, abs=0.04)
    told = shown(played)
    assert told.first_sound_ms == pytest.approx(sounded.v2v_s * 1000, abs=2)
    assert told.v2v_ms == pytest.approx(content.v2v_s * 1000, abs=2)
    assert "Let me see," in [
        message.text for message in played.messages(Transcript) if isinstance(message, Transcript)
    ]


def test_off_is_as_before() -> None:
    call = Scenario(llm=ScriptedLlm(["We open at nine."], first_s=1.5), openers=openers("off", [2.0]))
    call.says(1.0, "when do you open")
    played = checked(call, until=8.0)
    assert played.heard() == ["We open at nine."]
    assert not played.events(OpenerChosen) and not played.events(FirstContentPlayed)
    assert call.llm.requests[0].begun == ""
    assert shown(played).first_sound_ms == shown(played).v2v_ms


def test_a_model_that_repeats_the_opener_is_heard_once() -> None:
    llm = ScriptedLlm(["Let me see, we open at nine."], first_s=1.0)
    call = Scenario(llm=llm, openers=openers("on"))
    call.says(1.0, "when do you open")
    assert checked(call, until=8.0).heard() == ["Let me see, we open at nine."]


def test_auto_opens_once_answers_have_come_late() -> None:
    call = Scenario(llm=ScriptedLlm(["We open at nine.", " we close at six."], first_s=1.2), openers=openers("auto"))
    call.says(1.0, "when do you open")
    call.says(6.0, "when do you close")
    played = checked(call, until=12.0)
    assert [request.begun for request in call.llm.requests] == ["", "Let me see,"]
    assert played.heard() == ["We open at nine.", "Let me see, we close at six."]
    assert asked(call.llm) == [
        ("user", "when do you open"),
        ("assistant", "We open at nine."),
        ("user", "when do you close"),
    ]


def test_auto_is_not_misled_by_its_own_openers() -> None:
    """The content is early enough again: what counts is when it could have been heard, not that it waited."""
    call = Scenario(llm=ScriptedLlm(["It is so."], first_s=0.05), openers=openers("auto", [0.8]))
    for n in range(4):
        call.says(1.0 + 5.0 * n, "why is it so" if n % 2 else "how does it work")
    played = checked(call, until=22.0)
    assert [bool(request.begun) for request in call.llm.requests] == [True, False, False, False]
    assert len(played.heard()) == 4


def test_an_opener_with_no_time_to_fill_is_left_out() -> None:
    """The turn's end took longer than the answer."""
    call = Scenario(
        llm=ScriptedLlm([" we open at nine."], first_s=0.05), openers=openers("auto", [2.0]), endpoint=None
    )
    call.says(1.0, "when do you open")
    played = checked(call, until=8.0)
    assert [event.text for event in played.events(OpenerChosen)] == ["Let me see,"]
    assert played.heard() == ["We open at nine."]
    assert [event.opener for event in played.events(FirstAudioPlayed)] == [False]
    assert not played.events(FirstContentPlayed)


def test_an_opener_that_the_content_hangs_on_to_stays() -> None:
    call = Scenario(
        llm=ScriptedLlm([" but we can mend it."], first_s=0.05), openers=openers("auto", [2.0]), endpoint=None
    )
    call.says(1.0, "my front wheel is bent")
    assert checked(call, until=8.0).heard() == ["I'm sorry to hear that. but we can mend it."]


def test_openers_take_turns() -> None:
    call = Scenario(llm=ScriptedLlm([" it is nine."], first_s=1.0), openers=openers("on"))
    for n in range(3):
        call.says(1.0 + 5.0 * n, "what time is it")
    checked(call, until=16.0)
    begun = [request.begun for request in call.llm.requests]
    assert len(set(begun)) == 3 and all(begun)


def test_a_revision_that_nobody_heard_uses_no_opener_up() -> None:
    call = Scenario(llm=ScriptedLlm([" it is nine."], first_s=1.0), openers=openers("on"))
    end_s = call.says(1.0, "what time is it in")
    call.says(end_s + 0.35, "Oslo")
    played = checked(call, until=9.0)
    assert {request.begun for request in call.llm.requests} == {"Let me see,"}
    assert played.heard() == ["Let me see, it is nine."]


def test_an_interruption_during_the_opener_keeps_what_was_heard() -> None:
    call = Scenario(llm=ScriptedLlm([" we open at nine.", "Yes."], first_s=3.0), openers=openers("on"))
    end_s = call.says(1.0, "when do you open")
    call.says(end_s + 1.5, "stop I meant the other workshop")
    played = checked(call, until=14.0)
    heard = played.events(Interrupted)[0].heard
    assert "Let me see,".startswith(heard) and heard
    assert ("assistant", f"{heard.rstrip(',')}—") in asked(call.llm)
    assert played.events(ReplyEnded)[0] == ReplyEnded(1, heard, False)


def test_a_model_that_fails_behind_the_opener_is_apologised_for() -> None:
    call = Scenario(llm=ScriptedLlm([ProviderError("down")], first_s=0.5), openers=openers("on"))
    call.says(1.0, "when do you open")
    played = checked(call, until=10.0)
    assert played.events(Apologized)
    assert played.heard()[0].startswith("Let me see, I'm sorry, something went wrong")
    assert len(played.events(PlaybackStopped)) == 1


def test_a_voice_that_breaks_behind_the_opener_shows_the_answer() -> None:
    call = Scenario(llm=ScriptedLlm([" we open at nine."]), tts=ScriptedTts(fails=True), openers=openers("on"))
    call.says(1.0, "when do you open")
    played = checked(call, until=10.0)
    assert [event.text for event in played.events(ReplyEnded)] == ["Let me see, we open at nine."]
    assert len(played.events(PlaybackStopped)) == 1


def test_a_call_that_ends_during_the_opener_ends() -> None:
    call = Scenario(llm=StallingLlm(), openers=openers("on"))
    call.says(1.0, "when do you open")
    assert checked(call, until=4.0).reason == "left"


async def stock(item: str) -> str:
    """How many are in stock."""
    return f"Three {item}."


def tool_call(mode: Mode, late_s: Sequence[float] = (), **llm: Any) -> tuple[Scenario, Played]:
    answers: list[Any] = [[ToolCall("c1", "stock", '{"item": "lamps"}')], "We have three."]
    agent = Agent("Ada", "You answer.", greeting="", tools=[stock])
    call = Scenario(agent, llm=ScriptedLlm(answers, **llm), openers=openers(mode))
    for seconds in late_s:
        call.openers.learn(seconds, tools=True)
    call.says(1.0, "Monday")
    return call, checked(call, until=10.0)


def test_while_a_tool_runs_the_person_is_told() -> None:
    call, played = tool_call("auto", first_s=0.8)
    assert played.heard() == ["One moment, please. We have three."]
    assert played.at(FirstAudioPlayed) <= played.at(ToolReturned) + 0.1
    first, second = call.llm.requests
    assert (first.begun, second.begun) == ("", "")
    assert [(m.role, m.text) for m in second.messages[1:]] == [
        ("user", "Monday"),
        ("assistant", "One moment, please."),
        ("tool", as_data("a tool", "Three lamps.")),
    ]
    assert [event.opener for event in played.events(FirstAudioPlayed)] == [True]


def test_tools_that_have_been_quick_are_not_spoken_of() -> None:
    _, played = tool_call("auto", [0.4])
    assert played.heard() == ["We have three."]


def test_an_opener_and_no_second_one_for_the_tool() -> None:
    answers: list[Any] = [[ToolCall("c1", "stock", '{"item": "lamps"}')], "We have three."]
    agent = Agent("Ada", "You answer.", greeting="", tools=[stock])
    call = Scenario(agent, llm=ScriptedLlm(answers), openers=openers("on"))
    call.says(1.0, "how many lamps do you have")
    played = checked(call, until=10.0)
    assert played.heard() == ["Let me see, We have three."]
    assert [message.text for message in call.llm.requests[1].messages if message.tool_calls] == ["Let me see,"]
    assert len(played.events(TurnEnded)) == 1


def test_in_auto_a_yes_no_question_is_answered_without_musing() -> None:
    openers = Openers("auto", 0.7, "en", {text: spoken(text) for text in phrases("en")})
    openers.learn(2.0, tools=False)
    assert openers.choose("When do you open on Monday?", [])
    assert openers.choose("Are you open on Monday?", []) == ""
