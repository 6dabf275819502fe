"""What a builder says about a tool beside its function: the rules under which a model may call it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

Interruption = Literal["cancel", "finish"]
AfterReading = Literal["ask", "run"]

TIMEOUT_S = 10.0
MAX_RESULT_CHARS = 4_000
_RULES = "__visavis_tool__"


class Grounded:
    """Marks an argument: `Annotated[str, Grounded()]`. Its value must have been said or shown in the call, or
    returned by a tool; a call with any other is refused."""


@dataclass(frozen=True)
class ToolRules:
    """How a tool may be called. A plain function has these defaults: it may write, and nothing is known about what
    makes two of its calls the same, so that it runs in turn, and as often as the model asks.

    `writes`: it changes something in the world. `timeout_s` seconds, then the call is given up. `idempotency_key`:
    the arguments that make two calls the same one, which runs once in a call; None: it may run again. `approval`: the
    person is asked first, in these words, in which `{argument}` stands for its value. `per_minute`, `per_turn`: calls
    at most, 0 for any number. `max_result_chars`: longer results are cut. `redact`: fields of arguments and results
    that neither journal nor model get to see. `grounded`: arguments as with `Grounded`. `while_waiting`: said when
    the result takes long. `on_interruption`: what happens to a call under way when the person takes the floor.
    `after_reading`: whether the person is asked before a call that writes and that the model makes with content of
    others before it (a tool's result, a passage, a picture), unless they asked for this very call themselves.
    `reconcile`: takes the same arguments, and tells what came of a call whose outcome is not known; None: nothing.
    """

    writes: bool = True
    timeout_s: float = TIMEOUT_S
    idempotency_key: tuple[str, ...] | None = None
    approval: str = ""
    per_minute: int = 0
    per_turn: int = 0
    max_result_chars: int = MAX_RESULT_CHARS
    redact: tuple[str, ...] = ()
    grounded: tuple[str, ...] = ()
    while_waiting: str = ""
    on_interruption: Interruption = "cancel"
    after_reading: AfterReading = "ask"
    reconcile: Callable[..., Any] | Callable[..., Awaitable[Any]] | None = None


PLAIN = ToolRules()

ALL_ARGUMENTS = ("*",)
"""As `idempotency_key`: calls are the same when all their arguments are."""


@overload
def tool(function: F, /) -> F: ...


@overload
def tool(
    *,
    writes: bool = ...,
    timeout_s: float = ...,
    idempotency_key: Sequence[str] | None = ...,
    approval: bool | str = ...,
    per_minute: int = ...,
    per_turn: int = ...,
    max_result_chars: int = ...,
    redact: Sequence[str] = ...,
    grounded: Sequence[str] = ...,
    while_waiting: str = ...,
    on_interruption: Interruption | None = ...,
    after_reading: AfterReading = ...,
    reconcile: Callable[..., Any] | None = ...,
) -> Callable[[F], F]: ...


def tool(
    function: F | None = None,
    /,
    *,
    writes: bool = False,
    timeout_s: float = TIMEOUT_S,
    idempotency_key: Sequence[str] | None = None,
    approval: bool | str = False,
    per_minute: int = 0,
    per_turn: int = 0,
    max_result_chars: int = MAX_RESULT_CHARS,
    redact: Sequence[str] = (),
    grounded: Sequence[str] = (),
    while_waiting: str = "",
    on_interruption: Interruption | None = None,
    after_reading: AfterReading = "ask",
    reconcile: Callable[..., Any] | None = None,
) -> F | Callable[[F], F]:
    """Marks a function as a tool with these rules (`ToolRules`); the function itself stays as it is.

    A tool reads unless it says `writes=True`. One that writes runs once for the same arguments, or for those that
    `idempotency_key` names (`()`: whenever it is asked to), and finishes in the background when the person
    interrupts.
    """
    rules = rules_from(
        writes=writes,
        timeout_s=timeout_s,
        idempotency_key=idempotency_key,
        approval=approval,
        per_minute=per_minute,
        per_turn=per_turn,
        max_result_chars=max_result_chars,
        redact=redact,
        grounded=grounded,
        while_waiting=while_waiting,
        on_interruption=on_interruption,
        after_reading=after_reading,
        reconcile=reconcile,
    )

    def marked(function: F) -> F:
        setattr(function, _RULES, rules)
        return function

    return marked if function is None else marked(function)


def rules_from(
    *,
    writes: bool,
    timeout_s: float = TIMEOUT_S,
    idempotency_key: Sequence[str] | None = None,
    approval: bool | str = False,
    per_minute: int = 0,
    per_turn: int = 0,
    max_result_chars: int = MAX_RESULT_CHARS,
    redact: Sequence[str] = (),
    grounded: Sequence[str] = (),
    while_waiting: str = "",
    on_interruption: Interruption | None = None,
    after_reading: AfterReading = "ask",
    reconcile: Callable[..., Any] | None = None,
) -> ToolRules:
    """Rules as a builder states them, with what follows from `writes`."""
    key = ALL_ARGUMENTS if writes and idempotency_key is None else tuple(idempotency_key or ()) or None
    return ToolRules(
        writes=writes,
        timeout_s=timeout_s,
        idempotency_key=key,
        approval=approval if isinstance(approval, str) else ASK * approval,
        per_minute=per_minute,
        per_turn=per_turn,
        max_result_chars=max_result_chars,
        redact=tuple(redact),
        grounded=tuple(grounded),
        while_waiting=while_waiting,
        on_interruption=on_interruption or ("finish" if writes else "cancel"),
        after_reading=after_reading,
        reconcile=reconcile,
    )


ASK = "?"
"""As `approval`: asked in words made from the tool's description."""


def rules_of(function: Callable[..., Any]) -> ToolRules:
    """The rules that `tool` has put on `function`; else those of a plain one."""
    rules: ToolRules = getattr(function, _RULES, PLAIN)
    return rules


@dataclass(frozen=True, kw_only=True)
class McpServer:
    """A server of the Model Context Protocol whose tools the agent may use (`pip install visavis[mcp]`).

    `command` starts it as a child that talks over stdin and stdout, in the folder `cwd`, with those variables of this
    process's environment that `env` names; or `url` is where it serves streamable HTTP, with the value of the
    variable `token_env` as bearer token. `tools`: offer only these; empty: all. `rules`: by tool; one they do not
    name may write, for what a server says of its own tools is not taken on trust.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    cwd: str = ""
    env: tuple[str, ...] = ()
    token_env: str = ""
    tools: tuple[str, ...] = ()
    rules: Mapping[str, ToolRules] = field(default_factory=dict)
