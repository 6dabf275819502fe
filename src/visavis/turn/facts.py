"""The floor's inputs and its decisions, as types of facts: what a replay feeds, and what it compares."""

from __future__ import annotations

from visavis.kernel.events import (
    AsideIgnored,
    AudioHeard,
    BargeInIgnored,
    Ducked,
    EndpointScored,
    FaceCue,
    FinalRequested,
    FloorTaken,
    Nodded,
    NothingSaid,
    PassageStarted,
    PlaybackStarted,
    PlaybackStopped,
    ReplyEnded,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    TimerFired,
    TranscriptRevised,
    TurnEnded,
    TurnMaybeOver,
    TurnResumed,
    VoicePaused,
    WordsScored,
)

INPUTS = (
    SpeechStarted,
    SpeechStopped,
    TranscriptRevised,
    EndpointScored,
    WordsScored,
    TextTyped,
    TimerFired,
    PlaybackStarted,
    PlaybackStopped,
    AudioHeard,
    PassageStarted,
    ReplyEnded,
    FaceCue,
    Nodded,
)
DECISIONS = (
    FinalRequested,
    TurnMaybeOver,
    TurnResumed,
    TurnEnded,
    NothingSaid,
    AsideIgnored,
    Ducked,
    VoicePaused,
    BargeInIgnored,
    FloorTaken,
)
