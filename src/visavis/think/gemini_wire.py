"""Google's Gemini wire format, `streamGenerateContent` as server-sent events: requests out, chunks in. Pure.

Each chunk is a whole answer by itself; the stream has no last event, it ends. Sources: Gemini API reference,
"Generating content", "Function calling", "Thought signatures"; recorded streams; read 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from visavis.kernel.errors import ProtocolViolation
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

UNSIGNED = "skip_thought_signature_validator"
"""Google's own stand-in for the signature of a call that Gemini did not make, or whose signature is gone."""

_REFUSED = frozenset({"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"})
_WRONG_CALL = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"})


@dataclass(frozen=True, slots=True)
class GeminiWire:
    preset: Preset = PRESETS["gemini"]
    options: Mapping[str, Any] = field(default_factory=dict)

    def path(self, model: str) -> str:
        return f"/models/{quote(model.removeprefix('models/'))}:streamGenerateContent?alt=sse"

    def headers(self, key: str) -> dict[str, str]:
        return {"x-goog-api-key": key} if key else {}

    def body(self, request: LlmRequest, model: str) -> dict[str, Any]:
        system, messages = parted(opened(request))
        config: dict[str, Any] = {
            "maxOutputTokens": self.preset.longest(request.max_tokens, model),
            "temperature": request.temperature,
        }
        if request.schema is not None:
            config |= {"responseMimeType": "application/json", "responseJsonSchema": request.schema}
        body: dict[str, Any] = {
            "contents": _contents(messages, eyes=not self.preset.fits(self.preset.blind, model)),
            "generationConfig": config,
        }
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        if request.tools:
            declared = [
                {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters}
                for tool in request.tools
            ]
            body["tools"] = [{"functionDeclarations": declared}]
        return self.preset.adapted(body, model, self.options)

    def reader(self) -> GeminiStream:
        return GeminiStream()


def _contents(messages: Sequence[Message], *, eyes: bool) -> list[dict[str, Any]]:
    """Turns of parts; neighbours of the same side are one turn. A result is told with its function's name."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    contents: list[dict[str, Any]] = []
    for message in messages:
        role = "model" if message.role == "assistant" else "user"
        if parts := _parts(message, names, eyes):
            if contents and contents[-1]["role"] == role:
                contents[-1]["parts"] += parts
            else:
                contents.append({"role": role, "parts": parts})
    return contents


def _parts(message: Message, names: Mapping[str, str], eyes: bool) -> list[dict[str, Any]]:
    if message.role == "tool":
        called = message.tool_call_id
        answer = {"id": called, "name": names.get(called, called), "response": {"result": message.text}}
        return [{"functionResponse": answer}]
    parts: list[dict[str, Any]] = [
        {"inlineData": {"mimeType": "image/jpeg", "data": base64_of(image)}}
        for image in (message.images if eyes else ())
    ]
    if message.text:
        parts.append({"text": message.text})
    for number, call in enumerate(message.tool_calls):
        part: dict[str, Any] = {
            "functionCall": {"id": call.id, "name": call.name, "args": arguments_object(call.arguments)}
        }
        if call.signature or not number:  # of calls made at once, only the first is signed
            part["thoughtSignature"] = call.signature or UNSIGNED
        parts.append(part)
    return parts


class _FunctionCall(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    args: dict[str, Any] | None = None


class _Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: _FunctionCall | None = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Chunk(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Chunk)


@dataclass(slots=True)
class GeminiStream:
    """Reads the chunks of one reply; thoughts are left out."""

    begun: bool = False
    done: bool = False
    _reason: str = ""
    _calls: list[ToolCall] = field(default_factory=list)
    _usage: Usage = field(default_factory=lambda: Usage(0, 0))

    @property
    def complete(self) -> bool:
        return bool(self._reason)

    def feed(self, data: str) -> list[LlmEvent]:
        chunk = decoded(_decoder, data, "a chunk of Gemini's")
        if chunk.error is not None:
            told = told_by(chunk.error)
            raise failure(SERVER, told.status or 500, told.words)
        if chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason:
            raise refused(chunk.prompt_feedback.block_reason)
        self._count(chunk.usage_metadata)
        events: list[LlmEvent] = []
        for candidate in (chunk.candidates or [])[:1]:
            for part in (candidate.content.parts if candidate.content else None) or []:
                events += self._part(part)
            self._stopped(candidate)
        return events

    def end(self) -> list[LlmEvent]:
        if not self._reason:
            raise cut_short()
        why: Literal["stop", "length", "tools"] = "length" if self._reason == "MAX_TOKENS" else "stop"
        return [*self._calls, Finished("tools" if self._calls else why, self._usage)]

    def _part(self, part: _Part) -> list[LlmEvent]:
        if (call := part.function_call) is not None:
            if not call.name:
                raise nameless()
            self.begun = True
            arguments = msgspec.json.encode(call.args or {}).decode()
            call_id = call.id or f"call_{len(self._calls)}"
            self._calls.append(ToolCall(call_id, call.name, arguments, part.thought_signature or ""))
        if not part.text or part.thought:
            return []
        self.begun = True
        return [TextDelta(part.text)]

    def _stopped(self, candidate: _Candidate) -> None:
        reason = candidate.finish_reason or ""
        if reason in _REFUSED:
            raise refused(reason)
        if reason in _WRONG_CALL:
            words = candidate.finish_message or reason
            raise ProtocolViolation(f"the model called a tool wrongly: {words[:300]}", stage="think")
        self._reason = reason or self._reason

    def _count(self, usage: _Usage | None) -> None:
        """Every chunk tells the usage so far. Thoughts are output that is paid for."""
        if usage is not None:
            written = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
            read = (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0)
            self._usage = Usage(read, written, usage.cached_content_token_count or 0)
