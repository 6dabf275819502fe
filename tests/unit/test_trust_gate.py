"""One gate: nothing with content passes before consent, and pictures need their own yes."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.cleared import Cleared
from visavis.kernel.errors import ConsentMissing, PolicyError, UsageError
from visavis.kernel.events import AnyEvent, Event, SessionJoined, TranscriptRevised
from visavis.kernel.media import AudioFrame, VideoFrame, VideoSource
from visavis.trust.consent import NOTICE_VERSION, PURPOSES, Consent, notice
from visavis.trust.gate import Gate

AUDIO = AudioFrame(np.zeros(320, np.int16), 16_000, 0.0)
WORDS = TranscriptRevised("hello")
KINDS: tuple[type[Event], ...] = typing.get_args(AnyEvent)


def picture(source: VideoSource) -> VideoFrame:
    return VideoFrame(np.zeros((2, 2, 3), np.uint8), source, 0.0)


def given_to(*purposes: str) -> Gate:
    consent = Consent()
    consent.give(list(purposes))
    return Gate(consent)


def refused() -> Gate:
    consent = Consent()
    consent.refuse()
    return Gate(consent)


def taken_back() -> Gate:
    gate = given_to("listen", "camera", "screen")
    gate.consent.refuse()
    return gate


@pytest.mark.parametrize("gate", [Gate(Consent()), refused(), taken_back()], ids=["waiting", "refused", "taken back"])
@pytest.mark.parametrize("item", [AUDIO, WORDS, picture("camera"), picture("screen"), "typed words"], ids=str)
def test_nothing_with_content_passes_without_consent(gate: Gate, item: Any) -> None:
    with pytest.raises(ConsentMissing) as told:
        gate.clear(item)
    assert isinstance(told.value, PolicyError)
    assert not told.value.retryable
    assert "hello" not in str(told.value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_event_passes_or_not_by_its_content(kind: type[Event]) -> None:
    event = kind(*[""] * len(msgspec.structs.fields(kind)))
    if kind.content:
        with pytest.raises(ConsentMissing):
            Gate(Consent()).clear(event)
    else:
        assert Gate(Consent()).clear(event).value is event


def test_what_passes_comes_through_unchanged() -> None:
    gate = given_to("listen")
    assert gate.clear(AUDIO).value is AUDIO
    assert gate.clear(WORDS).value is WORDS
    assert gate.clear("typed words").value == "typed words"


@given(st.lists(st.sampled_from([*PURPOSES, "biometrics", ""])))
def test_pictures_pass_only_for_their_purpose(purposes: list[str]) -> None:
    gate = given_to(*purposes)
    assert gate.clear(AUDIO).value is AUDIO, "agreeing to a call covers listening"
    for source in typing.get_args(VideoSource):
        if source in purposes:
            assert gate.clear(picture(source)).value.source == source
        else:
            with pytest.raises(ConsentMissing, match=source):
                gate.clear(picture(source))


def test_purposes_add_up_and_unknown_ones_are_dropped() -> None:
    consent = Consent()
    assert consent.give(["camera", "everything"]) == ("camera", "listen")
    assert consent.give(["screen"]) == ("camera", "listen", "screen")
    assert not consent.allows("everything")


def test_a_refusal_stands() -> None:
    consent = Consent()
    consent.refuse()
    with pytest.raises(UsageError, match="refused"):
        consent.give(["listen"])
    assert not consent.allows("listen")


def test_nobody_but_trust_makes_cleared_values() -> None:
    with pytest.raises(TypeError, match=r"only trust\.Gate"):
        Cleared()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "AI agent"), ("en-GB", "AI agent"), ("es", "inteligencia artificial"), ("fi", "AI")],
)
def test_the_notice_names_the_agent_and_says_that_it_is_one(language: str, words: str) -> None:
    text = notice("Ada", language)
    assert "Ada" in text
    assert words in text
    assert "{" not in text
    assert NOTICE_VERSION


def test_facts_before_consent_are_bare() -> None:
    assert Gate(Consent()).clear(SessionJoined("webrtc", "Ada")).value == SessionJoined("webrtc", "Ada")
