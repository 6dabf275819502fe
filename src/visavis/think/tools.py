"""Tools from Python functions: what the model is told about them, and running what it asks for, strictly.

A tool is a function with type hints and a docstring. Hints may be str, int, float, bool, Literal, Enum, Optional
and list of those. Arguments are checked against them and never coerced: what does not fit is refused with an
explanation that the model can act on.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import math
import re
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Union

from visavis.kernel.agent import ToolFunction
from visavis.kernel.errors import ConfigError
from visavis.kernel.virtual_time import holding
from visavis.think.base import ToolCall, ToolSpec
from visavis.think.envelope import SAY

TIMEOUT_S = 10.0
MAX_RESULT_CHARS = 4_000

_SCALARS: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_ARGUMENT_DOC = re.compile(r"^\s*(?::param\s+)?`{0,2}(\w+)`{0,2}(?:\s*\([^)]*\))?\s*:\s*(\S.*)$")


@dataclass(frozen=True, slots=True)
class ToolResult:
    """`text` goes back to the model: the result, or why there is none (`ok` is False)."""

    ok: bool
    text: str


class _Refused(Exception):
    """The call does not fit the tool; the message explains it to the model."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    hint: Any
    required: bool


@dataclass(frozen=True, slots=True)
class _Tool:
    spec: ToolSpec
    function: ToolFunction
    parameters: tuple[_Parameter, ...]


class ToolBox:
    """The tools of one agent. Raises ConfigError when a function cannot be described to a model."""

    def __init__(self, functions: Sequence[ToolFunction] = (), *, timeout_s: float = TIMEOUT_S) -> None:
        self._tools: dict[str, _Tool] = {}
        self._timeout_s = timeout_s
        for function in functions:
            tool = _describe(function)
            if tool.spec.name in self._tools or tool.spec.name == SAY:
                raise ConfigError(f"the tool name '{tool.spec.name}' is taken", where="tools", hint="rename it")
            self._tools[tool.spec.name] = tool

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._tools.values())

    def check(self, call: ToolCall) -> dict[str, Any] | str:
        """The call's arguments, as JSON has them, or why it is refused, in words for the model."""
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return f"There is no tool named {call.name!r}. Tools: {known}."
        try:
            _checked(tool, call.arguments)
        except _Refused as refused:
            return f"{call.name} was not run: {refused}"
        arguments: dict[str, Any] = json.loads(call.arguments or "{}")
        return arguments

    async def run(self, call: ToolCall) -> ToolResult:
        """Check the call and run it; never raises for what the model or the function does wrong.

        A plain function runs in a thread, an `async` one on the loop. After `timeout_s` the result is a refusal;
        a plain function's thread cannot be stopped and ends by itself. Cancelling cancels an `async` function.
        """
        refusal = self.check(call)
        if isinstance(refusal, str):
            return ToolResult(False, refusal)
        tool = self._tools[call.name]
        try:
            async with asyncio.timeout(self._timeout_s) as timer:
                return ToolResult(True, _as_text(await _invoke(tool.function, _checked(tool, call.arguments))))
        except TimeoutError as error:
            if not timer.expired():
                return ToolResult(False, _failed(call.name, error))
            return ToolResult(False, f"{call.name} did not answer within {self._timeout_s:g} seconds.")
        except Exception as error:  # noqa: BLE001 - a builder's function may raise anything; the call goes on
            return ToolResult(False, _failed(call.name, error))


def _failed(name: str, error: Exception) -> str:
    return f"{name} failed: {type(error).__name__}: {str(error)[:300]}"


