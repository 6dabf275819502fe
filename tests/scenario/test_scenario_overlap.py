"""Sounds over the agent's voice: ducked, judged, and then the voice stops or goes on where it was."""

from __future__ import annotations

import pytest
from calls import asked, checked

from visavis.kernel.events import (
    BargeInIgnored,
    FloorTaken,
    PlaybackStarted,
    PlaybackStopped,
    VoicePaused,
)
from visavis.kernel.messages import Say, State
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Scenario
from visavis.turn.barge_in import PAUSE_S

LONG = "The museum opens at nine and closes at six every day except on Mondays when we rest."


def test_sustained_sound_silences_the_agent_before_its_words_are_known() -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "At nine."]), asr_options={"partial_every_s": 60.0})
    call.says(1.0, "when do you open")
    call.says(4.0, "what about the other days")
    played = checked(call, until=9.0)
    assert [event.why for event in played.events(VoicePaused)] == ["sustained"]
    assert [event.why for event in played.events(FloorTaken)] == ["words"]
    paused_s = played.at(VoicePaused)
    assert paused_s == pytest.approx(4.0 + 0.55, abs=0.05)
    assert played.door.loudness(paused_s + 0.03, played.at(FloorTaken) + 0.1) == 0.0
    assert LONG.startswith(played.heard()[0])
    assert asked(call.llm)[1] == ("assistant", f"{played.heard()[0]}—")


@pytest.mark.parametrize("length_s", [0.8, 1.2, 4.0])
def test_a_long_noise_pauses_the_voice_and_it_goes_on_at_the_word_it_had_not_finished(length_s: float) -> None:
    call = Scenario(llm=ScriptedLlm([LONG]), asr_options={"partial_every_s": 60.0})
    call.says(1.0, "when do you open")
    call.noise(4.0, length_s)
    played = checked(call, until=20.0)
    assert played.heard() == [LONG], "every word, once"
    paused_s, back_s = played.at(VoicePaused), played.at(BargeInIgnored)
    assert back_s - paused_s <= PAUSE_S + 0.05
    assert played.door.loudness(paused_s + 0.03, back_s - 0.001) == 0.0
    assert played.door.loudness(back_s + 0.06, back_s + 1.0) == pytest.approx(1.0, abs=0.01)
    voice_s = sum(len(pcm) for at_s, pcm in played.door.played if at_s >= 1.0) / played.door.out_rate_hz
    again_s = voice_s - len(LONG.split()) * 0.3
    assert 0 < again_s < 0.3 + 0.1 + 0.06, "no more is said twice than a word and what was on its way"
    states = [message.state for message in played.messages(State) if isinstance(message, State)]
    assert states[-4:] == ["speaking", "listening", "speaking", "idle"]


def test_typing_while_the_voice_is_paused_interrupts() -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "At nine."]), asr_options={"partial_every_s": 60.0})
    call.says(1.0, "when do you open")
    call.noise(4.0, 1.5)
    call.does(4.9, Say("short please"))
    played = checked(call, until=9.0)
    assert played.at(VoicePaused) < 4.9
    assert [event.why for event in played.events(FloorTaken)] == ["typed"]
    assert played.heard()[1] == "At nine."


def test_a_reply_whose_last_words_are_paused_says_them() -> None:
    call = Scenario(llm=ScriptedLlm(["We open at nine today."]), asr_options={"partial_every_s": 60.0})
    call.says(1.0, "when do you open")
    begins_s = checked(call, until=9.0).at(PlaybackStarted)
    call.noise(begins_s + 0.8, 0.8)
    played = checked(call, until=9.0)
    assert played.events(VoicePaused)
    assert played.heard() == ["We open at nine today."]
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
