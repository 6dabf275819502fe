"""The agent listens visibly: nods and a soft "mm-hm" in long turns; and a turn that is too long is cut politely."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from calls import asked, checked

from visavis.kernel.events import (
    Acknowledged,
    PlaybackStarted,
    ReplyStarted,
    SpeechStarted,
    TurnEnded,
    UsageCounted,
)
from visavis.kernel.messages import Gesture, Transcript, VisemeTrack
from visavis.kernel.settings import SessionSettings, Settings, TurnSettings
from visavis.session.listener import GAIN
from visavis.session.phrases import murmur, phrase
from visavis.testing.doubles import LEVEL, ScriptedEndpoint, ScriptedLlm
from visavis.testing.scenario import Played, Scenario

LONG = "we went to the house and then it rained all day long again"
"""13 words: 3.9 s."""


def telling(backchannels: Any = "nods", *, parts: int = 4, pause_s: float = 0.7, **options: Any) -> Scenario:
    """A long turn in `parts` parts, each followed by a pause that does not sound like its end."""
    scores = ScriptedEndpoint([0.03] * (parts - 1), default=0.97)
    call = Scenario(
        llm=ScriptedLlm(["I see."]),
        endpoint=scores,
        settings=Settings(session=SessionSettings(backchannels=backchannels), **options),
    )
    at_s = 1.0
    for _ in range(parts):
        at_s = call.says(at_s, LONG) + pause_s
    return call


def kinds(played: Played) -> list[str]:
    return [event.kind for event in played.events(Acknowledged)]


def test_the_agent_nods_in_the_pauses_of_a_long_turn() -> None:
    played = checked(telling(), until=30.0)
    assert len(played.events(TurnEnded)) == 1
    assert kinds(played)[:3] == ["nod"] * 3
    assert played.messages(Gesture) == [Gesture("nod")] * len(kinds(played))
    times = [record.at_s for record in played.records if isinstance(record.event, Acknowledged)]
    assert times[0] == pytest.approx(1.0 + 3.9 + 0.25, abs=0.05)


def test_nods_can_be_switched_off() -> None:
    played = checked(telling("off"), until=30.0)
    assert not played.events(Acknowledged)
    assert not played.messages(Gesture)


def test_a_short_turn_gets_no_nod() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine."]))
    call.says(1.0, "when do you open")
    played = checked(call, until=8.0)
    assert not played.events(Acknowledged)


def test_a_soft_sound_is_no_reply() -> None:
    played = checked(telling("sounds", parts=5), until=34.0)
    sounds = [r.at_s for r in played.records if r.event == Acknowledged("sound")]
    assert len(sounds) == 2
    first_reply_s = played.at(PlaybackStarted)
    levels = [int(np.abs(pcm).max()) for at_s, pcm in played.door.played if at_s < first_reply_s]
    assert max(levels) == int(LEVEL * GAIN)
    assert played.heard() == ["I see."]
    assert len(played.events(PlaybackStarted)) == 1
    assert {event.kind for event in played.events(ReplyStarted)} == {"answer"}
    assert murmur("en") not in [m.text for m in played.messages(Transcript) if isinstance(m, Transcript)]
    lips = [at_s for at_s, m in played.door.sent if isinstance(m, VisemeTrack) and at_s < first_reply_s]
    assert lips == pytest.approx(sounds, abs=0.01), "a page that cut the voice short (`Clear`) waits for these"


def test_without_a_working_voice_there_are_only_nods() -> None:
    call = telling("sounds")
    call.tts.fails = True
    played = checked(call, until=30.0)
    assert set(kinds(played)) == {"nod"}


# A turn that is too long.

JUMP_IN = phrase("jump_in", "en")


LIMIT = TurnSettings(max_turn_s=10.0)


def test_a_turn_that_is_too_long_is_cut_at_the_next_pause() -> None:
    call = telling("off", parts=3, turn=LIMIT)
    call.endpoint = ScriptedEndpoint(default=0.03)
    played = checked(call, until=30.0)
    ended = played.events(TurnEnded)
    assert [event.why for event in ended] == ["limit"]
    assert ended[0].text == " ".join([LONG] * 3)
    assert played.at(PlaybackStarted) - ended[0].speech_end_s < 0.5
    assert played.heard() == [f"{JUMP_IN} I see."]
    assert [request.begun for request in call.llm.requests][-1] == JUMP_IN
    assert asked(call.llm) == [("user", ended[0].text)]


def test_somebody_who_goes_on_over_the_excuse_hears_it_out_and_is_then_heard() -> None:
    call = telling("off", parts=4, turn=LIMIT)
    played = checked(call, until=40.0)
    assert played.events(TurnEnded)[0].why == "limit"
    assert JUMP_IN.startswith(played.heard()[0])
    assert len(played.heard()[0]) > len(JUMP_IN) - 8
    assert played.events(TurnEnded)[1].text == LONG
    assert played.heard()[-1] == "I see."


def test_somebody_who_never_pauses_is_cut_all_the_same() -> None:
    call = Scenario(llm=ScriptedLlm(["I see."]), settings=Settings(turn=TurnSettings(max_turn_s=5.0)))
    call.says(1.0, "word " * 80)
    played = checked(call, until=40.0)
    first = played.events(TurnEnded)[0]
    assert first.why == "limit"
    assert played.at(TurnEnded) == pytest.approx(played.at(SpeechStarted) + 15.0, abs=0.2)
    assert any(text.startswith("Sorry to jump in") for text in played.heard())


def test_a_turn_within_its_limit_is_left_alone() -> None:
    played = checked(telling("off", turn=TurnSettings(max_turn_s=60.0)), until=30.0)
    assert [event.why for event in played.events(TurnEnded)] != ["limit"]
    assert not played.events(UsageCounted) or played.heard() == ["I see."]
