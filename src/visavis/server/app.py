"""The HTTP side: the call page, signalling, `/ws/audio`, health."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import WSCloseCode, web

from visavis.kernel.agent import Agent
from visavis.kernel.errors import AtCapacity, JournalError, NegotiationFailed, VisavisError
from visavis.kernel.messages import Bye, Problem, encode
from visavis.kernel.settings import Settings
from visavis.server.calls import Calls
from visavis.server.ice import browser_ice_servers
from visavis.server.persons import Persons
from visavis.server.vision import PREFIX, PageVision
from visavis.transport.websocket import WebSocketTransport
from visavis.trust.consent import NOTICE_VERSION, cues_notice, memory_notice, notice

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Offer(msgspec.Struct, frozen=True):
    """Body of `POST /api/offer`."""

    sdp: str
    type: str
    session: str = ""


class App:
    """Builds the aiohttp application around one process's calls."""

    def __init__(self, agent: Agent, settings: Settings, calls: Calls, persons: Persons | None = None) -> None:
        self._agent = agent
        self._settings = settings
        self._calls = calls
        self._persons = persons or Persons()
        self._vision = PageVision(settings.models)

    def build(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._guard])
        pages = resources.files("visavis") / "web"
        app.router.add_get("/", self._page)
        app.router.add_static("/static", str(pages))
        self._vision.add_to(app.router)
        app.router.add_get("/api/agent", self._about)
        app.router.add_post("/api/offer", self._offer)
        app.router.add_get("/ws/audio", self._websocket)
        app.router.add_get("/healthz", self._health)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Own errors become JSON with a stable code; pages get their headers; foreign pages are turned away."""
        try:
            response = self._foreign(request) or await handler(request)
        except AtCapacity as error:
            response = _problem(503, error.code, error.message)
        except JournalError as error:
            response = _problem(503, error.code, error.message)
        except VisavisError as error:
            response = _problem(400, error.code, error.message)
        if not response.prepared:
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    def _foreign(self, request: web.Request) -> web.Response | None:
        """The refusal for a page of another site that is not allowed."""
        origin = request.headers.get("Origin")
        if origin is None or urlsplit(origin).netloc == request.host or request.path.startswith(PREFIX):
            return None
        if origin in self._settings.server.allowed_origins:
            return None
        return _problem(403, "origin", f"Pages of {origin} may not open calls here; see [server] allowed_origins.")

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(str(resources.files("visavis") / "web" / "index.html"))

    async def _about(self, request: web.Request) -> web.StreamResponse:
        agent = self._agent
        return web.json_response(
            {
                "name": agent.name,
                "language": agent.language,
                "notice": {
                    "version": NOTICE_VERSION,
                    "text": notice(agent.name, agent.language),
                    "cues": cues_notice(agent.language),
                    "memory": memory_notice(agent.name, agent.language) if self._persons.of(request.query) else "",
                },
                "cues_in_page": await self._vision.available(),
                "ice_servers": browser_ice_servers(self._settings.webrtc),
                "reconnect_s": self._settings.webrtc.reconnect_s,
            }
        )

    async def _offer(self, request: web.Request) -> web.StreamResponse:
        try:
            offer = msgspec.json.decode(await request.read(), type=Offer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _problem(400, "bad_offer", "The body must be JSON with 'sdp' and 'type'.")
        if offer.type != "offer":
            return _problem(400, "bad_offer", "'type' must be 'offer'.")

        def still_there() -> bool:
            return request.transport is not None and not request.transport.is_closing()

        person = self._persons.of(request.query)
        answer, session = await self._calls.offer(offer.sdp, offer.session, still_there, person)
        return web.json_response({"sdp": answer, "type": "answer", "session": session})

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        """A call over plain PCM. Refusals are told inside the WebSocket, where such clients look."""
        attested = self._settings.server.consent == "attested"
        try:
            async with self._calls.seat():
                transport = await WebSocketTransport.open(request, attested=attested)
                call = self._calls.begin(transport, person=self._persons.of(request.query))
        except NegotiationFailed as error:
            logger.info("a client of /ws/audio was turned away: %s", error.message)
            return web.Response(status=400)
        except VisavisError as error:
            return await _turned_away(request, error)
        await call
        return transport.socket

    async def _health(self, request: web.Request) -> web.StreamResponse:
        limit = self._settings.server.max_sessions
        return web.json_response({"status": "ok", "sessions": len(self._calls), "max_sessions": limit})


async def _turned_away(request: web.Request, error: VisavisError) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str(encode(Problem(error.code, error.message, fatal=True)))
    await socket.send_str(encode(Bye("busy")))
    await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=error.code.encode())
    return socket


def _problem(status: int, code: str, text: str) -> web.Response:
    body: dict[str, Any] = {"code": code, "text": text}
    return web.json_response(body, status=status)
