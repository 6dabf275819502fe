"""Type hints as JSON Schema 2020-12, and JSON values as what the hints say.

str, int, float, bool, Literal, Enum, Optional and unions, list, dict, dataclass, TypedDict, msgspec.Struct, and any
of them in Annotated with bounds (`msgspec.Meta`, or anything with `ge`, `gt`, `le`, `lt`, `multiple_of`,
`min_length`, `max_length`, `pattern`, `description`) or a text that describes it. Pure.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, Required, Union

import msgspec

from visavis.kernel.errors import ConfigError
from visavis.kernel.tool import Grounded
from visavis.think.tool_schema import TYPES, Validator

_SCALARS: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}

_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum",
           "multiple_of": "multipleOf", "pattern": "pattern", "description": "description"}  # fmt: skip
_LENGTHS = {"string": "Length", "array": "Items", "object": "Properties"}


@dataclass(frozen=True, slots=True)
class Shape:
    """`schema` describes the JSON; `bind` makes the Python value of JSON that fits it. It raises ValueError when the
    JSON fits the schema but not the hint: 2.0 is an integer in JSON Schema, not in Python."""

    schema: dict[str, Any]
    bind: Callable[[Any], Any]
    grounded: bool = False


def shape(hint: Any, *, where: str, inside: tuple[Any, ...] = ()) -> Shape:
    """The shape of a hint. Raises ConfigError when it cannot be described to a model."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _annotated(shape(inner[0], where=where, inside=inside), inner[1:])
    if origin in (Required, NotRequired):
        return shape(inner[0], where=where, inside=inside)
    if hint in _SCALARS:
        return Shape({"type": _SCALARS[hint]}, _scalar(hint))
    if hint is None or hint is type(None):
        return Shape({"type": "null"}, _same)
    if hint is Any:
        return Shape({}, _same)
    if origin is Literal:
        return Shape({"enum": list(inner)}, _choice({value: value for value in inner}))
    if origin in (Union, types.UnionType):
        return _union([shape(option, where=where, inside=inside) for option in inner])
    if hint in (list, tuple) or origin in (list, Sequence) or (origin is tuple and inner[1:] == (...,)):
        item = shape(inner[0] if inner else str, where=where, inside=inside)
        kind = tuple if tuple in (hint, origin) else list
        return Shape({"type": "array", "items": item.schema}, lambda value: kind(item.bind(one) for one in value))
    if hint is dict or origin in (dict, Mapping):
        return _mapping(inner, where, inside)
    if isinstance(hint, type):
        if issubclass(hint, Enum):
            return Shape({"enum": [one.value for one in hint]}, _choice({one.value: one for one in hint}))
        if (fields := _fields(hint)) is not None:
            if hint in inside:
                raise ConfigError(f"{hint.__name__} contains itself", where=where, hint="use flat types")
            return _record(hint, fields, where, (*inside, hint))
    raise ConfigError(
        f"the type {hint!r} cannot be described to a model",
        where=where,
        hint="use str, int, float, bool, Literal, Enum, Optional, list, dict, dataclass, TypedDict or msgspec.Struct",
    )


def record_schema(fields: Mapping[str, Shape], required: Sequence[str]) -> dict[str, Any]:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": {name: field.schema for name, field in fields.items()},
        "required": list(required),
        "additionalProperties": False,
    }


def _same(value: Any) -> Any:
    return value


def _scalar(kind: type) -> Callable[[Any], Any]:
    def bind(value: Any) -> Any:
        if kind is float and type(value) is int:
            try:
                return float(value)  # JSON has one kind of number
            except OverflowError:
                raise ValueError("is too large a number") from None
        if type(value) is not kind:
            raise ValueError(f"must be {TYPES[_SCALARS[kind]]}, not {value!r}")
        return value

    return bind


def _choice(options: Mapping[Any, Any]) -> Callable[[Any], Any]:
    def bind(value: Any) -> Any:
        for option, meant in options.items():
            if option == value and type(option) is type(value):
                return meant
        raise ValueError(f"must be one of {', '.join(map(repr, options))}, not {value!r}")

    return bind


def _union(options: Sequence[Shape]) -> Shape:
    validators = [Validator(option.schema) for option in options]

    def bind(value: Any) -> Any:
        for option, validator in zip(options, validators, strict=True):
            if validator.accepts(value):
                try:
                    return option.bind(value)
                except ValueError:
                    continue
        raise ValueError(f"fits none of its types: {value!r}")

    grounded = any(option.grounded for option in options)
    if len(options) == 1:
        return Shape(options[0].schema, options[0].bind, grounded)
    return Shape({"anyOf": [option.schema for option in options]}, bind, grounded)


def _mapping(inner: tuple[Any, ...], where: str, inside: tuple[Any, ...]) -> Shape:
    if inner and inner[0] is not str:
        raise ConfigError("the keys of a JSON object are text", where=where, hint="use dict[str, …]")
    item = shape(inner[1] if inner else Any, where=where, inside=inside)
    schema = {"type": "object"} | ({"additionalProperties": item.schema} if item.schema else {})
    return Shape(schema, lambda value: {key: item.bind(one) for key, one in value.items()})


def _fields(kind: type) -> dict[str, bool] | None:
    """Field → whether it must be given; None for what is no record."""
    if dataclasses.is_dataclass(kind):
        missing = dataclasses.MISSING
        return {
            field.name: field.default is missing and field.default_factory is missing
            for field in dataclasses.fields(kind)
            if field.init
        }
    if issubclass(kind, msgspec.Struct):
        return {field.name: field.required for field in msgspec.structs.fields(kind)}
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        needed = kind.__required_keys__  # type: ignore[attr-defined]
        return {name: name in needed and typing.get_origin(hint) is not NotRequired for name, hint in hints.items()}
    return None


def _record(kind: type, fields: Mapping[str, bool], where: str, inside: tuple[Any, ...]) -> Shape:
    hints = typing.get_type_hints(kind, include_extras=True)
    shapes = {name: shape(hints[name], where=f"{where}.{name}", inside=inside) for name in fields}
    schema = record_schema(shapes, [name for name, required in fields.items() if required])
    return Shape(schema, lambda value: kind(**{name: shapes[name].bind(one) for name, one in value.items()}))


def _annotated(plain: Shape, notes: Sequence[Any]) -> Shape:
    schema, grounded = dict(plain.schema), plain.grounded
    for note in notes:
        if isinstance(note, Grounded) or note is Grounded:
            grounded = True
        elif isinstance(note, str):
            schema["description"] = note
        else:
            schema |= _bounds(note, str(schema.get("type", "")))
    return Shape(schema, plain.bind, grounded)


def _bounds(note: Any, kind: str) -> dict[str, Any]:
    found = {key: getattr(note, name, None) for name, key in _BOUNDS.items()}
    if (unit := _LENGTHS.get(kind)) is not None:
        found[f"min{unit}"] = getattr(note, "min_length", None) or None
        found[f"max{unit}"] = getattr(note, "max_length", None)
    return {key: value for key, value in found.items() if value is not None}
