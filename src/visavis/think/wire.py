"""What a vendor's wire format is to an adapter: a request out, events of a stream in. Pure, no connection.

`HttpLlm` carries any of them. A reader belongs to one reply.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import msgspec

from visavis.kernel.errors import ProtocolViolation, Rejected
from visavis.kernel.json_text import encode_json
from visavis.models.http import Service
from visavis.think.base import LlmEvent, LlmRequest, Message

T = TypeVar("T")

SERVER = Service("the model's server", "think", "llm.base_url", "check the API key")


class Reader(Protocol):
    """Reads the events of one reply."""

    @property
    def begun(self) -> bool:
        """Something of the answer has come: text, or the beginning of a tool call."""
        ...

    @property
    def complete(self) -> bool:
        """The model has said why it stopped; only usage may still come."""
        ...

    @property
    def done(self) -> bool:
        """The stream's last event has come."""
        ...

    def feed(self, data: str) -> list[LlmEvent]:
        """What one event's data holds. Raises ProtocolViolation, or as `failure` for an error in the stream."""
        ...

    def end(self) -> list[LlmEvent]:
        """Tool calls and `Finished`, after the last event. Raises ProtocolViolation for a reply that was cut."""
        ...


class Wire(Protocol):
    def path(self, model: str) -> str:
        """What stands behind the base address."""
        ...

    def headers(self, key: str) -> dict[str, str]:
        """How the key is shown; without a key, what else is needed."""
        ...

    def body(self, request: LlmRequest, model: str) -> dict[str, Any]: ...

    def reader(self) -> Reader: ...


def noted(messages: Sequence[Message], begun: str) -> list[Message]:
    """`messages` with the note that the answer has begun. It stands at the very end, so that all before it stays in
    the server's cache, and in the person's message: not every server takes a system message there, and most would
    take an assistant's for a whole turn."""
    note = f"[You have already begun to answer aloud: “{begun}” Write only what comes after these words.]"
    return added(messages, note)


def added(messages: Sequence[Message], note: str) -> list[Message]:
    """`messages` with a note at their very end, in the person's last message."""
    if messages and messages[-1].role == "user":
        return [*messages[:-1], replace(messages[-1], text=f"{messages[-1].text}\n\n{note}")]
    return [*messages, Message("user", note)]


def opened(request: LlmRequest) -> Sequence[Message]:
    """The request's messages, with the note on what has been begun."""
    return noted(request.messages, request.begun) if request.begun else request.messages


def parted(messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """The system text that stands before everything, and the rest, for formats that know a system text only there.
    Later system messages become notes of the person's; a person's message stands first and last."""
    first = next((i for i, message in enumerate(messages) if message.role != "system"), len(messages))
    system = "\n\n".join(message.text for message in messages[:first])
    rest = [replace(m, role="user", text=f"[{m.text}]") if m.role == "system" else m for m in messages[first:]]
    if not rest or rest[0].role != "user":
        rest.insert(0, Message("user", "[The call begins.]"))
    if rest[-1].role == "assistant":
        rest.append(Message("user", "[Go on.]"))
    return system, rest


def base64_of(image: bytes) -> str:
    return base64.b64encode(image).decode()


def arguments_object(arguments: str) -> dict[str, Any]:
    """A call's arguments for formats that want an object; what is none is kept under `malformed`."""
    try:
        parsed = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return {"malformed": arguments}
    return parsed if isinstance(parsed, dict) else {"malformed": arguments}


def closed(schema: Any) -> bool:
    """Whether every object of a JSON Schema requires all its properties and forbids others: OpenAI's strict mode."""
    if isinstance(schema, list):
        return all(closed(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if "properties" in schema or schema.get("type") == "object":
        wanted = set(schema.get("properties", {}))
        if schema.get("additionalProperties") is not False or set(schema.get("required", [])) != wanted:
            return False
    return all(closed(value) for key, value in schema.items() if key not in ("enum", "const", "default", "examples"))


def decoded(decoder: msgspec.json.Decoder[T], data: str, what: str) -> T:
    """One event. Half of a character, where a proxy has parted one, becomes U+FFFD: nobody says it, and the rest of
    the answer counts. Raises ProtocolViolation for what is not `what`."""
    try:
        try:
            return decoder.decode(data)
        except msgspec.DecodeError:
            if "\\ud" not in data.lower():
                raise
            return decoder.decode(encode_json(json.loads(data)))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise garbage(what) from error


def cut_short() -> ProtocolViolation:
    return ProtocolViolation("the model's reply was cut short", stage="think")


def garbage(what: str) -> ProtocolViolation:
    return ProtocolViolation(f"the model sent something that is not {what}", stage="think")


def refused(why: str) -> Rejected:
    """The vendor's filter stopped the reply."""
    return Rejected(f"the model's provider refused to answer: {why}", stage="think")


def nameless() -> ProtocolViolation:
    return ProtocolViolation("the model called a tool without naming it", stage="think")
