"""What is seen, told once: where it stands, and when it is told again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visavis.see.notes import Row
from visavis.think.seen import Seen, told

MOST = 500


def row(key: str, same: str) -> Row:
    return Row(key, "screen", f"{key}: {same}", same)


A, B, OTHER = row("screen", "one"), row("screen", "two"), row("camera", "a mug")
ONCE = Row("", "screen", "Somebody came.", "")


def test_a_thing_is_told_once_and_again_when_it_comes_back() -> None:
    seen = [Seen([A], seq=2), Seen([A, OTHER], seq=4), Seen([B], seq=6), Seen([A])]
    assert told(seen, [1, 3, 5], MOST) == ["screen: one", "camera: a mug", "screen: two", "screen: one"]


def test_an_age_does_not_make_it_another_thing() -> None:
    older = Row("screen", "screen", "screen: one (seen at most 20 s ago)", "one")
    assert told([Seen([A], seq=2), Seen([older])], [1], MOST) == ["screen: one", ""]


def test_words_that_ask_for_it_are_told_all() -> None:
    assert told([Seen([A, OTHER], seq=2), Seen([A, OTHER], whole=True)], [1], MOST)[1] == "screen: one\ncamera: a mug"


def test_what_holds_for_a_turn_stays_with_it() -> None:
    assert told([Seen([ONCE], seq=2), Seen([ONCE], seq=4), Seen()], [1, 3], MOST) == ["Somebody came."] * 2 + [""]


def test_what_stood_with_turns_that_have_gone_is_told_with_the_first_that_is_left() -> None:
    seen = [Seen([A], seq=2), Seen([A, OTHER], seq=4), Seen([A])]
    assert told(seen, [3], MOST) == ["screen: one\ncamera: a mug", ""]
    assert told(seen, [], MOST) == ["screen: one"]


def test_two_answers_to_one_turn_keep_both() -> None:
    assert told([Seen([A], seq=2), Seen([A, OTHER], seq=3), Seen([A])], [1], MOST) == [
        "screen: one\ncamera: a mug",
        "",
    ]


rows = st.lists(st.sampled_from([A, B, OTHER, ONCE]), max_size=3, unique_by=lambda one: one.key)


@given(st.lists(st.tuples(rows, st.booleans()), min_size=1, max_size=12), st.integers(0, 40))
def test_another_turn_changes_nothing_before_it_and_nothing_is_lost(
    turns: list[tuple[list[Row], bool]], most: int
) -> None:
    seqs: list[int] = []
    seen: list[Seen[Row]] = []
    before: list[str] = []
    for number, (now, whole) in enumerate(turns):
        texts = told([*seen, Seen(now, whole)], seqs, MOST)
        assert texts[:-1] == before, "what was told stays to the letter"
        newest = {one.key: text for text in texts for one in (A, B, OTHER) if one.text in text}
        assert all(one.text in newest[one.key] for one in now if one.key)
        assert all(len(text) <= 4 * most for text in told(seen, seqs, most))
        before = texts
        seqs.append(2 * number + 1)
        seen.append(Seen(now, whole, seq=2 * number + 2))
