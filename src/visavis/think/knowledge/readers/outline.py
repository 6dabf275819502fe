"""Builds sections while a document is read: headings open levels, text goes below them."""

from __future__ import annotations

from visavis.think.knowledge.base import Reading, Section
from visavis.think.knowledge.readers.plain import squeezed


class Outline:
    """`heading(level, text)` and `text(...)` in the document's order, then `reading()`."""

    def __init__(self, title: str = "") -> None:
        self._title = title
        self._path: list[tuple[int, str]] = []
        self._text: list[str] = []
        self._sections: list[Section] = []

    def heading(self, level: int, text: str) -> None:
        """A heading of `level` 1–6; the first of level 1 is the title of a document that has none."""
        self._close()
        name = " ".join(text.split())
        if not name:
            return
        if not self._title and level == 1 and not self._sections:
            self._title = name
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        self._path.append((level, name))

    def text(self, block: str) -> None:
        """A paragraph, list or table."""
        if block.strip():
            self._text.append(block)

    def reading(self) -> Reading:
        self._close()
        return Reading(self._title, tuple(self._sections))

    def _close(self) -> None:
        text = squeezed("\n\n".join(self._text))
        self._text = []
        if text:
            self._sections.append(Section(tuple(name for _, name in self._path), text))
