"""The contract of a door into a call.

A `Transport` is one person's connection. Audio comes in as 16 kHz mono `AudioFrame`s stamped with media time, in
order, gaps concealed; the agent's voice goes out as 20 ms frames at `out_rate_hz`, handed over at the moment they
should leave or one frame before. When the line drops and comes back (`Lost`, `Returned`), the transport object
stays the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from visavis.kernel.clock import MediaClock
from visavis.kernel.media import AudioFrame, Pcm, VideoFrame
from visavis.kernel.messages import AnyClientMessage, ServerMessage

OUT_FRAME_S = 0.02


@dataclass(frozen=True, slots=True)
class Lost:
    """The line went dead; the person may come back."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The person is back on a new line."""

    away_s: float


@dataclass(frozen=True, slots=True)
class Gone:
    """The line ended for good. `reason` is one of `SessionEnded`'s."""

    reason: str


@dataclass(frozen=True, slots=True)
class Bad:
    """The client sent something that is no message of ours."""

    why: str
    size: int


@dataclass(frozen=True, slots=True)
class Remapped:
    """The stream's timestamps jumped by `by_s` against media time."""

    stream: str
    by_s: float


Incoming = AudioFrame | VideoFrame | AnyClientMessage | Lost | Returned | Gone | Bad | Remapped


class Transport(Protocol):
    name: str
    """What `SessionJoined.transport` says: webrtc, websocket, file."""

    out_rate_hz: int
    """Rate at which `play` wants its audio."""

    echo_free: bool
    """True when the client cancels echo itself (browsers) or cannot hear us (files)."""

    consent_via: str
    """How this door asks: page, message, attested, flag."""

    def incoming(self, media: MediaClock) -> AsyncIterator[Incoming]:
        """Everything from the person, in order; ends after `Gone`. Its queue is bounded: audio waits at most
        1 s and then the oldest goes; video keeps only the newest frame per source."""
        ...

    def play(self, pcm: Pcm, at_s: float) -> None:
        """20 ms of the agent's voice at `out_rate_hz`; an empty array means silence this tick. Never blocks.

        It is heard from media time `at_s` on, which is now or, when frames are handed over along with the person's,
        up to 20 ms ahead."""
        ...

    def clear(self) -> None:
        """Drop audio that has not left yet."""
        ...

    def send(self, message: ServerMessage) -> None:
        """Queue a message; never blocks. Messages are dropped once the line is gone."""
        ...

    @property
    def playout_delay_s(self) -> float:
        """From `play` to the person's ear, as best known (client's report, else a default)."""
        ...

    async def close(self, reason: str) -> None:
        """End the line cleanly: say `Bye`, flush, release. Idempotent, bounded in time."""
        ...


@runtime_checkable
class Adjustable(Protocol):
    """A door that can hand over the camera's pictures at another rate."""

    def camera_fps(self, fps: float | None) -> None:
        """At most so many pictures a second from now on; None: as many as by default."""
        ...
