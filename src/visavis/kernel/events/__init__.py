"""Every fact of a session is one typed, past-tense event. Nothing else counts, logs or stores.

Times ending in `_s` are media time in seconds unless the docstring says otherwise. Events are immutable and
serialise to one flat JSON object with a `type`.
"""

from __future__ import annotations

import msgspec

from visavis.kernel.events.base import Event, Record
from visavis.kernel.events.call import (
    ClockRemapped,
    ConsentAsked,
    ConsentGiven,
    ConsentRefused,
    ConsentRevoked,
    FramesSeen,
    IdlePrompted,
    MessageRejected,
    PeerLost,
    PeerReturned,
    SessionEnded,
    SessionJoined,
    SessionResumed,
    SessionStarted,
    TrackChanged,
)
from visavis.kernel.events.knowledge import PassagesFound
from visavis.kernel.events.memory import MemoryForgotten, MemoryNoted, MemoryRecalled
from visavis.kernel.events.page import (
    ButtonPressed,
    FormFilled,
    LookedAt,
    OptionsChosen,
    PageShown,
    SourcesCited,
)
from visavis.kernel.events.provider import (
    Apologized,
    ApprovalAnswered,
    ApprovalAsked,
    FellBack,
    ProviderFailed,
    ToolCalled,
    ToolRefused,
    ToolReturned,
    UsageCounted,
)
from visavis.kernel.events.reply import (
    AudioHeard,
    FirstAudioPlayed,
    FirstClause,
    FirstContentPlayed,
    FirstSpeech,
    FirstToken,
    Interrupted,
    OpenerChosen,
    ReplyDiscarded,
    ReplyEnded,
    ReplyReleased,
    ReplyStarted,
)
from visavis.kernel.events.see import (
    DocumentRead,
    FaceCue,
    FloorYielded,
    FramesDropped,
    FrameSent,
    FrameUsed,
    GestureSeen,
    Nodded,
    SightNoted,
    SightTriggered,
)
from visavis.kernel.events.survival import (
    BreakerClosed,
    BreakerOpened,
    Degraded,
    HandoffRequested,
    Hedged,
    Recovered,
)
from visavis.kernel.events.turn import (
    Acknowledged,
    AsideIgnored,
    BargeInIgnored,
    Ducked,
    EndpointScored,
    FinalRequested,
    FloorTaken,
    HoldRequested,
    NothingSaid,
    PassageStarted,
    PlaybackStarted,
    PlaybackStopped,
    SpeechHinted,
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
from visavis.kernel.json_text import encode_json

AnyEvent = (
    SessionJoined
    | SessionStarted
    | SessionResumed
    | SessionEnded
    | ConsentAsked
    | ConsentGiven
    | ConsentRefused
    | ConsentRevoked
    | PeerLost
    | PeerReturned
    | TrackChanged
    | ClockRemapped
    | FramesSeen
    | IdlePrompted
    | MessageRejected
    | SpeechHinted
    | SpeechStarted
    | SpeechStopped
    | TranscriptRevised
    | EndpointScored
    | WordsScored
    | FinalRequested
    | TextTyped
    | TimerFired
    | PlaybackStarted
    | PlaybackStopped
    | TurnMaybeOver
    | TurnResumed
    | TurnEnded
    | Ducked
    | FloorTaken
    | VoicePaused
    | PassageStarted
    | NothingSaid
    | AsideIgnored
    | HoldRequested
    | Acknowledged
    | BargeInIgnored
    | ReplyStarted
    | OpenerChosen
    | FirstToken
    | FirstClause
    | FirstSpeech
    | ReplyReleased
    | ReplyDiscarded
    | FirstAudioPlayed
    | FirstContentPlayed
    | AudioHeard
    | Interrupted
    | ReplyEnded
    | ToolCalled
    | ToolReturned
    | ToolRefused
    | ApprovalAsked
    | ApprovalAnswered
    | ProviderFailed
    | FellBack
    | BreakerOpened
    | BreakerClosed
    | Hedged
    | Degraded
    | Recovered
    | HandoffRequested
    | Apologized
    | FaceCue
    | Nodded
    | FrameSent
    | FrameUsed
    | FramesDropped
    | SightNoted
    | DocumentRead
    | SightTriggered
    | GestureSeen
    | FloorYielded
    | PageShown
    | ButtonPressed
    | OptionsChosen
    | FormFilled
    | LookedAt
    | SourcesCited
    | PassagesFound
    | UsageCounted
    | MemoryNoted
    | MemoryRecalled
    | MemoryForgotten
)

_event_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode_event(event: Event) -> bytes:
    """One JSON object, `type` first."""
    return encode_json(event)


def decode_event(data: bytes | str) -> AnyEvent:
    """The event in `data`; raises msgspec.ValidationError when it is none of ours."""
    return _event_decoder.decode(data)


__all__ = [
    "Acknowledged",
    "AnyEvent",
    "Apologized",
    "ApprovalAnswered",
    "ApprovalAsked",
    "AsideIgnored",
    "AudioHeard",
    "BargeInIgnored",
    "BreakerClosed",
    "BreakerOpened",
    "ButtonPressed",
    "ClockRemapped",
    "ConsentAsked",
    "ConsentGiven",
    "ConsentRefused",
    "ConsentRevoked",
    "Degraded",
    "DocumentRead",
    "Ducked",
    "EndpointScored",
    "Event",
    "FaceCue",
    "FellBack",
    "FinalRequested",
    "FirstAudioPlayed",
    "FirstClause",
    "FirstContentPlayed",
    "FirstSpeech",
    "FirstToken",
    "FloorTaken",
    "FloorYielded",
    "FormFilled",
    "FrameSent",
    "FrameUsed",
    "FramesDropped",
    "FramesSeen",
    "GestureSeen",
    "HandoffRequested",
    "Hedged",
    "HoldRequested",
    "IdlePrompted",
    "Interrupted",
    "LookedAt",
    "MemoryForgotten",
    "MemoryNoted",
    "MemoryRecalled",
    "MessageRejected",
    "Nodded",
    "NothingSaid",
    "OpenerChosen",
    "OptionsChosen",
    "PageShown",
    "PassageStarted",
    "PassagesFound",
    "PeerLost",
    "PeerReturned",
    "PlaybackStarted",
    "PlaybackStopped",
    "ProviderFailed",
    "Record",
    "Recovered",
    "ReplyDiscarded",
    "ReplyEnded",
    "ReplyReleased",
    "ReplyStarted",
    "SessionEnded",
    "SessionJoined",
    "SessionResumed",
    "SessionStarted",
    "SightNoted",
    "SightTriggered",
    "SourcesCited",
    "SpeechHinted",
    "SpeechStarted",
    "SpeechStopped",
    "TextTyped",
    "TimerFired",
    "ToolCalled",
    "ToolRefused",
    "ToolReturned",
    "TrackChanged",
    "TranscriptRevised",
    "TurnEnded",
    "TurnMaybeOver",
    "TurnResumed",
    "UsageCounted",
    "VoicePaused",
    "WordsScored",
    "decode_event",
    "encode_event",
]
