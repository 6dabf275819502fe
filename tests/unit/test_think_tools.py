"""Tools: described from their hints, checked without coercion, run with a limit of time and size."""

from __future__ import annotations

import asyncio
import json
import threading
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from aiohttp import ServerDisconnectedError
from msgspec import Meta

from visavis.kernel.errors import ConfigError
from visavis.kernel.tool import tool
from visavis.think.base import ToolCall
from visavis.think.tool_schema import Refusal
from visavis.think.tools import MAX_RESULT_CHARS, ToolBox, ToolResult


class ReadTimeout(Exception):
    """As HTTP clients have them, of no family of the system's errors."""


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


def order(
    dish: str, count: int, size: Size, spicy: bool = False, day: Literal["today", "tomorrow"] = "today",
    notes: list[str] | None = None, tip: float = 0.0,
) -> dict[str, Any]:  # fmt: skip
    """Orders a dish.

    Args:
        dish: what to cook
        count: how many
    """
    return {"dish": dish, "count": count, "size": size.name, "spicy": spicy, "day": day, "notes": notes, "tip": tip}


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall("c1", name, json.dumps(arguments))


def test_a_function_is_described_to_the_model() -> None:
    [spec] = ToolBox([order]).specs
    assert (spec.name, spec.description) == ("order", "Orders a dish.")
    properties = spec.parameters["properties"]
    assert properties["dish"] == {"type": "string", "description": "what to cook"}
    assert properties["count"]["type"] == "integer"
    assert properties["size"] == {"enum": ["s", "l"]}
    assert properties["day"] == {"enum": ["today", "tomorrow"]}
    assert properties["notes"] == {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}
    assert spec.parameters["required"] == ["dish", "count", "size"]
    assert spec.parameters["additionalProperties"] is False


async def test_a_call_that_fits_is_run_with_python_values() -> None:
    result = await ToolBox([order]).run(call("order", dish="soup", count=2, size="l", notes=["hot"], tip=1))
    assert result.ok
    assert json.loads(result.text) == {
        "dish": "soup", "count": 2, "size": "LARGE", "spicy": False, "day": "today", "notes": ["hot"], "tip": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ('{"dish": "soup", "size": "s"}', "'count' is missing"),
        ('{"dish": "soup", "count": "2", "size": "s"}', "'count' must be a whole number"),
        ('{"dish": "soup", "count": 2.0, "size": "s"}', "'count' must be a whole number"),
        ('{"dish": "soup", "count": true, "size": "s"}', "'count' must be a whole number"),
        ('{"dish": 7, "count": 2, "size": "s"}', "'dish' must be text"),
        ('{"dish": "soup", "count": 2, "size": "xl"}', "'size' must be one of 's', 'l'"),
        ('{"dish": "soup", "count": 2, "size": "s", "day": "never"}', "'day' must be one of"),
        ('{"dish": "soup", "count": 2, "size": "s", "spicy": 1}', "'spicy' must be true or false"),
        ('{"dish": "soup", "count": 2, "size": "s", "notes": "hot"}', "'notes' must be a list"),
        ('{"dish": "soup", "count": 2, "size": "s", "notes": [1]}', "'notes[0]' must be text"),
        ('{"dish": "soup", "count": 2, "size": "s", "tip": NaN}', "NaN is not a number in JSON"),
        ('{"dish": "soup", "count": 2, "size": "s", "sauce": "red"}', "unknown argument 'sauce'"),
        ('{"dish": "soup"', "not valid JSON"),
        ("[1]", "must be a JSON object"),
    ],
)
async def test_what_does_not_fit_is_refused_with_the_reason(arguments: str, why: str) -> None:
    result = await ToolBox([order]).run(ToolCall("c1", "order", arguments))
    assert not result.ok
    assert why in result.text


async def test_an_unknown_tool_is_refused_and_the_known_ones_named() -> None:
    result = await ToolBox([order]).run(call("pay"))
    assert result == ToolResult(False, "There is no tool named 'pay'. Tools: order.")


