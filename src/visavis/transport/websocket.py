"""The plain door `/ws/audio`: 16-bit mono PCM and JSON messages over one WebSocket, for backends, robots and tests.

The client's first message is `start` (with its PCM rate, 8000–48000 Hz, and maybe its consent) or `consent`. Then
binary messages are little-endian PCM at that rate, both ways; text messages are `kernel.messages`. The agent's
voice leaves in 20 ms pieces as it is spoken, nothing in silence; `clear` tells the client to drop what it has not
played. A client may send faster than real time (it is read no faster than it would speak) and may stop sending in
pauses (silence is filled in).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import msgspec
import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web

from visavis.kernel.clock import MediaClock
from visavis.kernel.errors import NegotiationFailed
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.messages import (
    BadMessage,
    Bye,
    Clear,
    Consent,
    Hello,
    Leave,
    Playout,
    Problem,
    ServerMessage,
    Start,
    decode_client,
    encode,
)
from visavis.transport.base import Bad, Gone, Incoming, Remapped
from visavis.transport.inbox import Inbox, MessageGate
from visavis.transport.pcm_rate import PcmRate
from visavis.transport.timeline import ArrivalClock
from visavis.transport.ws_outbox import SlowReader, WsOutbox

log = logging.getLogger(__name__)

RATES_HZ = (8_000, 48_000)
BAD_START, NO_START = 4400, 4408
_EAR_HZ = 16_000
_PIECE = _EAR_HZ // 50
_MAX_FRAME_BYTES = 1 << 20
_MAX_AUDIO_S = 2.0
_START_S = 10.0
_FLUSH_S, _CLOSE_S = 0.5, 1.5
_AHEAD_S = 0.06
_FILL_AFTER_S, _FILL_TO_S, _FILL_EVERY_S = 0.3, 0.1, 0.1
_QUIET = 150
_CLOSE_CODES = {"server_stopped": WSCloseCode.GOING_AWAY, "error": WSCloseCode.INTERNAL_ERROR}


class WebSocketTransport:
    """One client of `/ws/audio`; see `Transport`. Make it with `open`."""

    name = "websocket"
    out_rate_hz = 24_000
    echo_free = False

    def __init__(self, ws: web.WebSocketResponse, start: Start, *, attested: bool) -> None:
        self.start = start
        self.consent_via = "attested" if attested else "message"
        self._ws = ws
        self._inbox = Inbox()
        self._gate = MessageGate()
        self._outbox = WsOutbox(ws, self.out_rate_hz, start.rate_hz)
        self._rate = PcmRate(start.rate_hz, _EAR_HZ)
        self._clock = ArrivalClock(_EAR_HZ)
        self._count = 0
        self._filled = 0
        self._media: MediaClock | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: asyncio.Task[None] | None = None
        self._leaving = False
        self._ended = False
        self._playout_s = 0.05
        self._first: Incoming | None = Consent(True) if attested or start.consent else None

    @classmethod
    async def open(cls, request: web.Request, *, attested: bool = False) -> WebSocketTransport:
        """Accept the WebSocket and read its first message.

        Raises NegotiationFailed, after telling the client and closing with 4400 or 4408, when that message is not
        `start` or `consent`, has an impossible rate, or does not come within 10 s. HTTP errors are aiohttp's own.
        """
        ws = web.WebSocketResponse(max_msg_size=_MAX_FRAME_BYTES, heartbeat=15.0, timeout=1.0, compress=False)
        await ws.prepare(request)
        try:
            async with asyncio.timeout(_START_S):
                message = await ws.receive()
        except TimeoutError:
            raise await _refuse(ws, NO_START, f"no 'start' message within {_START_S:.0f} s") from None
        if message.type is not WSMsgType.TEXT:
            raise await _refuse(ws, BAD_START, "the first message must be the JSON message 'start'")
        try:
            first = decode_client(message.data)
        except BadMessage as error:
            raise await _refuse(ws, BAD_START, f"the first message is {error}") from error
        start = Start(consent=first.given) if isinstance(first, Consent) else first
        if not isinstance(start, Start):
            raise await _refuse(ws, BAD_START, "the first message must be 'start' or 'consent'")
        if not RATES_HZ[0] <= start.rate_hz <= RATES_HZ[1]:
            raise await _refuse(ws, BAD_START, f"rate_hz must be {RATES_HZ[0]} to {RATES_HZ[1]}")
        transport = cls(ws, start, attested=attested)
        if isinstance(first, Consent):
            transport._first = Consent(True) if attested else first
        return transport

    @property
    def socket(self) -> web.WebSocketResponse:
        """The response that the HTTP handler must return."""
        return self._ws

    async def incoming(self, media: MediaClock) -> AsyncIterator[Incoming]:
        self._media = media
        if self._first is not None:
            self._inbox.put(self._first)
            self._first = None
        self._tasks = [
            asyncio.create_task(self._guard(self._read()), name="ws-read"),
            asyncio.create_task(self._guard(self._fill()), name="ws-fill"),
            asyncio.create_task(self._guard(self._outbox.run()), name="ws-write"),
        ]
        while True:
            item = await self._inbox.get(60.0)
            if item is None:
                continue
            yield item
            if isinstance(item, Gone):
                return

    def play(self, pcm: Pcm, at_s: float) -> None:
        if not self._ended:
            self._outbox.audio(pcm)

    def clear(self) -> None:
        self._outbox.clear()
        self.send(Clear())

    def send(self, message: ServerMessage) -> None:
        if isinstance(message, Hello):
            message = msgspec.structs.replace(message, rate_hz=self.start.rate_hz)
        if not self._ended:
            self._outbox.text(encode(message))

    @property
    def playout_delay_s(self) -> float:
        return self._playout_s

    async def close(self, reason: str) -> None:
        """See `Transport`. Closes with 1000, 1001 when the server stops, 1011 after an error."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(reason), name="ws-close")
        await asyncio.wait([self._closing])

    async def _close(self, reason: str) -> None:
        self._outbox.audio(np.zeros(0, np.int16))
        self.send(Bye(reason))
        self._end(reason)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_S):
                await self._outbox.flush()
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_CLOSE_S):
                await self._ws.close(code=_CLOSE_CODES.get(reason, WSCloseCode.OK), message=reason.encode())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _read(self) -> None:
        while True:
            message = await self._ws.receive()
            match message.type:
                case WSMsgType.BINARY:
                    await self._hear(message.data)
                case WSMsgType.TEXT:
                    self._read_text(message.data)
                case _:  # closed, closing or broken
                    clean = self._leaving or self._ws.close_code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
                    self._end("left" if clean else "peer_gone")
                    return

    def _read_text(self, data: str) -> None:
        if not self._may_speak(len(data)):
            return
        try:
            message = decode_client(data)
        except BadMessage as error:
            self._bad(str(error), len(data))
            return
        match message:
            case Start():
                self._bad("'start' comes once, first", len(data))
                return
            case Playout():
                self._playout_s = min(2.0, max(0.0, message.delay_ms / 1000))
            case Leave():
                self._leaving = True
        self._inbox.put(message)

    def _may_speak(self, size: int) -> bool:
        now_s = asyncio.get_running_loop().time()
        if self._gate.allows(now_s):
            return True
        if self._gate.may_complain(now_s):
            self._bad("too many messages", size)
        return False

    def _bad(self, why: str, size: int) -> None:
        self._inbox.put(Bad(why, size))

    async def _hear(self, data: bytes) -> None:
        longest = int(_MAX_AUDIO_S * self.start.rate_hz) * 2
        if len(data) % 2 or len(data) > longest:
            if self._may_speak(len(data)):
                what = "an odd number of bytes" if len(data) % 2 else f"more than {_MAX_AUDIO_S:.0f} s"
                self._bad(f"audio message of {what}", len(data))
            return
        pcm = self._rate.convert(np.frombuffer(data, dtype="<i2").astype(np.int16))
        for start in range(0, len(pcm), _PIECE):
            await self._hear_piece(pcm[start : start + _PIECE])

    async def _hear_piece(self, pcm: Pcm) -> None:
        """At most 20 ms, taken no sooner than a person could have said it."""
        assert self._media is not None
        ahead_s = self._ahead_s(len(pcm))
        if self._filled > 0 and ahead_s > _AHEAD_S / 2 and int(np.abs(pcm).max()) < _QUIET:
            self._filled -= len(pcm)  # make up for silence that was filled in while this was on its way
            return
        if ahead_s > _AHEAD_S:
            await asyncio.sleep(ahead_s - _AHEAD_S / 2)
        self._count += len(pcm)
        moved_s = self._clock.arrived(self._count, self._media.now())
        if moved_s:
            self._inbox.put(Remapped("microphone", moved_s))
        self._inbox.put(AudioFrame(pcm, _EAR_HZ, self._clock.at(self._count - len(pcm))))

    def _ahead_s(self, samples: int) -> float:
        assert self._media is not None
        return self._clock.at(self._count + samples) - self._media.now() if self._count else 0.0

    async def _fill(self) -> None:
        while True:
            await asyncio.sleep(_FILL_EVERY_S)
            behind_s = -self._ahead_s(0)
            if self._count == 0 or behind_s < _FILL_AFTER_S:
                continue
            pieces = int((behind_s - _FILL_TO_S) * 50)
            for _ in range(pieces):
                frame = AudioFrame(np.zeros(_PIECE, dtype=np.int16), _EAR_HZ, self._clock.at(self._count))
                self._inbox.put(frame)
                self._count += _PIECE
                self._filled += _PIECE

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (ConnectionError, SlowReader) as error:
            log.info("websocket line lost: %s", error)
            self._end("peer_gone")

    def _end(self, reason: str) -> None:
        if not self._ended:
            self._ended = True
            self._inbox.put(Gone(reason))


async def _refuse(ws: web.WebSocketResponse, code: int, why: str) -> NegotiationFailed:
    if not ws.closed:
        await ws.send_str(encode(Problem("negotiation_failed", why, fatal=True)))
        await ws.close(code=code, message=why.encode()[:120])
    return NegotiationFailed(why, stage="transport", hint='send {"type":"start","rate_hz":16000} first')
