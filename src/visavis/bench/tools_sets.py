"""Requests with tools and the calls that answer them, of BFCL files or our own; and whether a call is right.

Source of the format: Berkeley Function Calling Leaderboard v4 (bfcl-eval 2026.3, Apache-2.0), read 2026-11-23: a line
of JSON per request; what is accepted stands beside it in `possible_answer/`, each argument with all its good values.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visavis.bench.tools_own import OWN
from visavis.kernel.errors import ConfigError
from visavis.think.base import ToolSpec

SETS = ("simple", "multiple", "irrelevance")
_FILES = {"simple": "simple_python", "multiple": "multiple", "irrelevance": "irrelevance"}
_TYPES = {"dict": "object", "float": "number", "tuple": "array"}

Accepted = Mapping[str, Sequence[Any]]
"""Argument → the values that are right; "" among them: it may be left out."""


@dataclass(frozen=True, slots=True)
class Case:
    """`right`: tool → accepted arguments; empty where no tool fits."""

    id: str
    said: str
    tools: tuple[ToolSpec, ...]
    right: Mapping[str, Accepted]

    def is_right(self, name: str, arguments: Mapping[str, Any]) -> bool:
        accepted = self.right.get(name)
        whole = _whole_numbers(next((tool.parameters for tool in self.tools if tool.name == name), {}))
        if any(isinstance(arguments.get(argument), float) for argument in whole):
            return False  # 5.0 is an integer in JSON Schema, and none to the leaderboard
        return accepted is not None and _fits(arguments, accepted)


def load(name: str, directory: str) -> list[Case]:
    """The cases of one set, from the BFCL files in `directory`, or our own when it is ''. Raises ConfigError."""
    if not directory:
        return [_case(entry, entry["right"]) for entry in OWN[name]]
    folder, stem = Path(directory).expanduser(), f"BFCL_v4_{_FILES[name]}.json"
    if not (folder / stem).is_file():
        raise ConfigError(f"there is no {stem} in {folder}", where="--data", hint="the directory with the BFCL files")
    answers: dict[str, Mapping[str, Accepted]] = {}
    if name != "irrelevance":
        for row in _rows(folder / "possible_answer" / stem):
            answers[row["id"]] = {_name(tool): values for tool, values in row["ground_truth"][0].items()}
    return [_case(_entry(row), answers.get(row["id"], {})) for row in _rows(folder / stem)]


def sample(cases: Sequence[Case], count: int, seed: int) -> list[Case]:
    """`count` of the cases, the same for the same seed."""
    return random.Random(seed).sample(list(cases), min(count, len(cases)))


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    said = "\n".join(message["content"] for turn in row["question"] for message in turn)
    return {"id": row["id"], "said": said, "tools": row["function"]}


def _case(entry: Mapping[str, Any], right: Mapping[str, Accepted]) -> Case:
    specs = (
        ToolSpec(
            _name(tool["name"]), tool["description"], {**_schema(tool["parameters"]), "additionalProperties": False}
        )
        for tool in entry["tools"]
    )
    return Case(entry["id"], entry["said"], tuple(specs), right)


def _name(name: str) -> str:
    """Providers take no dots."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]


def _schema(written: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema from the leaderboard's dialect, whose types are Python's."""
    schema: dict[str, Any] = {}
    for key, value in written.items():
        match key:
            case "type" if value == "any":
                continue
            case "type":
                schema["type"] = _TYPES.get(value, value)
            case "properties":
                schema["properties"] = {name: _schema(one) for name, one in value.items()}
            case "items":
                schema["items"] = _schema(value)
            case "optional" | "format":
                continue
            case _:
                schema[key] = value
    return schema


def _whole_numbers(parameters: Mapping[str, Any]) -> list[str]:
    return [name for name, spec in parameters.get("properties", {}).items() if spec.get("type") == "integer"]


def _fits(given: Mapping[str, Any], accepted: Accepted) -> bool:
    if set(given) - set(accepted):
        return False
    for name, values in accepted.items():
        if name not in given:
            if "" not in values:
                return False
        elif not any(_same(given[name], value) for value in values):
            return False
    return True


def _same(given: Any, wanted: Any) -> bool:
    """As the leaderboard compares: text without regard to case, blanks and some marks; numbers by value; an object by
    its accepted values."""
    if isinstance(given, str) and isinstance(wanted, str):
        return _plain(given) == _plain(wanted)
    if isinstance(given, bool) or isinstance(wanted, bool):
        return given is wanted
    if isinstance(given, (list, tuple)) and isinstance(wanted, (list, tuple)):
        return len(given) == len(wanted) and all(map(_same, given, wanted))
    if isinstance(given, Mapping) and isinstance(wanted, Mapping):
        return _fits(given, {key: value if isinstance(value, list) else [value] for key, value in wanted.items()})
    return bool(given == wanted)


def _plain(text: str) -> str:
    return re.sub(r"[ ,./\-_*^]", "", text).lower().replace("'", '"')
