"""What words said over the agent's voice amount to."""

from __future__ import annotations

import pytest

from visavis.kernel.events import (
    AudioHeard,
    BargeInIgnored,
    Event,
    FaceCue,
    FloorTaken,
    PlaybackStarted,
    SpeechStarted,
    SpeechStopped,
    TranscriptRevised,
)
from visavis.kernel.settings import TurnSettings
from visavis.turn.floor import Floor
from visavis.turn.overlap import is_echo, weigh


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Mm-hm.", "en"),
        ("Mm-hmm, yeah.", "en-GB"),
        ("Yeah, yeah, yeah.", "en"),
        ("Okay. Okay.", "en"),
        ("Uh-huh, right.", "en"),
        ("Oh, I see.", "en"),
        ("O.i.c.", "en"),
        ("That makes sense.", "en"),
        ("No way!", "en"),
        ("Ajá, ya veo.", "es"),
        ("Sí, claro que sí.", "es-MX"),
        ("Ach so, verstehe.", "de"),
        ("D'accord, je vois.", "fr"),
    ],
)
def test_listeners_signs(text: str, language: str) -> None:
    assert weigh(text, language, 1) == "backchannel"


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("", "en", "nothing"),
        ("Stop.", "en", "command"),
        ("Okay, stop.", "en", "command"),
        ("Yeah, but", "en", "command"),
        ("No.", "en", "command"),
        ("Excuse me", "en", "command"),
        ("What?", "en", "command"),
        ("Espera", "es", "command"),
        ("Moment", "de", "command"),
        ("Attendez", "fr", "command"),
        ("Sunday", "en", "unclear"),
        ("Yeah, Sunday", "en", "unclear"),
        ("that makes", "en", "begun"),
        ("Tell me more", "en", "content"),
        ("Okay tell me", "en", "content"),
        ("mhm", "fi", "backchannel"),
        ("odota hetki", "fi", "content"),
    ],
)
def test_what_asks_for_the_floor(text: str, language: str, said: str) -> None:
    assert weigh(text, language, 2) == said


def test_an_echo_is_a_stretch_of_what_the_agent_says() -> None:
    saying = "We open at nine, and close at six."
    assert is_echo("Open at nine and", saying)
    assert not is_echo("nine", saying), "one word may be the same by chance"
    assert not is_echo("open at ten", saying)
    assert not is_echo("", saying)


def heard(text: str, seconds: float, *partials: str) -> Event:
    """What becomes of a sound of `seconds` with these words over the agent's "We open at nine"."""
    floor = Floor(TurnSettings(barge_in_s=2.0))
    floor.feed(PlaybackStarted(1), 0.0)
    floor.feed(AudioHeard(1, "", "We open at nine"), 0.0)
    floor.feed(SpeechStarted(1.0), 1.1)
    for partial in partials:
        if decided := floor.feed(TranscriptRevised(partial), 1.2):
            return decided[-1]
    floor.feed(SpeechStopped(1.0 + seconds, 0.1), 1.1 + seconds)
    return floor.feed(TranscriptRevised(text, 1), 1.3 + seconds)[0]


def test_a_short_sound_that_may_be_a_word_is_none() -> None:
    assert heard("Manga.", 0.4) == BargeInIgnored(1, "unclear")
    assert heard("Manga.", 0.7) == FloorTaken(1, "words")
    assert heard("Stop.", 0.3) == FloorTaken(1, "words")
    assert heard("On Sunday?", 0.4) == FloorTaken(1, "words")
    assert heard("It has.", 0.9, "Uh-huh") == BargeInIgnored(1, "unclear")
    assert heard("It has.", 1.1, "Uh-huh") == FloorTaken(1, "words")


def test_what_asks_for_the_floor_early_on_may_be_half_of_a_sign() -> None:
    assert heard("", 0.9, "That me", "that means", "That makes sense") == BargeInIgnored(1, "no_words")
    assert heard("Great.", 0.4, "Wait", "Great") == BargeInIgnored(1, "backchannel")
    assert heard("", 0.9, "Wait", "Wait a") == FloorTaken(1, "words")
    assert heard("", 0.9, "for Sunday", "for Sunday it") == BargeInIgnored(1, "no_words")
    assert heard("", 0.9, "for Sunday it", "for Sunday if") == FloorTaken(1, "words")


def test_the_agents_own_words_are_ignored() -> None:
    assert heard("open at nine", 0.9, "open at") == BargeInIgnored(1, "echo")
    assert heard("open at noon", 0.9, "open at") == FloorTaken(1, "words")


def test_words_to_somebody_else_are_ignored_but_not_a_command() -> None:
    floor = Floor(TurnSettings())
    floor.feed(FaceCue("moving", "away", 1), 0.0)
    floor.feed(PlaybackStarted(1), 0.0)
    floor.feed(SpeechStarted(1.0), 1.1)
    assert floor.feed(TranscriptRevised("close the window please"), 1.4) == []
    assert floor.feed(TranscriptRevised("wait close the window"), 1.5) == [FloorTaken(1, "words")]
