"""What the floor reads and what it decides. Replaying the inputs through `turn/` gives the same decisions."""

from __future__ import annotations

from typing import ClassVar

from visavis.kernel.events.base import Event


class SpeechHinted(Event, frozen=True):
    """While the agent is heard, a sound at `at_s` may be the beginning of speech."""

    at_s: float


class SpeechStarted(Event, frozen=True):
    """The person began to make speech sounds at `at_s` (VAD with hysteresis)."""

    at_s: float


class SpeechStopped(Event, frozen=True):
    """The last speech sound ended at `at_s`; known `after_s` seconds later."""

    at_s: float
    after_s: float


class TranscriptRevised(Event, frozen=True):
    """The words of the current turn so far; replaces every earlier revision.

    `pause` is 0 for a partial, else the pause (`FinalRequested`) whose full pass this is. `until_s`: media time up to
    which a partial speaks for the sound; 0 where the recogniser does not tell.
    """

    content: ClassVar[bool] = True
    text: str
    pause: int = 0
    language: str = ""
    took_s: float = 0.0
    until_s: float = 0.0


class EndpointScored(Event, frozen=True):
    """P(the person is done), 0–1, from the audio up to pause `pause`, rounded to 0.01."""

    p_complete: float
    pause: int
    took_s: float = 0.0


class WordsScored(Event, frozen=True):
    """P(the words up to pause `pause` are complete), 0–1, by the language model, rounded to 0.001."""

    p_ends: float
    pause: int
    took_s: float = 0.0


class FinalRequested(Event, frozen=True):
    """A pause began: the full recognition pass and the end-of-turn score were asked for. `pause` counts them."""

    pause: int


class TextTyped(Event, frozen=True):
    """The person typed instead of speaking."""

    content: ClassVar[bool] = True
    text: str


class TimerFired(Event, frozen=True):
    """The floor had asked to be woken at `due_s`."""

    due_s: float


class PlaybackStarted(Event, frozen=True):
    """The agent's voice became audible (start of a reply's audio)."""

    reply: int


class PlaybackStopped(Event, frozen=True):
    """The agent's voice fell silent: the reply had ended or was stopped."""

    reply: int


class TurnMaybeOver(Event, frozen=True):
    """The turn may be over: reply revision `revision` to `text` starts, or is kept, unheard."""

    content: ClassVar[bool] = True
    revision: int
    text: str


class TurnResumed(Event, frozen=True):
    """The person went on: revision `revision` died without a trace in context."""

    revision: int


class TurnEnded(Event, frozen=True):
    """The turn is over. `speech_end_s` is when the last sound ended (of typed text and of a nod: when it
    came in)."""

    content: ClassVar[bool] = True
    turn: int
    revision: int
    text: str
    speech_end_s: float
    why: str
    typed: bool = False


class FloorTaken(Event, frozen=True):
    """The person interrupts: the agent's voice stops now. `why`: words, sustained, typed."""

    reply: int
    why: str


class Ducked(Event, frozen=True):
    """The person made a sound while the agent spoke: the agent's voice was turned down at once."""

    reply: int


class HoldRequested(Event, frozen=True):
    """Turn `turn` asked the agent only to wait. `kind`: hold ("one moment"), quiet ("stop talking")."""

    turn: int
    kind: str


class Acknowledged(Event, frozen=True):
    """The agent showed that it listens while the person has the floor. `kind`: nod (on the face), sound ("mm-hm")."""

    kind: str


class VoicePaused(Event, frozen=True):
    """It is not clear yet whether the person interrupts: the agent's voice is silent, but nothing is lost. Either
    `FloorTaken` drops the rest, or `BargeInIgnored` lets it go on from the word that was at the ear. `why`:
    sustained.
    """

    reply: int
    why: str


class PassageStarted(Event, frozen=True):
    """A passage of reply `reply` begins to be heard; a `protected` one is said to its end, whoever speaks."""

    reply: int
    protected: bool


class NothingSaid(Event, frozen=True):
    """The sound before pause `pause` held no words: no turn."""

    pause: int


class AsideIgnored(Event, frozen=True):
    """What was said before pause `pause` was said with the face turned away: to somebody else, so no turn."""

    pause: int


class BargeInIgnored(Event, frozen=True):
    """The sound was no interruption; the voice goes on at full level, from the word it was paused at. `why`:
    backchannel, no_words, unclear (a short sound that may be a word), echo (the agent's own words), side_talk
    (said while turned away), protected (the passage is said to its end; the words are answered after it), or
    answered (late words that this very reply answers)."""

    reply: int
    why: str
