"""The OpenAI chat-completions wire format: requests out, streamed chunks in. Pure.

Many servers speak it, each in its own way; what they differ in is data (`presets.py`) where it concerns requests, and
borne here where it concerns answers. Sources: OpenAI API reference, "Create chat completion" and "streaming";
recorded streams of OpenAI, DeepSeek and Groq; documentation of vLLM, Ollama, Mistral; read 2026-11-23.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from visavis.kernel.errors import ProtocolViolation
from visavis.models.control_tokens import inert
from visavis.models.http import failure, told_by
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolCall, ToolSpec, Usage
from visavis.think.presets import Preset
from visavis.think.thoughts import SpokenText
from visavis.think.wire import SERVER, added, base64_of, closed, cut_short, decoded, nameless, opened, refused

DONE = "[DONE]"
_PLAIN = Preset("chat")
_NO_OPTIONS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class ChatWire:
    preset: Preset = _PLAIN
    options: Mapping[str, Any] = field(default_factory=dict)

    def path(self, model: str) -> str:
        return "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"} if key else {}

    def body(self, request: LlmRequest, model: str) -> dict[str, Any]:
        return request_body(request, model, self.preset, self.options)

    def reader(self) -> ChatStream:
        return ChatStream()


def request_body(
    request: LlmRequest, model: str, preset: Preset = _PLAIN, options: Mapping[str, Any] = _NO_OPTIONS
) -> dict[str, Any]:
    """The JSON body of a streaming request."""
    messages = opened(request)
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        preset.max_tokens: preset.longest(request.max_tokens, model),
        "temperature": request.temperature,
    }
    if preset.usage_on_request:
        body["stream_options"] = {"include_usage": True}
    if preset.cache_key and request.session:
        body["prompt_cache_key"] = request.session
    if request.tools:
        body["tools"] = [_tool_json(tool) for tool in request.tools]
    if request.schema is not None and preset.fits(preset.schemas, model):
        wanted = {"name": "answer", "schema": request.schema, "strict": closed(request.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    elif request.schema is not None:
        body["response_format"] = {"type": "json_object"}
        schema = json.dumps(request.schema, ensure_ascii=False)
        messages = added(messages, f"[Answer with one JSON object that keeps to this JSON Schema: {schema}]")
    body["messages"] = messages_json(
        messages, eyes=not preset.fits(preset.blind, model), short_ids=preset.short_call_ids
    )
    return preset.adapted(body, model, options)


def _tool_json(tool: ToolSpec) -> dict[str, Any]:
    described = {"name": tool.name, "description": inert(tool.description), "parameters": tool.parameters}
    return {"type": "function", "function": described}


def messages_json(messages: Sequence[Message], *, eyes: bool = True, short_ids: bool = False) -> list[dict[str, Any]]:
    """The messages as the format has them; without pictures if there are no `eyes`."""
    return [_message_json(message, eyes, _short_id if short_ids else str) for message in messages]


def _message_json(message: Message, eyes: bool, call_id: Any) -> dict[str, Any]:
    """Servers of open models put the words into a template; what the builder says is theirs to write."""
    text = message.text if message.role == "system" else inert(message.text)
    row: dict[str, Any] = {"role": message.role, "content": text}
    if message.images and eyes:
        shown = [f"data:image/jpeg;base64,{base64_of(image)}" for image in message.images]
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in shown]
        row["content"] = [*pictures, {"type": "text", "text": text}]
    if message.tool_calls:
        row["tool_calls"] = [
            {
                "id": call_id(call.id),
                "type": "function",
                "function": {"name": call.name, "arguments": inert(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        row["tool_call_id"] = call_id(message.tool_call_id)
    return row


def _short_id(call_id: str) -> str:
    """Nine letters and digits, the same for the same id."""
    return call_id if re.fullmatch(r"[A-Za-z0-9]{9}", call_id) else hashlib.sha256(call_id.encode()).hexdigest()[:9]


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _ToolDelta(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Part(msgspec.Struct):
    type: str = ""
    text: str | None = None


class _Delta(msgspec.Struct):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[_ToolDelta] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Cached(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Cached | None = None
    prompt_cache_hit_tokens: int | None = None
    cached_tokens: int | None = None


class _Groq(msgspec.Struct):
    usage: _Usage | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    x_groq: _Groq | None = None
    error: Any = None


_chunk_decoder = msgspec.json.Decoder(_Chunk)


@dataclass(slots=True)
class ChatStream:
    """Reads the chunks of one reply: text at once, tool calls when they are whole."""

    usage: Usage = field(default_factory=lambda: Usage(0, 0))
    begun: bool = False
    done: bool = False
    _reason: str = ""
    _calls: list[_Partial] = field(default_factory=list)
    _spoken: SpokenText = field(default_factory=SpokenText)

    @property
    def complete(self) -> bool:
        return bool(self._reason)

    def feed(self, data: str) -> list[LlmEvent]:
        """Events of one chunk. Raises ProtocolViolation for anything that is not one, else as `failure`."""
        if data == DONE:
            self.done = True
            return []
        chunk = decoded(_chunk_decoder, data, "a chat chunk")
        if chunk.error is not None:
            return self._failed(chunk.error)
        self._count(chunk.usage or (chunk.x_groq.usage if chunk.x_groq else None))
        text = ""
        for choice in (chunk.choices or [])[:1]:
            self._reason = choice.finish_reason or self._reason
            if choice.delta is not None:
                self._collect(choice.delta.tool_calls or [])
                text = self._spoken.feed(_text(choice.delta))
        if self._reason == "content_filter":
            raise refused("its content filter")
        self.begun = self.begun or bool(text) or bool(self._calls)
        return [TextDelta(text)] if text else []

    def end(self) -> list[LlmEvent]:
        if not self._reason:
            raise cut_short()
        events: list[LlmEvent] = [TextDelta(text)] if (text := self._spoken.end()) else []
        calls = [partial.whole(number, cut=self._reason == "length") for number, partial in enumerate(self._calls)]
        why: Literal["stop", "length", "tools"] = "length" if self._reason == "length" else "stop"
        return [*events, *calls, Finished("tools" if calls else why, self.usage)]

    def _count(self, usage: _Usage | None) -> None:
        if usage is not None:
            details = usage.prompt_tokens_details
            cached = (details and details.cached_tokens) or usage.prompt_cache_hit_tokens or usage.cached_tokens or 0
            self.usage = Usage(usage.prompt_tokens or 0, usage.completion_tokens or 0, cached)

    def _collect(self, deltas: Sequence[_ToolDelta]) -> None:
        for delta in deltas:
            partial = self._partial(delta)
            partial.id = delta.id or partial.id
            if delta.function is not None:
                arguments = delta.function.arguments or ""
                if delta.function.name != partial.name:  # some servers repeat it in each fragment
                    partial.name += delta.function.name or ""
                partial.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments)

    def _partial(self, delta: _ToolDelta) -> _Partial:
        """The call that a fragment belongs to. Some servers give all calls the same index, or none; an id of its own
        then tells a new one."""
        index = delta.index if delta.index is not None else -1
        for partial in reversed(self._calls):
            same = partial.index == index or (index == -1 and not delta.id)
            if same and (not delta.id or not partial.id or partial.id == delta.id):
                return partial
        partial = _Partial(index)
        self._calls.append(partial)
        self._calls.sort(key=lambda call: call.index)
        return partial

    def _failed(self, error: Any) -> list[LlmEvent]:
        """Groq ends with an error when the model called a tool wrongly, and tells the call: it goes where wrong calls
        are refused and explained to the model."""
        told = told_by(error)
        if isinstance(error, dict) and error.get("code") == "tool_use_failed":
            call = _attempt(error.get("failed_generation"))
            if call is None:
                raise ProtocolViolation(f"the model called a tool wrongly: {told.words[:300]}", stage="think")
            self._calls.append(call)
            self._reason, self.begun = "tool_calls", True
            return []
        raise failure(SERVER, told.status or 500, told.words)


def _text(delta: _Delta) -> str:
    """What is to be said; a refusal in the model's words is an answer. Parts of other types are thoughts."""
    if isinstance(delta.content, list):
        return "".join(part.text or "" for part in delta.content if part.type == "text")
    return delta.content or delta.refusal or ""


def _attempt(generation: Any) -> _Partial | None:
    try:
        tried = json.loads(generation)
        return _Partial(0, "", str(tried["name"]), json.dumps(tried["arguments"], ensure_ascii=False))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


@dataclass(slots=True)
class _Partial:
    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""

    def whole(self, number: int, *, cut: bool) -> ToolCall:
        """The call. Where the reply was `cut`, arguments that never came are not those of a call without any."""
        if not self.name:
            raise nameless()
        return ToolCall(self.id or f"call_{number}", self.name, self.arguments or ("" if cut else "{}"))
