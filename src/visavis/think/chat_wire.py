"""The OpenAI chat-completions wire format: requests out, streamed chunks in. Pure.

Source: OpenAI API reference, "Create chat completion" and "streaming", read 2026-11-22.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from visavis.kernel.errors import AtCapacity, ProtocolViolation, ProviderError, Rejected
from visavis.think.base import LlmEvent, LlmRequest, Message, TextDelta, ToolCall, Usage


def request_body(request: LlmRequest, model: str) -> dict[str, Any]:
    """The JSON body of a streaming request."""
    messages = noted(request.messages, request.begun) if request.begun else request.messages
    body: dict[str, Any] = {
        "model": model,
        "messages": messages_json(messages),
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
    }
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in request.tools
        ]
    return body


def noted(messages: Sequence[Message], begun: str) -> list[Message]:
    """`messages` with the note that the answer has begun. It stands at the very end, so that all before it stays in
    the server's cache, and in the person's message: not every server takes a system message there, and most would
    take an assistant's for a whole turn."""
    note = f"[You have already begun to answer aloud: “{begun}” Write only what comes after these words.]"
    if messages and messages[-1].role == "user":
        return [*messages[:-1], replace(messages[-1], text=f"{messages[-1].text}\n\n{note}")]
    return [*messages, Message("user", note)]


def messages_json(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return [_message_json(message) for message in messages]


def _message_json(message: Message) -> dict[str, Any]:
    row: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.images:
        shown = [f"data:image/jpeg;base64,{base64.b64encode(image).decode()}" for image in message.images]
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in shown]
        row["content"] = [*pictures, {"type": "text", "text": message.text}]
    if message.tool_calls:
        row["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.role == "tool":
        row["tool_call_id"] = message.tool_call_id
    return row


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolDelta(msgspec.Struct):
    index: int = 0
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_ToolDelta] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Cached(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Cached | None = None


class _Error(msgspec.Struct):
    message: str = ""
    code: int | str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: _Error | str | None = None


_chunk_decoder = msgspec.json.Decoder(_Chunk)


@dataclass(slots=True)
class ChatStream:
    """Reads the chunks of one reply: text at once, tool calls when they are whole."""

    usage: Usage = field(default_factory=lambda: Usage(0, 0))
    finish_reason: str = ""
    _calls: dict[int, _Partial] = field(default_factory=dict)

    @property
    def why(self) -> Literal["stop", "length", "tools"]:
        if self._calls:
            return "tools"
        return "length" if self.finish_reason == "length" else "stop"

    def feed(self, data: str) -> list[LlmEvent]:
        """Events of one chunk. Raises ProtocolViolation for anything that is not one, else as `failure`."""
        try:
            chunk = _chunk_decoder.decode(data)
        except msgspec.DecodeError as error:
            raise ProtocolViolation("the model sent something that is not a chat chunk", stage="think") from error
        if chunk.error is not None:
            status = chunk.error.code if isinstance(chunk.error, _Error) else None
            message = chunk.error.message if isinstance(chunk.error, _Error) else chunk.error
            raise failure(status if isinstance(status, int) else 500, message)
        if chunk.usage is not None:
            details = chunk.usage.prompt_tokens_details
            cached = (details.cached_tokens or 0) if details else 0
            self.usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens, cached)
        events: list[LlmEvent] = []
        for choice in chunk.choices[:1]:
            self.finish_reason = choice.finish_reason or self.finish_reason
            if choice.delta is not None:
                self._collect(choice.delta.tool_calls or [])
                if choice.delta.content:
                    events.append(TextDelta(choice.delta.content))
        return events

    def calls(self) -> list[ToolCall]:
        """The assembled tool calls, once the stream has ended. Raises ProtocolViolation for one without a name."""
        calls = []
        for index, partial in sorted(self._calls.items()):
            if not partial.name:
                raise ProtocolViolation("the model called a tool without naming it", stage="think")
            calls.append(ToolCall(partial.id or f"call_{index}", partial.name, partial.arguments or "{}"))
        return calls

    @property
    def calling(self) -> bool:
        return bool(self._calls)

    def _collect(self, deltas: Sequence[_ToolDelta]) -> None:
        for delta in deltas:
            partial = self._calls.setdefault(delta.index, _Partial())
            partial.id = delta.id or partial.id
            if delta.function is not None:
                partial.name += delta.function.name or ""
                partial.arguments += delta.function.arguments or ""


@dataclass(slots=True)
class _Partial:
    id: str = ""
    name: str = ""
    arguments: str = ""


def failure(status: int, message: str) -> ProviderError:
    """The error for an HTTP status and the server's own words."""
    words = f"the model's server answered {status}: {message.strip()[:300] or 'no reason given'}"
    if status == 429:
        return AtCapacity(words, stage="think")
    if 400 <= status < 500 and status != 408:
        hint = "check the API key that llm.api_key_env names" if status in (401, 403) else ""
        return Rejected(words, stage="think", hint=hint)
    return ProviderError(words, stage="think")


def error_message(body: bytes) -> str:
    """What an error body says: OpenAI's `error.message` when it is there, else its beginning."""
    try:
        chunk = _chunk_decoder.decode(body)
    except msgspec.DecodeError:
        return body[:300].decode("utf-8", "replace")
    if isinstance(chunk.error, _Error):
        return chunk.error.message
    return chunk.error or ""
