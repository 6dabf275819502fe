"""Strict JSON, checked against JSON Schema 2020-12; what does not fit is explained, so that a model can mend it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jsonschema_rs

from visavis.kernel.errors import ConfigError

Reason = Literal[
    "unknown_tool",
    "malformed_json",
    "duplicate_key",
    "not_finite",
    "not_an_object",
    "missing_field",
    "extra_field",
    "wrong_type",
    "wrong_value",
    "not_grounded",
    "already_run",
    "rate_limited",
    "needs_approval",
    "not_approved",
    "outcome_unknown",
    "unavailable",
]
"""Why a call was refused; stable, for readers of the journal (docs/tools.md)."""

MAX_CHARS = 20_000
"""Longer arguments are not read."""

MAX_DEPTH = 64
"""Lists and objects within each other; deeper ones are no arguments, and few libraries stand them."""

HIDDEN = "[redacted]"

TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """`why` explains it to the model. `fields`: the arguments it is about, where that is known."""

    reason: Reason
    why: str
    fields: tuple[str, ...] = ()


class _Unfit(ValueError):
    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason: Reason = reason


def strict_json(text: str) -> Any | Refusal:
    """The value of a JSON text; refused: anything that is not JSON to the letter, a key given twice, NaN and numbers
    that overflow, half characters (lone surrogates), and what lies too deep."""
    if len(text) > MAX_CHARS:
        return Refusal("malformed_json", f"the arguments are longer than {MAX_CHARS} characters")
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
        _whole(value)
    except _Unfit as unfit:
        return Refusal(unfit.reason, str(unfit))
    except (ValueError, RecursionError):
        return Refusal("malformed_json", "the arguments are not valid JSON")
    return value


def _whole(value: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise _Unfit("malformed_json", f"the arguments have more than {MAX_DEPTH} levels")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Unfit("malformed_json", "the arguments have half a character in them") from None
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            _whole(one, depth + 1)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise _Unfit("duplicate_key", f"{key!r} is given twice")
        made[key] = value
    return made


def _no_constant(name: str) -> Any:
    raise _Unfit("not_finite", f"{name} is not a number in JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Unfit("not_finite", f"{text[:40]} is too large a number")
    return value


class Validator:
    """Accepts what a schema of draft 2020-12 accepts. References are resolved inside the schema only, never by
    fetching. `masked`: no value is quoted when it says what is wrong. Raises ConfigError for what is no schema."""

    def __init__(self, schema: dict[str, Any] | bool, *, where: str = "tools", masked: bool = False) -> None:
        self._masked = masked
        mask = HIDDEN if masked else None
        try:
            self._compiled = jsonschema_rs.Draft202012Validator(schema, offline=True, mask=mask)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            first = str(error).partition("\n")[0]
            raise ConfigError(f"not a JSON Schema of draft 2020-12: {first[:200]}", where=where) from error

    def accepts(self, value: Any) -> bool:
        return self._compiled.is_valid(value)

    def refusal(self, value: Any) -> Refusal | None:
        """None when `value` fits; else what is wrong first."""
        errors = sorted(self._compiled.iter_errors(value), key=_weight)
        return _explained(errors[0], self._masked) if errors else None


def _weight(error: jsonschema_rs.ValidationError) -> int:
    """Unknown fields first: a misspelled one shows as unknown and as missing."""
    return {"additionalProperties": 0, "required": 1}.get(error.kind.name, 2)


def _explained(error: jsonschema_rs.ValidationError, masked: bool) -> Refusal:
    path, told = list(error.instance_path), error.kind.value
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    top = (str(path[0]),) if path else ()
    inside = f" in {field!r}" if field else ""
    given = HIDDEN if masked else _short(error.instance)
    match error.kind.name:
        case "additionalProperties" | "unevaluatedProperties":
            return Refusal("extra_field", f"unknown argument {told[0]!r}{inside}", tuple(told))
        case "required":
            return Refusal("missing_field", f"the argument {told!r} is missing{inside}", (*top, told)[:1])
        case "type":
            named = " or ".join(TYPES[one] for one in ([told] if isinstance(told, str) else told))
            return Refusal("wrong_type", f"{field!r} must be {named}, not {given}", top)
        case "enum":
            return Refusal("wrong_value", f"{field!r} must be one of {', '.join(map(repr, told))}, not {given}", top)
        case "anyOf" | "oneOf":
            return _nearest(told, masked) or Refusal("wrong_type", f"{field!r} fits none of its types: {given}", top)
    said = error.message if len(error.message) <= 200 else f"{error.message[:200]}…"
    return Refusal("wrong_value", f"{field!r}: {said}" if field else said, top)


def _nearest(branches: Sequence[Sequence[jsonschema_rs.ValidationError]] | None, masked: bool) -> Refusal | None:
    """Of alternatives that all failed, what is wrong with the one that went deepest; the first of equals."""
    errors = [branch[0] for branch in branches or () if branch]
    return _explained(max(errors, key=lambda error: len(error.instance_path)), masked) if errors else None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"
