"""Nods and "mm-hm": when a listener shows that it follows, and when it had better not."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest

from visavis.kernel.events import (
    Acknowledged,
    EndpointScored,
    Event,
    NothingSaid,
    PlaybackStarted,
    PlaybackStopped,
    SpeechStarted,
    SpeechStopped,
    TranscriptRevised,
    TurnEnded,
)
from visavis.turn.listening import NOD_EVERY_S, PAUSE_S, SOUND_PAUSE_S, Backchannels, Listening


@dataclass
class Told:
    """Feeds a listening what a session would, and keeps `(time, kind)` of what it showed."""

    backchannels: Backchannels = "nods"
    shown: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listening = Listening(self.backchannels)

    def tells(
        self, *spans: tuple[float, float], text: str = "and then we left the house", score: float = 0.05
    ) -> Told:
        for number, (from_s, to_s) in enumerate(spans, 1):
            self.until(from_s)
            self.listening.feed(SpeechStarted(from_s))
            self.until(to_s)
            self.listening.feed(SpeechStopped(to_s, 0.1))
            self.until(to_s + 0.15)
            self.listening.feed(EndpointScored(score, number))
            self.listening.feed(TranscriptRevised(text, number))
        self.until(spans[-1][1] + 3.0)
        return self

    def until(self, at_s: float) -> None:
        while self.listening.wake_at_s is not None and self.listening.wake_at_s < at_s:
            due_s = self.listening.wake_at_s
            for event in self.listening.due(due_s):
                assert isinstance(event, Acknowledged)
                self.shown.append((round(due_s, 2), event.kind))
            assert self.listening.wake_at_s is None or self.listening.wake_at_s > due_s

    def feed(self, *events: Event) -> Told:
        for event in events:
            self.listening.feed(event)
        return self


def test_a_pause_in_a_long_turn_gets_one_nod() -> None:
    assert Told().tells((1.0, 4.5), (5.0, 6.0)).shown == [(4.5 + PAUSE_S, "nod")]


def test_a_short_turn_gets_none() -> None:
    assert Told().tells((1.0, 2.0), (2.5, 3.5)).shown == []


def test_a_pause_too_short_to_notice_gets_none() -> None:
    assert Told().tells((1.0, 4.5), (4.5 + PAUSE_S - 0.05, 5.0)).shown == [(5.0 + PAUSE_S, "nod")]


def test_nods_are_some_seconds_apart() -> None:
    spans = [(1.0 + 1.2 * n, 1.8 + 1.2 * n) for n in range(25)]
    times = [at_s for at_s, _ in Told().tells(*spans).shown]
    assert len(times) >= 5
    assert all(b - a >= NOD_EVERY_S for a, b in itertools.pairwise(times))


def test_no_nod_when_the_turn_is_over() -> None:
    told = Told().feed(SpeechStarted(1.0), SpeechStopped(6.0, 0.1), TurnEnded(1, 1, "all of it", 6.0, "complete"))
    told.until(10.0)
    assert told.shown == []


def test_no_nod_while_the_agent_speaks_nor_for_what_was_said_before() -> None:
    told = Told().feed(SpeechStarted(1.0), PlaybackStarted(1)).tells((2.0, 6.0))
    assert told.shown == []
    assert told.feed(PlaybackStopped(1)).tells((20.0, 21.0)).shown == []


def test_noise_does_not_count_as_speech() -> None:
    told = Told().feed(SpeechStarted(1.0), SpeechStopped(6.0, 0.1), NothingSaid(1)).tells((7.0, 8.0))
    assert told.shown == []


def test_switched_off_it_shows_nothing() -> None:
    assert Told("off").tells((1.0, 9.0), (10.0, 18.0)).shown == []


def kinds(told: Told) -> list[str]:
    return [kind for _, kind in told.shown]


LONG = ((1.0, 8.0), (9.0, 11.0), (12.0, 20.0), (21.0, 22.0))


def test_a_long_telling_gets_a_sound_but_never_in_pauses_that_follow_each_other() -> None:
    shown = Told("sounds").tells(*LONG).shown
    sounds = [at_s for at_s, kind in shown if kind == "sound"]
    assert sounds == [8.0 + SOUND_PAUSE_S, 20.0 + SOUND_PAUSE_S]


@pytest.mark.parametrize(
    "unfit",
    [
        {"text": "and then we went to the"},
        {"text": "we left because"},
        {"score": 0.9},
        {"score": 0.4},
        {"text": ""},
    ],
)
def test_no_sound_into_an_open_clause_nor_where_an_answer_may_be_due(unfit: dict[str, object]) -> None:
    told = Told("sounds").tells(*LONG, **unfit)  # type: ignore[arg-type]
    assert "sound" not in kinds(told)
    assert "nod" in kinds(told)


def test_no_sound_early_on() -> None:
    assert "sound" not in kinds(Told("sounds").tells((1.0, 4.0), (5.0, 6.5)))
