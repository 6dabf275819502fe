"""Anthropic's Messages wire format: requests out, streamed events in. Pure.

The prompt is cached at two places: behind the system text, which all calls of an agent share, and behind the last
message that will not change. Sources: Anthropic API reference, "Messages" and "Streaming", version 2023-06-01, which
still takes what the version of 2026-10-21 does; recorded streams; read 2026-11-23.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from visavis.kernel.errors import ProviderError
from visavis.models.http import failure, told_by
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolCall, Usage
from visavis.think.presets import PRESETS, Preset
from visavis.think.wire import (
    SERVER,
    arguments_object,
    base64_of,
    cut_short,
    decoded,
    nameless,
    opened,
    parted,
    refused,
)

VERSION = "2023-06-01"
_CACHED = {"cache_control": {"type": "ephemeral"}}


@dataclass(frozen=True, slots=True)
class MessagesWire:
    preset: Preset = PRESETS["anthropic"]
    options: Mapping[str, Any] = field(default_factory=dict)

    def path(self, model: str) -> str:
        return "/messages"

    def headers(self, key: str) -> dict[str, str]:
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def body(self, request: LlmRequest, model: str) -> dict[str, Any]:
        system, messages = parted(opened(request))
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": self.preset.longest(request.max_tokens, model),
            "stream": True,
            "messages": _turns(messages, eyes=not self.preset.fits(self.preset.blind, model)),
            "temperature": request.temperature,
        }
        if system:
            body["system"] = [{"type": "text", "text": system, **_CACHED}]
        if request.tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
                for tool in request.tools
            ]
        if request.schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": request.schema}}
        return self.preset.adapted(body, model, self.options)

    def reader(self) -> MessagesStream:
        return MessagesStream()


def _turns(messages: Sequence[Message], *, eyes: bool) -> list[dict[str, Any]]:
    """Turns of blocks; neighbours of the same side are one turn. The last turn but one ends what may be cached."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        if blocks := _blocks(message, eyes):
            if turns and turns[-1]["role"] == role:
                turns[-1]["content"] += blocks
            else:
                turns.append({"role": role, "content": blocks})
    if len(turns) > 1:
        turns[-2]["content"][-1] |= _CACHED
    return turns


def _blocks(message: Message, eyes: bool) -> list[dict[str, Any]]:
    """The content of a message; texts may not be empty."""
    if message.role == "tool":
        result = {"type": "tool_result", "tool_use_id": _id(message.tool_call_id)}
        return [result | ({"content": message.text} if message.text else {})]
    blocks: list[dict[str, Any]] = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": base64_of(image)}}
        for image in (message.images if eyes else ())
    ]
    if message.text.strip():
        blocks.append({"type": "text", "text": message.text.rstrip()})
    blocks += [
        {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": arguments_object(call.arguments)}
        for call in message.tool_calls
    ]
    return blocks


def _id(call_id: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", call_id) or "_"


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Message(msgspec.Struct):
    usage: _Usage | None = None


class _Block(msgspec.Struct):
    type: str = ""
    id: str = ""
    name: str = ""
    text: str | None = None
    input: Any = None


class _Delta(msgspec.Struct):
    type: str = ""
    text: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Event)


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    input: Any
    written: str = ""


@dataclass(slots=True)
class MessagesStream:
    """Reads the events of one reply. Thoughts, and tools that the vendor runs itself, are left out."""

    begun: bool = False
    done: bool = False
    _reason: str = ""
    _calls: dict[int, _Call] = field(default_factory=dict)
    _usage: _Usage = field(default_factory=_Usage)

    @property
    def complete(self) -> bool:
        return bool(self._reason)

    def feed(self, data: str) -> list[LlmEvent]:
        event = decoded(_decoder, data, "an event of the Messages API")
        match event.type:
            case "message_start" if event.message is not None:
                self._count(event.message.usage)
            case "content_block_start" if event.content_block is not None:
                return self._block(event.index, event.content_block)
            case "content_block_delta" if event.delta is not None:
                return self._delta(event.index, event.delta)
            case "message_delta":
                self._count(event.usage)
                self._reason = (event.delta and event.delta.stop_reason) or self._reason
                if self._reason == "refusal":
                    raise refused("its safety classifiers")
            case "message_stop":
                self.done = True
            case "error":
                raise _failed(event.error)
        return []

    def end(self) -> list[LlmEvent]:
        if not self._reason:
            raise cut_short()
        length = self._reason in ("max_tokens", "model_context_window_exceeded")
        calls = [self._called(index, call, length) for index, call in sorted(self._calls.items())]
        why: Literal["stop", "length", "tools"] = "length" if length else "stop"
        return [*calls, Finished("tools" if calls else why, self._total())]

    def _block(self, index: int, block: _Block) -> list[LlmEvent]:
        if block.type == "tool_use":
            self.begun = True
            self._calls[index] = _Call(block.id, block.name, block.input)
        return self._said(block.text) if block.type == "text" else []

    def _delta(self, index: int, delta: _Delta) -> list[LlmEvent]:
        if delta.type == "input_json_delta" and index in self._calls:
            self._calls[index].written += delta.partial_json or ""
        return self._said(delta.text) if delta.type == "text_delta" else []

    def _said(self, text: str | None) -> list[LlmEvent]:
        self.begun = self.begun or bool(text)
        return [TextDelta(text)] if text else []

    def _called(self, index: int, call: _Call, cut: bool) -> ToolCall:
        if not call.name:
            raise nameless()
        whole = msgspec.json.encode(call.input).decode() if call.input else "" if cut else "{}"
        return ToolCall(call.id or f"call_{index}", call.name, call.written or whole)

    def _count(self, usage: _Usage | None) -> None:
        """Later figures stand for the whole reply; what they leave out stays as it was."""
        for name in _Usage.__struct_fields__:
            if (tokens := getattr(usage, name, None)) is not None:
                setattr(self._usage, name, tokens)

    def _total(self) -> Usage:
        """What was read from the cache, or written to it, is not in `input_tokens`."""
        usage = self._usage
        read = usage.cache_read_input_tokens or 0
        asked = (usage.input_tokens or 0) + read + (usage.cache_creation_input_tokens or 0)
        return Usage(asked, usage.output_tokens or 0, read)


def _failed(error: Any) -> ProviderError:
    told = told_by(error)
    return failure(SERVER, told.status or 500, told.words)
