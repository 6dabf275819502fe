"""A door whose caller follows a script on the loop's clock; what the agent sends is kept with its times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.clock import MediaClock
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.messages import Leave, ServerMessage
from visavis.testing.doubles import LEVEL, WORD_S, sound
from visavis.transport.base import Gone, Incoming

FRAME_S = 0.02


@dataclass(slots=True)
class Script:
    """What the caller does when. Times are media time in seconds."""

    utterances: list[tuple[float, float, str]] = field(default_factory=list)
    noises: list[tuple[float, float]] = field(default_factory=list)
    items: list[tuple[float, Incoming]] = field(default_factory=list)
    end_s: float = 0.0

    def says(self, at_s: float, text: str) -> float:
        """The caller says `text` from `at_s` on; returns when the last word ends."""
        end_s = at_s + len(text.split()) * WORD_S
        self.utterances.append((at_s, end_s, text))
        return end_s

    def level(self, at_s: float) -> int:
        for number, (start_s, end_s, _) in enumerate(self.utterances, 1):
            if start_s <= at_s < end_s:
                return number
        for start_s, end_s in self.noises:
            if start_s <= at_s < end_s:
                return 300
        return 0


class ScriptedDoor:
    """Plays a `Script` in 20 ms frames. `sent` and `played` are `(media time, …)`."""

    name = "script"
    out_rate_hz = 24_000
    echo_free = True
    playout_delay_s = 0.1

    def __init__(self, script: Script, *, consent_via: str = "attested") -> None:
        self.script = script
        self.consent_via = consent_via
        self.sent: list[tuple[float, ServerMessage]] = []
        self.played: list[tuple[float, Pcm]] = []
        self.cleared: list[float] = []
        self.closed = ""
        self._media: MediaClock | None = None

    async def incoming(self, media: MediaClock) -> AsyncIterator[Incoming]:
        self._media = media
        items = sorted(self.script.items, key=lambda item: item[0])
        begin_s = media.now()
        for tick in range(round((self.script.end_s - begin_s) / FRAME_S)):
            at_s = begin_s + tick * FRAME_S
            wait_s = at_s + FRAME_S - media.now()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            while items and items[0][0] <= media.now():
                yield items.pop(0)[1]
            level = self.script.level(at_s)
            yield AudioFrame(sound(level, FRAME_S, HEAR_RATE_HZ), HEAR_RATE_HZ, at_s)
        yield Leave()
        yield Gone("left")

    def play(self, pcm: Pcm, at_s: float) -> None:
        self.played.append((at_s, pcm))

    def clear(self) -> None:
        self.cleared.append(self._media.now() if self._media else 0.0)

    def send(self, message: ServerMessage) -> None:
        self.sent.append((self._media.now() if self._media else 0.0, message))

    async def close(self, reason: str) -> None:
        self.closed = reason

    def loudness(self, from_s: float, to_s: float) -> float:
        """Mean level of the agent's voice that left in this time, relative to full voice; 0 for silence."""
        frames = [pcm for at_s, pcm in self.played if from_s <= at_s < to_s]
        if not frames:
            return 0.0
        return float(np.abs(np.concatenate(frames)).sum() / (LEVEL * (to_s - from_s) * self.out_rate_hz))