async def test_plain_functions_run_in_a_thread_and_async_ones_on_the_loop() -> None:
    def where() -> str:
        """Where?"""
        return threading.current_thread().name

    async def here() -> str:
        """Here?"""
        return threading.current_thread().name

    box = ToolBox([where, here])
    assert (await box.run(call("where"))).text != threading.current_thread().name
    assert (await box.run(call("here"))).text == threading.current_thread().name


async def test_failures_are_told_not_raised() -> None:
    def fails() -> str:
        """Fails."""
        raise LookupError("no such table")

    async def times_out() -> str:
        """Raises a timeout of its own."""
        raise TimeoutError("the database")

    box = ToolBox([fails, times_out])
    assert (await box.run(call("fails"))).text == "fails failed: LookupError: no such table"
    assert (await box.run(call("times_out"))).text == "times_out failed: TimeoutError: the database"


async def test_a_tool_that_takes_too_long_is_given_up() -> None:
    @tool(timeout_s=0.01)
    async def slow() -> str:
        """Never ends."""
        await asyncio.Event().wait()
        return ""

    result = await ToolBox([slow]).run(call("slow"))
    assert result == ToolResult(False, "slow did not answer within 0.01 seconds.", settled=False)


async def test_a_long_result_is_cut() -> None:
    def long() -> str:
        """Long."""
        return "x" * 10_000

    result = await ToolBox([long]).run(call("long"))
    assert result.ok
    assert len(result.text) <= MAX_RESULT_CHARS
    assert result.text.endswith("(cut short)")


def untyped(a) -> str:  # type: ignore[no-untyped-def]
    """No hint."""
    return str(a)


def unknown_type(a: bytes) -> str:
    """Bytes."""
    return ""


def many(*a: str) -> str:
    """Many."""
    return ""


def say(text: str) -> str:
    """The name is taken by the envelope."""
    return text


@pytest.mark.parametrize("function", [untyped, unknown_type, many, say, lambda: ""])
def test_functions_that_cannot_be_tools_are_refused(function: Any) -> None:
    with pytest.raises(ConfigError):
        ToolBox([function])


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="taken"):
        ToolBox([order, order])


def test_a_call_that_was_cut_off_before_its_arguments_is_not_one_without_any() -> None:
    def ring(times: int = 1) -> str:
        """Rings."""
        return "rang"

    refused = ToolBox([ring]).check(ToolCall("c1", "ring", ""))
    assert isinstance(refused, Refusal)
    assert refused.reason == "malformed_json"


@pytest.mark.parametrize(
    "arguments",
    [
        '{"card": ["4111 1111 1111"], "size": 1}',
        '{"card": "4111 1111 1111", "size": 9}',
        '{"card": "4111 1111 1111", "size": 2.0}',
        '{"card": "4111 1111 1111"}',
    ],
)
def test_a_refusal_never_tells_what_is_to_be_redacted(arguments: str) -> None:
    @tool(redact=["card"])
    def charge(card: Annotated[str, Meta(pattern=r"^\d{12}$")], size: Annotated[int, Meta(le=5)]) -> str:
        """Charges a card."""
        return "charged"

    refused = ToolBox([charge]).check(ToolCall("c1", "charge", arguments))
    assert isinstance(refused, Refusal)
    assert "1111" not in refused.why


@pytest.mark.parametrize(
    "lost", [ServerDisconnectedError(), ConnectionResetError(), TimeoutError(), ReadTimeout("late")]
)
async def test_a_lost_line_leaves_open_what_was_done(lost: Exception) -> None:
    async def pay() -> str:
        try:
            raise lost
        except Exception as error:
            raise RuntimeError("the bank did not answer") from error

    assert not (await ToolBox([pay]).run(ToolCall("c1", "pay", "{}"))).settled


async def test_an_error_of_the_tools_own_settles_it() -> None:
    async def pay() -> str:
        try:
            return {}["account"]
        except KeyError:
            raise ValueError("there is no such account") from None

    assert (await ToolBox([pay]).run(ToolCall("c1", "pay", "{}"))).settled
