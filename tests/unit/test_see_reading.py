"""Words of a picture become text that keeps its layout."""

from __future__ import annotations

import pytest

from visavis.see.reading import Line, Word, laid_out, read_tsv, sureness


def cell(text: str, x: int, y: int, size: int = 20) -> Line:
    words, at = [], x
    for word in text.split():
        words.append(Word(word, (at, y, 10 * len(word), size)))
        at += 10 * len(word) + 8
    return Line(tuple(words))


def test_a_table_is_read_row_by_row() -> None:
    lines = [cell("Total", 10, 100), cell("Tax", 10, 70), cell("$5.00", 300, 71), cell("$31.00", 300, 99)]
    assert laid_out(lines) == "Tax | $5.00\nTotal | $31.00"


def test_prose_in_columns_is_read_column_by_column_below_its_heading() -> None:
    heading = cell("All the news of this long and quite exciting day in town", 10, 10)
    left = [cell(f"left words number {n} here", 10, 60 + 25 * n) for n in range(4)]
    right = [cell(f"right words number {n} here", 400, 60 + 25 * n) for n in range(4)]
    footer = cell("Page one of the newspaper with a line across all", 10, 200)
    told = laid_out([*right, footer, *left, heading]).split("\n")
    order = [row for row in told if row]
    assert order[0].startswith("All the news") and order[-1].startswith("Page one")
    assert order[1:5] == [line.text for line in left]
    assert order[5:9] == [line.text for line in right]


def test_a_gap_in_the_picture_is_an_empty_line() -> None:
    assert laid_out([cell("one", 0, 0), cell("two", 0, 24), cell("three", 0, 100)]) == "one\ntwo\n\nthree"


def row(text: str, x: int, sure: float = 95.0, line: int = 1) -> str:
    return f"5\t1\t1\t1\t{line}\t1\t{x}\t30\t{15 * len(text)}\t30\t{sure}\t{text}"


def test_tsv_gives_words_with_boxes_of_the_picture_and_cells_where_the_gap_is_wide() -> None:
    tsv = "\n".join(["1\t1\t0\t0\t0\t0\t0\t0\t900\t600\t-1\t", row("Sub", 15), row("total", 70), row("$9", 600)])
    lines = read_tsv(tsv, scale=1.5)
    assert [line.text for line in lines] == ["Sub total", "$9"]
    assert lines[1].words[0].box == (400, 20, 20, 20)
    assert sureness(lines) == pytest.approx(0.95)


def test_noise_is_left_out() -> None:
    assert read_tsv("\n".join([row("word", 10, 20.0), row("|", 100, 50.0)])) == []
    assert [line.text for line in read_tsv(row("–", 10, 90.0))] == ["–"]
    assert read_tsv("") == []


def test_what_is_no_tsv_is_told() -> None:
    with pytest.raises(ValueError):
        read_tsv("5\t1\t1\t1\t1\t1\tx\t1\t1\t1\t90\tword")
