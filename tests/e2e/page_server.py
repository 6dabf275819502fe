"""A small stand-in for the server, for tests of the call page: real HTTP, real WebRTC, canned messages.

Run it by hand to look at the page: `python tests/e2e/page_server.py --port 8099`.
"""

from __future__ import annotations

import argparse
import asyncio
import fractions
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aioice.ice
import av
import numpy as np
from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)

from visavis.kernel import messages as m
from visavis.kernel.settings import Settings
from visavis.server.vision import PageVision
from visavis.trust.consent import cues_notice, memory_notice

WEB = Path(__file__).resolve().parents[2] / "src" / "visavis" / "web"
RATE_HZ = 48_000
FRAME = RATE_HZ // 50
NOTICE = (
    "This call is answered by software. It turns what you say into text to answer you, and keeps a written record "
    "of the conversation. It sees your camera or screen only while you show it."
)

POLICY = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'"
"""Stricter than the server's own, so that the page cannot come to need more."""

_host_addresses = aioice.ice.get_host_addresses


def use_loopback() -> None:
    """aioice skips loopback addresses; a test on one machine needs them."""

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        found = _host_addresses(use_ipv4, use_ipv6)
        return [*found, "127.0.0.1"] if "127.0.0.1" not in found else found

    aioice.ice.get_host_addresses = addresses


