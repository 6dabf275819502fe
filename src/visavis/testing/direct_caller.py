"""A caller without a network: a door into a session of the same process, in real time, with the audio as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import soxr

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.clock import MediaClock
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.messages import ClientMessage, Consent, Leave, ServerMessage
from visavis.testing.ear import EAR_HZ, Ear, Heard
from visavis.testing.mailbox import Mailbox
from visavis.testing.microphone import FRAME_S, Microphone
from visavis.transport.base import Gone, Incoming


class DirectCaller(Mailbox):
    """Both ends of the line: a `Transport` for the session, and for the caller what `RtcCaller` offers.

    All times are the running loop's. What the session plays is heard at once.
    """

    name = "file"
    out_rate_hz = EAR_HZ
    echo_free = True
    consent_via = "message"
    playout_delay_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.ear = Ear()
        self._microphone = Microphone(HEAR_RATE_HZ)
        self._sent: list[ClientMessage] = []
        self._closed = False

    # The session's side.

    async def incoming(self, media: MediaClock) -> AsyncIterator[Incoming]:
        loop = asyncio.get_running_loop()
        offset_s = media.now() - loop.time()
        due_s = loop.time()
        while not self._closed:
            due_s += FRAME_S
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            while self._sent:
                yield self._sent.pop(0)  # type: ignore[misc]
            yield AudioFrame(self._microphone.frame(due_s), HEAR_RATE_HZ, due_s + offset_s - FRAME_S)
        yield Gone("left")

    def play(self, pcm: Pcm, at_s: float) -> None:
        if len(pcm):
            self.ear.play(pcm, asyncio.get_running_loop().time())

    def clear(self) -> None:
        """Nothing waits: what was played has been heard."""

    def send(self, message: ServerMessage) -> None:
        self._received(message)

    async def close(self, reason: str) -> None:
        self._closed = True
        self._microphone.hush()

    # The caller's side.

    @property
    def heard(self) -> list[Heard]:
        return self.ear.heard

    async def say(self, pcm: Pcm) -> float:
        """Speak mono 24 kHz `pcm`; returns the loop time at which its last sample left."""
        return await self._microphone.say(soxr.resample(pcm, EAR_HZ, HEAR_RATE_HZ))

    def give_consent(self, given: bool = True, purposes: tuple[str, ...] = ("listen", "camera")) -> None:
        self._sent.append(Consent(given, list(purposes)))

    async def leave(self) -> None:
        self._sent.append(Leave())
