"""The clause cutter: where a reply may be cut, where never, and that chunking does not matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.speak.segment import FIRST_HARD_WORDS, HARD_CHARS, ClauseCutter


def pieces(*deltas: str) -> list[str]:
    cutter = ClauseCutter()
    return [piece for delta in deltas for piece in cutter.feed(delta)] + cutter.flush()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Of course, let me look. It is open.", ["Of course,", "let me look.", "It is open."]),
        ("Sure. I can, if you like, do it.", ["Sure.", "I can, if you like, do it."]),
        ("Sure, I can do that. Yes.", ["Sure, I can do that.", "Yes."]),
        ("I can do it — maybe.", ["I can do it —", "maybe."]),
        ("Here it is: take it. Then go.", ["Here it is:", "take it.", "Then go."]),
        ("**Sure.** I can.", ["**Sure.**", "I can."]),
        ("He said “go.” Then he left.", ["He said “go.”", "Then he left."]),
        ("Really?! Yes!", ["Really?!", "Yes!"]),
        ("¿Cómo estás? ¡Muy bien! Gracias.", ["¿Cómo estás?", "¡Muy bien!", "Gracias."]),
        ("你好。我是你的助手，可以帮你。再见", ["你好。", "我是你的助手，可以帮你。", "再见"]),
        ("1. Open it\n2. Close it", ["1. Open it", "2. Close it"]),
    ],
)
def test_a_reply_is_cut_where_it_can_be_spoken(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "whole",
    [
        "It costs 3.5 dollars.",
        "About 1,250 people.",
        "Dr. Smith is in.",
        "Some fruit, e.g. apples.",
        "The U.S. Army is here.",
        "Write to ana.b@mail.example.org now.",
        "See https://example.com/a,b.html;c now.",
        "Well... let me see.",
        "At 5:30 p.m. on Sundays.",
        "At 5:30 exactly.",
        "J. K. Rowling wrote it.",
        "See No. 5 there.",
        "On March 3, 2024 at noon.",
        "Come on Mon. Dec. 5 please.",
    ],
)
def test_numbers_names_and_addresses_stay_whole(whole: str) -> None:
    assert pieces(f"Yes. {whole} Good.") == ["Yes.", whole, "Good."]


def test_a_clock_time_can_end_a_sentence() -> None:
    assert pieces("We close at 3 p.m. The cafe stays open.") == ["We close at 3 p.m.", "The cafe stays open."]


def test_a_long_first_clause_is_cut_before_a_joining_word() -> None:
    text = "I would like to tell you about the many wonderful things that we have prepared"
    assert pieces(text)[0] == "I would like"


def test_a_first_clause_without_any_joint_is_cut_all_the_same() -> None:
    first = pieces(" ".join(["word"] * 40))[0]
    assert len(first.split()) == FIRST_HARD_WORDS


def test_the_first_piece_comes_before_the_sentence_is_over() -> None:
    cutter = ClauseCutter()
    given = "Of course, let"
    got = [piece for char in given for piece in cutter.feed(char)]
    assert got == ["Of course,"]


def test_long_later_sentences_are_cut_at_clauses() -> None:
    clause = "and this clause goes on for quite some while, "
    got = pieces("Yes. A" + clause * 12 + "done.")
    assert got[0] == "Yes."
    assert len(got) > 2
    assert all(len(piece) <= HARD_CHARS and piece.endswith((",", ".")) for piece in got)


def test_code_is_not_cut_inside_its_fence() -> None:
    assert pieces("Look. ```\na = 1.\nb = 2.\n``` That is all.") == ["Look.", "```\na = 1.\nb = 2.\n``` That is all."]


def test_flush_starts_a_new_reply() -> None:
    cutter = ClauseCutter()
    cutter.feed("One. Two, three.")
    cutter.flush()
    assert cutter.feed("Of course, yes") == ["Of course,"]


SAMPLES = (
    "Sure, I can do that. Your bill is $1,250.75, due on 3/4. Dr. Lee said “yes.” Wait… e.g. this: x. "
    "See https://a.example/b,c. ¿Qué? 你好，我是。再见！\n1. A\n2. B — and - or –. "
)


@given(
    words=st.lists(st.sampled_from([*SAMPLES.split(" "), " ", "```", "\n", "a", "3", ".", ","]), max_size=40),
    glue=st.sampled_from([" ", "", "  "]),
    data=st.data(),
)
def test_any_chunking_gives_the_same_pieces(words: list[str], glue: str, data: st.DataObject) -> None:
    text = glue.join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = pieces(text)
    assert pieces(*chunks) == whole == pieces(*text)
    assert "".join("".join(whole).split()) == "".join(text.split())
    assert all(piece == piece.strip() != "" for piece in whole)
