"""The contract of a language model.

A request goes in as messages; text deltas, tool calls, usage and one `Finished` come out. The stream belongs to
its consumer: closing it (`aclose`, or cancelling the task that reads it) stops the model's work. Adapters apply
the four timeouts of the settings and raise `ProviderTimeout`, `AtCapacity`, `Rejected` or `ProtocolViolation`;
they hold no conversation state.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the model wants run. `arguments` is the JSON text as the model wrote it, not yet validated.
    `signature` is opaque: what some vendors want back with the call in later requests.
    """

    id: str
    name: str
    arguments: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the prompt. `tool_call_id` is set on `tool` messages, `tool_calls` on `assistant` ones. `images`
    are JPEG files that a `user` message shows; a model without eyes is not sent any.
    """

    role: Role
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function as the model sees it; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LlmRequest:
    messages: Sequence[Message]
    tools: Sequence[ToolSpec] = ()
    max_tokens: int = 220
    temperature: float = 0.3
    session: str = ""
    """Lets an engine with per-call slots keep this session's prompt cache in one of them."""
    begun: str = ""
    """What is being said aloud already as the beginning of this answer: the model goes on from there. Where it cannot
    be told, or repeats it all the same, who reads the stream takes the repetition away (`Continuation`)."""
    schema: dict[str, Any] | None = None
    """A JSON Schema, an object at its root: the text of the answer is JSON that keeps to it, as far as the model's
    server enforces schemas. Whoever reads it validates it all the same."""
    cites: int | None = None
    """The prompt has passages numbered from 1 to this; the answer is to begin with the number of the one that it
    rests on, such as "[2] ", "[0] " for none. Adapters that can force it do."""
    language: str = "en"
    """Which the person speaks; what knows English only is not asked about others."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """`took_s`: on the first delta, seconds the model took to write it, where the adapter knows; else 0."""

    text: str
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """`why`: stop, length (cut at `max_tokens`), tools. A filtered reply does not end: it is `Rejected`."""

    why: Literal["stop", "length", "tools"]
    usage: Usage = field(default_factory=lambda: Usage(0, 0))


LlmEvent = TextDelta | ToolCall | Finished


class Llm(Protocol):
    name: str
    model: str
    tells_ends: bool
    """Whether `p_ends` answers. Then no end-of-turn model listens: it says less, and takes time from this one."""

    def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]: ...

    async def prefill(self, request: LlmRequest) -> None:
        """Put the request's messages into the prompt cache, if there is one, up to the end of the last one's text,
        which may go on. Cheap to call, errors are silent."""
        ...

    async def p_ends(self, request: LlmRequest) -> float | None:
        """P(the last message is complete as it stands), 0–1, by what the model expects next; None when it cannot
        tell, or is writing for this session just now. Leaves the messages in the prompt cache: a `stream` that
        follows has that much less to do. Raises ProviderError."""
        ...

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Before the first call: open connections, compute the system prompt that all calls begin with."""
        ...

    async def close(self) -> None: ...
