"""Visual cues in a call: only with consent to them, never at the voice's expense, and the same again in replay."""

from __future__ import annotations

import math

import pytest
from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import ConsentGiven, ConsentRevoked, FaceCue, Nodded, ProviderFailed, Record
from visavis.kernel.messages import Consent, Cue
from visavis.see.watcher import LAPSE_S, MOST_FAILURES
from visavis.session.replay import replay
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.faces import ScriptedFace, picture
from visavis.testing.scenario import Played, Scenario

AGENT = Agent("Ada", "You answer.", greeting="")
ALL = ["listen", "camera", "cues"]
PAGE_SEES = Cue("moving", "away", 1, nod=True)


def call_with_camera(purposes: list[str] | None, face: ScriptedFace | None = None, until: float = 12.0) -> Scenario:
    """Somebody talks, falls silent, turns away; the camera sees it."""
    call = Scenario(AGENT, llm=ScriptedLlm(["At nine."]), face=face or ScriptedFace(), consent_via="page")
    if purposes is not None:
        call.does(1.0, Consent(given=True, purposes=purposes))
    call.says(3.0, "when do you open")
    for n in range(round((until - 3.0) * 12)):
        at_s = 2.0 + n / 12
        talks = 3.0 <= at_s < 4.2
        mouth = 0.15 * (1 + math.sin(2 * math.pi * 4 * at_s)) if talks else 0.0
        call.does(at_s, picture(at_s, mouth=mouth, yaw_deg=50.0 if at_s > 8.0 else 0.0))
    return call


def told(played: Played) -> list[Record]:
    return [record for record in played.records if isinstance(record.event, FaceCue | Nodded)]


@pytest.mark.parametrize("purposes", [None, [], ["listen", "camera"], ["listen", "cues"], ["camera", "screen"]])
def test_no_picture_is_searched_without_consent_to_camera_and_cues(purposes: list[str] | None) -> None:
    face = ScriptedFace()
    played = checked(call_with_camera(purposes, face), until=12.0)
    assert face.looks == 0
    assert not told(played)


@pytest.mark.parametrize("purposes", [None, ["listen", "camera", "screen"]])
def test_cues_of_the_page_count_for_nothing_without_consent(purposes: list[str] | None) -> None:
    call = call_with_camera(purposes)
    call.does(4.0, PAGE_SEES)
    assert not told(checked(call, until=12.0))


def test_with_consent_changes_become_facts_and_replay_the_same() -> None:
    played = checked(call_with_camera(ALL), until=12.0)
    seen = [(event.mouth, event.facing) for event in played.events(FaceCue)]
    sure = [cue for cue in seen if cue[0] != "unknown"]
    assert sure[:3] == [("still", "here"), ("moving", "here"), ("still", "here")]
    assert ("still", "away") in seen
    assert len(seen) < 10, "changes only"
    replayed = replay(played.records)
    assert replayed.same, replayed.difference
    assert played.heard() == ["At nine."]


def test_at_most_fifteen_looks_a_second() -> None:
    face = ScriptedFace()
    call = Scenario(AGENT, face=face, consent_via="attested")
    for n in range(60):
        call.does(1.0 + n / 30, picture(1.0 + n / 30))
    checked(call, until=4.0)
    assert 20 <= face.looks <= 31


def test_without_new_pictures_cues_lapse() -> None:
    call = Scenario(AGENT, face=ScriptedFace(), consent_via="attested")
    for n in range(12):
        call.does(1.0 + n / 12, picture(1.0 + n / 12))
    played = checked(call, until=6.0)
    last = told(played)[-1]
    assert last.event == FaceCue()
    assert last.at_s == pytest.approx(1.0 + 11 / 12 + LAPSE_S, abs=0.05)


def test_the_page_may_look_itself_and_then_pictures_are_left_alone() -> None:
    face = ScriptedFace()
    call = call_with_camera(ALL, face)
    for n in range(80):
        call.does(1.5 + n / 8, Cue("moving" if n < 20 else "still", "here", 1, nod=n == 40))
    played = checked(call, until=12.0)
    assert face.looks == 0
    assert played.events(FaceCue)[:2] == [FaceCue("moving", "here", 1), FaceCue("still", "here", 1)]
    assert len(played.events(Nodded)) == 1


def test_the_pages_cues_need_no_camera_here() -> None:
    call = Scenario(AGENT, consent_via="page")
    call.does(1.0, Consent(given=True, purposes=["listen", "cues"]))
    call.does(2.0, PAGE_SEES)
    played = checked(call, until=5.0)
    assert [type(record.event) for record in told(played)] == [FaceCue, Nodded, FaceCue]


def test_consent_to_cues_taken_back_in_mid_call_stops_them_at_once_and_the_call_goes_on() -> None:
    face = ScriptedFace()
    call = call_with_camera(ALL, face)
    call.does(6.0, Consent(given=False, purposes=["cues"]))
    call.does(7.0, PAGE_SEES)
    call.says(9.0, "are you there")
    played = checked(call, until=14.0)
    assert all(record.at_s < 6.05 for record in told(played)), played.told()
    assert face.looks <= 4.1 * 15
    assert played.events(ConsentRevoked) == [ConsentRevoked(("cues",))]
    assert [set(event.purposes) for event in played.events(ConsentGiven)] == [set(ALL), {"listen", "camera"}]
    assert len(played.heard()) == 2


def test_a_tracker_that_fails_is_a_fact_and_the_voice_goes_on() -> None:
    call = Scenario(AGENT, llm=ScriptedLlm(["At nine."]), face=ScriptedFace(), consent_via="attested")
    for n in range(40 * 12):
        call.does(1.0 + n / 12, picture(1.0 + n / 12, broken=True))
    call.says(2.0, "when do you open")
    played = checked(call, until=42.0)
    failed = played.events(ProviderFailed)
    assert [(event.layer, event.provider) for event in failed] == [("face", "scripted")] * MOST_FAILURES
    assert "At nine." in played.heard()
    assert not played.events(FaceCue)
