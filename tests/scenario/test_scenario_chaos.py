"""Every scripted fault, at every layer and moment: the next provider answers in time, and nothing is done twice."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from visavis.bench.chaos import WITHIN_S, asides, cell, place
from visavis.bench.chaos_calls import Case, Row, cases
from visavis.bench.chaos_page import page
from visavis.testing.faulty import FAULTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "failures.md"
CASES = cases()


@cache
def documented() -> dict[tuple[str, str], str]:
    """The cells of the page's table, by line and column."""
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.read_text().splitlines() if line[:1] == "|"
    ]
    head = next(cells for cells in lines if cells[0] == "layer and moment")
    rows = [cells for cells in lines if len(cells) == len(head) and cells is not head and set(cells[0]) != {"-"}]
    found = {(cells[0], fault): value for cells in rows for fault, value in zip(head[1:], cells[1:], strict=True)}
    return {place: value for place, value in found.items() if value}


def check(row: Row) -> None:
    assert row.answered
    assert row.duplicates == 0
    assert 0 <= row.heard_within_s <= WITHIN_S
    assert documented()[place(row)] == cell(row), "python -m visavis.bench.chaos_page > docs/failures.md"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.layer}: {case.name}")
def test_the_next_provider_answers(case: Case) -> None:
    check(case.row())


def test_vision_and_retrieval_go_on_beside_the_voice() -> None:
    for row in asides():
        check(row)


def test_the_page_tells_of_these_cases_and_no_others() -> None:
    played = {(f"{case.layer} {case.strikes}".strip(), case.fault) for case in CASES}
    assert set(documented()) == played | {(layer, fault) for layer in ("vision", "retrieval") for fault in FAULTS}


def test_the_page_is_current_around_its_table() -> None:
    written = PAGE.read_text()
    start = written.index("| layer and moment")
    assert written == page(written[start : written.index("\n\n", start)])
