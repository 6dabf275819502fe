"""Objects before the camera: told to the next turn, never of what nobody agreed to, and never in the way of the voice
or of anybody else who looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import (
    FirstToken,
    FrameSent,
    FrameUsed,
    PlaybackStarted,
    ProviderFailed,
    SessionStarted,
    SightNoted,
    ToolReturned,
    TurnEnded,
)
from visavis.kernel.media import VideoFrame, VideoSource
from visavis.kernel.messages import Consent
from visavis.kernel.settings import SessionSettings, Settings
from visavis.see.base import Image
from visavis.see.objects import HOW, LOOK_S, MOST_FAILURES, NONE
from visavis.see.vision import Sighted
from visavis.session.look import NO_TEXT, ONLY_OBJECTS, TOO_LATE
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Played, Scenario
from visavis.testing.shown import ScriptedReader
from visavis.think.base import ToolCall

AGENT = Agent("Ada", "You answer.", greeting="")
PATIENT = Settings(session=SessionSettings(idle_prompt_s=500.0))
THINGS = {1: "2 bottles", 2: "a cat", 4: "a person"}
QUESTION = "what can you see"
BREAKS = (6, 7, 8, 9)


def namer(takes_s: float = 0.05, raises: Exception | None = None) -> ScriptedReader:
    return ScriptedReader(THINGS, takes_s, raises, name="objectron")


class Breaking(ScriptedReader):
    async def describe(self, image: Image, *, question: str = "") -> str:
        if image[0, 0, 0] in BREAKS:
            raise ProviderError("broken", stage="vision")
        return await super().describe(image, question=question)


def call_with(objects: ScriptedReader, *, llm: ScriptedLlm | None = None, **more: object) -> Scenario:
    reader = more.pop("reader", ScriptedReader())
    sighted = Sighted(reader=reader, objects=objects)  # type: ignore[arg-type]
    return Scenario(
        AGENT,
        llm=llm or ScriptedLlm(["Two bottles.", "At nine."]),
        settings=PATIENT,
        arrange=lambda layers: replace(layers, sighted=sighted),
        **more,  # type: ignore[arg-type]
    )


def view(number: int, at_s: float, source: VideoSource) -> VideoFrame:
    """Picture `number` (1–9), 320×180: something large stands before a wall, each time at another place."""
    image: Image = np.full((180, 320, 3), 120, np.uint8)
    image[::6] += 20
    row, column = divmod(number - 1, 3)
    image[20 + 50 * row : 80 + 50 * row, 20 + 95 * column : 110 + 95 * column] = (30, 200 - 15 * number, 20 * number)
    image[0, 0, 0] = number
    return VideoFrame(image, source, at_s)


def shows(call: Scenario, number: int, from_s: float, to_s: float, source: VideoSource = "camera") -> None:
    for at_s in np.arange(from_s, to_s, 0.2).round(4).tolist():
        call.does(at_s, view(number, at_s, source))


def noted(played: Played) -> list[str]:
    return [event.text for event in played.events(SightNoted) if event.how == HOW]


def prompt(call: Scenario, nth: int = -1) -> str:
    return call.llm.requests[nth].messages[-1].text


def test_a_turn_is_told_what_is_in_view_and_what_was() -> None:
    call = call_with(namer())
    shows(call, 1, 1.0, 6.0)
    call.says(4.0, "when do you open")
    shows(call, 3, 8.0, 12.0)
    call.says(10.5, "and on Mondays")
    played = checked(call, until=14.0)
    assert noted(played)[0] == "Objects: 2 bottles" and noted(played)[-1] == NONE
    assert "Camera: Objects: 2 bottles\n" in prompt(call, 0), "in view: no age"
    assert f"Camera: {NONE}" in prompt(call) and "bottles" not in prompt(call)
    (used, *_) = [event for event in played.events(FrameUsed) if event.how == HOW]
    assert (used.source, used.reply) == ("camera", 1)


def test_what_has_left_the_view_has_its_age_until_somebody_has_looked_again() -> None:
    """The second look fails: nobody knows that the bottles have gone, and they are not told as in view."""
    call = call_with(Breaking(THINGS, takes_s=0.05))
    shows(call, 1, 1.0, 3.0)
    shows(call, BREAKS[0], 3.2, 12.0)
    call.says(10.0, "when do you open")
    checked(call, until=13.0)
    assert "Camera: Objects: 2 bottles (seen at most" in prompt(call)


def test_nothing_that_is_told_says_nothing() -> None:
    call = call_with(namer())
    shows(call, 3, 1.0, 6.0)
    call.says(4.0, "when do you open")
    played = checked(call, until=9.0)
    assert set(noted(played)) == {""} and prompt(call) == "when do you open"


def test_a_question_that_needs_eyes_waits_for_the_objects_too() -> None:
    objects, reader = namer(0.6), ScriptedReader(takes_s=0.05)
    call = call_with(objects, reader=reader)
    shows(call, 1, 4.4, 9.0)
    call.says(4.0, QUESTION)
    checked(call, until=9.0)
    assert "Camera: Objects: 2 bottles" in prompt(call) and ONLY_OBJECTS in prompt(call)
    assert TOO_LATE not in prompt(call)


@pytest.mark.parametrize(
    ("source", "told"), [("camera", f"Camera: Objects: 2 bottles\n{ONLY_OBJECTS}"), ("screen", NO_TEXT)]
)
def test_where_nobody_reads_objects_answer_of_the_camera_alone(source: VideoSource, told: str) -> None:
    objects = namer()
    call = call_with(objects, reader=None)
    shows(call, 1, 1.0, 9.0, source)
    call.says(4.0, QUESTION)
    played = checked(call, until=9.0)
    assert told in prompt(call), prompt(call)
    assert played.heard() == ["Two bottles."]
    assert (objects.looks > 0) is (source == "camera"), "a screen is read, not looked at for objects"


def test_an_answer_that_waits_goes_on_when_looking_fails() -> None:
    """The text is there at once; what fails 0.9 s later is not waited for any longer."""
    objects = namer(0.9, ProviderError("broken", stage="vision"))
    call = call_with(objects, reader=ScriptedReader({1: "Still water"}, takes_s=0.05))
    shows(call, 1, 4.8, 9.0)
    call.says(4.0, QUESTION)
    played = checked(call, until=9.0)
    failed_s = played.at(ProviderFailed, 1)
    assert [event.why for event in played.events(FrameSent)] == ["first_frame", "asked"]
    assert played.at(TurnEnded) < failed_s < played.at(FirstToken) < failed_s + 0.3
    assert "Camera: Still water" in prompt(call) and TOO_LATE not in prompt(call)


@pytest.mark.parametrize(("reads_s", "looks_s"), [(0.7, 0.05), (0.05, 0.7)])
def test_the_tool_look_tells_objects_beside_the_text(reads_s: float, looks_s: float) -> None:
    reader = ScriptedReader({1: "Still water"}, takes_s=reads_s)
    call = call_with(namer(looks_s), reader=reader, llm=ScriptedLlm([[ToolCall("c1", "look", "{}")], "Water."]))
    shows(call, 1, 1.0, 9.0)
    call.says(4.0, "please check this")
    played = checked(call, until=10.0)
    (returned,) = played.events(ToolReturned)
    assert "Camera: Still water" in returned.result and "Camera: Objects: 2 bottles" in returned.result


@pytest.mark.parametrize("raises", [ProviderError("broken", stage="vision"), ValueError("broken"), None])
def test_an_engine_that_fails_is_left_alone_and_hurts_nobody(raises: Exception | None) -> None:
    """`None`: it answers, but far too late."""
    objects = namer(0.05 if raises else 10 * LOOK_S, raises)
    call = call_with(objects, reader=ScriptedReader({n: f"Gate {n}" for n in range(1, 9)}))
    for n in range(1, 9):
        shows(call, n, 5.0 * n - 4, 5.0 * n)
    call.says(4.0, "when do you open")
    call.says(36.0, QUESTION)
    played = checked(call, until=42.0)
    failed = [event for event in played.events(ProviderFailed) if event.provider == HOW]
    assert len(failed) == objects.looks == MOST_FAILURES
    assert [event.text for event in played.events(SightNoted)][-1] == "Gate 8" and not noted(played)
    assert played.at(PlaybackStarted) < 6.0, "the voice does not wait for it"
    assert played.at(PlaybackStarted, -1) < played.at(TurnEnded, -1) + 1.0, (
        "nor does a question, once it is left alone"
    )
    assert "Camera: Gate 8" in prompt(call) and TOO_LATE not in prompt(call)


def test_an_engine_that_works_between_failures_goes_on() -> None:
    call = call_with(Breaking(THINGS, takes_s=0.05))
    for nth, number in enumerate((*BREAKS[:2], 1, *BREAKS[2:], 2)):
        shows(call, number, 5.0 * nth + 1, 5.0 * nth + 5)
    played = checked(call, until=31.0)
    assert len(played.events(ProviderFailed)) == len(BREAKS) > MOST_FAILURES
    assert noted(played) == ["Objects: 2 bottles", "Objects: a cat"]


def test_the_tool_look_does_not_wait_for_what_has_failed() -> None:
    call = call_with(
        namer(0.5, ProviderError("broken", stage="vision")),
        reader=ScriptedReader({1: "Still water"}, takes_s=0.05),
        llm=ScriptedLlm([[ToolCall("c1", "look", "{}")], "Water."]),
    )
    shows(call, 1, 1.0, 9.0)
    call.says(4.0, "please check this")
    (returned,) = checked(call, until=10.0).events(ToolReturned)
    assert "Camera: Still water" in returned.result and 0.5 <= returned.took_s < 0.6


def test_objects_are_looked_for_only_with_consent_to_the_camera() -> None:
    objects = namer()
    call = call_with(objects, consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "screen"]))
    shows(call, 1, 1.0, 3.0)
    played = checked(call, until=4.0)
    assert objects.looks == 0 and not noted(played)


@pytest.mark.parametrize("again", [False, True])
def test_consent_withdrawn_ends_what_was_seen(again: bool) -> None:
    """Also of a look that is under way, and when consent is given again before that is done."""
    objects = namer(1.0)
    call = call_with(objects, consent_via="page")
    call.does(0.5, Consent(given=True, purposes=["listen", "camera"]))
    shows(call, 1, 1.0, 1.3)
    call.does(1.5, Consent(given=False, purposes=["camera"]))
    if again:
        call.does(1.7, Consent(given=True, purposes=["listen", "camera"]))
    call.says(4.0, "when do you open")
    played = checked(call, until=7.0)
    assert objects.looks == 1 and not noted(played)
    assert "bottles" not in prompt(call)


def test_the_newest_frame_is_looked_at_where_looks_are_slow() -> None:
    objects = namer(2.5)
    call = call_with(objects)
    for n, from_s in ((1, 1.0), (3, 2.0), (2, 3.0)):
        shows(call, n, from_s, from_s + 1.0)
    shows(call, 2, 4.0, 9.0)
    played = checked(call, until=10.0)
    assert noted(played)[-1] == "Objects: a cat"


def test_the_call_tells_who_looks_and_objects_are_off_unless_set() -> None:
    call = call_with(namer())
    played = checked(call, until=1.0)
    assert played.events(SessionStarted)[0].stack["vision"] == "reader+objectron"
    assert Settings().vision.objects == ""
