"""The tools of an agent: what the model is told about them, strict checks of what it asks for, and running it.

A tool is a Python function with type hints and a docstring, plain or marked with `visavis.tool`; or one of another
source, with a JSON Schema (`ToolBox(more=…)`). Nothing is coerced: what does not fit is refused, with an explanation.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import typing
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from visavis.kernel.agent import ToolFunction
from visavis.kernel.errors import ConfigError
from visavis.kernel.shown import AnyShown
from visavis.kernel.tool import MAX_RESULT_CHARS, PLAIN, ToolRules, rules_of
from visavis.kernel.virtual_time import holding
from visavis.think.base import ToolCall, ToolSpec
from visavis.think.envelope import SAY
from visavis.think.redaction import redacted
from visavis.think.shown import on_page
from visavis.think.tool_schema import Refusal, Validator, strict_json
from visavis.think.tool_types import Shape, record_schema, shape

__all__ = ["MAX_RESULT_CHARS", "Checked", "Tool", "ToolBox", "ToolResult", "ToolUnavailable", "from_function"]

_ARGUMENT_DOC = re.compile(r"^\s*(?::param\s+)?`{0,2}(\w+)`{0,2}(?:\s*\([^)]*\))?\s*:\s*(\S.*)$")
_NAME = r"[A-Za-z_][\w.-]{0,63}"
_LOST = re.compile("Timeout|Connect|Transport|Payload|Incomplete")


@dataclass(frozen=True, slots=True)
class ToolResult:
    """`text` goes back to the model: the result, or why there is none (`ok` is False). `shown` goes to the call page.
    `settled`: whether it is known what came of the call."""

    ok: bool
    text: str
    shown: AnyShown | None = None
    settled: bool = True


class ToolUnavailable(Exception):
    """The tool cannot be reached; nothing was done. The message says why."""


@dataclass(frozen=True, slots=True)
class Tool:
    """`invoke` takes the arguments as JSON values; it may raise anything, ValueError before it has begun included."""

    spec: ToolSpec
    invoke: Callable[[dict[str, Any]], Awaitable[Any]]
    rules: ToolRules = PLAIN
    bind: Callable[[dict[str, Any]], Any] | None = None
    grounded: tuple[str, ...] = ()
    unavailable: Callable[[], Awaitable[str]] | None = None
    """Why the tool cannot be reached just now; '' when it can."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """What arguments are when they are left out, as JSON has it, where that is known."""
    validator: Validator = field(init=False)

    def __post_init__(self) -> None:
        where = f"tool {self.spec.name}"
        if not re.fullmatch(_NAME, self.spec.name) or self.spec.name == SAY:
            raise ConfigError(f"'{self.spec.name}' cannot be the name of a tool", where="tools", hint="rename it")
        masked = bool(self.rules.redact)
        object.__setattr__(self, "validator", Validator(self.spec.parameters, where=where, masked=masked))
        known = set(self.spec.parameters.get("properties", {}))
        key = () if self.rules.idempotency_key in (None, ("*",)) else self.rules.idempotency_key or ()
        for name in (*self.grounded, *key):
            if name not in known:
                raise ConfigError(f"there is no argument '{name}'", where=where, hint="it is named in its rules")


@dataclass(frozen=True, slots=True)
class Checked:
    """A call that fits its tool: `arguments` as JSON has them."""

    call: ToolCall
    tool: Tool
    arguments: dict[str, Any]

    @property
    def shown(self) -> dict[str, Any]:
        """The arguments as journal and model may see them."""
        cleared: dict[str, Any] = redacted(self.arguments, self.tool.rules.redact)
        return cleared


class ToolBox:
    """The tools of one agent. Raises ConfigError when a function cannot be described to a model."""

    def __init__(self, functions: Sequence[ToolFunction] = (), more: Sequence[Tool] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in (*map(from_function, functions), *more):
            if tool.spec.name in self._tools:
                raise ConfigError(f"the tool name '{tool.spec.name}' is taken", where="tools", hint="rename it")
            self._tools[tool.spec.name] = tool

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._tools.values())

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def check(self, call: ToolCall) -> Checked | Refusal:
        """The call as it may be run, if its arguments fit; else why not."""
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return Refusal("unknown_tool", f"There is no tool named {call.name[:80]!r}. Tools: {known}.")
        given: Any = strict_json(call.arguments)
        refusal = given if isinstance(given, Refusal) else _misfit(tool, given)
        if refusal is not None:
            return Refusal(refusal.reason, f"{call.name} was not run: {refusal.why}.", refusal.fields)
        arguments: dict[str, Any] = given
        return Checked(call, tool, arguments)

    async def run(self, call: ToolCall) -> ToolResult:
        """Check the call by its arguments alone, and run it. Never raises for what the model or the tool does."""
        checked = self.check(call)
        return ToolResult(False, checked.why) if isinstance(checked, Refusal) else await run(checked)


async def run(checked: Checked) -> ToolResult:
    """Run a checked call. A plain function runs in a thread, which cannot be stopped and ends by itself when its time
    is up; an `async` one on the loop, where cancelling cancels it."""
    name, rules = checked.tool.spec.name, checked.tool.rules
    try:
        async with asyncio.timeout(rules.timeout_s) as timer:
            told, shown = on_page(await checked.tool.invoke(checked.arguments))
    except ToolUnavailable as error:
        return ToolResult(False, f"{name} cannot be reached: {error}"[:400])
    except Exception as error:  # noqa: BLE001 - a builder's function may raise anything; the call goes on
        if isinstance(error, TimeoutError) and timer.expired():
            return ToolResult(False, f"{name} did not answer within {rules.timeout_s:g} seconds.", settled=False)
        told = as_text(f"{type(error).__name__}: {str(error)[:300]}", checked.tool, checked.arguments)
        return ToolResult(False, f"{name} failed: {told}", settled=not _broke_off(error))
    return ToolResult(True, as_text(told, checked.tool, checked.arguments), shown)


def _broke_off(error: BaseException) -> bool:
    """Whether a line was lost, or an answer did not come: what was asked for may have been done all the same. HTTP
    clients have errors of their own for it, or raise theirs from the system's."""
    if isinstance(error, OSError):
        return True
    raised: BaseException | None = error
    while raised is not None:
        if any(_LOST.search(kind.__name__) for kind in type(raised).__mro__):
            return True
        raised = raised.__cause__ or (None if raised.__suppress_context__ else raised.__context__)
    return False


