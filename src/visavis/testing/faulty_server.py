"""A server of models on loopback that fails by script: chat completions, streamed for words, whole for pictures; and
embeddings."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from visavis.testing.faulty import FOREVER_S, Fault

_STATUS: dict[Fault, int] = {"429": 429, "500": 500, "auth failure": 401}


@dataclass(slots=True)
class FaultyServer:
    """Streams the first `after` words of `answer`, or sends so many bytes of one in one piece, then `fault` strikes;
    a status can only be told before them, in the stream it is an error chunk. `asked_s`, `broke_s`: loop times of the
    first request, and of the last thing sent in answer to it."""

    fault: Fault
    answer: str
    after: int = 0
    drip_s: float = 0.1
    url: str = ""
    requests: int = 0
    asked_s: float = 0.0
    broke_s: float = 0.0

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if not body.get("stream"):
            return await self.whole(request)
        self._asked()
        status = _STATUS.get(self.fault)
        if status is not None and not self.after:
            return web.json_response({"error": {"message": self.fault}}, status=status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        if self.fault == "stall" and not self.after:
            await asyncio.sleep(FOREVER_S)
        await response.prepare(request)
        for number, word in enumerate(self.answer.split(" ")[: self.after]):
            await _send(response, {"choices": [{"delta": {"content": f" {word}" if number else word}}]})
            self._mark()
        await self._break(request, response, status)
        return response

    def _asked(self) -> None:
        self.requests += 1
        self.asked_s = self.asked_s or asyncio.get_running_loop().time()
        self._mark()

    def _mark(self) -> None:
        if self.requests == 1:
            self.broke_s = asyncio.get_running_loop().time()

    async def _break(self, request: web.Request, response: web.StreamResponse, status: int | None) -> None:
        if status is not None:
            await _send(response, {"error": {"message": self.fault, "code": status}})
        elif self.fault == "garbage":
            await response.write(b"data: {\xff\xfe not json\n\n")
        elif self.fault == "stall":
            await asyncio.sleep(FOREVER_S)
        elif self.fault == "slow drip":
            while True:
                await _send(response, {"choices": [{"delta": {"content": "-"}}]})
                await asyncio.sleep(self.drip_s)
        _abort(request)

    async def whole(self, request: web.Request) -> web.StreamResponse:
        """An answer in one piece, about a picture or of vectors."""
        self._asked()
        status = _STATUS.get(self.fault, 200)
        if self.after or self.fault == "slow drip":
            return await self._bytewise(request)
        if status != 200:
            return web.json_response({"error": {"message": self.fault}}, status=status)
        if self.fault == "garbage":
            return web.Response(body=b"\xff\xfe not json", content_type="application/json")
        if self.fault == "stall":
            await asyncio.sleep(FOREVER_S)
        _abort(request)
        return web.Response()

    async def _bytewise(self, request: web.Request) -> web.StreamResponse:
        """Some of it, then the fault."""
        response = web.StreamResponse(
            status=_STATUS.get(self.fault, 200), headers={"Content-Type": "application/json"}
        )
        await response.prepare(request)
        await response.write(b'{"data": [{"index": 0'[: self.after])
        self._mark()
        if self.fault == "stall":
            await asyncio.sleep(FOREVER_S)
        while self.fault == "slow drip":
            await response.write(b" ")
            await asyncio.sleep(self.drip_s)
        if self.fault != "garbage":
            _abort(request)
        return response


async def _send(response: web.StreamResponse, chunk: dict[str, Any]) -> None:
    await response.write(f"data: {json.dumps(chunk)}\n\n".encode())


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


@asynccontextmanager
async def serving(server: FaultyServer) -> AsyncIterator[FaultyServer]:
    """`server.url` is its address, where a refusal has nobody listen."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.chat)
    app.router.add_post("/v1/embeddings", server.whole)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        if server.fault == "refuse" and not server.after:
            server.url = f"http://127.0.0.1:{_free_port()}/v1"
        else:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield server
    finally:
        await runner.cleanup()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
