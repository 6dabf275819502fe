"""Who speaks when: scripted calls on a virtual clock, through the real session."""

from __future__ import annotations

import pytest
from calls import asked, checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    BargeInIgnored,
    Ducked,
    FirstAudioPlayed,
    FloorTaken,
    Interrupted,
    NothingSaid,
    PlaybackStarted,
    ReplyDiscarded,
    ReplyEnded,
    ReplyStarted,
    TextTyped,
    TranscriptRevised,
    TurnEnded,
    TurnResumed,
    VoicePaused,
)
from visavis.kernel.messages import Clear, Duck, Latency, Say, State, Transcript
from visavis.testing.doubles import ScriptedEndpoint, ScriptedLlm, ScriptedTts
from visavis.testing.scenario import Scenario

LONG = "The museum opens at nine and closes at six every day except on Mondays when we rest."


def test_the_agent_greets_and_answers() -> None:
    call = Scenario(Agent("Ada", "You answer.", greeting="Hello, I'm {name}."), llm=ScriptedLlm(["We open at nine."]))
    call.says(2.0, "when do you open")
    played = checked(call, until=8.0)
    assert played.reason == "left"
    assert played.heard() == ["Hello, I'm Ada.", "We open at nine."]
    assert asked(call.llm) == [("assistant", "Hello, I'm Ada."), ("user", "when do you open")]
    assert [turn.text for turn in played.events(TurnEnded)] == ["when do you open"]


def test_voice_to_voice_is_the_sum_of_what_it_is_made_of() -> None:
    """0.11 s until the stop is known, 0.1 s words, 0.2 s first token, 2 more tokens of 0.02 s, 0.05 s voice."""
    call = Scenario(llm=ScriptedLlm(["We open. At nine."], first_s=0.2, token_s=0.02), tts=ScriptedTts(first_s=0.05))
    end_s = call.says(1.0, "when do you open")
    played = checked(call, until=8.0)
    (fact,) = played.events(FirstAudioPlayed)
    assert fact.v2v_s == pytest.approx(0.11 + 0.1 + 0.2 + 0.04 + 0.05, abs=0.05)
    assert played.at(FirstAudioPlayed) - end_s == pytest.approx(fact.v2v_s, abs=0.035)
    (shown,) = played.messages(Latency)
    assert isinstance(shown, Latency)
    assert sum(shown.stages_ms.values()) == pytest.approx(shown.v2v_ms, abs=len(shown.stages_ms))
    assert shown.over == ""


def test_the_stage_that_is_too_slow_is_named() -> None:
    call = Scenario(llm=ScriptedLlm(["We open at nine."], first_s=1.4))
    call.says(1.0, "when do you open")
    (shown,) = checked(call, until=8.0).messages(Latency)
    assert isinstance(shown, Latency)
    assert shown.over == "llm_first_token"


def test_a_pause_inside_a_sentence_is_one_turn() -> None:
    call = Scenario(llm=ScriptedLlm(["Of course."]), endpoint=ScriptedEndpoint([0.1, 0.95]))
    end_s = call.says(1.0, "I would like a table")
    call.says(end_s + 0.9, "by the window")
    played = checked(call, until=9.0)
    assert [turn.text for turn in played.events(TurnEnded)] == ["I would like a table by the window"]
    assert played.heard() == ["Of course."]
    assert len(played.events(TurnResumed)) == 1
    assert [event.why for event in played.events(ReplyDiscarded)] == ["resumed"]
    assert asked(call.llm) == [("user", "I would like a table by the window")], "the dead revision left no trace"


def test_going_on_after_the_end_but_before_the_answer_is_one_turn() -> None:
    call = Scenario(llm=ScriptedLlm(["First.", "Second."], first_s=1.0))
    end_s = call.says(1.0, "what time is it")
    call.says(end_s + 0.6, "in Oslo please")
    played = checked(call, until=9.0)
    assert [(turn.turn, turn.text) for turn in played.events(TurnEnded)] == [
        (1, "what time is it"),
        (1, "what time is it in Oslo please"),
    ]
    assert played.heard() == ["Second."]
    assert asked(call.llm) == [("user", "what time is it in Oslo please")]
    lines = [m for m in played.messages(Transcript) if isinstance(m, Transcript) and m.role == "user" and m.final]
    assert len({line.id for line in lines}) == 1, "one line of captions"


def test_going_on_is_not_talked_over_even_when_the_answer_is_ready() -> None:
    call = Scenario(llm=ScriptedLlm(["First.", "Second."], first_s=0.5))
    end_s = call.says(1.0, "what time is it")
    call.says(end_s + 0.4, "I mean in Oslo and in Rome at this time of the year")
    played = checked(call, until=12.0)
    said_until_s = call.script.utterances[1][1]
    assert played.at(PlaybackStarted) > said_until_s
    assert played.heard() == ["Second."]


