"""Facts about models, services and tools."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from visavis.kernel.errors import VisavisError
from visavis.kernel.events.base import Event


class ProviderFailed(Event, frozen=True):
    """A provider's call went wrong. `code` is an error code of `kernel.errors`; `detail` names no content."""

    layer: str
    provider: str
    code: str
    detail: str = ""

    @classmethod
    def of(cls, layer: str, provider: str, error: VisavisError) -> Self:
        """What `error`, or what it was translated from, tells without its words."""
        return cls(layer, provider, error.code, type(error.__cause__ or error).__name__)


class FellBack(Event, frozen=True):
    """A call to `from_provider` goes on with `to_provider`. `why`: an error's code, or "open": its breaker is."""

    layer: str
    from_provider: str
    to_provider: str
    why: str = ""


class Apologized(Event, frozen=True):
    """The person was told, aloud and on the page, that something did not work. `reply` is 0 when hearing failed."""

    reply: int
    code: str


class UsageCounted(Event, frozen=True):
    """What a call to a provider used: `amounts` such as `input_tokens`, `output_tokens`, `audio_s`, `characters`.

    `reply`: the reply it was for (0: none), which may have been discarded unheard: what was spent on those is the
    price of speculation. `estimated`: the call was stopped before the provider told, so these are our own counts.
    """

    layer: str
    provider: str
    model: str
    amounts: dict[str, float]
    reply: int = 0
    estimated: bool = False


class ToolCalled(Event, frozen=True):
    content: ClassVar[bool] = True
    reply: int
    call: str
    name: str
    arguments: dict[str, Any]


class ToolReturned(Event, frozen=True):
    """`settled`: whether it is known what came of the call; a call that writes may have done so all the same."""

    content: ClassVar[bool] = True
    reply: int
    call: str
    name: str
    result: str
    ok: bool
    took_s: float
    settled: bool = True


class ToolRefused(Event, frozen=True):
    """A call was not run: `reason` is one of `think.tool_schema.Reason`, `why` what the model was told of it."""

    content: ClassVar[bool] = True
    reply: int
    name: str
    why: str
    reason: str = ""
    call: str = ""


class ApprovalAsked(Event, frozen=True):
    """A call waits for the person's yes to `question`. `why`: `approval`, a rule of the tool; or `after_reading`, the
    model had content of others before it and the person did not ask for this very call."""

    content: ClassVar[bool] = True
    reply: int
    call: str
    name: str
    arguments: dict[str, Any]
    question: str
    why: str = "approval"


class ApprovalAnswered(Event, frozen=True):
    """`answer`: yes, no, unclear, or unheard (the question was cut short); only after a yes is the call run."""

    call: str
    name: str
    answer: str
