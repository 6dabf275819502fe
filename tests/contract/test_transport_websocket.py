"""`/ws/audio` over a real socket on loopback: aiohttp's client on the other end."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import web

from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.errors import NegotiationFailed
from visavis.kernel.media import AudioFrame
from visavis.kernel.messages import Consent, Leave, Playout, Say, Transcript
from visavis.transport.base import Bad, Gone, Incoming
from visavis.transport.websocket import BAD_START, WebSocketTransport

TONE = (np.sin(np.arange(480) / 24_000 * 2 * np.pi * 300) * 8000).astype(np.int16)


@dataclass
class Door:
    """A server with the one route, and what its last call has brought."""

    attested: bool = False
    transport: WebSocketTransport | None = None
    refused: NegotiationFailed | None = None
    items: list[Incoming] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def route(self, request: web.Request) -> web.StreamResponse:
        try:
            self.transport = await WebSocketTransport.open(request, attested=self.attested)
        except NegotiationFailed as error:
            self.refused = error
            self.answered.set()
            self.ended.set()
            return web.Response()
        self.answered.set()
        async for item in self.transport.incoming(MediaClock(LoopClock())):
            self.items.append(item)
            self.news.set()
        await self.transport.close("left")
        self.ended.set()
        return self.transport.socket

    async def until(self, kind: type[Any], count: int = 1) -> Any:
        found: list[Any] = []
        async with asyncio.timeout(5):
            while len(found) < count:
                self.news.clear()
                found = [item for item in self.items if isinstance(item, kind)]
                if len(found) < count:
                    await self.news.wait()
        return found[count - 1]

    def heard_s(self) -> float:
        return sum(item.duration_s for item in self.items if isinstance(item, AudioFrame))


Line = tuple[Door, aiohttp.ClientWebSocketResponse]


@asynccontextmanager
async def dial(first: Any = None, *, attested: bool = False) -> AsyncIterator[Line]:
    door = Door(attested)
    app = web.Application()
    app.router.add_get("/ws/audio", door.route)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession() as client, client.ws_connect(f"http://{host}:{port}/ws/audio") as ws:
            if first is not None:
                await ws.send_json(first)
                await asyncio.wait_for(door.answered.wait(), 5)
            yield door, ws
        await asyncio.wait_for(door.ended.wait(), 5)
    finally:
        await runner.cleanup()


START = {"type": "start", "rate_hz": 16_000, "consent": True}


async def test_start_carries_rate_and_consent() -> None:
    async with dial(START) as (door, _):
        assert await door.until(Consent) == Consent(True)
        assert door.transport is not None
        assert door.transport.start.rate_hz == 16_000
        assert door.transport.consent_via == "message"


async def test_consent_may_be_the_first_message_or_come_later_or_be_attested() -> None:
    async with dial({"type": "consent", "given": False}) as (door, _):
        assert (await door.until(Consent)).given is False
    async with dial({"type": "start"}) as (door, ws):
        await ws.send_json({"type": "consent", "given": True})
        assert (await door.until(Consent)).given is True
        assert len(door.items) == 1
    async with dial({"type": "start"}, attested=True) as (door, _):
        assert (await door.until(Consent)).given is True
        assert door.transport is not None
        assert door.transport.consent_via == "attested"


@pytest.mark.parametrize(
    "first",
    [
        {"type": "start", "rate_hz": 7_999},
        {"type": "start", "rate_hz": 48_001},
        {"type": "start", "rate_hz": "16000"},
        {"type": "say", "text": "hello"},
        {"type": "nonsense"},
        ["start"],
    ],
)
async def test_a_bad_start_is_told_and_refused(first: Any) -> None:
    async with dial() as (door, ws):
        await ws.send_json(first)
        told = json.loads((await ws.receive(timeout=5)).data)
        assert told["type"] == "error"
        assert told["fatal"] is True
        closed = await ws.receive(timeout=5)
        assert closed.type is aiohttp.WSMsgType.CLOSE
        assert closed.data == BAD_START
    assert door.refused is not None


@pytest.mark.parametrize("tick", [True, False])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_101, 48_000])
async def test_pcm_travels_at_the_clients_rate_both_ways(rate_hz: int, tick: bool) -> None:
    """To its last sample, whether (`tick`) or not the session plays nothing in silence."""
    async with dial({"type": "start", "rate_hz": rate_hz, "consent": True}) as (door, ws):
        tone = (np.sin(np.arange(rate_hz // 2) / rate_hz * 2 * np.pi * 300) * 8000).astype("<i2")
        for start in range(0, len(tone), rate_hz // 50):
            await ws.send_bytes(tone[start : start + rate_hz // 50].tobytes())
        await door.until(AudioFrame, 20)
        assert door.transport is not None
        for n in range(10):
            door.transport.play(TONE, n * 0.02)
        if tick:
            door.transport.play(TONE[:0], 0.2)
        heard = b""
        while len(heard) < rate_hz // 50 * 2 * 10:
            message = await ws.receive(timeout=5)
            assert message.type is aiohttp.WSMsgType.BINARY
            assert len(message.data) == rate_hz // 50 * 2
            heard += message.data
        pcm = np.frombuffer(heard, dtype="<i2")
        middle = pcm[len(pcm) // 4 : -len(pcm) // 4]
        peak_hz = float(np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle)))))) * rate_hz / len(middle)
        assert peak_hz == pytest.approx(300, abs=15)
        assert 6_000 < int(np.abs(middle).max()) < 10_000
        assert all(i.rate_hz == 16_000 for i in door.items if isinstance(i, AudioFrame))


async def test_messages_travel_both_ways_and_playout_is_believed_within_reason() -> None:
    async with dial(START) as (door, ws):
        await ws.send_json({"type": "say", "text": "hello"})
        assert await door.until(Say) == Say("hello")
        await ws.send_json({"type": "playout", "delay_ms": 250})
        await door.until(Playout)
        assert door.transport is not None
        assert door.transport.playout_delay_s == 0.25
        await ws.send_json({"type": "playout", "delay_ms": 1e9})
        await door.until(Playout, 2)
        assert door.transport.playout_delay_s == 2.0
        door.transport.send(Transcript("agent", "hi", True))
        assert json.loads((await ws.receive(timeout=5)).data) == {
            "type": "transcript",
            "role": "agent",
            "text": "hi",
            "final": True,
        }


async def test_clear_drops_what_waits_and_tells_the_client() -> None:
    async with dial(START) as (door, ws):
        assert door.transport is not None
        for n in range(40):
            door.transport.play(TONE, n * 0.02)
        door.transport.clear()
        door.transport.send(Transcript("agent", "ok", True))
        binary, kinds = 0, []
        while "transcript" not in kinds:
            message = await ws.receive(timeout=5)
            if message.type is aiohttp.WSMsgType.BINARY:
                binary += 1
            else:
                kinds.append(json.loads(message.data)["type"])
        assert kinds == ["clear", "transcript"]
        assert binary == 0


@pytest.mark.parametrize(
    "garbage", ["{", '{"type":"launch"}', "x" * 20_000, '{"type":"start"}', b"odd", b"\0" * 200_002]
)
async def test_garbage_is_reported_and_survived(garbage: str | bytes) -> None:
    async with dial(START) as (door, ws):
        await (ws.send_str(garbage) if isinstance(garbage, str) else ws.send_bytes(garbage))
        bad = await door.until(Bad)
        assert bad.size == len(garbage)
        await ws.send_json({"type": "say", "text": "still here"})
        assert await door.until(Say) == Say("still here")


async def test_a_message_beyond_a_mebibyte_ends_the_call() -> None:
    async with dial(START) as (door, ws):
        await ws.send_bytes(b"\0" * (1 << 21))
        assert isinstance(await door.until(Gone), Gone)


async def test_a_flood_is_dropped_and_complained_about_once() -> None:
    async with dial(START) as (door, ws):
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for n in range(300):
            await ws.send_json({"type": "say", "text": str(n)})
        await ws.send_bytes(np.ones(320, dtype="<i2").tobytes())
        await door.until(AudioFrame)
        said = [item for item in door.items if isinstance(item, Say)]
        took_s = loop.time() - begun_s
        assert 40 <= len(said) <= 41 + 20 * took_s
        assert 1 <= len([item for item in door.items if isinstance(item, Bad)]) <= 1 + took_s


async def test_audio_sent_at_once_is_heard_whole_and_no_faster_than_spoken() -> None:
    async with dial(START) as (door, ws):
        tone = (np.sin(np.arange(16_000) / 16_000 * 2 * np.pi * 300) * 8000).astype("<i2")
        begun_s = asyncio.get_running_loop().time()
        await ws.send_bytes(tone.tobytes())
        await ws.send_json({"type": "leave"})
        await door.until(Leave)
        assert door.heard_s() >= 1.0
        assert asyncio.get_running_loop().time() - begun_s > 0.7
        frames = [item for item in door.items if isinstance(item, AudioFrame)][1:]  # the call begins in the first
        assert all(b.at_s == pytest.approx(a.end_s, abs=1e-6) for a, b in itertools.pairwise(frames))


async def test_a_client_that_stops_sending_is_silent_and_not_frozen() -> None:
    async with dial(START) as (door, ws):
        await ws.send_bytes((np.ones(1_600) * 5_000).astype("<i2").tobytes())
        await door.until(AudioFrame, 40)
        quiet = [item for item in door.items if isinstance(item, AudioFrame)][8:]
        assert not any(frame.pcm.any() for frame in quiet)


@pytest.mark.parametrize(("code", "reason"), [(1000, "left"), (4000, "peer_gone")])
async def test_how_the_line_ends_is_told(code: int, reason: str) -> None:
    async with dial(START) as (door, ws):
        await ws.close(code=code)
        assert await door.until(Gone) == Gone(reason)


async def test_close_says_goodbye_once_and_leaves_nothing() -> None:
    async with dial(START) as (door, ws):
        assert door.transport is not None
        transport = door.transport
        await asyncio.gather(transport.close("server_stopped"), drain(ws))
        await transport.close("server_stopped")
        assert await door.until(Gone) == Gone("server_stopped")


async def drain(ws: aiohttp.ClientWebSocketResponse) -> None:
    goodbye = json.loads((await ws.receive(timeout=5)).data)
    assert goodbye == {"type": "bye", "reason": "server_stopped"}
    closed = await ws.receive(timeout=5)
    assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1001)