class Tone(MediaStreamTrack):
    """The agent's voice: a 220 Hz tone while `loud`, else silence; 20 ms frames at 48 kHz mono."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.loud = False
        self._pts = 0
        self._start: float | None = None

    async def recv(self) -> av.AudioFrame:
        now = asyncio.get_running_loop().time()
        self._start = now if self._start is None else self._start
        await asyncio.sleep(max(0.0, self._start + self._pts / RATE_HZ - now))
        at = (np.arange(FRAME) + self._pts) / RATE_HZ
        wave = np.sin(2 * np.pi * 220 * at) * (8_000 if self.loud else 0)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None, :], format="s16", layout="mono")
        frame.pts, frame.sample_rate, frame.time_base = self._pts, RATE_HZ, fractions.Fraction(1, RATE_HZ)
        self._pts += FRAME
        return frame


class Peer:
    """One connection of the page: what arrived, per track and as messages."""

    def __init__(self, session: str, resumed: bool) -> None:
        # Under the default policy aiortc leaves the second video line on a transport that never starts.
        self.pc = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.session = session
        self.resumed = resumed
        self.tone = Tone()
        self.received: list[dict[str, Any]] = []
        self.frames: dict[str, int] = {}
        self.channel: RTCDataChannel | None = None
        self._readers: set[asyncio.Task[None]] = set()

    def send(self, message: m.ServerMessage) -> None:
        assert self.channel is not None, "no data channel yet"
        self.channel.send(m.encode(message))

    def count(self, track: MediaStreamTrack, mid: str) -> None:
        """Counts the frames that arrive on a media line."""
        reader = asyncio.get_running_loop().create_task(self._count(track, mid))
        self._readers.add(reader)

    async def _count(self, track: MediaStreamTrack, mid: str) -> None:
        try:
            while True:
                await track.recv()
                self.frames[mid] = self.frames.get(mid, 0) + 1
        except Exception as end:  # noqa: BLE001
            del end  # the track ended, whatever the reason

    async def close(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self.pc.close()


class PageServer:
    """Answers offers. `greet` is called with every opened connection; set `busy` or `refuse` to turn callers away."""

    def __init__(self) -> None:
        self.notice = m.Notice("2026-01", NOTICE)
        self.reconnect_s = 30.0
        self.busy = False
        self.deaf = False
        """Drops every HTTP connection, as a server that is down does."""
        self.hold_s = 0.0
        """Seconds an offer waits for its answer, as at a server that still loads."""
        self.peers: list[Peer] = []
        self.offers: list[dict[str, Any]] = []
        self.greet: Callable[[Peer], None] = lambda peer: None
        self._runner: web.AppRunner | None = None
        self._vision = PageVision(Settings().models)
        self.url = ""

    @property
    def peer(self) -> Peer:
        return self.peers[-1]

    def received(self, kind: str) -> list[dict[str, Any]]:
        return [message for peer in self.peers for message in peer.received if message["type"] == kind]

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[self._down])
        app.router.add_get("/", self._index)
        app.router.add_static("/static/", WEB)
        app.router.add_get("/api/agent", self._agent)
        self._vision.add_to(app.router)
        app.router.add_get("/healthz", self._health)
        app.router.add_post("/api/offer", self._offer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def stop(self) -> None:
        for peer in self.peers:
            await peer.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def drop(self) -> None:
        """The line goes dead: the newest connection ends without a `bye`."""
        await self.peer.close()

    @web.middleware
    async def _down(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        if self.deaf and request.transport is not None:
            request.transport.abort()
            raise web.HTTPServiceUnavailable
        response: web.StreamResponse = await handler(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)  # the vision frame has a policy of its own
        return response

    async def _index(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(WEB / "index.html")

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _agent(self, request: web.Request) -> web.Response:
        memory = memory_notice("Ada", "en") if "person" in request.query else ""
        texts = {"text": self.notice.text, "cues": cues_notice("en"), "memory": memory}
        notice = {"version": self.notice.version} | texts
        return web.json_response(
            {
                "name": "Ada",
                "language": "en",
                "notice": notice,
                "cues_in_page": await self._vision.available(),
                "ice_servers": [],
                "reconnect_s": self.reconnect_s,
            }
        )

    async def _offer(self, request: web.Request) -> web.Response:
        offer = await request.json()
        self.offers.append(offer)
        await asyncio.sleep(self.hold_s)
        if self.busy:
            return web.json_response({"code": "at_capacity", "text": "All lines are busy just now."}, status=503)
        known = {peer.session for peer in self.peers}
        resumed = offer.get("session", "") in known
        peer = Peer(offer["session"] if resumed else f"s{len(known) + 1}", resumed)
        self.peers.append(peer)
        self._wire(peer)
        await peer.pc.setRemoteDescription(RTCSessionDescription(offer["sdp"], offer["type"]))
        peer.pc.addTrack(peer.tone)
        for line in peer.pc.getTransceivers():
            if line.receiver.track is not None:
                peer.count(line.receiver.track, str(line.mid))
        await peer.pc.setLocalDescription(await peer.pc.createAnswer())
        local = peer.pc.localDescription
        return web.json_response({"sdp": local.sdp, "type": local.type, "session": peer.session})

    def _wire(self, peer: Peer) -> None:
        @peer.pc.on("datachannel")
        def opened(channel: RTCDataChannel) -> None:
            peer.channel = channel
            channel.on("message", lambda data: self._heard(peer, data))
            peer.send(m.Hello(peer.session, "Ada", "en", resumed=peer.resumed))
            peer.send(self.notice)
            self.greet(peer)

    def _heard(self, peer: Peer, data: str) -> None:
        peer.received.append(m.as_dict(m.decode_client(data)))
        if peer.received[-1]["type"] == "leave":
            peer.send(m.Bye("left"))


def canned(peer: Peer) -> None:
    """A conversation to look at."""
    peer.send(m.State("idle"))
    lines: list[tuple[Any, str]] = [
        ("agent", "Hello, I am Ada. What would you like to know?"),
        ("user", "Could you move my appointment on Thursday to some time next week, please?"),
        ("agent", "Of course. I have Tuesday at ten, or Wednesday at three. Which suits you better?"),
    ]
    for number, (role, text) in enumerate(lines):
        peer.send(m.Transcript(role, text, True, number))
    peer.send(m.ToolNote("find_free_slots", "done"))
    stages = {"endpoint": 320.0, "asr": 170.0, "llm_first_token": 290.0, "first_clause": 110.0, "tts": 40.0}
    peer.send(m.Latency(1, 768.0, {**stages, "endpoint": 220.0, "asr": 120.0, "transport": 25.0}))
    peer.send(m.Latency(2, 1210.0, {**stages, "llm_first_token": 520.0, "transport": 60.0}, "llm_first_token"))


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8099)
    server = PageServer()
    server.greet = canned
    use_loopback()
    await server.start(parser.parse_args().port)
    print(json.dumps({"url": server.url}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
