"""Protected passages are cut out of a reply's text, however it is chunked."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from visavis.speak.passages import PassageCutter, Protected, unmarked

TEXT = "Hello. [[This call is recorded. You may say no.]] How can I help you today? [[Really.]]"


def cut(*deltas: str) -> list[tuple[str, bool]]:
    cutter = PassageCutter("en")
    pieces = [piece for delta in deltas for piece in cutter.feed(delta)] + cutter.flush()
    return [(str(piece), isinstance(piece, Protected)) for piece in pieces]


def test_pieces_end_where_a_passage_does() -> None:
    assert cut(TEXT) == [
        ("Hello.", False),
        ("This call is recorded.", True),
        ("You may say no.", True),
        ("How can I help you today?", False),
        ("Really.", True),
    ]


def test_a_single_bracket_is_text() -> None:
    assert cut("Take [one] or [", "two] of them.") == [("Take [one] or [two] of them.", False)]


@given(st.lists(st.integers(0, len(TEXT)), max_size=12))
def test_chunks_change_nothing(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(TEXT)]
    assert cut(*[TEXT[a:b] for a, b in pairwise(at)]) == cut(TEXT)


def test_what_is_shown_has_no_marks() -> None:
    assert unmarked(TEXT) == "Hello. This call is recorded. You may say no. How can I help you today? Really."
