"""Pages that were shown: each is read once, kept as text for the call, and can be cited by its number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from visavis.kernel.events import DocumentRead, Record
from visavis.kernel.media import VideoSource
from visavis.see.notes import Row
from visavis.see.page import Corners
from visavis.see.reading import Line

MOST = 12
"""Documents kept in a call; further pages are read, but not kept."""

MOST_CHARS = 6_000
LEAST_WORDS = 8
SAME_SHARE = 0.5
BETTER = 1.15
"""Another reading of a page replaces the first when it has so many times its words."""

SURE_NUMBERS = 0.9
OTHER_NUMBERS = 2
"""Numbers in which a reading this sure differs are not misread: it is another page of the form, or more of it."""


@dataclass(frozen=True, slots=True)
class Document:
    number: int
    source: VideoSource
    frame_at_s: float
    text: str
    sure: float = 1.0


class Documents:
    """The documents of one call, rebuilt from its journal: `read` the records of an earlier process first."""

    def __init__(self) -> None:
        self._kept: dict[int, Document] = {}

    def read(self, record: Record) -> None:
        event = record.event
        if isinstance(event, DocumentRead):
            self._kept[event.document] = Document(event.document, event.source, event.frame_at_s, event.text)

    def found(
        self, source: VideoSource, frame_at_s: float, text: str, sure: float = 1.0
    ) -> tuple[int, DocumentRead | None]:
        """The number of the document that `text`, read as `sure` (0–1) as its words on average, is, and the fact to
        note when it is new, or better read than before. 0 and None for too few words, or when no more are kept.
        """
        text = text[:MOST_CHARS]
        words, like = _words(text), self._like(text)
        if len(words) < LEAST_WORDS:
            return 0, None
        number = like.number if like is not None else 0
        if like is not None:
            differs = sure >= SURE_NUMBERS and len(_numbers(text) - _numbers(like.text)) >= OTHER_NUMBERS
            if differs and like.sure >= SURE_NUMBERS and _another(source, _numbers(like.text), _numbers(text)):
                number = 0
            elif not differs and len(words) <= BETTER * len(_words(like.text)):
                return number, None
        if not number and len(self._kept) >= MOST:
            return 0, None
        number = number or len(self._kept) + 1
        self._kept[number] = Document(number, source, frame_at_s, text, sure)
        return number, DocumentRead(number, source, frame_at_s, text)

    def told(self, most_chars: int) -> str:
        """The newest documents that fit, oldest first; of the newest at least its beginning."""
        return "\n\n".join(row.text for row in self.rows(most_chars))

    def rows(self, most_chars: int) -> list[Row]:
        """The same for a prompt."""
        rows: list[Row] = []
        for document in self.newest:
            where = "on the screen" if document.source == "screen" else "held to the camera"
            text = f"Document {document.number} ({where}):\n{document.text}"
            if not rows:
                text = text[:most_chars]
            most_chars -= len(text)
            if most_chars < 0:
                break
            key = f"document {document.number}"
            rows.append(Row(key, document.source, text, document.text, document.frame_at_s, key))
        return rows[::-1]

    @property
    def newest(self) -> list[Document]:
        """Those that can be told, newest first."""
        return [document for document in reversed(self._kept.values()) if document.text]

    def forget(self, source: str) -> None:
        """Consent to `source` was withdrawn. Numbers stay taken."""
        kept = self._kept.items()
        self._kept = {
            number: Document(number, document.source, document.frame_at_s, "")
            if document.source == source
            else document
            for number, document in kept
        }

    def __len__(self) -> int:
        return len(self._kept)

    def _like(self, text: str) -> Document | None:
        """The document with mostly the same words, and the most of its numbers. A worse reading shares most of its
        own few words."""
        words, numbers = _words(text), _numbers(text)

        def alike(document: Document) -> bool:
            other = _words(document.text)
            return len(words & other) > SAME_SHARE * min(len(words), len(other))

        def same_numbers(document: Document) -> int:
            return len(numbers & _numbers(document.text))

        return max(filter(alike, self._kept.values()), key=same_numbers, default=None)


def on_page(lines: Sequence[Line], corners: Corners) -> list[Line]:
    """Lines that lie within the page."""
    low, high = corners.min(axis=0), corners.max(axis=0)

    def inside(line: Line) -> bool:
        x, y, width, height = line.box
        middle_x, middle_y = x + width / 2, y + height / 2
        return bool(low[0] <= middle_x <= high[0] and low[1] <= middle_y <= high[1])

    return [line for line in lines if inside(line)]


def shows_words(lines: Sequence[Line]) -> bool:
    return sum(len(line.words) for line in lines) >= LEAST_WORDS


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{2,}", text.lower()))


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d{2,}", text))


def _another(source: VideoSource, before: set[str], now: set[str]) -> bool:
    """Whether these are the numbers of another page, not of more of the first or of one edited on a screen."""
    few_stay = len(before & now) <= SAME_SHARE * min(len(before), len(now))
    return len(before - now) >= OTHER_NUMBERS and (source == "camera" or few_stay)