def as_text(result: Any, tool: Tool, arguments: dict[str, Any]) -> str:
    """What the model and the journal get to see of a result: redacted, then cut to the tool's limit."""
    try:
        cleared = redacted(result, tool.rules.redact, hiding=arguments)
        text = cleared if isinstance(cleared, str) else _json(cleared)
    except Exception:  # noqa: BLE001 - a builder's object may fail at anything; what the tool did is done all the same
        text = f"(something of type {type(result).__name__} that cannot be written down)"
    limit = tool.rules.max_result_chars
    return text if len(text) <= limit else text[: max(0, limit - 16)].rstrip() + " … (cut short)"


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):  # keys that JSON does not know, such as dates; something that holds itself
        return str(value)


def from_function(function: ToolFunction) -> Tool:
    """A function as a tool, under the rules that `visavis.tool` has put on it. Raises ConfigError."""
    name = getattr(function, "__name__", "")
    if not re.fullmatch(r"[A-Za-z_]\w{0,63}", name):
        raise ConfigError(f"{function!r} cannot be a tool: it has no plain name", where="tools", hint="use `def`")
    shapes, required = _parameters(function, name)
    summary, notes = _docstring(function, shapes)
    schema = record_schema(shapes, required)
    schema["properties"] = {
        parameter: one.schema | ({"description": notes[parameter]} if parameter in notes else {})
        for parameter, one in shapes.items()
    }

    def bind(given: dict[str, Any]) -> dict[str, Any]:
        made = {}
        for parameter, value in given.items():
            try:
                made[parameter] = shapes[parameter].bind(value)
            except ValueError as error:
                raise ValueError(f"{parameter!r} {error}") from error
        return made

    async def invoke(given: dict[str, Any]) -> Any:
        return await call_function(function, bind(given))

    rules = rules_of(function)
    grounded = {one for one, described in shapes.items() if described.grounded} | set(rules.grounded)
    spec = ToolSpec(name, summary or name.replace("_", " "), schema)
    return Tool(spec, invoke, rules, bind, tuple(sorted(grounded)), defaults=_defaults(function))


async def call_function(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call it: an `async` one on the loop, any other in a thread."""
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    with holding():
        result = await asyncio.to_thread(function, **arguments)
    return await result if inspect.isawaitable(result) else result


def _misfit(tool: Tool, given: Any) -> Refusal | None:
    if not isinstance(given, dict):
        return Refusal("not_an_object", "the arguments must be a JSON object")
    refusal = tool.validator.refusal(given)
    if refusal is not None:
        if refusal.reason == "extra_field":
            known = ", ".join(tool.spec.parameters.get("properties", {})) or "none"
            return Refusal(refusal.reason, f"{refusal.why}; it takes {known}", refusal.fields)
        return refusal
    try:
        if tool.bind is not None:
            tool.bind(given)
    except ValueError as error:
        told: str = redacted(str(error), tool.rules.redact, hiding=given)
        return Refusal("wrong_type", told[:200])
    return None


def _parameters(function: ToolFunction, name: str) -> tuple[dict[str, Shape], list[str]]:
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise ConfigError(f"the type hints cannot be read: {error}", where=f"tool {name}") from error
    shapes: dict[str, Shape] = {}
    required: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ConfigError("arguments must be plain and named", where=f"tool {name}")
        if parameter.name not in hints:
            raise ConfigError(f"the argument '{parameter.name}' has no type hint", where=f"tool {name}")
        shapes[parameter.name] = shape(hints[parameter.name], where=f"tool {name}, argument {parameter.name}")
        if parameter.default is parameter.empty:
            required.append(parameter.name)
    return shapes, required


def _defaults(function: ToolFunction) -> dict[str, Any]:
    """Those that are plain JSON values; of an Enum's members the value."""
    given = {one.name: one.default for one in inspect.signature(function).parameters.values()}
    plain = {name: value.value if isinstance(value, Enum) else value for name, value in given.items()}
    return {name: value for name, value in plain.items() if value is None or isinstance(value, str | int | float)}


def _docstring(function: Callable[..., Any], known: typing.Container[str]) -> tuple[str, dict[str, str]]:
    """The description, and what lines such as "city: where to look" say about the arguments."""
    text = inspect.getdoc(function) or ""
    notes: dict[str, str] = {}
    summary: list[str] = []
    for line in text.splitlines():
        found = _ARGUMENT_DOC.match(line)
        if found and found[1] in known:
            notes[found[1]] = found[2].strip()
        elif not re.fullmatch(r"\s*(Args|Arguments|Parameters|Returns|Raises):?\s*", line):
            summary.append(line)
    return "\n".join(summary).strip(), notes