async def _invoke(function: ToolFunction, arguments: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    with holding():
        result = await asyncio.to_thread(function, **arguments)
    return await result if inspect.isawaitable(result) else result


def _as_text(result: Any) -> str:
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
    if len(text) > MAX_RESULT_CHARS:
        text = text[: MAX_RESULT_CHARS - 16].rstrip() + " … (cut short)"
    return text


def _describe(function: ToolFunction) -> _Tool:
    name = getattr(function, "__name__", "")
    if not re.fullmatch(r"[A-Za-z_]\w{0,63}", name):
        raise ConfigError(f"{function!r} cannot be a tool: it has no plain name", where="tools", hint="use `def`")
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError) as error:
        raise ConfigError(f"the type hints cannot be read: {error}", where=f"tool {name}") from error
    summary, notes = _docstring(function)
    parameters: list[_Parameter] = []
    properties: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ConfigError("arguments must be plain and named", where=f"tool {name}")
        if parameter.name not in hints:
            raise ConfigError(f"the argument '{parameter.name}' has no type hint", where=f"tool {name}")
        hint = hints[parameter.name]
        properties[parameter.name] = _schema(hint, where=f"tool {name}, argument {parameter.name}")
        if parameter.name in notes:
            properties[parameter.name]["description"] = notes[parameter.name]
        parameters.append(_Parameter(parameter.name, hint, parameter.default is parameter.empty))
    schema = {
        "type": "object",
        "properties": properties,
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }
    return _Tool(ToolSpec(name, summary or name.replace("_", " "), schema), function, tuple(parameters))


def _docstring(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The description, and what lines such as "city: where to look" say about the arguments."""
    text = inspect.getdoc(function) or ""
    known = inspect.signature(function).parameters
    notes: dict[str, str] = {}
    summary: list[str] = []
    for line in text.splitlines():
        found = _ARGUMENT_DOC.match(line)
        if found and found[1] in known:
            notes[found[1]] = found[2].strip()
        elif not re.fullmatch(r"\s*(Args|Arguments|Parameters|Returns|Raises):?\s*", line):
            summary.append(line)
    return "\n".join(summary).strip(), notes


def _schema(hint: Any, *, where: str) -> dict[str, Any]:
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return {"enum": list(inner)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if hint is list or origin in (list, Sequence):
        return {"type": "array", "items": _schema(inner[0] if inner else str, where=where)}
    if origin in (Union, types.UnionType):
        options = [_schema(option, where=where) for option in inner if option is not type(None)]
        if type(None) in inner:
            options.append({"type": "null"})
        return options[0] if len(options) == 1 else {"anyOf": options}
    raise ConfigError(
        f"the type {hint!r} cannot be described to a model",
        where=where,
        hint="use str, int, float, bool, Literal, Enum, Optional or list of those",
    )


def _checked(tool: _Tool, text: str) -> dict[str, Any]:
    """The arguments as Python values. Raises _Refused."""
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise _Refused("the arguments are not valid JSON") from error
    if not isinstance(given, dict):
        raise _Refused("the arguments must be a JSON object")
    known = {parameter.name: parameter for parameter in tool.parameters}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise _Refused(f"unknown argument {unknown[0]!r}; it takes {', '.join(known) or 'none'}")
    missing = [name for name, parameter in known.items() if parameter.required and name not in given]
    if missing:
        raise _Refused(f"the argument {missing[0]!r} is missing")
    return {name: _value(known[name].hint, value, name) for name, value in given.items()}


def _value(hint: Any, value: Any, name: str) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _one_of(inner, value, name)
    if origin is Literal:
        if any(value == option and type(value) is type(option) for option in inner):
            return value
        raise _Refused(f"{name!r} must be one of {', '.join(map(repr, inner))}")
    if hint is list or origin in (list, Sequence):
        if isinstance(value, list):
            return [_value(inner[0] if inner else str, item, name) for item in value]
        raise _Refused(f"{name!r} must be a list")
    if hint is type(None):
        if value is None:
            return None
        raise _Refused(f"{name!r} must be null")
    if isinstance(hint, type) and issubclass(hint, Enum):
        for member in hint:
            if member.value == value and type(member.value) is type(value):
                return member
        raise _Refused(f"{name!r} must be one of {', '.join(repr(member.value) for member in hint)}")
    return _scalar(hint, value, name)


def _one_of(options: Sequence[Any], value: Any, name: str) -> Any:
    reasons: list[str] = []
    for option in options:
        try:
            return _value(option, value, name)
        except _Refused as refused:
            reasons.append(str(refused))
    raise _Refused(reasons[0])


def _scalar(hint: Any, value: Any, name: str) -> Any:
    whole_number = hint is float and type(value) is int  # JSON has one kind of number
    finite = not isinstance(value, float) or math.isfinite(value)
    if (type(value) is hint or whole_number) and finite:
        return float(value) if whole_number else value
    kinds = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    raise _Refused(f"{name!r} must be {kinds[hint]}, not {json.dumps(value)[:60]}")
