"""Facts about the call itself: who joined, what they agreed to, how it ended."""

from __future__ import annotations

from visavis.kernel.events.base import Event
from visavis.kernel.settings import TurnSettings


class SessionJoined(Event, frozen=True):
    """Somebody opened the door. Content-free: written before consent."""

    transport: str
    agent: str


class ConsentAsked(Event, frozen=True):
    """The notice was given: `version` names its text, `via` the door's way of asking (page, message, flag)."""

    version: str
    language: str
    via: str


class ConsentGiven(Event, frozen=True):
    """`purposes` are those agreed to, such as `listen`, `camera`."""

    version: str
    purposes: tuple[str, ...]
    via: str


class ConsentRefused(Event, frozen=True):
    version: str
    via: str


class ConsentRevoked(Event, frozen=True):
    purposes: tuple[str, ...]


class SessionStarted(Event, frozen=True):
    """The conversation began, with a fresh floor. `stack` maps layer to provider name; `turn` holds the floor's
    settings, so that the session can be replayed as it was."""

    agent: str
    language: str
    stack: dict[str, str]
    turn: TurnSettings
    scored: bool


class SessionResumed(Event, frozen=True):
    """The person came back to this conversation. `after` is `peer_lost` or `server_restart`."""

    after: str
    turns_kept: int


class SessionEnded(Event, frozen=True):
    """`reason`: left, peer_gone, idle, declined, media_ended, time_limit, error, server_stopped."""

    reason: str
    detail: str = ""


class PeerLost(Event, frozen=True):
    """The line went dead; the session waits `grace_s` seconds for the person to come back."""

    grace_s: float


class PeerReturned(Event, frozen=True):
    away_s: float


class TrackChanged(Event, frozen=True):
    """A media track appeared, ended or was muted. `kind`: microphone, camera, screen."""

    kind: str
    state: str


class ClockRemapped(Event, frozen=True):
    """A stream's timestamps jumped against media time and were anchored anew."""

    stream: str
    by_s: float


class FramesSeen(Event, frozen=True):
    """Video frames of the last second, per source; frames themselves are not stored."""

    source: str
    frames: int
    width: int
    height: int


class IdlePrompted(Event, frozen=True):
    count: int


class MessageRejected(Event, frozen=True):
    """The person's client sent something that is not one of our messages; `why` never quotes it."""

    why: str
    bytes: int
