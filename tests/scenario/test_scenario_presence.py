"""Silence, time, lost lines and crashes: the call ends well, or goes on where it was."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from calls import asked, checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    AnyEvent,
    AudioHeard,
    HoldRequested,
    IdlePrompted,
    PeerLost,
    PeerReturned,
    PlaybackStarted,
    ReplyEnded,
    ReplyStarted,
    SessionEnded,
    SessionResumed,
    ToolCalled,
)
from visavis.kernel.messages import Hello, Say, Typing
from visavis.kernel.settings import SessionSettings, Settings
from visavis.session.phrases import phrase, prompt
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Scenario
from visavis.think.base import ToolCall
from visavis.transport.base import Gone, Lost, Returned

STILL_THERE, STILL_HERE = prompt("silence", 1, "en"), prompt("silence", 2, "en")
GOODBYE, HOLD = phrase("goodbye_idle", "en"), phrase("hold", "en")
TIME_LIMIT, RESUMED = phrase("time_limit", "en"), phrase("resumed", "en")
LONG = "The museum opens at nine and closes at six every day except on Mondays when we rest."


def quiet(**session: Any) -> Scenario:
    chosen: dict[str, Any] = {"idle_prompt_s": 10.0, "idle_prompts": 2, **session}
    return Scenario(llm=ScriptedLlm(["At nine."]), settings=Settings(session=SessionSettings(**chosen)))


# Silence and time.


def test_silence_is_asked_about_and_then_the_agent_says_goodbye() -> None:
    played = checked(quiet(), until=300.0)
    assert played.heard() == [STILL_THERE, STILL_HERE, GOODBYE]
    assert played.reason == "idle"
    assert [event.count for event in played.events(IdlePrompted)] == [1, 2]
    assert played.at(IdlePrompted) == pytest.approx(10.0, abs=0.1)
    assert played.at(SessionEnded) < 50


def test_an_answer_starts_the_patience_anew() -> None:
    call = quiet()
    call.says(14.0, "I am here")
    call.says(33.0, "still here")
    played = checked(call, until=48.0)
    assert played.reason == "left"
    assert [event.count for event in played.events(IdlePrompted)] == [1, 1, 1]


def test_typing_is_not_silence() -> None:
    call = quiet()
    for number in range(6):
        call.does(5.0 + 8 * number, Typing())
    played = checked(call, until=50.0)
    assert not played.events(IdlePrompted)


def test_listening_to_a_long_answer_is_not_silence() -> None:
    call = Scenario(
        llm=ScriptedLlm([" ".join([LONG] * 2)]), settings=Settings(session=SessionSettings(idle_prompt_s=4.0))
    )
    call.says(1.0, "tell me all")
    played = checked(call, until=15.0)
    spoken_from_s, spoken_to_s = played.at(PlaybackStarted), played.at(ReplyEnded)
    assert spoken_to_s - spoken_from_s > 8
    assert all(
        at_s >= spoken_to_s + 4 for at_s in [r.at_s for r in played.records if isinstance(r.event, IdlePrompted)]
    )


def test_a_long_monologue_is_not_silence() -> None:
    call = quiet(idle_prompt_s=3.0)
    call.says(1.0, "word " * 30)
    played = checked(call, until=10.0)
    assert not played.events(IdlePrompted)


def test_without_prompts_silence_ends_the_call() -> None:
    played = checked(quiet(idle_prompts=0), until=60.0)
    assert played.heard() == [GOODBYE]
    assert played.reason == "idle"


def test_the_time_limit_is_said_and_kept() -> None:
    call = quiet(max_call_s=12.0, idle_prompt_s=100.0)
    call.says(3.0, "when do you open")
    played = checked(call, until=100.0)
    assert played.heard() == ["At nine.", TIME_LIMIT]
    assert played.reason == "time_limit"
    assert 12.0 < played.at(SessionEnded) < 20.0


@pytest.mark.parametrize("asked_s", [11.0, 10.6, 10.3])
def test_the_time_limit_comes_while_an_answer_is_being_made(asked_s: float) -> None:
    call = quiet(max_call_s=12.0, idle_prompt_s=100.0)
    call.llm = ScriptedLlm(["At nine."], first_s=1.0)
    call.says(asked_s, "when open")
    played = checked(call, until=100.0)
    assert played.reason == "time_limit"
    assert played.heard()[-1] == TIME_LIMIT


def test_silence_after_a_question_is_given_time_first() -> None:
    call = quiet()
    call.llm = ScriptedLlm(["For which day?"])
    call.says(1.0, "book a table")
    played = checked(call, until=80.0)
    assert played.heard() == ["For which day?", "Take your time.", STILL_THERE, GOODBYE]


@pytest.mark.parametrize("words", ["one moment please", "let me check my calendar", "hold on"])
def test_a_request_to_wait_is_granted_without_the_model(words: str) -> None:
    call = quiet(hold_s=40.0, idle_prompts=1)
    end_s = call.says(1.0, words)
    played = checked(call, until=100.0)
    assert not call.llm.requests
    assert played.heard() == [HOLD, prompt("hold", 1, "en"), GOODBYE]
    assert [event.kind for event in played.events(HoldRequested)] == ["hold"]
    assert played.at(IdlePrompted) > end_s + 40


def test_words_after_a_request_to_wait_end_the_waiting() -> None:
    call = quiet(hold_s=40.0)
    call.says(1.0, "one moment please")
    call.noise(12.0, 0.4)
    end_s = call.says(20.0, "when do you open")
    played = checked(call, until=36.0)
    assert played.heard() == [HOLD, "At nine.", STILL_THERE]
    assert end_s + 10 < played.at(IdlePrompted) < end_s + 13


def test_a_request_to_wait_with_a_question_is_answered() -> None:
    call = quiet()
    call.says(1.0, "hold on what about Monday")
    played = checked(call, until=6.0)
    assert played.heard() == ["At nine."]
    assert not played.events(HoldRequested)


GOODBYE_S = 32.5
"""When the goodbye of a silent call has begun (prompts after 10 s each), and is far from over."""


@pytest.mark.parametrize("at_s", [GOODBYE_S, GOODBYE_S + 2, GOODBYE_S + 4.4, GOODBYE_S + 4.9])
def test_words_during_the_goodbye_keep_the_call(at_s: float) -> None:
    call = quiet()
    call.says(at_s, "wait I am still here")
    played = checked(call, until=50.0)
    assert played.reason == "left"
    assert played.heard()[-2:] == ["At nine.", STILL_THERE] or played.heard()[-1] == "At nine."
    assert GOODBYE.startswith(played.heard()[2]) or played.heard()[2] == "At nine.", "it was cut at once"


def test_typed_words_during_the_goodbye_keep_the_call() -> None:
    call = quiet()
    call.does(GOODBYE_S, Say("wait"))
    call.does(GOODBYE_S + 2, Say("when do you open?"))
    played = checked(call, until=45.0)
    assert played.reason == "left"
    assert played.heard()[-1] == "At nine."


@pytest.mark.parametrize("sound", ["okay bye", ""])
def test_a_goodbye_or_a_noise_does_not_keep_the_call(sound: str) -> None:
    call = quiet()
    if sound:
        call.says(GOODBYE_S + 1, sound)
    else:
        call.noise(GOODBYE_S + 1, 0.5)
    played = checked(call, until=120.0)
    assert played.reason == "idle"
    assert played.at(SessionEnded) < GOODBYE_S + 12


# A lost line.


def test_a_lost_line_that_comes_back_keeps_the_conversation() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine.", "At ten."]))
    call.says(1.0, "when do you open")
    call.does(6.0, Lost())
    call.does(12.0, Returned(6.0))
    call.says(14.0, "and on Sundays")
    played = checked(call, until=19.0)
    assert played.heard() == ["At nine.", "At ten."]
    assert len(played.events(PeerLost)) == len(played.events(PeerReturned)) == 1
    assert asked(call.llm) == [
        ("user", "when do you open"),
        ("assistant", "At nine."),
        ("user", "and on Sundays"),
    ]
    hellos = [message for message in played.messages(Hello) if isinstance(message, Hello)]
    assert [hello.resumed for hello in hellos] == [False, True]
    assert len({hello.session for hello in hellos}) == 1


def test_a_line_lost_while_the_agent_speaks_keeps_only_what_was_heard() -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "At ten."]))
    call.says(1.0, "when do you open")
    call.does(5.0, Lost())
    call.does(9.0, Returned(4.0))
    call.says(15.0, "and on Sundays")
    played = checked(call, until=19.0)
    heard = played.heard()
    assert LONG.startswith(heard[0])
    assert heard[1:] == [RESUMED, "At ten."]
    assert played.door.loudness(5.05, 8.95) == 0.0
    assert asked(call.llm)[1] == ("assistant", f"{heard[0]}—")


def test_a_line_lost_while_the_answer_is_made_is_not_followed_by_silence() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine.", "As I said, at nine."], first_s=1.0))
    end_s = call.says(1.0, "when do you open")
    call.does(end_s + 0.6, Lost())
    call.does(9.0, Returned(6.0))
    call.says(15.0, "so when")
    played = checked(call, until=20.0)
    assert played.heard() == [RESUMED, "As I said, at nine."]
    assert asked(call.llm) == [("user", "when do you open"), ("assistant", RESUMED), ("user", "so when")]


def test_a_turn_that_ends_while_nobody_is_there_is_not_answered_into_the_void() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine."]))
    end_s = call.says(1.0, "when do you open")
    call.does(end_s + 0.25, Lost())
    call.does(9.0, Returned(6.0))
    call.says(15.0, "so when")
    played = checked(call, until=20.0)
    assert played.heard() == [RESUMED, "At nine."]
    assert asked(call.llm) == [("user", "when do you open"), ("assistant", RESUMED), ("user", "so when")]


def test_nobody_is_prompted_while_away() -> None:
    call = quiet(idle_prompt_s=3.0)
    call.does(1.0, Lost())
    call.does(20.0, Returned(19.0))
    played = checked(call, until=22.0)
    assert not played.events(IdlePrompted)


def test_a_line_that_stays_lost_ends_the_call() -> None:
    call = Scenario(llm=ScriptedLlm([LONG]))
    call.says(1.0, "when do you open")
    call.does(5.0, Lost())
    call.does(35.0, Gone("peer_gone"))
    played = checked(call, until=60.0)
    assert played.reason == "peer_gone"
    assert played.at(SessionEnded) == pytest.approx(35.0, abs=0.05)


# A new process takes over.


def crashed(cut_s: float, *answers: Any) -> list[tuple[float, AnyEvent]]:
    """The journal of a call whose process died at `cut_s`: a turn with its answer, then a second one from 6 s on."""
    call = Scenario(Agent("Ada", "You answer.", greeting="", tools=(book,)))
    call.llm = ScriptedLlm(["Nice to meet you, Grace.", *(answers or [LONG])])
    call.says(1.0, "my name is Grace")
    call.says(6.0, "and what is yours")
    return [(record.at_s, record.event) for record in call.run(until=30.0).records if record.at_s <= cut_s]  # type: ignore[misc]


async def book(day: str) -> str:
    """Books a table."""
    await asyncio.Event().wait()
    return day


def test_after_a_crash_the_conversation_goes_on() -> None:
    call = Scenario(Agent("Ada", "You answer.", greeting="Hello."), llm=ScriptedLlm(["Grace."]), past=crashed(5.5))
    call.says(12.0, "what is my name")
    played = checked(call, until=16.0)
    assert [event.after for event in played.events(SessionResumed)] == ["server_restart"]
    assert [event.turns_kept for event in played.events(SessionResumed)] == [1]
    assert played.heard()[1:] == [RESUMED, "Grace."], "no second greeting"
    assert asked(call.llm) == [
        ("user", "my name is Grace"),
        ("assistant", "Nice to meet you, Grace."),
        ("assistant", RESUMED),
        ("user", "what is my name"),
    ]
    hello = played.messages(Hello)[0]
    assert isinstance(hello, Hello)
    assert hello.resumed


def test_replies_of_one_session_never_share_a_number_across_a_crash() -> None:
    call = Scenario(llm=ScriptedLlm(["Grace."]), past=crashed(8.0))
    call.says(12.0, "what is my name")
    played = checked(call, until=16.0)
    numbers = [event.reply for event in played.events(ReplyStarted)]
    assert len(set(numbers)) == len(numbers)


def test_words_heard_just_before_the_crash_are_remembered() -> None:
    past = crashed(11.0)
    said = [event.text for _, event in past if isinstance(event, AudioHeard)][-1]
    call = Scenario(llm=ScriptedLlm(["Ada."]), past=past)
    call.says(14.0, "who are you")
    checked(call, until=18.0)
    assert asked(call.llm)[2:] == [
        ("user", "and what is yours"),
        ("assistant", f"{said}—"),
        ("assistant", RESUMED),
        ("user", "who are you"),
    ]


def test_a_question_that_the_crash_left_open_is_remembered() -> None:
    call = Scenario(llm=ScriptedLlm(["Ada."]), past=crashed(7.65))
    call.does(14.0, Say("so?"))
    checked(call, until=18.0)
    assert asked(call.llm)[2:] == [("user", "and what is yours"), ("assistant", RESUMED), ("user", "so?")]


def test_a_tool_that_the_crash_cut_short_leaves_a_conversation_that_models_accept() -> None:
    past = crashed(8.0, [ToolCall("c1", "book", '{"day": "Monday"}')], "Never.")
    assert isinstance(past[-1][1], ToolCalled)
    call = Scenario(llm=ScriptedLlm(["I do not know."]), past=past)
    call.does(14.0, Say("is it booked?"))
    checked(call, until=18.0)
    messages = call.llm.requests[-1].messages
    calls = [tool.id for message in messages for tool in message.tool_calls]
    assert calls == [message.tool_call_id for message in messages if message.role == "tool"] == ["c1"]
