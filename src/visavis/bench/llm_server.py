"""A server of scripted replies in every wire format, as a process of its own: `python -m visavis.bench.llm_server`.

It answers each request at once, with all frames of one reply as single writes, and does nothing else: plain sockets,
kept-alive connections. Its port is its first line on standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

TOKENS = 40
FIRST = "Token"


def _sse(data: Any, event: str = "") -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def _chat() -> list[bytes]:
    def chunk(delta: dict[str, Any], why: str | None = None) -> bytes:
        return _sse({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": why}]})

    usage = {"prompt_tokens": 900, "completion_tokens": TOKENS, "prompt_tokens_details": {"cached_tokens": 800}}
    said = [chunk({"content": f"{FIRST} {number}."}) for number in range(TOKENS)]
    return [
        chunk({"role": "assistant"}),
        *said,
        chunk({}, "stop"),
        _sse({"choices": [], "usage": usage}),
        _sse("[DONE]"),
    ]


def _responses() -> list[bytes]:
    def event(kind: str, **fields: Any) -> bytes:
        return _sse({"type": kind, **fields}, kind)

    item = {"id": "m", "type": "message", "role": "assistant", "content": []}
    usage = {"input_tokens": 900, "output_tokens": TOKENS, "input_tokens_details": {"cached_tokens": 800}}
    said = [event("response.output_text.delta", delta=f"{FIRST} {number}.") for number in range(TOKENS)]
    begun = [event("response.created", response={}), event("response.output_item.added", output_index=0, item=item)]
    return [*begun, *said, event("response.completed", response={"usage": usage})]


def _messages() -> list[bytes]:
    def event(kind: str, **fields: Any) -> bytes:
        return _sse({"type": kind, **fields}, kind)

    usage = {"input_tokens": 100, "cache_read_input_tokens": 800, "output_tokens": 1}
    said = [
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": f"{FIRST} {number}."})
        for number in range(TOKENS)
    ]
    return [
        event("message_start", message={"usage": usage}),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *said,
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": TOKENS}),
        event("message_stop"),
    ]


def _gemini() -> list[bytes]:
    def chunk(text: str, why: str | None = None) -> bytes:
        usage = {"promptTokenCount": 900, "candidatesTokenCount": TOKENS}
        candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": why}
        return _sse({"candidates": [candidate], "usageMetadata": usage})

    return [*(chunk(f"{FIRST} {number}.") for number in range(TOKENS)), chunk("", "STOP")]


REPLIES = {
    "/v1/chat/completions": _chat(),
    "/v1/responses": _responses(),
    "/v1/messages": _messages(),
    "/v1/models/m:streamGenerateContent?alt=sse": _gemini(),
}

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            lengths = [
                line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length:")
            ]
            await reader.readexactly(int(lengths[0]) if lengths else 0)
            writer.write(_HEAD)
            for frame in REPLIES[path]:
                writer.write(b"%x\r\n%b\r\n" % (len(frame), frame))
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
