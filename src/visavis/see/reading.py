"""Words that were read in a picture, and the text they make: lines in reading order, columns kept apart. Pure.

Prose in columns is read column by column; what only stands side by side (a table, a form, a toolbar) is read row by
row, with " | " between the cells, so that "Total" stays beside its amount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import fmean, median

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

LEAST_SURE = 0.3
"""Words that the recogniser trusts less are mostly icons and noise."""

SURE_SIGN = 0.7
"""Signs without a letter or digit are more often rules and edges than dashes."""

CELL_GAP = 1.6
"""A gap in a line wider than this many line heights parts two cells."""

PROSE_WORDS = 3.0
PROSE_ROWS = 3
"""Text on both sides of a gutter is prose from this many words a line, and lines one below the other, on."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    box: Box
    sure: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """Words that follow each other at one height: a line of prose, or a cell."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        return around(word.box for word in self.words)


_Row = list[Line]


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds all `boxes`."""
    several = list(boxes)
    left, top = min(box[0] for box in several), min(box[1] for box in several)
    right, bottom = max(box[0] + box[2] for box in several), max(box[1] + box[3] for box in several)
    return left, top, right - left, bottom - top


def sureness(lines: Sequence[Line]) -> float:
    """Mean over the words, 0–1; 0 for none."""
    sures = [word.sure for line in lines for word in line.words]
    return fmean(sures) if sures else 0.0


def read_tsv(tsv: str, scale: float = 1.0) -> list[Line]:
    """Lines out of Tesseract's TSV, whose boxes are of a picture `scale` times as large; raises ValueError."""
    found: list[tuple[tuple[str, ...], Word]] = []
    for row in tsv.splitlines():
        cells = row.split("\t", 11)
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        left, top, width, height = (round(int(cell) / scale) for cell in cells[6:10])
        word = Word(cells[11].strip(), (left, top, width, height), max(0.0, float(cells[10])) / 100)
        sign = not any(char.isalnum() or char in "€$£%" for char in word.text)
        if word.sure >= (SURE_SIGN if sign else LEAST_SURE):
            found.append((tuple(cells[2:5]), word))
    lines: list[Line] = []
    for _, group in groupby(found, key=lambda pair: pair[0]):
        lines += _cells([word for _, word in group])
    return lines


def _cells(words: list[Word]) -> list[Line]:
    """A recogniser's line, parted where the gap is too wide for a space."""
    words.sort(key=lambda word: word.box[0])
    # The height of most words: a rule or a logo beside them may make one box much higher.
    height = median(word.box[3] for word in words)
    cells = [[words[0]]]
    for before, word in pairwise(words):
        if word.box[0] - (before.box[0] + before.box[2]) > CELL_GAP * height:
            cells.append([])
        cells[-1].append(word)
    return [Line(tuple(cell)) for cell in cells]


def laid_out(lines: Sequence[Line]) -> str:
    """The text, row by row, with an empty line where the picture has a gap."""
    told: list[str] = []
    bottom = None
    for row in _ordered(_rows(lines)):
        _, top, _, height = around(line.box for line in row)
        if bottom is not None and (top - bottom > height or top < bottom - 2 * height):
            told.append("")
        told.append(" | ".join(line.text for line in row))
        bottom = top + height
    return "\n".join(told)


def _rows(lines: Sequence[Line]) -> list[_Row]:
    """Lines side by side make a row; rows from top to bottom."""
    rows: list[_Row] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3] / 2):
        if rows and _level(rows[-1][-1].box, line.box):
            rows[-1].append(line)
        else:
            rows.append([line])
    for row in rows:
        row.sort(key=lambda line: line.box[0])
    return rows


def _level(one: Box, other: Box) -> bool:
    shared = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return shared > 0.5 * min(one[3], other[3])


def _ordered(rows: list[_Row]) -> list[_Row]:
    """Rows in reading order: where a gutter runs through prose, all on its left comes before all on its right."""
    found = _gutter(rows)
    if found is None:
        return rows
    first, last, x = found
    inner = rows[first:last]
    left = _part(inner, lambda line: line.box[0] < x)
    right = _part(inner, lambda line: line.box[0] >= x)
    return [*_ordered(rows[:first]), *_ordered(left), *_ordered(right), *_ordered(rows[last:])]


def _part(rows: list[_Row], wanted: Callable[[Line], bool]) -> list[_Row]:
    parts = ([line for line in row if wanted(line)] for row in rows)
    return [part for part in parts if part]


def _gutter(rows: list[_Row]) -> tuple[int, int, int] | None:
    """First row, row after the last, and x of the gutter with the most rows of prose beside it."""
    best: tuple[int, int, int] | None = None
    gaps = {line.box[0] - 1 for row in rows for line in row[1:]}
    for x in sorted(gaps):
        crossed = [any(line.box[0] < x < line.box[0] + line.box[2] for line in row) for row in rows]
        start = 0
        for through, run in groupby(crossed):
            end = start + len(list(run))
            larger = best is None or end - start > best[1] - best[0]
            if not through and larger and _prose(rows[start:end], x):
                best = (start, end, x)
            start = end
    return best


def _prose(rows: list[_Row], x: int) -> bool:
    for side in (lambda line: line.box[0] < x, lambda line: line.box[0] >= x):
        lines = [line for row in _part(rows, side) for line in row]
        if len(lines) < PROSE_ROWS or fmean(len(line.words) for line in lines) < PROSE_WORDS:
            return False
    return True