def test_a_noise_before_the_answer_only_delays_it() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine."], first_s=1.0))
    end_s = call.says(1.0, "what time is it")
    call.noise(end_s + 0.5, 0.3)
    played = checked(call, until=9.0)
    assert played.heard() == ["At nine."]
    assert len(call.llm.requests) == 1, "the same words keep their reply"
    assert len(played.events(ReplyStarted)) == 1


def test_words_interrupt_and_the_context_keeps_what_was_heard() -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "At nine."]))
    call.says(1.0, "when do you open")
    call.says(4.0, "wait only in the morning")
    played = checked(call, until=12.0)
    (taken,) = played.events(FloorTaken)
    assert taken.why in ("words", "sustained")
    (cut,) = played.events(Interrupted)
    assert cut.heard
    assert LONG.startswith(cut.heard)
    assert cut.heard != LONG
    taken_s = played.at(FloorTaken)
    assert taken_s < 4.0 + 0.9, "within a few hundred milliseconds"
    assert played.door.loudness(taken_s + 0.03, played.at(PlaybackStarted, 1) - 0.001) == 0.0, (
        "silence after the interruption"
    )
    assert played.door.cleared[-1] == pytest.approx(taken_s, abs=0.001)
    assert asked(call.llm)[0] == ("user", "when do you open")
    assert asked(call.llm)[1] == ("assistant", f"{cut.heard}—")
    assert asked(call.llm)[2] == ("user", "wait only in the morning")
    assert played.heard() == [cut.heard, "At nine."]


def test_heard_is_what_was_at_the_ear_not_what_was_made() -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "Fine."]))
    call.says(1.0, "when do you open")
    call.says(4.0, "stop stop stop")
    played = checked(call, until=12.0)
    (cut,) = played.events(Interrupted)
    silent_s = played.at(VoicePaused) if played.events(VoicePaused) else played.at(FloorTaken)
    spoken_s = silent_s - played.at(PlaybackStarted) - played.door.playout_delay_s
    assert len(cut.heard.split()) == int(spoken_s / 0.3 + 1e-6), "0.3 s a word, rounded down"


def test_typing_interrupts() -> None:
    call = Scenario(llm=ScriptedLlm([LONG, "At nine."]))
    call.says(1.0, "when do you open")
    call.does(4.0, Say("short please"))
    played = checked(call, until=9.0)
    assert [event.why for event in played.events(FloorTaken)] == ["typed"]
    assert played.heard()[1] == "At nine."
    assert asked(call.llm)[-1] == ("user", "short please")


@pytest.mark.parametrize("sound", ["mm-hm", "yeah okay"])
def test_a_backchannel_ducks_and_the_reply_is_said_to_its_end(sound: str) -> None:
    call = Scenario(llm=ScriptedLlm([LONG]))
    call.says(1.0, "when do you open")
    call.says(4.0, sound)
    played = checked(call, until=15.0)
    assert played.heard() == [LONG]
    assert [event.why for event in played.events(BargeInIgnored)] == ["backchannel"]
    assert not played.events(FloorTaken)
    ducked_s, back_s = played.at(Ducked), played.at(BargeInIgnored)
    assert ducked_s < 4.15
    assert played.door.loudness(ducked_s - 0.5, ducked_s) == pytest.approx(1.0, abs=0.01)
    assert played.door.loudness(ducked_s + 0.06, back_s) < 0.25
    assert played.door.loudness(back_s + 0.06, back_s + 1.0) == pytest.approx(1.0, abs=0.01)
    assert [message.on for message in played.messages(Duck) if isinstance(message, Duck)] == [True, False]
    assert len(call.llm.requests) == 1
    assert not played.messages(Clear)


def test_a_cough_ducks_and_the_reply_goes_on() -> None:
    call = Scenario(llm=ScriptedLlm([LONG]))
    call.says(1.0, "when do you open")
    call.noise(4.0, 0.3)
    played = checked(call, until=15.0)
    assert played.heard() == [LONG]
    assert [event.why for event in played.events(BargeInIgnored)] == ["no_words"]


def test_a_reply_that_ends_while_the_person_murmurs_leaves_nothing_ducked() -> None:
    call = Scenario(llm=ScriptedLlm(["We open at nine.", "Bye."]))
    call.says(1.0, "when do you open")
    call.says(3.3, "mm-hm")
    call.says(6.0, "thank you so much")
    played = checked(call, until=12.0)
    switched = [message.on for message in played.messages(Duck) if isinstance(message, Duck)]
    assert switched.count(True) == switched.count(False)
    assert played.heard()[0] == "We open at nine."
    assert played.door.loudness(played.at(PlaybackStarted, 1) + 0.05, played.at(PlaybackStarted, 1) + 0.2) > 0.95


