"""The same reply in every wire format, as a vendor's server would send it: scripted frames for the contract suite."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from visavis.think.base import Finished, LlmEvent, TextDelta, ToolCall, Usage
from visavis.think.hosted import WIRES
from visavis.think.presets import PRESETS
from visavis.think.sse import SseParser
from visavis.think.wire import Wire

Why = Literal["stop", "length", "filter"]


@dataclass(frozen=True)
class Call:
    """A tool call as it is streamed: `fragments` are pieces of its arguments."""

    id: str
    name: str
    fragments: Sequence[str] = ()

    def whole(self) -> ToolCall:
        return ToolCall(self.id, self.name, "".join(self.fragments) or "{}")


@dataclass(frozen=True)
class Reply:
    """What the model says, calls and costs: 12 tokens in, of which 8 from the cache, 3 out."""

    texts: Sequence[str] = ()
    calls: Sequence[Call] = ()
    why: Why = "stop"

    def events(self) -> list[LlmEvent]:
        """What an adapter makes of it."""
        why: Literal["stop", "length", "tools"] = "tools" if self.calls else self.why  # type: ignore[assignment]
        said = [TextDelta(text) for text in self.texts]
        return [*said, *(call.whole() for call in self.calls), Finished(why, Usage(12, 3, 8))]


def sse(data: Any, event: str = "") -> bytes:
    head = f"event: {event}\n" if event else ""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"{head}data: {text}\n\n".encode()


def chat_frames(reply: Reply) -> list[bytes]:
    """Fragments of parallel calls come interleaved."""

    def chunk(delta: dict[str, Any], why: str | None = None) -> bytes:
        return sse(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "m",
                "choices": [{"index": 0, "delta": delta, "finish_reason": why}],
            }
        )

    def call(index: int, **fields: Any) -> bytes:
        return chunk({"tool_calls": [{"index": index, **fields}]})

    frames = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": text}) for text in reply.texts)]
    for index, one in enumerate(reply.calls):
        frames.append(call(index, id=one.id, type="function", function={"name": one.name, "arguments": ""}))
    for step in range(max((len(one.fragments) for one in reply.calls), default=0)):
        for index, one in enumerate(reply.calls):
            if step < len(one.fragments):
                frames.append(call(index, function={"arguments": one.fragments[step]}))
    why = {"stop": "tool_calls" if reply.calls else "stop", "length": "length", "filter": "content_filter"}[reply.why]
    usage = {
        "prompt_tokens": 12,
        "completion_tokens": 3,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 8},
    }
    last = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
    return [*frames, chunk({}, why), sse(last | {"usage": usage}), sse("[DONE]")]


def responses_frames(reply: Reply) -> list[bytes]:
    frames: list[bytes] = []

    def event(kind: str, **fields: Any) -> None:
        frames.append(sse({"type": kind, "sequence_number": len(frames), **fields}, kind))

    status = "completed" if reply.why == "stop" else "incomplete"
    answer: dict[str, Any] = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    event("response.created", response=answer | {"status": "in_progress"})
    output: list[dict[str, Any]] = []
    if reply.texts:
        item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        event("response.output_item.added", output_index=0, item=item)
        part = {"type": "output_text", "text": "", "annotations": []}
        event("response.content_part.added", item_id="msg_1", output_index=0, content_index=0, part=part)
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
        for text in reply.texts:
            event("response.output_text.delta", delta=text, **place)
        event("response.output_text.done", text="".join(reply.texts), **place)
        output.append(item | {"status": "completed", "content": [part | {"text": "".join(reply.texts)}]})
    for index, one in enumerate(reply.calls, 1):
        item = {"id": f"fc_{index}", "type": "function_call", "call_id": one.id, "name": one.name, "arguments": ""}
        event("response.output_item.added", output_index=index, item=item | {"status": "in_progress"})
        for fragment in one.fragments:
            event("response.function_call_arguments.delta", item_id=item["id"], output_index=index, delta=fragment)
        whole = "".join(one.fragments)
        event(
            "response.function_call_arguments.done",
            item_id=item["id"],
            output_index=index,
            name=one.name,
            arguments=whole,
        )
        event(
            "response.output_item.done",
            output_index=index,
            item=item | {"arguments": whole, "status": "completed"},
        )
        output.append(item | {"arguments": whole, "status": "completed"})
    usage = {
        "input_tokens": 12,
        "output_tokens": 3,
        "total_tokens": 15,
        "input_tokens_details": {"cached_tokens": 8},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    cut = {"length": {"reason": "max_output_tokens"}, "filter": {"reason": "content_filter"}, "stop": None}[reply.why]
    ended = {"status": status, "usage": usage, "incomplete_details": cut, "output": output}
    event(f"response.{status}", response=answer | ended)
    return frames


def messages_frames(reply: Reply) -> list[bytes]:
    frames: list[bytes] = []

    def event(kind: str, **fields: Any) -> None:
        frames.append(sse({"type": kind, **fields}, kind))

    before = {"input_tokens": 4, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 0, "output_tokens": 1}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": before,
    }
    event("message_start", message=message)
    index = 0
    if reply.texts:
        event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        event("ping")
        for text in reply.texts:
            event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
        event("content_block_stop", index=0)
        index = 1
    for one in reply.calls:
        block = {"type": "tool_use", "id": one.id, "name": one.name, "input": {}}
        event("content_block_start", index=index, content_block=block)
        for fragment in ("", *one.fragments):
            event("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": fragment})
        event("content_block_stop", index=index)
        index += 1
    why = {"stop": "tool_use" if reply.calls else "end_turn", "length": "max_tokens", "filter": "refusal"}[reply.why]
    event("message_delta", delta={"stop_reason": why, "stop_sequence": None}, usage={"output_tokens": 3})
    event("message_stop")
    return frames


def gemini_frames(reply: Reply) -> list[bytes]:
    """Gemini does not stream arguments: a call comes whole, fragments or not."""
    usage = {"promptTokenCount": 12, "candidatesTokenCount": 3, "totalTokenCount": 15, "cachedContentTokenCount": 8}

    def chunk(parts: list[dict[str, Any]], why: str | None = None) -> bytes:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if why:
            candidate["finishReason"] = why
        text = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r"}
        return sse(text).replace(b"\n\n", b"\r\n\r\n")

    frames = [chunk([{"text": text}]) for text in reply.texts]
    for one in reply.calls:
        arguments = json.loads("".join(one.fragments) or "{}")
        frames.append(chunk([{"functionCall": {"id": one.id, "name": one.name, "args": arguments}}]))
    why = {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}[reply.why]
    return [*frames, chunk([{"text": ""}], why)]


@dataclass(frozen=True)
class Case:
    """A wire format: who speaks it, how a reply looks in it, and an error in the middle of one."""

    provider: str
    path: str
    frames: Callable[[Reply], list[bytes]]
    model: str = "m"
    overloaded: bytes = b""
    broken: bytes = b""
    noise: Sequence[bytes] = field(default_factory=tuple)
    """Frames that mean nothing and may stand anywhere."""

    def wire(self) -> Wire:
        preset = PRESETS[self.provider]
        return WIRES[preset.wire](preset, {})

    def __str__(self) -> str:
        return self.provider


COMMENT = b": keep-alive\n\n"
CASES = [
    Case(
        "openai",
        "/v1/chat/completions",
        chat_frames,
        overloaded=sse({"error": {"message": "slow down", "type": "rate_limit_error", "code": 429}}),
        broken=sse({"error": {"message": "oops", "type": "server_error"}}, "error"),
        noise=(
            COMMENT,
            sse({"choices": [], "prompt_filter_results": []}),
            sse({"object": "chat.completion.chunk", "choices": None, "news": {"a": 1}}),
            b"retry: 3000\nid: 7\n\n",
        ),
    ),
    Case(
        "openai_responses",
        "/v1/responses",
        responses_frames,
        overloaded=sse({"type": "error", "code": "rate_limit_exceeded", "message": "slow down"}, "error"),
        broken=sse(
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "oops"}}},
            "response.failed",
        ),
        noise=(COMMENT, sse({"type": "keepalive"}), sse({"type": "response.dance.step", "delta": {"leg": "left"}})),
    ),
    Case(
        "anthropic",
        "/v1/messages",
        messages_frames,
        overloaded=sse({"type": "error", "error": {"type": "overloaded_error", "message": "slow down"}}, "error"),
        broken=sse({"type": "error", "error": {"type": "api_error", "message": "oops"}}, "error"),
        noise=(
            COMMENT,
            sse({"type": "ping"}, "ping"),
            sse({"type": "new_event", "delta": {"type": "odd_delta"}}, "new_event"),
            sse({"type": "content_block_delta", "index": 9, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
        ),
    ),
    Case(
        "gemini",
        "/v1/models/m:streamGenerateContent?alt=sse",
        gemini_frames,
        overloaded=sse({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}),
        broken=sse({"error": {"code": 500, "message": "oops", "status": "INTERNAL"}}),
        noise=(
            COMMENT,
            sse({"news": 1}),
            sse({"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}]}}]}),
        ),
    ),
]


def read(wire: Wire, pieces: Sequence[bytes]) -> list[LlmEvent]:
    """What an adapter makes of the bytes of a stream, without a connection."""
    parser, reader = SseParser(), wire.reader()
    events: list[LlmEvent] = []
    for piece in pieces:
        for data in parser.feed(piece):
            if not reader.done:
                events += reader.feed(data)
    return [*events, *reader.end()]


def joined(events: Sequence[LlmEvent]) -> tuple[str, list[LlmEvent]]:
    """The text as one, and all else."""
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    return text, [event for event in events if not isinstance(event, TextDelta)]
