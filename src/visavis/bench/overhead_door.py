"""A door without a line: a caller's audio in and the agent's voice out, inside the process, at the pace of a call."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.clock import MediaClock
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.messages import ServerMessage
from visavis.transport.base import Gone, Incoming

FRAME_S = 0.02
_FRAME = round(FRAME_S * HEAR_RATE_HZ)
NOISE_PEAK = 60
NOISE_S = 4.0


def room_noise(seed: int = 1) -> Pcm:
    """Four seconds of even noise within ±60: a quiet room that is not digital silence, so that nothing is skipped."""
    drawn = np.random.default_rng(seed).integers(-NOISE_PEAK, NOISE_PEAK + 1, round(NOISE_S * HEAR_RATE_HZ))
    return drawn.astype(np.int16)


class LoopDoor:
    """Hands over 50 frames a second of `noise`, 16 kHz mono, as they come due, and counts what is played.

    `frames_in` and `frames_out` count 20 ms frames. `on_play` is told of each frame of the agent's voice.
    """

    name = "loop"
    out_rate_hz = 24_000
    echo_free = True
    consent_via = "attested"
    playout_delay_s = 0.0

    def __init__(self, noise: Pcm, on_play: Callable[[], None] = lambda: None) -> None:
        self.frames_in = 0
        self.frames_out = 0
        self._noise = noise
        self._clip = noise[:0]
        self._at = 0
        self._on_play = on_play
        self._gone = False

    def say(self, clip: Pcm) -> None:
        """`clip` (16 kHz mono, padded to whole frames) is heard next, in place of the noise."""
        self._clip = np.pad(clip, (0, -len(clip) % _FRAME))

    @property
    def talking(self) -> bool:
        return bool(len(self._clip))

    async def incoming(self, media: MediaClock) -> AsyncIterator[Incoming]:
        due_s = media.now() + random.random() * FRAME_S  # callers do not speak in step with each other
        while not self._gone:
            if (wait_s := due_s - media.now()) > 0:
                await asyncio.sleep(wait_s)
            self.frames_in += 1
            yield AudioFrame(self._next(), HEAR_RATE_HZ, max(0.0, due_s - FRAME_S))
            due_s += FRAME_S
        yield Gone("peer_gone")

    def _next(self) -> Pcm:
        if len(self._clip):
            frame, self._clip = self._clip[:_FRAME], self._clip[_FRAME:]
            return frame
        frame = self._noise[self._at : self._at + _FRAME]
        self._at = (self._at + _FRAME) % (len(self._noise) - _FRAME)
        return frame

    def play(self, pcm: Pcm, at_s: float) -> None:
        self.frames_out += 1
        self._on_play()

    def clear(self) -> None:
        """Nothing waits here."""

    def send(self, message: ServerMessage) -> None:
        """Nobody reads messages."""

    def hang_up(self) -> None:
        self._gone = True

    async def close(self, reason: str) -> None:
        """There is no line to close."""
