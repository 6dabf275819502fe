"""What words tell without a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.think.memory.lines import holds, lines_of, request
from visavis.think.memory.targets import Exchange
from visavis.think.memory.words import (
    Correction,
    Forget,
    Told,
    corrected,
    correction,
    facts,
    forget_request,
    keeps,
    promises,
    value_of,
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Hi, my name is Jordan Smith and my order number is 4471.",
            [Told("my name is Jordan Smith", "name"), Told("my order number is 4471", "order number")],
        ),
        ("My name's Ana, can you help me?", [Told("My name's Ana", "name")]),
        (
            "I live in Oslo, and I have two dogs named Rex and Bo. What time is it?",
            [Told("I live in Oslo", "home"), Told("I have two dogs named Rex and Bo")],
        ),
        ("My order number is 4471, where is it?", [Told("My order number is 4471", "order number")]),
        ("My email is jo.smith@example.com.", [Told("My email is jo.smith@example.com", "email")]),
        ("Remember that I prefer mornings.", [Told("I prefer mornings")]),
        (
            "I'm allergic to peanuts, but I like walnuts.",
            [Told("I'm allergic to peanuts"), Told("I like walnuts")],
        ),
        ("Is my order late?", []),
        ("If my order is late, call me.", []),
        ("Call me back tomorrow.", []),
        ("I like it, and I'm a bit tired. I have a question.", []),
        ("I would like to book a table.", []),
        ("My question is how late you are open.", []),
        ("Do you remember that I live in Oslo?", []),
    ],
)
def test_facts_are_clauses_as_they_were_said(said: str, told: list[Told]) -> None:
    assert facts(said, "en-GB") == told


def test_spanish_facts() -> None:
    assert facts("Me llamo Ana y vivo en Madrid. Mi número de pedido es 4471.", "es") == [
        Told("Me llamo Ana", "nombre"),
        Told("vivo en Madrid", "casa"),
        Told("Mi número de pedido es 4471", "número de pedido"),
    ]


@given(st.text(max_size=200), st.sampled_from(["en", "es", "fi"]))
def test_nothing_is_made_up(said: str, language: str) -> None:
    for told in facts(said, language):
        assert told.text in " ".join(said.replace("’", "'").split()) or told.text in said.replace("’", "'")
    forget_request(said, language)
    correction(said, language)
    promises(said, language)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Forget that.", Forget("that")),
        ("No, please forget what I just said!", Forget("that")),
        ("Forget everything you know about me.", Forget("all")),
        ("Could you forget my order number, please?", Forget("about", "my order number")),
        ("Forget that I live in Oslo.", Forget("about", "I live in Oslo")),
        ("Forget it.", None),
        ("Don't forget that I live in Oslo.", None),
        ("I forgot my order number.", None),
        ("", None),
    ],
)
def test_what_is_to_be_forgotten(said: str, asked: Forget | None) -> None:
    assert forget_request(said, "en") == asked


def test_spanish_forgetting() -> None:
    assert forget_request("Olvida eso, por favor.", "es") == Forget("that")
    assert forget_request("Olvida mi número de pedido.", "es") == Forget("about", "mi número de pedido")
    assert forget_request("Olvida todo lo que sabes de mí.", "es") == Forget("all")


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("No, that's wrong, it's 4472.", Correction("4472")),
        ("That is not right. It is Jordan with a J.", Correction("Jordan with a J")),
        ("That's wrong, my name is Gordon.", Correction("Gordon", "name")),
        ("Actually, my order number is 9, not 8.", Correction("9", "order number")),
        ("It's 4472.", None),
        ("That's wrong.", None),
    ],
)
def test_corrections(said: str, right: Correction | None) -> None:
    assert correction(said, "en") == right


def test_the_value_of_a_fact_is_replaced() -> None:
    assert corrected("my order number is 4471", "12", "en") == "my order number is 12"
    assert corrected("I live in Oslo", "Bergen", "en") == "I live in Bergen"
    assert corrected("I can't eat nuts", "fish", "en") == ""
    assert value_of("my order number is 4471", "en") == "4471"


def test_promises_and_their_end() -> None:
    assert promises("Sure, I'll send you the form by email today. Anything else?", "en") == [
        "I'll send you the form by email today"
    ]
    assert promises("I'll check it right now. Shall I'll call you? If you like, I will call.", "en") == []
    assert promises("Te enviaré el formulario mañana.", "es") == ["Te enviaré el formulario mañana"]
    assert keeps("I have just sent the form.", "you: I'll send you the form", "en")
    assert not keeps("I have called them.", "you: I'll send you the form", "en")


EXCHANGE = Exchange(7, "", "The chain of my bike broke, can you repair it by Friday?", "Yes, for 20 euros.")


def test_a_line_holds_when_its_words_and_numbers_were_said() -> None:
    assert holds("The person's bike chain broke; repair by Friday for 20 euros.", EXCHANGE)
    assert not holds("The person's bike chain broke; repair by Friday for 25 euros.", EXCHANGE)
    assert not holds("The person ordered a birthday cake with candles for their mother.", EXCHANGE)


def test_lines_are_read_by_their_numbers() -> None:
    other = Exchange(9, "", "Okay, thanks.", "You're welcome.")
    answer = "1: Bike chain broke, repair by Friday.\n2: NONE\n3: Bike.\nsomething else"
    assert lines_of(answer, [EXCHANGE, other]) == {7: "Bike chain broke, repair by Friday."}
    assert lines_of("Bike chain broke, repair by Friday.", [EXCHANGE]) == {}
    assert "1\nPerson: The chain" in request([EXCHANGE]).messages[-1].text
