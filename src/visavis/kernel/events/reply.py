"""The life of a reply: started (maybe in silence), released or discarded, heard, interrupted, ended."""

from __future__ import annotations

from typing import ClassVar

from visavis.kernel.events.base import Event


class ReplyStarted(Event, frozen=True):
    """`kind`: answer, greeting, idle, apology, resume, goodbye. `turn` is 0 when nobody asked."""

    reply: int
    turn: int
    revision: int
    kind: str


class OpenerChosen(Event, frozen=True):
    """The reply begins with `text`, before the model has written anything; the model goes on from there. Unless what
    it wrote was there first: then the opener may have been left out, which the first `AudioHeard` tells."""

    content: ClassVar[bool] = True
    reply: int
    text: str


class FirstToken(Event, frozen=True):
    """`took_s`: seconds from asking the model until its first token, as the model's adapter knows it, else as
    measured around its call."""

    reply: int
    took_s: float = 0.0


class FirstClause(Event, frozen=True):
    """The first piece of text that can be spoken on its own was complete."""

    reply: int


class FirstSpeech(Event, frozen=True):
    """The first audio of the reply was synthesised. `took_s`: seconds from asking the voice, as with `FirstToken`."""

    reply: int
    took_s: float = 0.0


class ReplyReleased(Event, frozen=True):
    """The turn is the person's no more: what the reply has may now be heard."""

    reply: int


class ReplyDiscarded(Event, frozen=True):
    """A revision that nobody heard. `why`: resumed, superseded, overtaken (the agent had to say
    something else), peer_lost."""

    reply: int
    why: str


class FirstAudioPlayed(Event, frozen=True):
    """The first audible sample left for the person. `v2v_s`: seconds since the person's last sound, as the
    server knows it (0 when nobody asked); the figure at the person's ear is the benchmark's. `opener`: it is the
    sound of an opener, and `FirstContentPlayed` follows; without one, the first sound is content."""

    reply: int
    v2v_s: float
    opener: bool = False


class FirstContentPlayed(Event, frozen=True):
    """Behind an opener, the first sample of what the model wrote left for the person. `v2v_s` as before."""

    reply: int
    v2v_s: float


class AudioHeard(Event, frozen=True):
    """Words of the reply that reached the person's ear, rounded down to a word; cumulative for the reply. `saying`:
    the words of the piece that begins to leave now."""

    content: ClassVar[bool] = True
    reply: int
    text: str
    saying: str = ""


class Interrupted(Event, frozen=True):
    """The person took the floor. `heard` is all that reached their ear."""

    content: ClassVar[bool] = True
    reply: int
    heard: str


class ReplyEnded(Event, frozen=True):
    """`text` is what was heard (shown, when there was no voice), `ok` whether that was all of it, words of apology
    for a failure included."""

    content: ClassVar[bool] = True
    reply: int
    text: str
    ok: bool
