"""Openers: fitting, no promise, never twice the same; and a continuation that repeats nothing."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.speak.openers import Continuation, can_be_left_out, kind_of, opener, phrases, tool_opener


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("What are your opening hours on Monday?", "question"),
        ("how much is it", "question"),
        ("I would like to know whether I need an appointment.", "question"),
        ("Could you tell me how I get there?", "question"),
        ("Why is the sky blue?", "explain"),
        ("So, how does it work?", "explain"),
        ("Do you give a warranty on repairs?", "yes_no"),
        ("is the workshop open on sunday", "yes_no"),
        ("And on Sunday as well?", "yes_no"),
        ("I'd like a table for four, please.", "request"),
        ("Book a table for four at eight.", "request"),
        ("It was bought here in the spring.", "statement"),
        ("My front wheel is bent, and I need it before Saturday.", "complaint"),
        ("My bike was stolen. What can I do?", "complaint"),
        ("Do you mend broken wheels?", "yes_no"),
        ("Thank you so much for your help.", "thanks"),
        ("Hello there!", "greeting"),
        ("¿Cuándo abren los lunes?", None),
    ],
)
def test_the_kind_fits_what_was_said(said: str, kind: str | None) -> None:
    assert kind_of(said, "en") == (kind or "yes_no")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Monday",
        "yes please",
        "How are you today?",
        "What's your name?",
        "Can you hear me?",
        "Are you a robot?",
        "Okay, goodbye then.",
        "No, I said Monday.",
        "I can't breathe, what do I do?",
        "Please call an ambulance.",
        "My number is 5 5 5 1 2 3 4",
        "That is S M I T H",
    ],
)
def test_where_an_opener_would_be_silly_there_is_none(said: str) -> None:
    assert opener(said, "en-GB") == ""


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("¿Cuándo abren los lunes?", "question"),
        ("Quisiera saber si necesito cita.", "question"),
        ("¿Por qué tarda tanto?", "explain"),
        ("¿Abren el domingo?", "yes_no"),
        ("Quiero reservar una mesa, por favor.", "request"),
        ("Mi bici está rota y la necesito el sábado.", "complaint"),
        ("Muchas gracias por todo.", "thanks"),
        ("Hola, buenas tardes", "greeting"),
        ("¿Cómo estás?", None),
        ("Adiós, hasta luego", None),
    ],
)
def test_spanish(said: str, kind: str | None) -> None:
    assert kind_of(said, "es-MX") == kind


def test_a_language_without_openers_has_none() -> None:
    assert opener("Quand ouvrez-vous le lundi ?", "fr") == tool_opener("fr") == ""
    assert phrases("fr") == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_opener_commits_to_an_answer(language: str) -> None:
    promise = re.compile(r"\b(yes|no|sure|of course|certainly|absolutely|sí|claro|por supuesto)\b", re.IGNORECASE)
    assert len(phrases(language)) > 10
    for phrase in phrases(language):
        assert not promise.search(phrase)
        assert phrase[-1] in ",:."
        assert len(phrase.split()) <= 5


@pytest.mark.parametrize("said", ["When do you open on Monday?", "Is it open today?", "Thank you very much", "Hello"])
def test_never_the_same_twice_and_all_take_their_turn(said: str) -> None:
    heard: list[str] = []
    for _ in range(12):
        heard.append(opener(said, "en", heard))
    assert all(one != other for one, other in pairwise(heard))
    assert len(set(heard)) >= 2
    assert set(heard[:3]) == set(heard[3:6]) or len(set(heard)) == 2


def test_what_only_fills_time_can_be_left_out() -> None:
    assert can_be_left_out("Let me see,", "we open at nine.", "en")
    assert not can_be_left_out("Let me see,", "and we open at nine.", "en"), "it hangs on to the opener"
    assert not can_be_left_out("I'm sorry to hear that.", "We can mend it.", "en"), "it says something"
    assert not can_be_left_out("Let me see,", "", "en")


def continued(begun: str, *deltas: str) -> str:
    continuation = Continuation(begun)
    return "".join(continuation.feed(delta) for delta in deltas) + continuation.flush()


@pytest.mark.parametrize(
    ("begun", "written", "said"),
    [
        ("Let me see,", " we open at nine.", "we open at nine."),
        ("Let me see,", ", we open at nine.", "we open at nine."),
        ("Let me see,", "Let me see, we open at nine.", "we open at nine."),
        ("Let me see,", "let me see... we open at nine.", "we open at nine."),
        ("Let me see,", "Let me see we open at nine.", "we open at nine."),
        ("Let me see,", "Let me seek advice.", "Let me seek advice."),
        ("Let me see,", "Let me check the hours.", "Let me check the hours."),
        ("Let me see,", "Let me see", ""),
        ("Let me see,", "Let me", "Let me"),
        ("I'm sorry to hear that.", "I’m sorry to hear that! We can mend it.", "We can mend it."),
        ("Right,", "Right, we open at nine.", "we open at nine."),
        ("Right,", " right away.", "right away."),
        ("Well,", " well-kept bicycles last.", "well-kept bicycles last."),
        ("A ver,", "A ver, ¿qué día?", "¿qué día?"),
        ("Good question:", "", ""),
        ("Good question:", " ...", ""),
        ("Let me see,", "“Nine” is the answer.", "“Nine” is the answer."),
    ],
)
def test_what_was_begun_is_not_repeated(begun: str, written: str, said: str) -> None:
    assert continued(begun, written) == said


def test_a_continuation_does_not_wait_once_it_differs() -> None:
    continuation = Continuation("Let me see,")
    assert continuation.feed(" we") == "we"
    assert continuation.feed(" open") == " open"


@given(
    st.sampled_from(["Let me see,", "Right,", "I'm sorry to hear that.", "Good question:"]),
    st.text("letmsrigh' ,.:LR-", max_size=24) | st.builds(lambda rest: f"Let me see, {rest}", st.text(max_size=8)),
    st.lists(st.integers(0, 40), max_size=6),
)
def test_any_chunking_gives_the_same(begun: str, written: str, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(written)) for cut in cuts), len(written)]
    chunks = [written[a:b] for a, b in pairwise(edges)]
    whole = continued(begun, written)
    assert continued(begun, *chunks) == whole
    assert written.endswith(whole)
