"""Before the person agrees nothing is heard, read, stored or sent to a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    ConsentAsked,
    ConsentGiven,
    ConsentRefused,
    FramesSeen,
    MessageRejected,
    PlaybackStarted,
    SessionEnded,
    SessionJoined,
    SessionStarted,
    TurnEnded,
)
from visavis.kernel.media import VideoFrame
from visavis.kernel.messages import Consent, Leave, Notice, Say, Start
from visavis.session.admission import ANSWER_WITHIN_S
from visavis.testing.doubles import ScriptedAsr, ScriptedLlm, ScriptedTts, ScriptedVad, _ScriptedAsrStream
from visavis.testing.scenario import Played, Scenario
from visavis.transport.base import Bad, Gone

AGENT = Agent("Ada", "You answer.", greeting="Hello.")
CONTENT_FREE = (SessionJoined, ConsentAsked, ConsentGiven, ConsentRefused, SessionEnded, MessageRejected)


class Overheard:
    """What reached the engines, by kind."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.count(monkeypatch, ScriptedVad, "push")
        self.count(monkeypatch, _ScriptedAsrStream, "push")
        self.count(monkeypatch, _ScriptedAsrStream, "final")
        self.count(monkeypatch, ScriptedLlm, "stream")
        self.count(monkeypatch, ScriptedTts, "stream")

    def count(self, monkeypatch: pytest.MonkeyPatch, kind: type, method: str) -> None:
        real = getattr(kind, method)

        def called(*arguments: Any, **options: Any) -> Any:
            self.calls.append(f"{kind.__name__}.{method}")
            return real(*arguments, **options)

        monkeypatch.setattr(kind, method, called)


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    assert ScriptedAsr.name == "scripted"
    return Overheard(monkeypatch)


def chatty(**more: Any) -> Scenario:
    """The person talks, types and shows things from the first moment, whatever they were asked."""
    call = Scenario(AGENT, llm=ScriptedLlm(["At nine."]), consent_via="page", **more)
    call.says(0.5, "when do you open")
    call.does(1.0, Say("my secret"))
    call.does(1.1, VideoFrame(np.zeros((2, 2, 3), np.uint8), "camera", 1.1))
    call.does(1.2, Bad("not valid JSON", 99))
    return call


def nothing_but_the_answer(played: Played) -> None:
    assert all(isinstance(record.event, CONTENT_FREE) for record in played.records), played.told()
    assert not any(record.event.content for record in played.records)
    assert not played.door.played


def test_refused(overheard: Overheard) -> None:
    call = chatty()
    call.does(4.0, Consent(given=False))
    played = checked(call, until=8.0)
    assert played.reason == "declined"
    assert overheard.calls == []
    nothing_but_the_answer(played)
    assert len(played.events(ConsentRefused)) == 1


def test_never_answered(overheard: Overheard) -> None:
    played = checked(chatty(), until=ANSWER_WITHIN_S + 30)
    assert played.reason.startswith("declined")
    assert played.at(SessionEnded) == pytest.approx(ANSWER_WITHIN_S, abs=0.1)
    assert overheard.calls == []
    nothing_but_the_answer(played)


@pytest.mark.parametrize(("item", "reason"), [(Leave(), "left"), (Gone("peer_gone"), "peer_gone")])
def test_gone_before_answering(overheard: Overheard, item: Any, reason: str) -> None:
    call = chatty()
    call.does(3.0, item)
    played = checked(call, until=8.0)
    assert played.reason == reason
    assert overheard.calls == []
    nothing_but_the_answer(played)


@pytest.mark.parametrize("answer", [Consent(given=True), Start(consent=True)])
def test_given_by_message_and_only_then_does_anything_happen(overheard: Overheard, answer: Any) -> None:
    call = chatty()
    call.does(5.0, answer)
    call.says(8.0, "are you open")
    played = checked(call, until=13.0)
    given_s = played.at(ConsentGiven)
    assert given_s == pytest.approx(5.0, abs=0.03)
    for record in played.records:
        assert record.at_s >= given_s or isinstance(record.event, CONTENT_FREE)
    assert played.at(PlaybackStarted) > given_s
    assert [turn.text for turn in played.events(TurnEnded)] == ["are you open"], "what came before was dropped unread"
    assert played.heard() == ["Hello.", "At nine."]
    assert [rejected.why for rejected in played.events(MessageRejected)] == ["not valid JSON"]


