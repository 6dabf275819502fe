"""Fields of a tool's arguments and results that nobody else gets to see. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from visavis.think.tool_schema import HIDDEN

SHORTEST = 4
"""Shorter secrets are hidden in their fields only, not wherever else their letters occur."""


def redacted(value: Any, fields: Collection[str], *, hiding: Mapping[str, Any] | None = None) -> Any:
    """`value` with `HIDDEN` for each field of these names, at any depth, JSON inside a text included.

    `hiding`: arguments whose fields of these names must not show in any text of `value` either.
    """
    if not fields:
        return value
    names = {name.casefold() for name in fields}
    secrets = sorted(set(_secrets(hiding or {}, names)), key=len, reverse=True)
    return _cleared(value, names, secrets)


def _cleared(value: Any, names: Collection[str], secrets: Collection[str]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    elif isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if str(key).casefold() in names else _cleared(one, names, secrets)
            for key, one in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cleared(one, names, secrets) for one in value]
    return _text(value, names, secrets) if isinstance(value, str) else value


def _text(text: str, names: Collection[str], secrets: Collection[str]) -> str:
    if text.lstrip()[:1] in ("{", "["):
        try:
            inside = json.loads(text)
        except (ValueError, RecursionError):
            inside = None
        if isinstance(inside, (dict, list)):
            return json.dumps(_cleared(inside, names, secrets), ensure_ascii=False)
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _secrets(value: Any, names: Collection[str], inside: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _secrets(one, names, inside or str(key).casefold() in names)
    elif isinstance(value, list):
        for one in value:
            yield from _secrets(one, names, inside)
    elif inside and not isinstance(value, bool) and value is not None and len(str(value)) >= SHORTEST:
        yield str(value)
