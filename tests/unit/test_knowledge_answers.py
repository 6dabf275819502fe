"""Evidence, quotes and marks: what an answer rests on, whatever way its text arrives in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.think.envelope import schema
from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.citations import Citations
from visavis.think.knowledge.forced import grammar, marked
from visavis.think.knowledge.grounding import Quote, evidence, is_question, narrowed, quotes
from visavis.think.knowledge.words import coverage, telling


def passage(id: str = "p", text: str = "We open at nine.", cosine: float = 0.6, covered: float = 0.5) -> Passage:
    return Passage(id, text, "Shop › Opening", "/shop.md", cosine, covered)


SHOWN = [Quote("1", "a", passage("first")), Quote("2", "b", passage("second"))]


def stripped(parts: list[str], decline: str = "") -> tuple[str, list[str], bool]:
    named: list[str] = []
    citations = Citations(lambda: SHOWN, decline, lambda one: named.append(one.id))
    text = "".join(citations.feed(part) for part in parts) + citations.flush()
    return text, named, citations.declined


@pytest.mark.parametrize(
    ("written", "said", "named"),
    [
        ("[2] We open at nine.", "We open at nine.", ["second"]),
        ("We open at nine [1][2].", "We open at nine.", ["first", "second"]),
        ("At nine [1, 2]. Not ten.", "At nine. Not ten.", ["first", "second"]),
        ("【1】 At nine.", "At nine.", ["first"]),
        ("[7] At nine.", "At nine.", []),
        ("See [the list] of 3 [things].", "See [the list] of 3 [things].", []),
        ("It costs [about] 5", "It costs [about] 5", []),
    ],
)
@given(data=st.data())
def test_marks_are_read_and_not_said(written: str, said: str, named: list[str], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(written)), max_size=6)) | {0, len(written)})
    parts = [written[start:end] for start, end in pairwise(cuts)]
    assert stripped(parts) == (said, named, False)


def test_a_leading_zero_declines_only_what_is_a_question() -> None:
    assert stripped(["[", "0", "] Perhaps."], "Not there.")[2]
    assert stripped(["[0] Hello!"]) == ("Hello!", [], False)
    assert not stripped(["[1] At nine [0]."], "Not there.")[2]


def test_evidence_is_near_or_has_the_words() -> None:
    near, far = passage("near", cosine=0.35), passage("far", cosine=0.1, covered=0.2)
    worded, alone = passage("worded", cosine=0.0, covered=0.8), passage("alone", cosine=0.35, covered=0.0)
    assert [one.id for one in evidence([near, far, worded, alone], 0.3)] == ["near", "worded"]


@pytest.mark.parametrize(
    "text", ["What is A1C?", "tell me about returns", "so how much does a visit cost", "¿Cuánto cuesta una visita?"]
)
def test_questions_of_fact(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize("text", ["Hello!", "Can you hear me?", "What's your name?", "Thanks, bye.", "I am Maria."])
def test_small_talk_is_no_question(text: str) -> None:
    assert not is_question(text)


def test_a_long_passage_is_shown_by_the_sentences_that_matter() -> None:
    text = "We sell bread. " * 20 + "The deposit is fifty euros. It is paid in cash. " + "We sell cake. " * 20
    assert "deposit is fifty" in narrowed("how high is the deposit", text, 120)
    shown = quotes("how high is the deposit", [passage(text=text), passage("q")], 300)
    assert [quote.id for quote in shown] == ["1", "2"] and len(shown[0].text) < 400
    assert shown[0].text.startswith("Opening: ")


def test_words_that_tell() -> None:
    assert telling("Could you please tell me the opening hours?") == ["opening", "hours"]
    assert coverage("refunds for shoes", "A refund is paid.") == 0.5
    assert coverage("and so on", "anything") == 0.0


def test_a_model_with_a_grammar_must_begin_with_a_number() -> None:
    assert grammar(2).startswith('root ::= "[" ("0" | "1" | "2") "] "')
    say = marked(schema(()), 1)["anyOf"][0]["properties"]["say"]
    assert say["pattern"].startswith(r"^\[(0|1)\] ")