def test_a_noise_without_words_is_no_turn() -> None:
    call = Scenario()
    call.noise(2.0, 0.5)
    played = checked(call, until=6.0)
    assert not played.events(TurnEnded)
    assert not played.heard()
    assert len(played.events(NothingSaid)) == 1
    assert not call.llm.requests
    states = [message.state for message in played.messages(State) if isinstance(message, State)]
    assert states[-2:] == ["listening", "idle"]


def test_the_words_after_a_noise_are_heard() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine."]))
    call.noise(2.0, 0.5)
    call.says(4.0, "when do you open")
    played = checked(call, until=9.0)
    assert [turn.text for turn in played.events(TurnEnded)] == ["when do you open"]
    assert played.heard() == ["At nine."]


def test_typed_text_is_answered_aloud() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine."]))
    call.does(2.0, Say("  when do you open?  "))
    call.does(2.5, Say("   "))
    played = checked(call, until=6.0)
    assert [event.text for event in played.events(TextTyped)] == ["when do you open?"]
    assert [(turn.text, turn.typed) for turn in played.events(TurnEnded)] == [("when do you open?", True)]
    assert played.heard() == ["At nine."]


def test_a_noise_after_typed_text_does_not_ask_twice() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine.", "Bye."], first_s=1.5))
    call.does(2.0, Say("when do you open?"))
    call.noise(2.2, 0.4)
    call.does(8.0, Say("thanks"))
    played = checked(call, until=12.0)
    assert played.heard() == ["At nine.", "Bye."]
    assert asked(call.llm) == [("user", "when do you open?"), ("assistant", "At nine."), ("user", "thanks")]


def test_words_after_typed_text_are_answered_together_with_it() -> None:
    call = Scenario(llm=ScriptedLlm(["First.", "Second."], first_s=2.0))
    call.does(2.0, Say("I am Grace"))
    call.says(2.3, "when do you open")
    played = checked(call, until=12.0)
    assert played.heard() == ["Second."]
    assert asked(call.llm) == [("user", "I am Grace\nwhen do you open")]


def test_speech_during_the_first_sound_of_the_greeting_is_not_lost() -> None:
    """The person was quicker than the greeting: their words come in when the agent has just begun."""
    agent = Agent("Ada", "You answer.", greeting="Hello and welcome to the museum of things that never were.")
    call = Scenario(agent, llm=ScriptedLlm(["At nine."]), tts=ScriptedTts(first_s=1.0))
    call.says(0.1, "when open")
    played = checked(call, until=9.0)
    assert played.heard()[-1] == "At nine."
    assert [turn.text for turn in played.events(TurnEnded)] == ["when open"]


def test_several_turns_keep_their_order() -> None:
    call = Scenario(llm=ScriptedLlm(["One.", "Two.", "Three."]))
    for number in range(3):
        call.says(1.0 + 4 * number, f"question number {number}")
    played = checked(call, until=14.0)
    assert played.heard() == ["One.", "Two.", "Three."]
    assert [turn.turn for turn in played.events(TurnEnded)] == [1, 2, 3]
    assert asked(call.llm) == [
        ("user", "question number 0"),
        ("assistant", "One."),
        ("user", "question number 1"),
        ("assistant", "Two."),
        ("user", "question number 2"),
    ]


def test_speech_never_goes_back_a_turn() -> None:
    """Words of an answered turn do not come back with the next one."""
    call = Scenario(llm=ScriptedLlm(["One.", "Two."]))
    call.says(1.0, "first question")
    call.says(5.0, "second question")
    played = checked(call, until=9.0)
    finals = [event.text for event in played.events(TranscriptRevised) if event.pause]
    assert finals == ["first question", "second question"]


def test_the_same_call_is_the_same_journal() -> None:
    def call() -> list[str]:
        scenario = Scenario(llm=ScriptedLlm([LONG, "At nine."]))
        scenario.says(1.0, "when do you open")
        scenario.says(4.0, "wait only in the morning")
        return [str(record) for record in checked(scenario, until=12.0).records]

    assert call() == call()


def test_without_an_end_of_turn_model_silence_decides() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine."]), endpoint=None)
    end_s = call.says(1.0, "when do you open")
    played = checked(call, until=9.0)
    assert end_s + 0.4 < played.at(TurnEnded) < end_s + 1.0
    assert played.heard() == ["At nine."]


def test_a_long_reply_is_heard_clause_by_clause() -> None:
    call = Scenario(llm=ScriptedLlm([" ".join([LONG] * 3)], token_s=0.05))
    call.says(1.0, "tell me all")
    played = checked(call, until=30.0)
    assert played.heard() == [" ".join([LONG] * 3)]
    assert played.at(PlaybackStarted) < 4.0, "it does not wait for the whole reply"
    (ended,) = played.events(ReplyEnded)
    assert ended.ok
