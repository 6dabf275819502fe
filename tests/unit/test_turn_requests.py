"""Requests to wait, and goodbyes: only when they are all that was said."""

from __future__ import annotations

import time

import pytest

from visavis.turn.requests import is_farewell, is_hold_request, wait_request


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "One moment."),
        ("en", "Hold on!"),
        ("en-GB", "Um, wait a second please."),
        ("en", "Let me check."),
        ("en", "Okay, let me check my calendar."),
        ("en", "Could you hold on for a minute?"),
        ("en", "Hang on, I need to find my glasses."),
        ("en", "One second, someone's at the door."),
        ("en", "I'll be right back"),
        ("en", "Give me a few minutes to think"),
        ("en", "Sure, give me five minutes."),
        ("es", "Un momento, por favor."),
        ("es", "Espera."),
        ("es-MX", "Déjame mirar mi agenda"),
        ("de", "Einen Augenblick, ich schaue mal nach."),
        ("fr", "Un instant, s’il vous plaît."),
    ],
)
def test_a_request_to_wait_is_known(language: str, text: str) -> None:
    assert is_hold_request(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Hold on, what about Monday?"),
        ("en", "Wait, I said Tuesday."),
        ("en", "Let me get the red one."),
        ("en", "Can you wait until Monday?"),
        ("en", "How long do I have to wait?"),
        ("en", "I need to check my balance"),
        ("en", "a moment ago I called you"),
        ("en", "Well, we'll wait a few seconds."),
        ("en", "Yeah, yeah. A bit."),
        ("en", "Hold on, I want to cancel."),
        ("en", "Please"),
        ("en", "Thank you"),
        ("en", ""),
        ("es", "Espera, ¿y el lunes?"),
        ("es", "para el lunes"),
        ("de", "Moment, was ist mit Montag?"),
        ("fr", "Attendez, et lundi ?"),
        ("xx", "one moment"),
    ],
)
def test_anything_more_is_answered(language: str, text: str) -> None:
    assert wait_request(text, language) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Stop."),
        ("en", "Please stop talking, I need to think."),
        ("en", "Could you be quiet for a moment?"),
        ("es", "Cállate, por favor"),
        ("de", "Sei bitte still"),
        ("fr", "Silence !"),
    ],
)
def test_a_request_for_quiet_is_known(language: str, text: str) -> None:
    assert wait_request(text, language) == "quiet"


@pytest.mark.parametrize(
    "text", ["Stop the alarm", "stop sending me letters", "Is it quiet there?", "the quiet room"]
)
def test_stopping_something_else_is_answered(text: str) -> None:
    assert wait_request(text, "en") is None


@pytest.mark.parametrize("text", ["Okay, bye!", "Thanks, goodbye", "Bye bye", "Good, thank you so much, bye"])
def test_a_goodbye_is_known(text: str) -> None:
    assert is_farewell(text, "en")


@pytest.mark.parametrize("text", ["Wait, don't go", "I'm here", "okay", "bye the way, what time is it", ""])
def test_what_is_no_goodbye(text: str) -> None:
    assert not is_farewell(text, "en")


@pytest.mark.parametrize(
    "text", ["wait " * 15, "let me check my " * 4, "please stop " * 7 + "x", "one moment " * 8 + "x"]
)
def test_repetitions_cost_no_time(text: str) -> None:
    wait_request("warm", "en")
    began_s = time.process_time()
    wait_request(text, "en")
    assert time.process_time() - began_s < 0.5
