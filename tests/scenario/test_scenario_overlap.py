"""Sounds over the agent's voice: ducked, judged, and then the voice stops or goes on where it was."""

from __future__ import annotations

import pytest
from calls import asked, checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    BargeInIgnored,
    FloorTaken,
    PassageStarted,
    PlaybackStarted,
    PlaybackStopped,
    VoicePaused,
)
from visavis.kernel.messages import Say, State, Transcript
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Scenario
from visavis.turn.barge_in import PAUSE_S

LONG = "The museum opens at nine and closes at six every day except on Mondays when we rest."


def test_sustained_sound_silences_the_agent_before_its_words_are_known() -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "At nine."]))
    call.says(1.0, "when do you open")
    call.says(4.0, "tomorrow maybe")
    played = checked(call, until=9.0)
    assert [event.why for event in played.events(VoicePaused)] == ["sustained"]
    assert [event.why for event in played.events(FloorTaken)] == ["words"]
    paused_s = played.at(VoicePaused)
    assert paused_s == pytest.approx(4.0 + 0.55, abs=0.05)
    assert played.door.loudness(paused_s + 0.03, played.at(FloorTaken) + 0.1) == 0.0
    assert LONG.startswith(played.heard()[0])
    assert asked(call.llm)[1] == ("assistant", f"{played.heard()[0]}—")


def murmurs(call: Scenario, at_s: float, seconds: float) -> None:
    """A long sound in which one word is heard, after a question."""
    call.says(1.0, "when do you open")
    call.script.utterances.append((at_s, at_s + seconds, "maybe"))


@pytest.mark.parametrize("at_s", [4.0, 4.1, 4.2])
def test_a_voice_that_was_paused_goes_on_at_the_word_it_had_not_finished(at_s: float) -> None:
    call = Scenario(llm=ScriptedLlm([LONG]))
    murmurs(call, at_s, 20.0)
    played = checked(call, until=15.0)
    assert played.heard() == [LONG], "every word, once"
    paused_s, back_s = played.at(VoicePaused), played.at(BargeInIgnored)
    assert back_s - paused_s == pytest.approx(PAUSE_S, abs=0.01)
    assert played.door.loudness(paused_s + 0.03, back_s - 0.001) == 0.0
    assert played.door.loudness(back_s + 0.06, back_s + 1.0) == pytest.approx(1.0, abs=0.01)
    voice_s = sum(len(pcm) for at_s, pcm in played.door.played if at_s >= 1.0) / played.door.out_rate_hz
    again_s = voice_s - len(LONG.split()) * 0.3
    assert 0 < again_s < 0.3 + 0.1 + 0.06, "no more is said twice than a word and what was on its way"
    states = [message.state for message in played.messages(State) if isinstance(message, State)]
    assert states[-4:] == ["speaking", "listening", "speaking", "idle"]


def test_typing_while_the_voice_is_paused_interrupts() -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "At nine."]))
    murmurs(call, 4.0, 1.5)
    call.does(4.8, Say("short please"))
    played = checked(call, until=9.0)
    assert played.at(VoicePaused) < 4.8
    assert [event.why for event in played.events(FloorTaken)] == ["typed"]
    assert played.heard()[1] == "At nine."


def test_a_reply_whose_last_words_are_paused_says_them() -> None:
    answer = "We open at nine today."
    first = Scenario(llm=ScriptedLlm([answer]))
    first.says(1.0, "when do you open")
    begins_s = checked(first, until=9.0).at(PlaybackStarted)
    call = Scenario(llm=ScriptedLlm([answer]))
    murmurs(call, begins_s + 0.8, 20.0)
    played = checked(call, until=12.0)
    assert played.events(VoicePaused)
    assert played.heard() == [answer]
    assert len(played.events(PlaybackStopped)) == 1


