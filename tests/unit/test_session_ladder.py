"""The ladder by itself: what is lost, told, and found again."""

from __future__ import annotations

import typing

import pytest

from visavis.kernel.events import (
    AudioHeard,
    Degraded,
    Event,
    ProviderFailed,
    Record,
    Recovered,
    ReplyDiscarded,
    ReplyEnded,
    SightNoted,
)
from visavis.kernel.events.survival import Rung
from visavis.session.ladder import MOST_FAILURES, Ladder
from visavis.session.rungs import noted_words, rung_words

RUNGS: tuple[Rung, ...] = typing.get_args(Rung)


class Call:
    """A ladder with the journal that it writes to and reads."""

    def __init__(self, language: str = "en") -> None:
        self.events: list[Event] = []
        self.ladder = Ladder(self.happens, language)

    def happens(self, *events: Event) -> None:
        for event in events:
            self.events.append(event)
            self.ladder.read(Record("s", len(self.events), 0.0, 0.0, event))

    @property
    def rungs(self) -> list[Event]:
        return [event for event in self.events if isinstance(event, (Degraded, Recovered))]


def blind(provider: str = "openai") -> ProviderFailed:
    return ProviderFailed("vision", provider, "provider_timeout")


def seen(how: str = "openai") -> SightNoted:
    return SightNoted("camera", 1.0, "a red bicycle", how, 0.5)


def test_vision_is_off_when_nobody_sees_and_comes_back_with_a_note() -> None:
    call = Call()
    call.happens(*[blind()] * (MOST_FAILURES - 1), seen(), *[blind()] * (MOST_FAILURES - 1))
    assert call.rungs == [], "not in a row"
    call.happens(blind())
    assert call.rungs == [Degraded("vision_off", "provider_timeout")]
    call.happens(seen("tesseract"))
    assert len(call.rungs) == 1, "text is read all the time"
    call.happens(seen())
    assert call.rungs[1:] == [Recovered("vision_off")]


def test_words_are_given_once_and_again_when_nobody_heard_them() -> None:
    call = Call()
    ladder = call.ladder
    assert ladder.words("other_voice") == "", "nothing is lost"
    ladder.down("other_voice", "provider")
    words = ladder.words("other_voice")
    assert words == rung_words("other_voice", "en")
    assert ladder.words("other_voice") == ""
    call.happens(ReplyDiscarded(1, "resumed"))
    assert ladder.words("other_voice") == words
    call.happens(AudioHeard(2, "", f"{words} We open"), ReplyEnded(2, "We open", True))
    assert ladder.words("other_voice") == "", "heard"
    ladder.up("other_voice")
    ladder.down("other_voice", "provider")
    assert ladder.words("other_voice") == words, "lost anew"


@pytest.mark.parametrize("language", ["en", "es-MX", "de", "fr"])
def test_the_words_exist_in_four_languages(language: str) -> None:
    words = {rung_words(rung, language) for rung in RUNGS}
    assert len(words) == len(RUNGS)
    assert noted_words(language) not in words
    if language != "en":
        assert not words & {rung_words(rung, "en") for rung in RUNGS}


def test_only_words_that_were_given_are_taken_out_of_what_was_said() -> None:
    call = Call()
    words = rung_words("smaller_model", "en")
    said = f"We open … {words} at nine."
    assert call.ladder.unmarked(said) == said
    call.ladder.down("smaller_model", "provider")
    call.ladder.words("smaller_model")
    assert call.ladder.unmarked(said) == "We open … at nine."
    assert call.ladder.unmarked("Two  spaces.") == "Two  spaces."
