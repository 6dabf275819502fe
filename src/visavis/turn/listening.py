"""When the agent shows that it listens: a nod in a short pause of a long turn, now and then a soft "mm-hm"; pure.

`feed` takes facts in order; at `wake_at_s` the session asks `due`, which returns what to show. People nod where a
speaker pauses and keeps the floor, about once in some seconds, and hardly ever speak into an unfinished clause.
"""

from __future__ import annotations

from typing import Literal

from visavis.kernel.events import (
    Acknowledged,
    EndpointScored,
    Event,
    NothingSaid,
    PlaybackStarted,
    PlaybackStopped,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    TranscriptRevised,
    TurnEnded,
)
from visavis.turn.words import is_open, words

Backchannels = Literal["off", "nods", "sounds"]

PAUSE_S = 0.25
"""Silence that asks for a nod."""

SOUND_PAUSE_S = 0.45
"""Silence that asks for a sound: later than a nod, when it is clear that no word follows at once."""

NOD_AFTER_S = 3.0
SOUND_AFTER_S = 6.0
"""Speech of the turn before the first nod, and before the first sound."""

NOD_EVERY_S = 3.5
SOUND_EVERY_S = 8.0
"""At least this long between two of a kind."""

NOT_DONE_P = 0.2
"""A sound only where the end-of-turn score says that the person goes on: else an answer may be about to be heard."""


class Listening:
    """One session's. `wake_at_s`: when `due` wants to be asked; None for not at all."""

    def __init__(self, backchannels: Backchannels, language: str = "en") -> None:
        self._backchannels = backchannels
        self._language = language
        self.wake_at_s: float | None = None
        self._agent_speaks = False
        self._ended = False
        self._spoken_s = 0.0
        self._started_s = 0.0
        self._stopped_s = 0.0
        self._pause = 0
        self._nodded_s = self._sounded_s = float("-inf")
        self._sounded_pause = -1
        self._text = ""
        self._score: float | None = None

    def feed(self, event: Event) -> None:
        """Facts that are no concern of it are passed over."""
        match event:
            case SpeechStarted(at_s=at_s):
                self._started_s, self._ended, self.wake_at_s = at_s, False, None
            case SpeechStopped(at_s=at_s):
                self._paused(at_s)
            case TranscriptRevised(text=text):
                self._text = text
            case EndpointScored(p_complete=p_complete):
                self._score = p_complete
            case PlaybackStarted():
                self._forget_turn()
                self._agent_speaks = True
            case PlaybackStopped():
                self._agent_speaks = False
            case TurnEnded() | TextTyped():
                self._ended, self.wake_at_s = True, None
            case NothingSaid():
                self._forget_turn()

    def due(self, at_s: float) -> list[Event]:
        """What is to be shown at `at_s`, the time of `wake_at_s`."""
        if self.wake_at_s is None or at_s < self.wake_at_s - 1e-3:
            return []
        self.wake_at_s = None
        shown: list[Event] = []
        if at_s - self._nodded_s >= NOD_EVERY_S:
            self._nodded_s = at_s
            shown.append(Acknowledged("nod"))
        if self._may_sound(at_s):
            self._sounded_s, self._sounded_pause = at_s, self._pause
            return [Acknowledged("sound")]
        if self._backchannels == "sounds" and at_s - self._stopped_s < SOUND_PAUSE_S - 1e-3:
            self.wake_at_s = self._stopped_s + SOUND_PAUSE_S
        return shown

    def _paused(self, at_s: float) -> None:
        if self._agent_speaks:
            return
        self._spoken_s += max(0.0, at_s - self._started_s)
        self._stopped_s, self._score = at_s, None
        self._pause += 1
        if self._backchannels != "off" and not self._ended and self._spoken_s >= NOD_AFTER_S:
            self.wake_at_s = at_s + PAUSE_S

    def _may_sound(self, at_s: float) -> bool:
        return (
            self._backchannels == "sounds"
            and at_s - self._stopped_s >= SOUND_PAUSE_S - 1e-3
            and self._spoken_s >= SOUND_AFTER_S
            and at_s - self._sounded_s >= SOUND_EVERY_S
            and self._pause > self._sounded_pause + 1
            and self._score is not None
            and self._score < NOT_DONE_P
            and self._clause_done()
        )

    def _clause_done(self) -> bool:
        text = self._text.rstrip().rstrip(",;:")
        return bool(words(text)) and not is_open(text, self._language)

    def _forget_turn(self) -> None:
        self._spoken_s, self._text, self._score, self.wake_at_s = 0.0, "", None, None
        self._ended = False
