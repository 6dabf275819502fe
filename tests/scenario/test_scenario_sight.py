"""Sight in a call: questions that need eyes, what turns are told, and a voice that goes on whatever eyes do."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from itertools import takewhile
from typing import Any

import numpy as np
import pytest
from calls import checked

from visavis.kernel.agent import Agent, Trigger
from visavis.kernel.events import (
    DocumentRead,
    FirstToken,
    FramesDropped,
    FrameSent,
    FramesSeen,
    FrameUsed,
    OpenerChosen,
    PlaybackStarted,
    ProviderFailed,
    SightNoted,
    SightTriggered,
    ToolReturned,
    TrackChanged,
    TurnEnded,
)
from visavis.kernel.media import VideoFrame, VideoSource
from visavis.kernel.messages import ClientMessage, Consent, Frame, Leave, Sight, SightTotals, Track
from visavis.kernel.settings import SessionSettings, Settings, VisionSettings
from visavis.see.base import Image
from visavis.see.gate import FrameGate
from visavis.see.tokens import cost
from visavis.see.vision import QUEUE, READ_S, Sighted
from visavis.session.history import UNSEEN
from visavis.session.look import DARK, NO_TEXT, NOTE_CHARS, OFF, TOO_LATE
from visavis.session.openers import Openers
from visavis.session.sight import LOST_S
from visavis.speak.base import Speech
from visavis.testing.doubles import ScriptedLlm, sound
from visavis.testing.faces import ScriptedFace, picture
from visavis.testing.scenario import Played, Scenario
from visavis.testing.shown import ScriptedReader, shown
from visavis.think.base import LlmEvent, LlmRequest, ToolCall
from visavis.think.data_marks import FROM_SIGHT, as_data

AGENT = Agent("Ada", "You answer.", greeting="")
PAGE = {1: "Gate 14 closes at 9:40", 2: "Gate 22 closes at 10:15"}
PATIENT = Settings(session=SessionSettings(idle_prompt_s=500.0))
QUESTION = "what does it say here"


def call_with(sighted: Sighted, *, agent: Agent = AGENT, llm: ScriptedLlm | None = None, **more: Any) -> Scenario:
    return Scenario(
        agent,
        llm=llm or ScriptedLlm(["At nine forty."]),
        arrange=lambda layers: replace(layers, sighted=sighted),
        **more,
    )


def shows(
    call: Scenario,
    number: int,
    from_s: float,
    to_s: float,
    source: VideoSource = "screen",
    *,
    fps: float = 5.0,
    scale: int = 1,
) -> int:
    """Picture `number` from `from_s` on; returns how many frames."""
    times = np.arange(from_s, to_s, 1 / fps).round(4).tolist()
    for at_s in times:
        call.does(at_s, shown(number, at_s, source, scale=scale))
    return len(times)


def prompted(call: Scenario, nth: int = -1) -> str:
    """The last message of a request."""
    request: LlmRequest = call.llm.requests[nth]
    return request.messages[-1].text


def whys(played: Played) -> list[str]:
    return [event.why for event in played.events(FrameSent)]


def dropped(played: Played) -> dict[str, int]:
    total: dict[str, int] = {}
    for event in played.events(FramesDropped):
        for why, count in event.counts.items():
            total[why] = total.get(why, 0) + count
    return total


# Questions that need eyes.


def test_a_question_that_needs_eyes_is_answered_from_the_note_of_a_fresh_frame() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE, takes_s=0.9)))
    shows(call, 1, 1.0, 9.0)
    call.says(4.0, QUESTION)
    played = checked(call, until=9.0)
    assert played.heard() == ["At nine forty."]
    assert prompted(call).endswith(f"\n\n{QUESTION}")
    assert f"Screen: {PAGE[1]}\n" in prompted(call), "in view, so that it has no age"
    assert whys(played) == ["first_frame", "asked"]
    sent = played.events(FrameSent)[1]
    assert sent.frame_at_s >= 5.0, "while the question was said"
    (used,) = played.events(FrameUsed)
    assert (used.source, used.frame_at_s, used.how) == ("screen", sent.frame_at_s, "reader")
    assert 0 < used.age_s < 3


def test_an_answer_waits_for_the_eyes_behind_an_opener() -> None:
    """The picture comes up with the end of the question, and reading takes a second."""
    voice = Speech(sound(9, 0.6, 24_000), 24_000, (), ())
    openers = Openers("auto", language="en", voiced={"Let me check.": [voice], "One moment, please.": [voice]})
    call = call_with(Sighted(reader=ScriptedReader(PAGE, takes_s=1.0)), openers=openers)
    shows(call, 1, 4.6, 9.0)
    call.says(3.0, QUESTION)
    played = checked(call, until=9.0)
    assert [event.text for event in played.events(OpenerChosen)] == ["One moment, please."]
    assert played.at(PlaybackStarted) < played.at(SightNoted) < played.at(FirstToken)
    assert call.llm.requests[-1].begun == "", "the opener is a sentence of its own"
    assert [event.how for event in played.events(FrameUsed)] == ["reader"]
    assert PAGE[1] in prompted(call)
    assert played.heard() == ["At nine forty."], "what is heard of an opener has no marks in this test"


def test_what_was_told_already_is_told_again_to_a_question_that_needs_eyes_behind_an_opener() -> None:
    voice = Speech(sound(9, 0.6, 24_000), 24_000, (), ())
    openers = Openers("auto", language="en", voiced={"Let me check.": [voice], "One moment, please.": [voice]})
    call = call_with(Sighted(reader=ScriptedReader(PAGE, takes_s=1.0)), openers=openers, settings=PATIENT)
    shows(call, 1, 1.0, 18.0)
    call.says(4.0, "when do you open")
    call.says(10.0, "and where")
    call.says(14.0, QUESTION)
    played = checked(call, until=18.0)
    assert PAGE[1] not in answered(call, "and where").messages[-1].text
    asked = answered(call, QUESTION)
    assert PAGE[1] in asked.messages[-1].text and PAGE[1] in asked.messages[1].text
    assert (
        played.at(OpenerChosen)
        < [record.at_s for record in played.records if isinstance(record.event, FirstToken)][-1]
    )


@pytest.mark.parametrize("takes_s", [4.0, 1e6], ids=["late", "hangs"])
def test_eyes_that_are_late_keep_an_answer_no_longer_than_the_limit(takes_s: float) -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE, takes_s=takes_s)), llm=ScriptedLlm(["I cannot see it yet."]))
    shows(call, 1, 3.5, 12.0)
    call.says(3.0, QUESTION)
    call.says(9.0, "thank you very much")
    played = checked(call, until=3.6 + READ_S + 1)
    asked, thanked = played.records[0], played.records[0]
    asked, thanked = (record for record in played.records if isinstance(record.event, TurnEnded))
    first = next(n for n, request in enumerate(call.llm.requests) if request.messages[-1].text.endswith(QUESTION))
    assert TOO_LATE in prompted(call, first) and PAGE[1] not in prompted(call, first)
    heard = played.heard()
    assert len(heard) == 2, "a note that comes late is not spoken"
    assert thanked.at_s > asked.at_s
    if takes_s == 4.0:
        assert f"Screen: {PAGE[1]}" in prompted(call)
    else:
        (failed,) = played.events(ProviderFailed)
        assert (failed.layer, failed.code) == ("vision", "provider_timeout")


def test_with_nothing_switched_on_the_agent_is_told_so() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)))
    call.says(1.0, QUESTION)
    checked(call, until=6.0)
    assert OFF in prompted(call)


def test_a_picture_without_text_is_not_taken_for_nothing() -> None:
    call = call_with(Sighted(reader=ScriptedReader({})))
    shows(call, 1, 1.0, 8.0, "camera")
    call.says(3.0, "what am I holding")
    checked(call, until=8.0)
    assert NO_TEXT in prompted(call)


def test_the_tool_look_is_offered_where_there_are_eyes() -> None:
    calls = [ToolCall("c1", "look", '{"question": "the gate"}')]
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), llm=ScriptedLlm([calls, "At nine forty."]))
    shows(call, 1, 1.0, 9.0)
    call.says(3.0, "when does my gate close")
    played = checked(call, until=9.0)
    (returned,) = played.events(ToolReturned)
    assert PAGE[1] in returned.result and returned.ok
    assert "asked" in whys(played)
    blind = Scenario(AGENT, llm=ScriptedLlm(["Hello."]))
    blind.says(1.0, "hello there")
    checked(blind, until=4.0)
    assert [spec.name for spec in blind.llm.requests[-1].tools] == []


def test_the_tool_look_waits_for_the_screen_beside_a_camera_without_text() -> None:
    calls = [ToolCall("c1", "look", '{"question": "the gate"}')]
    call = call_with(Sighted(reader=ScriptedReader(PAGE, takes_s=0.4)), llm=ScriptedLlm([calls, "At nine forty."]))
    shows(call, 3, 1.0, 9.0, "camera", fps=4.0)
    shows(call, 4, 4.0, 9.0, "camera", fps=4.0)
    shows(call, 1, 1.0, 9.0, fps=1.0)
    call.says(3.0, "when does my gate close")
    played = checked(call, until=9.0)
    (returned,) = played.events(ToolReturned)
    assert PAGE[1] in returned.result


def test_a_covered_camera_beside_a_screen_keeps_no_answer_waiting() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE, takes_s=0.1)))
    shows(call, 1, 1.0, 9.0)
    for n in range(40):
        call.does(1.0 + n / 5, VideoFrame(np.zeros((180, 320, 3), np.uint8), "camera", 1.0 + n / 5))
    call.says(4.0, QUESTION)
    played = checked(call, until=9.0)
    assert PAGE[1] in prompted(call) and TOO_LATE not in prompted(call)
    assert played.at(FirstToken) - played.at(TurnEnded) < 0.5


def test_before_a_covered_camera_the_agent_is_told_so_at_once() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)))
    for n in range(40):
        call.does(1.0 + n / 5, VideoFrame(np.zeros((180, 320, 3), np.uint8), "camera", 1.0 + n / 5))
    call.says(4.0, QUESTION)
    played = checked(call, until=9.0)
    assert DARK in prompted(call)
    assert played.at(FirstToken) - played.at(TurnEnded) < 0.5


@pytest.mark.parametrize("fps", [0.4, 5.0], ids=["no fresh frame", "a fresh frame"])
def test_where_the_budget_is_used_up_no_answer_waits_for_it(fps: float) -> None:
    used_up = Settings(vision=VisionSettings(frames_per_call=1))
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), settings=used_up)
    shows(call, 1, 1.0, 12.0, fps=fps)
    call.says(4.0, QUESTION)
    played = checked(call, until=12.0)
    assert whys(played) == ["first_frame"]
    assert PAGE[1] in prompted(call) and TOO_LATE not in prompted(call)


# What turns are told.


def test_a_turn_is_told_what_was_seen_with_its_age_and_not_for_ever() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), settings=PATIENT)
    shows(call, 1, 1.0, 4.0)
    call.says(12.0, "when do you open")
    call.says(110.0, "when do you open")
    checked(call, until=115.0)
    first = next(n for n, one in enumerate(call.llm.requests) if one.messages[-1].text.endswith("when do you open"))
    assert f"{PAGE[1]} (seen at most 20 s ago)" in prompted(call, first)
    assert PAGE[1] not in prompted(call)


def page_frame(at_s: float) -> VideoFrame:
    image: Image = np.full((240, 320, 3), 40, np.uint8)
    image[40:200, 90:230] = 240
    image[60:180:12, 100:220] = np.random.default_rng(1).choice([30, 240], (10, 120, 1))
    image[:20, :20] = 1
    return VideoFrame(image, "camera", at_s)


LETTER = "dear reader this is a letter about flour and salt with best regards from harbour mill"


class PageReader(ScriptedReader):
    """Finds the letter on the page that was cut out, too."""

    async def _text(self, image: Image) -> str:
        await super()._text(image)
        return LETTER


def test_a_page_is_kept_triggers_and_is_told_to_every_turn() -> None:
    agent = replace(AGENT, triggers=(Trigger("document", tell="Thank them for the page."),))
    call = call_with(Sighted(reader=PageReader()), agent=agent, settings=PATIENT)
    for n in range(10):
        call.does(1.0 + n / 5, page_frame(1.0 + n / 5))
    call.says(6.0, "what is it about")
    call.says(130.0, "who wrote it")
    played = checked(call, until=135.0)
    (read,) = played.events(DocumentRead)
    assert read.text == LETTER
    assert [event.kind for event in played.events(SightTriggered)] == ["document"]
    prompts = [request.messages[-1].text for request in call.llm.requests]
    first = next(text for text in prompts if text.endswith("what is it about"))
    assert f"Document 1 (held to the camera):\n{LETTER}" in first and "Thank them" in first
    last = call.llm.requests[-1].messages
    assert [message.text for message in last].count(first) == 1, "it stays where it was told first"
    assert prompts[-1] == "who wrote it"
    assert "document 1" in [event.how for event in played.events(FrameUsed)]
    again = call_with(Sighted(reader=ScriptedReader()), past=[(one.at_s, one.event) for one in played.records[:-1]])
    again.says(140.0, "who wrote it")
    checked_again = again.run(until=145.0)
    assert checked_again.heard()
    assert LETTER in prompted(again), "a process that takes the call over knows it"


def test_a_frame_bears_one_time_in_every_fact_about_it_and_on_the_page() -> None:
    agent = replace(AGENT, triggers=(Trigger("document", tell="Thank them for the page."),))
    call = call_with(Sighted(reader=PageReader()), agent=agent)
    for n in range(10):
        call.does(1.0 + n / 5, page_frame(1.00046 + n / 5))
    call.says(6.0, "what is it about")
    played = checked(call, until=10.0)
    sent = {event.frame_at_s for event in played.events(FrameSent)}
    for kind in (SightNoted, DocumentRead, SightTriggered, FrameUsed):
        told = {event.frame_at_s for event in played.events(kind)}
        assert told and told <= sent, kind
    pictures = {message.frame_at_s for message in played.messages(Frame) if isinstance(message, Frame)}
    notes = {message.frame_at_s for message in played.messages(Sight) if isinstance(message, Sight)}
    assert notes and notes <= pictures


def test_two_people_are_told_to_the_agent() -> None:
    agent = replace(AGENT, triggers=(Trigger("people", tell="Somebody has joined: greet them."),))
    call = call_with(Sighted(reader=ScriptedReader()), agent=agent, face=ScriptedFace())
    for n in range(60):
        at_s = 1.0 + n / 12
        call.does(at_s, picture(at_s, faces=1 if at_s < 3.0 else 2))
    call.says(6.5, "when do you open")
    played = checked(call, until=11.0)
    assert [event.kind for event in played.events(SightTriggered)] == ["people"]
    assert "Somebody has joined" in prompted(call)


@pytest.mark.parametrize("cues", [True, False])
def test_the_gate_is_told_of_faces_only_with_consent_to_cues(cues: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, float, int]] = []
    monkeypatch.setattr(FrameGate, "face", lambda gate, at_s, seen: told.append((_thread(), at_s, seen.faces)))
    call = call_with(Sighted(reader=ScriptedReader()), face=ScriptedFace(), consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "camera", *(["cues"] if cues else [])]))
    for n in range(36):
        call.does(1.0 + n / 12, picture(1.0 + n / 12, faces=1 if n < 18 else 2))
    call.does(3.0, Consent(given=False, purposes=["cues"]))
    checked(call, until=5.0)
    if not cues:
        assert not told
        return
    assert {thread for thread, _, _ in told} == {"vision_0"}, "the only one that the gate is called on"
    times = [at_s for _, at_s, _ in told]
    assert times == sorted(times) and 20 <= len(times) <= 24 and times[-1] < 3.0
    assert {faces for _, _, faces in told} == {1, 2}


def _thread() -> str:
    return threading.current_thread().name


def test_words_that_are_known_do_not_go_to_a_model_that_costs_money() -> None:
    words = {1: "Gate 14 closes at 9:40", 2: "closes at 9:40 Gate 14"}
    model = ScriptedReader({1: "A gate's board."}, name="model")
    sighted = Sighted(reader=ScriptedReader(words), describer=model, remote=False)
    call = call_with(sighted)
    shows(call, 1, 1.0, 4.0)
    shows(call, 2, 4.0, 8.0)
    played = checked(call, until=8.0)
    assert model.looks == 1
    assert [event.provider for event in played.events(FrameSent)] == ["model"]
    assert dropped(played)["nothing_new"] == 1
    assert {event.text for event in played.events(SightNoted)} == {*words.values(), "A gate's board."}


def test_what_the_second_look_keeps_costs_no_tokens_of_the_call() -> None:
    words = dict.fromkeys(range(1, 6), "Gate 14 closes at 9:40") | {6: "Breakfast is served downstairs"}
    model = ScriptedReader({1: "A gate's board.", 6: "A sign."}, name="model")
    one = cost("gpt-4o", 320, 180).tokens
    vision = VisionSettings(provider="openai", model="gpt-4o", tokens_per_call=4 * one, frames_per_min=60)
    call = call_with(Sighted(reader=ScriptedReader(words), describer=model), settings=Settings(vision=vision))
    for number in range(1, 7):
        shows(call, number, number * 2.0, number * 2.0 + 2.0)
    played = checked(call, until=15.0)
    assert [event.tokens for event in played.events(FrameSent)] == [one, one], "the board and the sign"
    assert dropped(played)["nothing_new"] == 4 and "over_budget" not in dropped(played)


# What a prompt cache sees of it.


class CachingLlm(ScriptedLlm):
    """Keeps what was computed last, and how much of each request was not there yet, in letters."""

    def __init__(self, answers: list[str]) -> None:
        super().__init__(answers)
        self.ahead: list[str] = []
        self.left: list[int] = []
        self._cached = ""

    async def prefill(self, request: LlmRequest) -> None:
        self.ahead.append(request.messages[-1].text)
        self._compute(request)

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        self.left.append(self._compute(request))
        async with aclosing(super().stream(request)) as events:
            async for event in events:
                yield event

    def _compute(self, request: LlmRequest) -> int:
        text = "".join(f"|{message.role}:{message.text}" for message in request.messages)
        known = sum(1 for _ in takewhile(lambda two: two[0] == two[1], zip(text, self._cached, strict=False)))
        self._cached = text
        return len(text) - known


def answered(call: Scenario, text: str) -> LlmRequest:
    """The last request for an answer to it."""
    return [one for one in call.llm.requests if one.messages[-1].text.endswith(text)][-1]


def test_what_has_not_changed_changes_not_a_letter_of_the_prompt() -> None:
    llm = CachingLlm(["At nine."])
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), llm=llm, settings=PATIENT)
    shows(call, 1, 1.0, 140.0, fps=1.0)
    asked = ["when do you open", "when do you close", "where are you now", "what is the price"]
    for number, text in enumerate(asked):
        call.says(4.0 + 33 * number, text)
    checked(call, until=140.0)
    prompts = [[message.text for message in answered(call, text).messages] for text in asked]
    assert f"Screen: {PAGE[1]}\n" in prompts[0][-1]
    for before, after, text in zip(prompts[:-1], prompts[1:], asked[1:], strict=True):
        assert after == [*before, "At nine.", text], "what was seen stays where it was, and nothing is told again"
    for text, left in zip(asked, llm.left, strict=True):
        assert left < len(text) + 3, "all but words of the turn itself had been computed"


def test_what_is_new_is_computed_before_the_person_speaks() -> None:
    llm = CachingLlm(["At nine."])
    call = call_with(Sighted(reader=ScriptedReader(PAGE, takes_s=0.5)), llm=llm, settings=PATIENT)
    shows(call, 1, 1.0, 8.0)
    shows(call, 2, 8.0, 20.0)
    call.says(4.0, "when do you open")
    call.says(14.0, "when do you close")
    checked(call, until=20.0)
    for number, text in ((1, "when do you open"), (2, "when do you close")):
        block = as_data(FROM_SIGHT, f"Screen: {PAGE[number]}")
        assert answered(call, text).messages[-1].text == f"{block}\n\n{text}"
        assert block in llm.ahead, "alone, while nobody spoke"
    assert max(llm.left) < len("when do you close") + 3


def test_what_comes_while_the_person_speaks_is_told_with_the_next_turn() -> None:
    llm = CachingLlm(["At nine."])
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), llm=llm, settings=PATIENT)
    long = "i would like to know when you open and when you close on a normal day of the week"
    shows(call, 1, 1.0, 6.0)
    shows(call, 2, 6.0, 24.0)
    call.says(4.0, long)
    call.says(18.0, "when do you close")
    played = checked(call, until=24.0)
    noted = [record.at_s for record in played.records if isinstance(record.event, SightNoted)]
    assert 5.0 < noted[1] < played.at(TurnEnded), "in mid-sentence"
    assert PAGE[1] in answered(call, long).messages[-1].text
    assert all(PAGE[2] not in message.text for message in answered(call, long).messages)
    assert PAGE[2] in answered(call, "when do you close").messages[-1].text
    assert max(llm.left) < len("of the week") + 20, "the words before were not computed anew"
    words = [number for number, text in enumerate(llm.ahead) if "i would like" in text]
    assert len(words) > 2 and words == list(range(words[0], words[-1] + 1)), "nothing else was computed meanwhile"


def test_what_was_in_view_before_is_told_again_when_it_comes_back() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), settings=PATIENT)
    for start_s, number in ((1.0, 1), (8.0, 2), (16.0, 1)):
        shows(call, number, start_s, start_s + 8.0)
        call.says(start_s + 4.0, f"question number {number}")
    played = checked(call, until=24.0)
    assert dropped(played)["already_sent"] == 1
    told = [message.text for message in call.llm.requests[-1].messages if message.role == "user"]
    assert [PAGE[1] in text for text in told] == [True, False, True]
    assert "seen at most" not in told[-1], "it is in view"


def test_a_note_that_comes_late_of_what_is_gone_does_not_hide_what_is_in_view() -> None:
    """The second page is shown for a moment only; it is read when the first one is back."""
    call = call_with(Sighted(reader=ScriptedReader(PAGE, takes_s=2.0)), settings=PATIENT)
    for start_s, end_s, number in ((1.0, 6.0, 1), (6.0, 7.4, 2), (7.4, 20.0, 1)):
        shows(call, number, start_s, end_s)
    call.says(12.0, "when do you open")
    played = checked(call, until=20.0)
    back = max(record.at_s for record in played.records if isinstance(record.event, FramesDropped))
    late = [record for record in played.records if isinstance(record.event, SightNoted)][1]
    assert late.event.text == PAGE[2] and 7.9 < late.at_s < back, "after the first page had come back"  # type: ignore[attr-defined]
    told = answered(call, "when do you open").messages[-1].text
    assert f"Screen: {PAGE[1]}\n" in told


@pytest.mark.parametrize("why", ["covered", "frozen colour"])
def test_what_was_seen_before_the_picture_went_black_is_not_in_view(why: str) -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), settings=PATIENT)
    shows(call, 1, 1.0, 4.0, "camera")
    for n in range(50):
        black = np.full((180, 320, 3), 0 if why == "covered" else 90, np.uint8)
        call.does(4.0 + n / 5, VideoFrame(black, "camera", 4.0 + n / 5))
    shows(call, 1, 14.0, 22.0, "camera")
    call.says(8.0, "when do you open")
    call.says(17.0, "when do you close")
    checked(call, until=22.0)
    dark, light = (answered(call, f"when do you {what}").messages for what in ("open", "close"))
    assert f"{PAGE[1]} (seen at most 10 s ago)" in dark[-1].text
    told = [message.text for message in light if message.role == "user"]
    assert PAGE[1] in told[0] and PAGE[1] not in told[1], "it is back, and was told"


LONG = "Terms of delivery. " + "Nothing of interest stands here. " * 30 + "Invoices are payable within ninety days."


@pytest.mark.parametrize(
    ("text", "whole"), [("when do you open", False), ("are invoices payable at once", True), (QUESTION, True)]
)
def test_of_a_long_text_the_beginning_is_told_unless_somebody_asks(text: str, whole: bool) -> None:
    call = call_with(Sighted(reader=ScriptedReader({1: LONG})), settings=PATIENT)
    shows(call, 1, 1.0, 12.0)
    call.says(4.0, text)
    checked(call, until=12.0)
    told = answered(call, text).messages[-1].text
    assert "Terms of delivery." in told and ("ninety days" in told) is whole
    assert len(told) < NOTE_CHARS + 150 or whole


# The ledger, consent and limits.


def test_every_frame_is_in_the_ledger_and_drops_are_told_once_a_second() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)))
    frames = shows(call, 1, 1.0, 6.0) + shows(call, 2, 6.0, 11.0)
    call.does(11.5, Track("screen", False))
    played = checked(call, until=12.0)
    assert whys(played) == ["first_frame", "window_changed"]
    told = played.events(FramesDropped)
    assert 8 <= len(told) <= 12
    assert sum(dropped(played).values()) + 2 == frames
    thumbnails = [message.thumbnail for message in played.messages(Frame) if isinstance(message, Frame)]
    assert len(thumbnails) == 2 and all(thumbnails)


@pytest.mark.parametrize(
    "ending",
    [Track("screen", False), Leave(), Consent(given=False, purposes=["screen"]), None],
    ids=["switched off", "left", "withdrawn", "silent for a while"],
)
def test_every_frame_that_came_in_is_sent_or_dropped_however_it_ends(ending: ClientMessage | None) -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), consent_via="page", settings=PATIENT)
    call.does(0.5, Consent(given=True, purposes=["listen", "screen", "camera"]))
    frames = shows(call, 1, 1.0, 6.3, fps=30) + shows(call, 2, 1.0, 6.4, "camera", fps=15)
    if ending is None:
        frames += shows(call, 2, 15.0, 17.7)
    else:
        call.does(6.41, ending)
    played = checked(call, until=20.0)
    assert sum(event.frames for event in played.events(FramesSeen)) == frames
    assert len(played.events(FrameSent)) + sum(dropped(played).values()) == frames


def test_a_frame_that_gives_way_is_told_by_its_own_source_also_behind_the_second_look() -> None:
    words = {number: f"chapter{number} verse{number}" for number in range(1, 9)}
    model = ScriptedReader({1: "A book."}, takes_s=7.5, name="model")
    plenty = Settings(vision=VisionSettings(frames_per_min=60))
    call = call_with(Sighted(reader=ScriptedReader(words), describer=model, remote=False), settings=plenty)
    for number in range(1, 4):
        shows(call, number, number * 2.0, number * 2.0 + 2.0)
    shows(call, 6, 8.0, 9.4, "camera")
    played = checked(call, until=9.4)
    gone = [event.source for event in played.events(FramesDropped) if "queue_full" in event.counts]
    waited = len(played.events(FrameSent)) - model.looks - QUEUE
    assert waited > 0 and gone == ["screen"] * waited


def test_when_consent_is_withdrawn_frames_stop_and_nothing_of_them_is_told() -> None:
    reader = ScriptedReader(PAGE)
    call = call_with(Sighted(reader=reader), consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "screen"]))
    shows(call, 1, 1.0, 4.0)
    shows(call, 2, 4.0, 9.0)
    call.does(4.1, Consent(given=False, purposes=["screen"]))
    call.says(6.0, QUESTION)
    played = checked(call, until=11.0)
    vision = FrameSent | FramesDropped | SightNoted | FrameUsed
    assert max(record.at_s for record in played.records if isinstance(record.event, vision)) < 4.2
    assert len(played.events(FrameSent)) == 1
    assert all(PAGE[1] not in message.text for message in call.llm.requests[-1].messages)
    assert OFF in prompted(call) and played.heard()


def test_when_consent_is_withdrawn_it_goes_from_what_earlier_turns_were_told() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), settings=PATIENT, consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "screen"]))
    shows(call, 1, 1.0, 9.0)
    call.says(4.0, "when do you open")
    call.does(9.0, Consent(given=False, purposes=["screen"]))
    call.does(10.0, Consent(given=True, purposes=["screen"]))
    call.says(12.0, "when do you close")
    checked(call, until=16.0)
    assert PAGE[1] in answered(call, "when do you open").messages[-1].text
    assert all(PAGE[1] not in message.text for message in call.llm.requests[-1].messages)


def test_when_consent_is_withdrawn_what_a_look_told_goes_too() -> None:
    calls = [ToolCall("c1", "look", '{"question": "the gate"}')]
    llm = ScriptedLlm([calls, "At nine forty.", "At six."])
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), llm=llm, settings=PATIENT, consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "screen"]))
    shows(call, 1, 1.0, 9.0)
    call.says(3.0, "when does my gate close")
    call.does(9.0, Consent(given=False, purposes=["screen"]))
    call.says(12.0, "when do you close")
    played = checked(call, until=16.0)
    (returned,) = played.events(ToolReturned)
    last = call.llm.requests[-1].messages
    assert PAGE[1] in returned.result
    (told,) = [message.text for message in last if message.role == "tool"]
    assert UNSEEN in told
    assert all(PAGE[1] not in message.text for message in last)


@pytest.mark.parametrize("how", ["switched off", "silent"])
def test_consent_withdrawn_after_the_device_went_takes_what_was_seen_along(how: str) -> None:
    call = call_with(Sighted(reader=PageReader()), settings=PATIENT, consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "camera"]))
    for n in range(10):
        call.does(1.0 + n / 5, page_frame(1.0 + n / 5))
    call.says(4.0, "when do you open")
    if how == "switched off":
        call.does(8.0, Track("camera", False))
    call.does(14.0, Consent(given=False, purposes=["camera"]))
    call.says(16.0, "when do you close")
    checked(call, until=20.0)
    assert LETTER in answered(call, "when do you open").messages[-1].text
    assert all(LETTER not in message.text for message in answered(call, "when do you close").messages)


def test_consent_withdrawn_while_an_answer_is_made_leaves_nothing_for_the_next_turns() -> None:
    call = call_with(
        Sighted(reader=ScriptedReader(PAGE)),
        llm=ScriptedLlm(["At nine forty."], first_s=1.0),
        settings=PATIENT,
        consent_via="page",
    )
    call.does(0.5, Consent(given=True, purposes=["listen", "screen"]))
    shows(call, 1, 1.0, 6.5)
    call.says(4.0, "when do you open")
    call.does(6.5, Consent(given=False, purposes=["screen"]))
    call.says(12.0, "when do you close")
    played = checked(call, until=16.0)
    assert PAGE[1] in answered(call, "when do you open").messages[-1].text
    assert played.at(TurnEnded) < 6.5 < played.at(PlaybackStarted)
    assert all(PAGE[1] not in message.text for message in answered(call, "when do you close").messages)


def test_without_consent_to_the_screen_nobody_looks_at_it() -> None:
    reader = ScriptedReader(PAGE)
    call = call_with(Sighted(reader=reader), consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "camera"]))
    shows(call, 1, 1.0, 4.0)
    call.says(2.0, QUESTION)
    played = checked(call, until=6.0)
    assert reader.looks == 0 and not played.events(FrameSent) and not played.events(FramesDropped)


@pytest.mark.parametrize(
    "vision",
    [VisionSettings(frames_per_min=4), VisionSettings(frames_per_call=3)],
    ids=["a minute", "a call"],
)
def test_limits_hold_and_are_told(vision: VisionSettings) -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), settings=Settings(vision=vision))
    for number in range(1, 9):
        shows(call, number, number * 3.0, number * 3.0 + 3.0)
    played = checked(call, until=28.0)
    assert len(played.events(FrameSent)) == 3, "of those of a minute a quarter is kept for questions"
    assert dropped(played)["over_budget"] >= 5


def test_a_process_that_takes_the_call_over_goes_on_with_its_limits_and_totals() -> None:
    settings = Settings(vision=VisionSettings(frames_per_call=3), session=PATIENT.session)
    call = call_with(Sighted(reader=ScriptedReader(PAGE)), settings=settings)
    for number in (1, 2):
        shows(call, number, number * 3.0, number * 3.0 + 3.0)
    first = checked(call, until=10.0)
    past = [(record.at_s, record.event) for record in first.records[:-1]]
    again = call_with(Sighted(reader=ScriptedReader(PAGE)), settings=settings, past=past)
    for number in (3, 4, 5):
        shows(again, number, 6.0 + number * 2.0, 8.0 + number * 2.0)
    played = again.run(until=20.0)
    before, after = first.messages(SightTotals)[-1], played.messages(SightTotals)[-1]
    assert isinstance(before, SightTotals) and isinstance(after, SightTotals)
    assert before.sent == 2 and after.sent == len(played.events(FrameSent)) == 3, "the past ones are among them"
    assert after.seen > before.seen + 20 and after.dropped["over_budget"] >= 1


def test_of_two_sources_the_screen_is_looked_at_first() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)))
    shows(call, 1, 1.0, 9.0, "camera")
    shows(call, 2, 1.0, 9.0)
    call.says(4.0, QUESTION)
    played = checked(call, until=9.0)
    asked = [event.source for event in played.events(FrameSent) if event.why == "asked"]
    assert asked == ["screen", "camera"]


# Bad pictures and bad providers: the voice goes on, and the journal says why.


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (np.zeros((0, 0, 3), np.uint8), "empty"),
        (np.zeros((720, 1280, 3), np.uint8), "blank"),
        (np.full((20, 24, 3), 7, np.uint8), "too_small"),
        (np.zeros((24, 20_000, 3), np.uint8), "too_large"),
        (np.zeros((40, 60), np.uint8), "not_rgb"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_pictures_are_dropped_and_told(image: Image, why: str) -> None:
    reader = ScriptedReader(PAGE)
    call = call_with(Sighted(reader=reader))
    for n in range(20):
        call.does(1.0 + n / 5, VideoFrame(image, "screen", 1.0 + n / 5))
    call.says(2.0, "when do you open")
    played = checked(call, until=8.0)
    assert reader.looks == 0
    assert set(dropped(played)) == {why}
    assert played.heard() == ["At nine forty."]


def test_a_picture_that_becomes_larger_is_read_again() -> None:
    reader = ScriptedReader(PAGE)
    call = call_with(Sighted(reader=reader))
    shows(call, 1, 1.0, 4.0)
    shows(call, 1, 4.0, 7.0, scale=2)
    shows(call, 1, 7.0, 10.0)
    played = checked(call, until=10.0)
    assert whys(played) == ["first_frame", "larger"]
    assert [(event.width, event.height) for event in played.events(FrameSent)] == [(320, 180), (640, 360)]


def test_a_frozen_picture_is_sent_once_and_a_dead_track_is_told() -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE)))
    shows(call, 1, 1.0, 9.0, fps=1.0)
    shows(call, 1, 20.0, 21.0)
    played = checked(call, until=22.0)
    assert whys(played) == ["first_frame", "first_frame"], "what comes after a gap is news"
    states = [(event.kind, event.state) for event in played.events(TrackChanged)]
    assert states == [("screen", "silent"), ("screen", "back")]
    assert LOST_S <= played.at(TrackChanged) - 8.0 < 1.6 * LOST_S


class Nonsense(ScriptedReader):
    async def describe(self, image: Image, *, question: str = "") -> str:
        return {"not": "text"}  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("describer", "code"),
    [
        (Nonsense(name="model"), "protocol_violation"),
        (ScriptedReader(takes_s=1e6, name="model"), "provider_timeout"),
        (ScriptedReader(raises=ZeroDivisionError("what"), name="model"), "provider"),
    ],
    ids=["nonsense", "hangs", "raises"],
)
def test_a_describer_that_fails_keeps_nobody(describer: ScriptedReader, code: str) -> None:
    call = call_with(Sighted(reader=ScriptedReader(PAGE), describer=describer, remote=False))
    shows(call, 1, 1.0, 14.0)
    call.says(3.0, QUESTION)
    played = checked(call, until=18.0)
    assert played.heard() == ["At nine forty."]
    assert PAGE[1] in prompted(call), "what was read is told all the same"
    assert TOO_LATE not in prompted(call)
    failed = played.events(ProviderFailed)
    assert failed and {(event.layer, event.provider, event.code) for event in failed} == {("vision", "model", code)}
