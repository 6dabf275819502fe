"""Which calls count as right in `visavis bench tools`: as the leaderboard's own checker has it."""

from __future__ import annotations

from typing import Any

import pytest

from visavis.bench.tools_sets import Case
from visavis.think.base import ToolSpec

SPEC = ToolSpec(
    "book",
    "Books a table.",
    {
        "type": "object",
        "properties": {
            "place": {"type": "string"},
            "people": {"type": "integer"},
            "hours": {"type": "number"},
            "dishes": {"type": "array", "items": {"type": "string"}},
            "who": {"type": "object"},
        },
        "required": ["place"],
    },
)
CASE = Case(
    "one",
    "A table for two at Joe's in New York, please.",
    (SPEC,),
    {
        "book": {
            "place": ["New York, NY", "Joe's"],
            "people": [2],
            "hours": [1, ""],
            "dishes": [["Soup", "Pie"], ""],
            "who": [{"name": ["Ann"], "phone": ["5", ""]}, ""],
        }
    },
)


@pytest.mark.parametrize(
    "given",
    [
        {"place": "new york, ny.", "people": 2},
        {"place": 'Joe"s', "people": 2, "hours": 1.0},
        {"place": "Joe's", "people": 2, "dishes": ["soup", "pie"], "who": {"name": "ANN"}},
    ],
)
def test_what_is_meant_is_right(given: dict[str, Any]) -> None:
    assert CASE.is_right("book", given)


@pytest.mark.parametrize(
    "given",
    [
        {"place": "Boston", "people": 2},
        {"place": "New York, NY (downtown)", "people": 2},
        {"place": "New\tYork, NY", "people": 2},
        {"place": "Joes", "people": 2},
        {"place": "Joe's"},
        {"place": "Joe's", "people": 3},
        {"place": "Joe's", "people": 2.0},
        {"place": "Joe's", "people": True},
        {"place": "Joe's", "people": 2, "dishes": ["pie", "soup"]},
        {"place": "Joe's", "people": 2, "who": {"phone": "5"}},
        {"place": "Joe's", "people": 2, "who": {"name": "Ann", "age": 5}},
        {"place": "Joe's", "people": 2, "smoking": False},
    ],
)
def test_anything_else_is_wrong(given: dict[str, Any]) -> None:
    assert not CASE.is_right("book", given)


def test_another_tool_is_wrong() -> None:
    assert not CASE.is_right("cancel", {"place": "Joe's", "people": 2})
