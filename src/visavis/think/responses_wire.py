"""OpenAI's Responses wire format: requests out, streamed events in. Pure. Nothing is stored at the vendor.

Sources: OpenAI API reference, "Responses" and "Streaming events"; recorded streams; read 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from visavis.kernel.errors import ProviderError
from visavis.models.http import failure, told_by
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolCall, Usage
from visavis.think.presets import PRESETS, Preset
from visavis.think.wire import SERVER, base64_of, closed, cut_short, decoded, nameless, opened, refused


@dataclass(frozen=True, slots=True)
class ResponsesWire:
    preset: Preset = PRESETS["openai_responses"]
    options: Mapping[str, Any] = field(default_factory=dict)

    def path(self, model: str) -> str:
        return "/responses"

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"} if key else {}

    def body(self, request: LlmRequest, model: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": model,
            "input": _items(opened(request), eyes=not self.preset.fits(self.preset.blind, model)),
            "stream": True,
            "store": False,
            "max_output_tokens": self.preset.longest(request.max_tokens, model),
            "temperature": request.temperature,
        }
        if self.preset.cache_key and request.session:
            body["prompt_cache_key"] = request.session
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                    "strict": False,
                }
                for tool in request.tools
            ]
        if (schema := request.schema) is not None:
            wanted = {"type": "json_schema", "name": "answer", "schema": schema, "strict": closed(schema)}
            body["text"] = {"format": wanted}
        return self.preset.adapted(body, model, self.options)

    def reader(self) -> ResponsesStream:
        return ResponsesStream()


def _items(messages: Sequence[Message], *, eyes: bool) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool":
            output = message.text or "(nothing)"
            items.append({"type": "function_call_output", "call_id": message.tool_call_id, "output": output})
            continue
        content: Any = message.text
        if message.images and eyes:
            shown = [f"data:image/jpeg;base64,{base64_of(image)}" for image in message.images]
            pictures = [{"type": "input_image", "image_url": url, "detail": "auto"} for url in shown]
            content = [*pictures, {"type": "input_text", "text": message.text}]
        if message.text or message.images:
            items.append({"role": message.role, "content": content})
        items += [
            {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
            for call in message.tool_calls
        ]
    return items


class _Cached(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _Cached | None = None


class _Incomplete(msgspec.Struct):
    reason: str | None = None


class _Response(msgspec.Struct):
    usage: _Usage | None = None
    incomplete_details: _Incomplete | None = None
    error: Any = None


class _Item(msgspec.Struct):
    type: str = ""
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


class _Event(msgspec.Struct):
    type: str = ""
    delta: Any = None
    arguments: str | None = None
    output_index: int = 0
    item: _Item | None = None
    response: _Response | None = None
    code: str | None = None
    message: str | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Event)


@dataclass(slots=True)
class ResponsesStream:
    """Reads the events of one reply. Of tool calls the last word counts: their `done` events repeat them whole."""

    begun: bool = False
    complete: bool = False
    _length: bool = False
    _usage: Usage = field(default_factory=lambda: Usage(0, 0))
    _calls: dict[int, _Item] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return self.complete

    def feed(self, data: str) -> list[LlmEvent]:
        if data == "[DONE]":  # some proxies end all streams in this way
            return []
        event = decoded(_decoder, data, "an event of the Responses API")
        match event.type:
            case "response.output_text.delta" | "response.refusal.delta":
                self.begun = True
                return [TextDelta(event.delta)] if isinstance(event.delta, str) and event.delta else []
            case "response.output_item.added" | "response.output_item.done":
                self._item(event)
            case "response.function_call_arguments.delta" | "response.function_call_arguments.done":
                self._arguments(event)
            case "response.completed" | "response.incomplete" | "response.done":
                self._ended(event.response or _Response())
            case "response.failed":
                raise _failed(event.response.error if event.response else None)
            case "error":
                raise _failed(event.error or {"message": event.message, "code": event.code})
        return []

    def end(self) -> list[LlmEvent]:
        if not self.complete:
            raise cut_short()
        calls = [self._call(index, item) for index, item in sorted(self._calls.items())]
        why: Literal["stop", "length", "tools"] = "length" if self._length else "stop"
        return [*calls, Finished("tools" if calls else why, self._usage)]

    def _call(self, index: int, item: _Item) -> ToolCall:
        if not item.name:
            raise nameless()
        arguments = item.arguments or ("" if self._length else "{}")
        return ToolCall(item.call_id or f"call_{index}", item.name, arguments)

    def _item(self, event: _Event) -> None:
        if event.item is None or event.item.type != "function_call":
            return
        self.begun = True
        known = self._calls.setdefault(event.output_index, _Item())
        known.call_id = event.item.call_id or known.call_id
        known.name = event.item.name or known.name
        known.arguments = event.item.arguments or known.arguments

    def _arguments(self, event: _Event) -> None:
        self.begun = True
        known = self._calls.setdefault(event.output_index, _Item())
        if event.type.endswith(".done"):
            known.arguments = event.arguments or known.arguments
        elif isinstance(event.delta, str):
            known.arguments = (known.arguments or "") + event.delta

    def _ended(self, response: _Response) -> None:
        self.complete = True
        if (usage := response.usage) is not None:
            details = usage.input_tokens_details
            cached = (details.cached_tokens or 0) if details else 0
            self._usage = Usage(usage.input_tokens or 0, usage.output_tokens or 0, cached)
        why = response.incomplete_details.reason if response.incomplete_details else None
        if why == "content_filter":
            raise refused("its content filter")
        self._length = why is not None


def _failed(error: Any) -> ProviderError:
    told = told_by(error)
    return failure(SERVER, told.status or 500, told.words)