def test_the_notice_comes_first_in_the_agents_language() -> None:
    agent = Agent("Ana", "Respondes.", language="es", greeting="Hola.")
    call = Scenario(agent, consent_via="message")
    call.does(2.0, Consent(given=True))
    played = checked(call, until=4.0)
    (notice,) = played.messages(Notice)
    assert isinstance(notice, Notice)
    assert "inteligencia artificial" in notice.text
    assert "Ana" in notice.text
    (asked,) = played.events(ConsentAsked)
    (given,) = played.events(ConsentGiven)
    assert asked.version == given.version == notice.version
    assert asked.language == "es"
    assert asked.via == given.via == "message"


def test_attested_by_the_operator_is_on_the_record() -> None:
    call = Scenario(AGENT, consent_via="attested")
    played = checked(call, until=3.0)
    assert [given.via for given in played.events(ConsentGiven)] == ["attested"]
    assert not played.messages(Notice)
    assert played.heard() == ["Hello."]


@pytest.mark.parametrize(("purposes", "seen"), [(["listen"], False), (["listen", "camera"], True), ([], False)])
def test_pictures_need_their_own_yes(purposes: list[str], seen: bool) -> None:
    call = Scenario(AGENT, consent_via="page")
    call.does(1.0, Consent(given=True, purposes=purposes))
    for number in range(30):
        at_s = 2.0 + number / 10
        call.does(at_s, VideoFrame(np.zeros((4, 6, 3), np.uint8), "camera", at_s))
        call.does(at_s, VideoFrame(np.zeros((4, 6, 3), np.uint8), "screen", at_s))
    played = checked(call, until=6.0)
    assert {(event.source, event.width, event.height) for event in played.events(FramesSeen)} == (
        {("camera", 6, 4)} if seen else set()
    )


def test_a_purpose_can_be_added_in_mid_call() -> None:
    call = Scenario(AGENT, consent_via="page")
    call.does(1.0, Consent(given=True, purposes=["listen"]))
    call.does(3.0, Consent(given=True, purposes=["listen", "camera"]))
    for number in range(15):
        at_s = 4.0 + number / 10
        call.does(at_s, VideoFrame(np.zeros((4, 6, 3), np.uint8), "camera", at_s))
    played = checked(call, until=7.0)
    assert [set(event.purposes) for event in played.events(ConsentGiven)] == [{"listen"}, {"listen", "camera"}]
    assert played.events(FramesSeen)


def test_consent_taken_back_ends_the_call_at_once() -> None:
    call = Scenario(AGENT, llm=ScriptedLlm(["Words that go on and on and on."]), consent_via="page")
    call.does(1.0, Consent(given=True))
    call.says(3.0, "when do you open")
    call.does(5.5, Consent(given=False))
    played = checked(call, until=9.0)
    assert played.reason == "declined"
    assert played.at(SessionEnded) == pytest.approx(5.5, abs=0.03)


def test_consent_of_an_earlier_process_still_holds() -> None:
    past = [
        (0.0, SessionJoined("webrtc", "Ada")),
        (1.0, ConsentGiven("2026-11", ("listen",), "page")),
    ]
    call = Scenario(AGENT, consent_via="page", past=past)
    played = checked(call, until=6.0)
    assert not played.messages(Notice)
    assert played.events(SessionStarted)


def test_a_process_that_died_before_the_answer_asks_again() -> None:
    call = Scenario(AGENT, consent_via="page", past=[(0.0, SessionJoined("webrtc", "Ada"))])
    played = checked(call, until=6.0)
    assert played.messages(Notice)
    assert not played.events(SessionStarted)