@pytest.mark.parametrize("said", ["yeah yeah yeah", "uh-huh right", "oh I see", "okay okay"])
def test_listeners_signs_let_the_agent_go_on(said: str) -> None:
    call = Scenario(llm=ScriptedLlm([LONG]), asr_options={"partial_every_s": 0.15})
    call.says(1.0, "when do you open")
    call.says(4.0, said)
    played = checked(call, until=15.0)
    assert played.heard() == [LONG]
    assert not played.events(FloorTaken)
    assert not played.events(VoicePaused)


@pytest.mark.parametrize("said", ["wait", "okay stop", "yeah but", "no", "excuse me"])
def test_a_few_words_stop_the_agent(said: str) -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "Sorry."]), asr_options={"partial_every_s": 0.15})
    call.says(1.0, "when do you open")
    call.says(4.0, said)
    played = checked(call, until=15.0)
    assert [event.why for event in played.events(FloorTaken)] == ["words"]
    assert played.at(FloorTaken) < 4.0 + 0.9


def test_the_agents_own_words_do_not_stop_it() -> None:
    call = Scenario(llm=ScriptedLlm([LONG]), asr_options={"partial_every_s": 0.15})
    call.says(1.0, "when do you open")
    first_s = checked(call, until=15.0).at(PlaybackStarted)
    call.says(first_s + 1.3, " ".join(LONG.split()[3:8]))
    played = checked(call, until=15.0)
    assert played.heard() == [LONG]
    assert {event.why for event in played.events(BargeInIgnored)} == {"echo"}


NOTICE = "This call is recorded for training."


def greeting(text: str) -> Scenario:
    return Scenario(Agent("Ada", "You answer.", greeting=text), llm=ScriptedLlm(["At nine."]))


def test_a_protected_passage_is_said_to_its_end_and_the_words_meanwhile_are_answered_after_it() -> None:
    call = greeting(f"[[{NOTICE}]] Hello and welcome to the museum.")
    call.says(0.6, "when do you open")
    played = checked(call, until=9.0)
    over_s = played.at(PassageStarted, 1)
    assert [fact.protected for fact in played.events(PassageStarted)] == [True, False]
    assert played.door.loudness(0.3, over_s - 0.12) == pytest.approx(1.0, abs=0.05), "no duck"
    assert over_s <= played.at(FloorTaken) < over_s + 0.2
    assert played.heard()[0].startswith(NOTICE)
    assert played.heard()[0] != f"{NOTICE} Hello and welcome to the museum."
    assert played.heard()[1:] == ["At nine."]
    shown = [message.text for message in played.messages(Transcript) if isinstance(message, Transcript)]
    assert not [text for text in shown if "[" in text or "]" in text]


def test_words_during_a_notice_that_nothing_follows_are_answered() -> None:
    call = greeting(f"[[{NOTICE}]]")
    call.says(0.6, "when do you open")
    played = checked(call, until=9.0)
    assert played.heard() == [NOTICE, "At nine."]
    assert not played.events(FloorTaken)


def test_a_listeners_sign_during_a_notice_changes_nothing() -> None:
    call = greeting(f"[[{NOTICE}]] Hello and welcome.")
    call.says(0.6, "okay")
    played = checked(call, until=9.0)
    assert played.heard() == [f"{NOTICE} Hello and welcome."]


def test_who_still_speaks_when_the_notice_is_over_is_judged_then() -> None:
    call = greeting(f"[[{NOTICE}]] Hello and welcome to the museum of things that never were.")
    call.says(1.5, "when do you open on Sundays in May")
    played = checked(call, until=9.0)
    assert played.at(FloorTaken) >= played.at(PassageStarted, 1)
    assert played.heard()[0].startswith(NOTICE)
    assert played.heard()[1:] == ["At nine."]


def test_typing_interrupts_even_a_notice() -> None:
    call = greeting(f"[[{NOTICE}]]")
    call.does(1.0, Say("skip it"))
    played = checked(call, until=6.0)
    assert [event.why for event in played.events(FloorTaken)] == ["typed"]
