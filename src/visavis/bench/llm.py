"""`visavis bench llm`: what our adapters add to the time of the first token, in each wire format.

The same request goes, in turns, over a bare socket and through the adapter to a scripted server in a process of its
own. Bare is what no client can do without: the bytes of the finished request written to a connection that is open
already, and read until the first token is among what came. The adapter begins with the messages: building the body,
JSON, HTTP, server-sent events and the vendor's format are all in its figure.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import numpy as np

from visavis.bench.llm_server import FIRST
from visavis.kernel.json_text import encode_json
from visavis.think.base import LlmRequest, Message, TextDelta, ToolSpec
from visavis.think.hosted import WIRES
from visavis.think.http_llm import HttpLlm
from visavis.think.presets import PRESETS

PROVIDERS = ("openai", "openai_responses", "anthropic", "gemini")
"""One of each wire format."""

WARM_UP = 20
MODEL = "m"
KEY = "bench"

SYSTEM = "You are Ada, who answers the telephone of a bicycle shop. " + "Be short, kind and exact. " * 100
TOOL = ToolSpec(
    "opening_hours",
    "When the shop is open on a day.",
    {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
)


def conversation() -> LlmRequest:
    """Some 900 tokens of instructions and 20 messages, with a tool."""
    turns = [
        Message("user" if number % 2 == 0 else "assistant", f"This is what was said as number {number}, or so.")
        for number in range(21)
    ]
    return LlmRequest([Message("system", SYSTEM), *turns], [TOOL], session="bench")


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    request = conversation()
    async with _server() as port:
        rows = [await _row(provider, port, request, options.requests) for provider in PROVIDERS]
    return figures(rows)


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The worst format's overhead stands first."""
    worst = max((row["overhead_p50_ms"] for row in rows), default=-1.0)
    return {"overhead_p50_ms": worst, "rows": list(rows)}


def row(wire: str, bare_s: Sequence[float], ours_s: Sequence[float]) -> dict[str, Any]:
    """Overheads are of the medians, and of request by request: each of ours against the bare one just before it."""
    bare, ours = np.array(bare_s) * 1000, np.array(ours_s) * 1000
    return {
        "wire": wire,
        "bare_p50_ms": round(float(np.median(bare)), 3),
        "adapter_p50_ms": round(float(np.median(ours)), 3),
        "overhead_p50_ms": round(float(np.median(ours - bare)), 3),
        "overhead_p95_ms": round(float(np.percentile(ours - bare, 95)), 3),
        "n": len(bare),
    }


async def _row(provider: str, port: int, request: LlmRequest, count: int) -> dict[str, Any]:
    preset = PRESETS[provider]
    wire = WIRES[preset.wire](preset, {})
    llm = HttpLlm(wire, f"http://127.0.0.1:{port}/v1", MODEL, key=KEY, name=provider)
    body = encode_json(wire.body(request, MODEL))
    lines = [f"POST /v1{wire.path(MODEL)} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in wire.headers(KEY).items()]
    raw = "\r\n".join([*lines, "", ""]).encode() + body
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bare_s, ours_s = [], []
    for number in range(WARM_UP + count):
        bare, ours = await _bare(reader, writer, raw), await _adapter(llm, request)
        if number >= WARM_UP:
            bare_s.append(bare)
            ours_s.append(ours)
    writer.close()
    await writer.wait_closed()
    await llm.close()
    print(f"{provider}: {count} requests", file=sys.stderr)
    return row(preset.wire, bare_s, ours_s)


async def _bare(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> float:
    """Seconds to the first token; what follows is read before the next request."""
    began_s = time.perf_counter()
    writer.write(raw)
    await reader.readuntil(FIRST.encode())
    took_s = time.perf_counter() - began_s
    await reader.readuntil(b"\r\n0\r\n\r\n")
    return took_s


async def _adapter(llm: HttpLlm, request: LlmRequest) -> float:
    began_s = time.perf_counter()
    took_s = 0.0
    async with aclosing(llm.stream(request)) as events:
        async for event in events:
            if not took_s and isinstance(event, TextDelta):
                took_s = time.perf_counter() - began_s
    return took_s


@asynccontextmanager
async def _server() -> AsyncIterator[int]:
    """The port of a scripted server that runs beside us."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "visavis.bench.llm_server", stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        yield int(await server.stdout.readline())
    finally:
        server.terminate()
        await server.wait()
