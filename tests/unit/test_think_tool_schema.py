"""JSON Schema 2020-12 as the official suite has it; hints as schemas; JSON to the letter."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.errors import ConfigError
from visavis.kernel.tool import Grounded, tool
from visavis.think.base import ToolCall
from visavis.think.tool_schema import Refusal, Validator, strict_json
from visavis.think.tools import Checked, ToolBox

REMOTE = {
    # These refer to documents that the suite's own web server would serve; references are never fetched here.
    "dynamicRef.json": {
        "strict-tree schema, guards against misspelled properties",
        "tests for implementation dynamic anchor and reference link",
        "$ref and $dynamicAnchor are independent of order - $defs first",
        "$ref and $dynamicAnchor are independent of order - $ref first",
        "$ref to $dynamicRef finds detached $dynamicAnchor",
    },
    "refRemote.json": {
        "remote ref",
        "fragment within remote ref",
        "anchor within remote ref",
        "ref within remote ref",
        "base URI change",
        "base URI change - change folder",
        "base URI change - change folder in subschema",
        "root ref in remote ref",
        "remote ref with ref to defs",
        "Location-independent identifier in remote ref",
        "retrieved nested refs resolve relative to their URI not $id",
        "remote HTTP ref with different $id",
        "remote HTTP ref with different URN $id",
        "remote HTTP ref with nested absolute ref",
        "$ref to $ref finds detached $anchor",
    },
    # A meta-schema of its own, which would have to be fetched too.
    "vocabulary.json": {"schema that uses custom metaschema with with no validation vocabulary"},
}


@pytest.mark.shared
def test_the_official_suite(shared_data: Path) -> None:
    folder = shared_data / "tools" / "json_schema_suite" / "draft2020-12"
    if not folder.is_dir():
        pytest.skip("the JSON Schema test suite is not among the shared data")
    total, failed, left_out = 0, [], 0
    for file in sorted(folder.glob("*.json")):
        for group in json.loads(file.read_text()):
            if group["description"] in REMOTE.get(file.name, ()):
                left_out += len(group["tests"])
                continue
            for one in group["tests"]:
                total += 1
                if Validator(group["schema"]).accepts(one["data"]) is not one["valid"]:
                    failed.append((file.name, group["description"], one["description"]))
    assert total > 1_200 and left_out < 50
    assert len(failed) <= 0.01 * total, failed
    assert not failed, failed


def test_no_reference_is_ever_fetched() -> None:
    with pytest.raises(ConfigError, match="JSON Schema"):
        Validator({"$ref": "http://127.0.0.1:9/schema.json"})


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(ConfigError):
        Validator({"type": "strin"})


# JSON to the letter.


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1', "malformed_json"),
        ('{"a": 1}}', "malformed_json"),
        ("{'a': 1}", "malformed_json"),
        ('{"a": 1,}', "malformed_json"),
        ('{"a": 1} // done', "malformed_json"),
        ('```json\n{"a": 1}\n```', "malformed_json"),
        ('{"a": 1, "a": 2}', "duplicate_key"),
        ('{"b": {"a": 1, "a": 1}}', "duplicate_key"),
        ('{"a": NaN}', "not_finite"),
        ('{"a": -Infinity}', "not_finite"),
        ('{"a": 1e999}', "not_finite"),
        ("[" * 100_000, "malformed_json"),
        ('"' + "x" * 30_000 + '"', "malformed_json"),
    ],
)
def test_json_is_read_to_the_letter(text: str, reason: str) -> None:
    value = strict_json(text)
    assert isinstance(value, Refusal) and value.reason == reason


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_valid_json_is_read_as_it_is(value: Any) -> None:
    assert strict_json(json.dumps(value)) == value


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    value = strict_json(text)
    assert isinstance(value, Refusal) or json.loads(text) == value


# Hints.


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


@dataclass
class Address:
    street: str
    number: int
    tags: list[str] = field(default_factory=list)


class Person(TypedDict):
    name: str
    age: NotRequired[int]


class Point(msgspec.Struct):
    x: float
    y: float = 0.0


def deliver(
    to: Address,
    who: Person,
    at: Point,
    size: Size,
    amounts: dict[str, int],
    count: Annotated[int, msgspec.Meta(ge=1, le=9), "how many"],
    code: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")],
    items: Annotated[list[Literal["a", "b"]], msgspec.Meta(min_length=1)],
    maybe: int | str | None = None,
    extra: dict[str, Any] | None = None,
) -> list[Any]:
    """Delivers."""
    return [to, who, at, size, amounts, count, code, items, maybe, extra]


GOOD: dict[str, Any] = {
    "to": {"street": "Elm", "number": 4},
    "who": {"name": "Ada"},
    "at": {"x": 1},
    "size": "l",
    "amounts": {"soup": 2},
    "count": 3,
    "code": "AB",
    "items": ["a"],
}


def check(function: Any, arguments: Any) -> Checked | Refusal:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolBox([function]).check(ToolCall("c1", function.__name__, text))


def test_schemas_of_all_kinds_of_hints() -> None:
    [spec] = ToolBox([deliver]).specs
    properties = spec.parameters["properties"]
    assert properties["to"] == {
        "type": "object",
        "properties": {
            "street": {"type": "string"},
            "number": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["street", "number"],
        "additionalProperties": False,
    }
    assert properties["who"]["required"] == ["name"]
    assert properties["at"]["required"] == ["x"]
    assert properties["amounts"] == {"type": "object", "additionalProperties": {"type": "integer"}}
    assert properties["count"] == {"type": "integer", "minimum": 1, "maximum": 9, "description": "how many"}
    assert properties["code"] == {"type": "string", "pattern": "^[A-Z]{2}$"}
    assert properties["items"] == {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1}
    assert properties["maybe"] == {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}


async def test_values_arrive_as_the_hints_say() -> None:
    got: list[Any] = []

    def keep(to: Address, who: Person, at: Point, size: Size, maybe: int | str | None) -> str:
        """Keeps."""
        got.extend([to, who, at, size, maybe])
        return "kept"

    arguments = {name: GOOD[name] for name in ("to", "who", "at", "size")} | {"maybe": "x"}
    result = await ToolBox([keep]).run(ToolCall("c1", "keep", json.dumps(arguments)))
    assert result.ok, result.text
    assert got == [Address("Elm", 4), {"name": "Ada"}, Point(1.0, 0.0), Size.LARGE, "x"]


@pytest.mark.parametrize(
    ("change", "reason", "named"),
    [
        ({"to": {"street": "Elm"}}, "missing_field", "'number' is missing in 'to'"),
        ({"to": {"street": "Elm", "number": 4, "zip": 1}}, "extra_field", "'zip' in 'to'"),
        ({"who": {"name": "Ada", "age": "40"}}, "wrong_type", "'who.age' must be a whole number"),
        ({"at": {"x": "1"}}, "wrong_type", "'at.x' must be a number"),
        ({"amounts": {"soup": 2.5}}, "wrong_type", "'amounts.soup'"),
        ({"count": 10}, "wrong_value", "'count'"),
        ({"code": "abc"}, "wrong_value", "'code'"),
        ({"items": []}, "wrong_value", "'items'"),
        ({"items": ["c"]}, "wrong_value", "must be one of 'a', 'b'"),
        ({"maybe": 1.5}, "wrong_type", "'maybe'"),
        ({"count": True}, "wrong_type", "'count' must be a whole number"),
        ({"to": None}, "wrong_type", "'to' must be an object"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], reason: str, named: str) -> None:
    assert isinstance(check(deliver, GOOD), Checked)
    refusal = check(deliver, GOOD | change)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    assert named in refusal.why


@given(VALUES)
def test_nothing_but_the_hint_gets_through(value: Any) -> None:
    def one(size: Literal["s", "l"]) -> str:
        """One."""
        return size

    checked = check(one, {"size": value})
    assert isinstance(checked, Checked) == (value in ("s", "l"))


def test_a_type_that_contains_itself_is_refused() -> None:
    with pytest.raises(ConfigError, match="contains itself"):
        ToolBox([climb])


@dataclass
class Node:
    below: list[Node]


def climb(node: Node) -> str:
    """Climbs."""
    return ""


def test_rules_that_name_no_argument_are_refused() -> None:
    @tool(grounded=["number"])
    def find(order: str) -> str:
        """Finds."""
        return order

    with pytest.raises(ConfigError, match="no argument 'number'"):
        ToolBox([find])


def test_a_marked_function_stays_a_function() -> None:
    @tool(writes=True)
    def find(order: Annotated[str, Grounded()]) -> str:
        """Finds."""
        return order

    assert find("x") == "x"
    made = ToolBox([find]).get("find")
    assert made is not None and made.grounded == ("order",)
    assert made.spec.parameters["properties"]["order"] == {"type": "string"}
