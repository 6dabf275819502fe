"""A scripted server of language models on loopback: any wire format, and what the embedded model's has besides."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from visavis.think.base import Llm, LlmEvent, LlmRequest, ToolSpec

DONE = b"data: [DONE]\n\n"
STALL = "stall"
CUT = "cut"


def content(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


def finish(reason: str = "stop") -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def tool_delta(index: int, *, id: str | None = None, name: str | None = None, arguments: str = "") -> dict[str, Any]:
    call = {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}


USAGE: dict[str, Any] = {
    "choices": [],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}},
}
ROLE: dict[str, Any] = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]}


TOOL = ToolSpec(
    "weather", "Weather.", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
)


class NoServer:
    """Stands for the in-process server: the scripted one plays it."""

    def __init__(self, url: str) -> None:
        self.base_url = url
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True


async def ask(llm: Llm, request: LlmRequest) -> list[LlmEvent]:
    return [event async for event in llm.stream(request)]


@dataclass
class ScriptedServer:
    """Plays `script` for every chat request: chunks as dicts, raw bytes, or STALL (silence) and CUT (hang up).

    `status` other than 200 answers `error` instead. `held` is set while a stalled request is open, and cleared when
    its client has gone.
    """

    script: list[Any] = field(default_factory=list)
    status: int = 200
    error: Any = None
    error_headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/event-stream"
    stall_before_head: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    opened: list[dict[str, str]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    prefills: list[dict[str, Any]] = field(default_factory=list)
    likely: dict[str, float] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    slot_actions: list[tuple[str, str]] = field(default_factory=list)
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    on_request: Callable[[dict[str, Any]], list[Any]] | None = None
    url: str = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.order.append("chat")
        self.headers.append(dict(request.headers))
        self.paths.append(request.path_qs)
        assert request.transport is not None
        self.connections.add(request.transport.get_extra_info("peername"))
        if self.status != 200:
            return web.Response(status=self.status, text=json.dumps(self.error), headers=self.error_headers)
        try:
            if self.stall_before_head:
                await self._stall()
            return await self._play(request, self.on_request(body) if self.on_request else self.script)
        except (asyncio.CancelledError, ConnectionError):
            self.gone.set()
            raise

    async def _play(self, request: web.Request, script: list[Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": self.content_type})
        await response.prepare(request)
        for step in script:
            if step == STALL:
                await self._stall()
            elif step == CUT:
                assert request.transport is not None
                request.transport.abort()
                return response
            elif isinstance(step, bytes):
                await response.write(step)
            else:
                await response.write(f"data: {json.dumps(step)}\n\n".encode())
        await response.write_eof()
        return response

    async def front(self, request: web.Request) -> web.Response:
        """Somebody opens a connection ahead of time."""
        assert request.transport is not None
        self.opened.append(dict(request.headers))
        self.connections.add(request.transport.get_extra_info("peername"))
        return web.json_response({"error": "nothing here"}, status=404)

    async def _stall(self) -> None:
        self.stalled.set()
        await asyncio.Event().wait()

    async def template(self, request: web.Request) -> web.Response:
        """Renders messages as `<role>text</role>`, and the beginning of an answer."""
        messages = (await request.json())["messages"]
        prompt = "".join(f"<{message['role']}>{message['content']}</{message['role']}>" for message in messages)
        return web.json_response({"prompt": f"{prompt}<assistant>"})

    async def completion(self, request: web.Request) -> web.StreamResponse:
        """A prefill; `script` may stall it."""
        body = await request.json()
        self.prefills.append(body)
        self.order.append("completion")
        if self.status != 200:
            return web.Response(status=self.status, text=json.dumps(self.error))
        try:
            if STALL in (self.on_request(body) if self.on_request else self.script):
                await self._stall()
        except (asyncio.CancelledError, ConnectionError):
            self.gone.set()
            raise
        likely = [{"token": token, "logprob": math.log(p)} for token, p in self.likely.items()]
        return web.json_response({"content": "", "completion_probabilities": [{"top_logprobs": likely}]})

    async def slot(self, request: web.Request) -> web.Response:
        self.slot_actions.append((request.match_info["slot"], request.query["action"]))
        return web.json_response({})


@asynccontextmanager
async def serving() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    app = web.Application()
    app.router.add_post("/v1/{path:.*}", server.chat)
    app.router.add_get("/{path:.*}", server.front)
    app.router.add_post("/apply-template", server.template)
    app.router.add_post("/completion", server.completion)
    app.router.add_post("/slots/{slot}", server.slot)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
