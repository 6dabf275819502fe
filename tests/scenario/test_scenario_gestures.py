"""A hand that is raised before the camera: the agent yields the floor, at a good place, and only when it may look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from calls import checked

from visavis.kernel.agent import Agent, Trigger
from visavis.kernel.events import (
    FloorYielded,
    GestureSeen,
    Interrupted,
    PlaybackStarted,
    PlaybackStopped,
    ProviderFailed,
    ReplyEnded,
    SightTriggered,
)
from visavis.kernel.events.see import Gesture
from visavis.kernel.messages import Consent, Track, Triggered
from visavis.kernel.settings import SessionSettings, Settings
from visavis.see.gesture_watch import MOST_FAILURES, SHARE
from visavis.see.vision import Sighted
from visavis.testing.doubles import WORD_S, ScriptedLlm
from visavis.testing.hands import ScriptedHands, hand
from visavis.testing.scenario import Played, Scenario
from visavis.testing.shown import ScriptedReader

AGENT = Agent("Ada", "You answer.", greeting="")
PATIENT = Settings(session=SessionSettings(idle_prompt_s=500.0))
LONG = (
    "We open at nine in the morning and we close at six in the evening on every day of the week but on Sunday "
    "when the whole team is away and nobody is here to let you in before noon at the earliest."
)


def call_with(hands: ScriptedHands, *, agent: Agent = AGENT, reply: str = LONG, **more: object) -> Scenario:
    return Scenario(
        agent,
        llm=ScriptedLlm([reply, "Go on."]),
        settings=PATIENT,
        arrange=lambda layers: replace(layers, gestures=hands, sighted=Sighted(reader=ScriptedReader())),
        **more,  # type: ignore[arg-type]
    )


def holds(call: Scenario, gesture: Gesture | None, from_s: float, to_s: float, *, x: float = 0.5) -> None:
    for at_s in np.arange(from_s, to_s, 0.1).round(3).tolist():
        call.does(at_s, hand(at_s, gesture, x=x))


def kinds(played: Played) -> list[str]:
    return [event.kind for event in played.events(SightTriggered)]


def test_a_raised_hand_stops_the_voice_where_a_word_ends_and_the_agent_listens() -> None:
    call = call_with(ScriptedHands())
    call.says(1.0, "when do you open")
    holds(call, None, 1.0, 4.0)
    holds(call, "raised_hand", 4.0, 6.0)
    call.says(9.0, "and on Mondays")
    played = checked(call, until=14.0)
    (seen,) = played.events(GestureSeen)
    assert seen.gesture == "raised_hand" and 4.6 <= seen.frame_at_s <= 5.1, "held for 0.6 s first"
    (yielded,) = played.events(FloorYielded)
    assert (yielded.reply, yielded.why) == (1, "raised_hand")
    first = played.events(ReplyEnded)[0]
    assert not first.ok and LONG.startswith(first.text) and 5 < len(first.text.split()) < len(LONG.split())
    assert played.at(FloorYielded) - played.at(SightTriggered) < 1.2
    assert played.at(PlaybackStopped) == played.at(FloorYielded)
    prompts = [request.messages[-1].text for request in call.llm.requests]
    assert prompts[-1].endswith("and on Mondays") and "raised a hand" in prompts[-1], "the next turn is told"
    assert "Go on." in played.heard()


def test_the_voice_ends_its_word_before_it_falls_silent() -> None:
    """What was heard when the voice stops is all that had begun to be said."""
    call = call_with(ScriptedHands())
    call.says(1.0, "when do you open")
    holds(call, "raised_hand", 3.0, 6.0)
    played = checked(call, until=8.0)
    heard = played.events(Interrupted)[0].heard.split()
    assert heard == LONG.split()[: len(heard)]
    spoken_s = played.at(FloorYielded) - played.at(PlaybackStarted) - played.door.playout_delay_s
    assert spoken_s == pytest.approx(len(heard) * WORD_S, abs=0.03), "no part of a word goes unheard"


def test_a_protected_passage_is_said_to_its_end_first() -> None:
    notice = "this call is recorded for quality and training and kept for thirty days"
    call = call_with(ScriptedHands(), reply=f"[[{notice}]] {LONG}")
    call.says(1.0, "when do you open")
    holds(call, "raised_hand", 2.6, 4.5)
    played = checked(call, until=14.0)
    assert played.events(FloorYielded)
    heard = played.events(ReplyEnded)[0].text
    assert heard.startswith(notice) and not heard.endswith("earliest.")


def test_a_hand_while_nobody_speaks_is_told_and_stops_nothing() -> None:
    call = call_with(ScriptedHands(), reply="At nine.")
    holds(call, "raised_hand", 1.0, 3.0)
    call.says(5.0, "when do you open")
    played = checked(call, until=10.0)
    assert kinds(played) == ["raised_hand"] and not played.events(FloorYielded)
    assert [message for message in played.messages(Triggered) if message.kind == "raised_hand"]  # type: ignore[attr-defined]
    assert "raised a hand" in call.llm.requests[0].messages[-1].text
    assert played.heard() == ["At nine."]


@pytest.mark.parametrize(
    ("spans", "seen"),
    [
        ([(1.0, 1.5, 0.5)], 0),
        ([(1.0, 1.4, 0.5), (2.2, 2.6, 0.5)], 0),
        ([(1.0, 1.4, 0.2), (1.4, 1.8, 0.5), (1.8, 2.2, 0.8)], 0),
        ([(1.0, 6.0, 0.5)], 1),
        ([(1.0, 1.5, 0.5), (1.7, 2.3, 0.5)], 1),
        ([(1.0, 2.5, 0.5), (4.0, 5.5, 0.5)], 2),
    ],
    ids=["a moment", "twice a moment", "waved", "held on and on", "lost for a look", "raised twice"],
)
def test_a_gesture_must_be_held_and_counts_once(spans: list[tuple[float, float, float]], seen: int) -> None:
    call = call_with(ScriptedHands(), reply="At nine.")
    holds(call, None, 0.5, 0.9)
    for from_s, to_s, x in spans:
        holds(call, "raised_hand", from_s, to_s, x=x)
    for gap in (round(0.5 + n / 10, 1) for n in range(65)):
        if not any(from_s <= gap < to_s for from_s, to_s, _ in spans):
            call.does(gap + 0.001, hand(gap + 0.001, None))
    played = checked(call, until=8.0)
    assert len(played.events(GestureSeen)) == seen, played.told()


def test_a_trigger_rests_between_two_times_and_only_what_is_declared_is_acted_on() -> None:
    agent = replace(AGENT, triggers=(Trigger("thumb_up", tell="Thank them.", cooldown_s=4.0),))
    call = call_with(ScriptedHands(), agent=agent)
    call.says(0.5, "when do you open")
    for from_s in (3.0, 5.5, 9.0):
        holds(call, "thumb_up", from_s, from_s + 1.0)
    holds(call, "raised_hand", 11.0, 12.5)
    played = checked(call, until=14.0)
    assert [event.gesture for event in played.events(GestureSeen)] == ["thumb_up"] * 3 + ["raised_hand"]
    assert kinds(played) == ["thumb_up", "thumb_up"]
    assert not played.events(FloorYielded), "the agent does not declare it"


def test_hands_are_looked_at_only_with_consent_to_the_camera() -> None:
    hands = ScriptedHands()
    call = call_with(hands, consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "screen"]))
    holds(call, "raised_hand", 1.0, 3.0)
    played = checked(call, until=4.0)
    assert hands.looks == 0 and not played.events(GestureSeen)


def test_consent_withdrawn_or_the_camera_off_ends_what_was_held() -> None:
    for taken in (Consent(given=False, purposes=["camera"]), Track("camera", False)):
        call = call_with(ScriptedHands(takes_s=0.05), consent_via="page")
        call.does(0.5, Consent(given=True, purposes=["listen", "camera"]))
        holds(call, "raised_hand", 1.0, 1.5)
        call.does(1.52, taken)
        holds(call, "raised_hand", 1.55, 1.8)
        played = checked(call, until=4.0)
        assert not played.events(GestureSeen), taken


def test_looks_take_a_tenth_of_the_time_however_slow_they_are() -> None:
    hands = ScriptedHands(takes_s=0.1)
    call = call_with(hands)
    for n in range(150):
        call.does(1.0 + n / 15, hand(1.0 + n / 15, None))
    checked(call, until=11.5)
    assert 8 <= hands.looks <= 10 / (0.1 / SHARE) + 1


def test_hands_that_cannot_be_looked_for_are_told_and_left_alone() -> None:
    hands = ScriptedHands()
    call = call_with(hands, reply="At nine.")
    for n in range(600):
        call.does(1.0 + n / 10, hand(1.0 + n / 10, None, broken=True))
    call.says(3.0, "when do you open")
    played = checked(call, until=62.0)
    failed = [event for event in played.events(ProviderFailed) if event.provider == "gestures"]
    assert len(failed) == hands.looks == MOST_FAILURES
    assert played.heard() == ["At nine."]


def test_gestures_are_off_unless_set() -> None:
    assert Settings().vision.gestures == ""
