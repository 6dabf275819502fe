"""A call is asked for when words name it, hold all its values and are a plain request; else it is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from visavis.think.asked_for import asked_for
from visavis.think.grounding import Source

TODAY = date(2026, 11, 23)


def asks(text: str, name: str = "cancel_order", language: str = "en", **arguments: Any) -> bool:
    return asked_for(name, arguments, Source(text, TODAY), language)


@pytest.mark.parametrize(
    "text",
    [
        "cancel order 427",
        "Could you please cancel order four two seven?",
        "look up my order 427 and cancel it",
        "I want order 427 cancelled",
        "cancelling order 427 is all I need",
    ],
)
def test_a_plain_request_asks_for_it(text: str) -> None:
    assert asks(text, number="427")


@pytest.mark.parametrize(
    "text",
    [
        "cancel it",
        "cancel order 428",
        "where is order 427",
        "cancel 427",
        "don't cancel order 427",
        "Don’t cancel order 427",
        "never cancel order 427",
        "tell me about order 427 without cancelling it",
        "cancel order 427 if it has not left",
        "how do I cancel order 427",
        "what happens when I cancel order 427",
        "can I cancel order 427",
        "do I have to cancel order 427",
        "should you cancel order 427",
        "",
    ],
)
def test_anything_else_does_not(text: str) -> None:
    assert not asks(text, number="427")


def test_every_value_must_have_been_said() -> None:
    assert asks("book a table for Ana tomorrow", "book_table", guest="Ana", day="2026-11-24")
    assert not asks("book a table for Ana tomorrow", "book_table", guest="Ana", day="2026-11-25")
    assert not asks("book a table for Ana", "book_table", guest="Ana", notes=["free wine"])
    assert not asks("book a table for Ana", "book_table", guest={"name": "Ana", "vip": "gold"})
    assert asks("book a table for Ana", "book_table", guest="Ana", notes=None, more=[])


@pytest.mark.parametrize("value", [True, False, "!", ""])
def test_what_no_words_can_show_was_not_asked_for(value: object) -> None:
    assert not asks("cancel order 427", number="427", refund=value)


def test_a_tool_without_values_needs_its_name_and_a_name_that_tells_something() -> None:
    assert asks("please unlock the door", "unlockDoor")
    assert not asks("open up", "unlock_door")
    assert not asks("do it", "do_it")


def test_in_another_language_it_is_mostly_not_seen_and_a_refusal_is() -> None:
    assert not asks("cancela el pedido 427", language="es", number="427")
    assert asks("reserva una mesa para Ana", "reserva_mesa", "es", guest="Ana")
    assert not asks("no reserva una mesa para Ana", "reserva_mesa", "es", guest="Ana")
    assert not asks("nunca jamás reserva la mesa para Ana", "reserva_mesa", "es", guest="Ana")
