"""One WebRTC call inside one process: a transport with a simple user, and the synthetic caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.settings import WebRtcSettings
from visavis.testing.rtc_caller import Negotiate, RtcCaller
from visavis.transport.base import Gone, Incoming
from visavis.transport.pcm_rate import PcmRate
from visavis.transport.webrtc import WebRtcTransport


def beep(seconds: float = 0.2, hz: float = 700.0, level: int = 8000) -> Pcm:
    pcm: Pcm = (np.sin(np.arange(int(seconds * 24_000)) / 24_000 * 2 * np.pi * hz) * level).astype(np.int16)
    return pcm


class Call:
    """Keeps what comes in; speaks `voice`, or echoes the caller, in 20 ms ticks as a session would."""

    def __init__(self, transport: WebRtcTransport) -> None:
        self.transport = transport
        self.media = MediaClock(LoopClock())
        self.items: list[Incoming] = []
        self.voice: Pcm = np.zeros(0, dtype=np.int16)
        self.echo = False
        self.ticks_in_silence = True
        self._up = PcmRate(16_000, 24_000)
        self._news = asyncio.Event()

    async def listen(self) -> None:
        async for item in self.transport.incoming(self.media):
            self.items.append(item)
            if self.echo and isinstance(item, AudioFrame):
                self.voice = np.concatenate([self.voice, self._up.convert(item.pcm)])
            self._news.set()

    async def speak(self) -> None:
        n, begun_s = 0, self.media.now()
        while True:
            n += 1
            await asyncio.sleep(max(0.0, begun_s + n * 0.02 - self.media.now()))
            if self.echo and len(self.voice) >= 2 * 480 and not np.abs(self.voice[:480]).max() > 50:
                self.voice = self.voice[480:]  # an echo that has fallen behind catches up in silence
            ready = 480 if len(self.voice) >= 480 else 0
            frame, self.voice = self.voice[:ready], self.voice[ready:]
            if len(frame) or self.ticks_in_silence:
                self.transport.play(frame, begun_s + n * 0.02)

    async def until(self, kind: type[Any], count: int = 1, timeout_s: float = 10.0) -> Any:
        found: list[Any] = []
        async with asyncio.timeout(timeout_s):
            while len(found) < count:
                self._news.clear()
                found = [item for item in self.items if isinstance(item, kind)]
                if len(found) < count:
                    await self._news.wait()
        return found[count - 1]

    def audio(self, since: int = 0) -> list[AudioFrame]:
        return [item for item in self.items[since:] if isinstance(item, AudioFrame)]


@asynccontextmanager
async def answering(
    settings: WebRtcSettings | None = None, *, relay_only: bool = False, ticks_in_silence: bool = True
) -> AsyncIterator[Call]:
    """The agent's side; closed at the end, which `listen` must notice."""
    call = Call(WebRtcTransport(settings, relay_only=relay_only))
    call.ticks_in_silence = ticks_in_silence
    tasks = [asyncio.create_task(call.listen()), asyncio.create_task(call.speak())]
    try:
        yield call
    finally:
        tasks[1].cancel()
        await call.transport.close("left")
        await call.until(Gone, timeout_s=3)
        async with asyncio.timeout(3):
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def calling(
    call: Call, *, negotiate: Negotiate | None = None, timeout_s: float = 20.0, **options: Any
) -> AsyncIterator[RtcCaller]:
    caller = RtcCaller(**options)
    try:
        await caller.connect(negotiate or call.transport.answer, timeout_s=timeout_s)
        yield caller
    finally:
        await caller.close()
