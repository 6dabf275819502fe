"""CSV and JSON: records become lines of `name: value`, so that a passage is understood without its neighbours."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from visavis.kernel.errors import DocumentRefused
from visavis.think.knowledge.base import Reading, Section
from visavis.think.knowledge.readers.plain import decoded

MAX_DEPTH = 100
_SHORT = 400
"""Characters up to which an object is written as one record."""

_TITLES = ("title", "name", "headline", "subject", "question", "heading")


def read_csv(data: bytes) -> Reading:
    """One paragraph a row. Tab- and semicolon-separated files are recognised. Raises DocumentRefused."""
    text = decoded(data)
    csv.field_size_limit(10_000_000)
    try:
        read = csv.reader(io.StringIO(text), delimiter=_delimiter(text), skipinitialspace=True)
        rows = [row for row in read if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DocumentRefused(f"this CSV cannot be read: {error}", stage="think") from error
    if len(rows) < 2:
        return Reading("", tuple(Section((), " | ".join(row)) for row in rows))
    head, *records = rows
    lines = ["; ".join(_cell(head, index, cell) for index, cell in enumerate(row) if cell.strip()) for row in records]
    return Reading("", (Section((), "\n\n".join(lines)),))


def _delimiter(text: str) -> str:
    """The sign that the first rows have alike: as often in each, and more often than any other."""
    lines = [line for line in text[:20_000].split("\n")[:20] if line.strip()]
    bare = [re.sub(r'"[^"]*+"', "", line) for line in lines] or [""]
    return max(",;\t|", key=lambda sign: (min(line.count(sign) for line in bare), bare[0].count(sign)))


def _cell(head: list[str], index: int, cell: str) -> str:
    name = head[index].strip() if index < len(head) else ""
    value = " ".join(cell.split())
    return f"{name}: {value}" if name else value


def read_json(data: bytes) -> Reading:
    """JSON, or JSON lines. Keys are the headings. Raises DocumentRefused."""
    text = decoded(data)
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise DocumentRefused("this JSON is nested too deeply", stage="think") from error
    except ValueError as error:
        try:
            value = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError):
            raise DocumentRefused(f"this is not JSON: {error}", stage="think") from error
    title = _named(value) if isinstance(value, dict) else ""
    sections: list[Section] = []
    _walk(value, (), sections, 0)
    return Reading(title, tuple(sections))


def _walk(value: Any, path: tuple[str, ...], sections: list[Section], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise DocumentRefused("this JSON is nested too deeply", stage="think")
    if isinstance(value, dict):
        plain = {key: item for key, item in value.items() if not isinstance(item, dict | list)}
        nested = {key: item for key, item in value.items() if isinstance(item, dict | list)}
        line = "; ".join(f"{key}: {_scalar(item)}" for key, item in plain.items() if item not in ("", None))
        whole = json.dumps(value, ensure_ascii=False, default=str) if nested else ""
        if nested and len(whole) <= _SHORT:
            line, nested = _flat(value), {}
        if line:
            sections.append(Section(path, line))
        for key, item in nested.items():
            _walk(item, (*path, str(key)), sections, depth + 1)
    elif isinstance(value, list):
        scalars = [_scalar(item) for item in value if not isinstance(item, dict | list) and item not in ("", None)]
        if scalars:
            sections.append(Section(path, "\n\n".join(scalars)))
        for item in value:
            if isinstance(item, dict | list):
                name = _named(item) if isinstance(item, dict) else ""
                _walk(item, (*path, name) if name else path, sections, depth + 1)
    elif value not in ("", None):
        sections.append(Section(path, _scalar(value)))


def _named(value: dict[str, Any]) -> str:
    """What an object calls itself, if short."""
    for key in _TITLES:
        if isinstance(name := value.get(key), str) and 0 < len(name) <= 120:
            return name
    return ""


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_flat(item)}" for key, item in value.items() if item not in ("", None, [], {}))
    if isinstance(value, list):
        return ", ".join(_flat(item) for item in value)
    return _scalar(value)


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
