"""The way out of a WebSocket line: one writer, a bounded queue, the agent's voice at the client's rate."""

from __future__ import annotations

import asyncio
from collections import deque

import numpy as np
from aiohttp import web

from visavis.kernel.media import Pcm
from visavis.transport.pcm_rate import PcmRate

_MAX_AUDIO_PIECES = 50
_MAX_TEXTS = 256
_STUCK_S = 10.0
_SILENT_S = 0.2
"""The voice has ended when no tick of it comes for so long."""


class SlowReader(Exception):
    """The client has not read for 10 s."""


class WsOutbox:
    """Queues never block. Beyond 1 s of audio the oldest audio is dropped, beyond 256 messages the oldest message."""

    def __init__(self, ws: web.WebSocketResponse, voice_hz: int, client_hz: int) -> None:
        self._ws = ws
        self._rate = PcmRate(voice_hz, client_hz)
        self._piece = client_hz // 50
        self._rest: Pcm = np.zeros(0, dtype=np.int16)
        self._speaking = False
        self._queue: deque[bytes | str] = deque()
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def audio(self, pcm: Pcm) -> None:
        """A tick of the agent's voice; empty when silent, which lets the tail of the last word out."""
        if len(pcm):
            self._speaking = True
            self._pack(self._rate.convert(pcm), pad=False)
        else:
            self._fall_silent()

    def text(self, message: str) -> None:
        self._put(message)

    def clear(self) -> None:
        """Drop queued audio; messages stay."""
        self._rate.finish()
        self._rest, self._speaking = self._rest[:0], False
        texts = [item for item in self._queue if isinstance(item, str)]
        self._queue.clear()
        self._queue.extend(texts)

    async def run(self) -> None:
        """Write until cancelled. Raises SlowReader when the client stops reading, ConnectionError when it is gone."""
        while True:
            await self._something()
            self._ready.clear()
            while self._queue:
                self._idle.clear()
                await self._write(self._queue.popleft())
            self._idle.set()

    async def _something(self) -> None:
        """Until there is something to write; the last of a voice that has fallen silent is, too."""
        try:
            async with asyncio.timeout(_SILENT_S if self._speaking else None):
                await self._ready.wait()
        except TimeoutError:
            self._fall_silent()

    def _fall_silent(self) -> None:
        if self._speaking:
            self._speaking = False
            self._pack(self._rate.finish(), pad=True)

    async def flush(self) -> None:
        """Wait until everything queued is written."""
        await self._idle.wait()

    async def _write(self, item: bytes | str) -> None:
        try:
            async with asyncio.timeout(_STUCK_S):
                if isinstance(item, bytes):
                    await self._ws.send_bytes(item)
                else:
                    await self._ws.send_str(item)
        except TimeoutError:
            raise SlowReader(f"nothing was read for {_STUCK_S:.0f} s") from None

    def _pack(self, pcm: Pcm, *, pad: bool) -> None:
        pcm = np.concatenate([self._rest, pcm])
        if pad and len(pcm) % self._piece:
            pcm = np.pad(pcm, (0, self._piece - len(pcm) % self._piece))
        whole = len(pcm) // self._piece * self._piece
        for start in range(0, whole, self._piece):
            self._put(pcm[start : start + self._piece].astype("<i2").tobytes())
        self._rest = pcm[whole:]

    def _put(self, item: bytes | str) -> None:
        self._queue.append(item)
        limit = _MAX_AUDIO_PIECES if isinstance(item, bytes) else _MAX_TEXTS
        if len(self._queue) > limit:
            same = [index for index, other in enumerate(self._queue) if type(other) is type(item)]
            if len(same) > limit:
                del self._queue[same[0]]
        self._idle.clear()
        self._ready.set()
