"""HTML pages: headings, paragraphs, lists and tables; not their scripts, styles, menus and forms."""

from __future__ import annotations

import re
from collections.abc import Set
from contextlib import suppress
from html.parser import HTMLParser

from visavis.think.knowledge.base import Reading
from visavis.think.knowledge.readers.outline import Outline
from visavis.think.knowledge.readers.plain import decoded

_SKIPPED = {"script", "style", "noscript", "template", "svg", "nav", "form", "button", "iframe", "select", "footer"}
_OUTER = {"nav", "form", "footer"}
"""Some pages are one form as a whole, or never close their menu: better the menus than nothing."""

_BLOCKS = {
    "p", "div", "section", "article", "main", "header", "aside", "ul", "ol", "dl", "table", "blockquote", "pre",
    "figure", "figcaption", "address", "details", "summary", "dd", "hr", "body",
}  # fmt: skip
_LINES = {"li", "tr", "br", "dt"}
_CHARSET = re.compile(rb"<meta[^>]+charset=[\"']?([\w-]+)", re.IGNORECASE)


def read_html(data: bytes) -> Reading:
    found = _CHARSET.search(data[:4096])
    if found and found[1].lower() not in (b"utf-8", b"utf8"):
        with suppress(LookupError, UnicodeDecodeError):  # what a page says of itself may be wrong
            data = data.decode(found[1].decode("ascii")).encode("utf-8")
    text = _sound(decoded(data))
    reading = _parsed(text, _SKIPPED)
    return reading if reading.sections else _parsed(text, _SKIPPED - _OUTER)


def _sound(text: str) -> str:
    """Without what the parser fails at (sections that only SGML has), and with nothing left open at the end: it would
    look for the end again from each sign on."""
    text = text.replace("<![", "<! [")
    commented = text.rfind("-->") + 1
    text = text[:commented] + text[commented:].replace("<!--", "")
    tagged = text.rfind(">") + 1
    return text[:tagged] + text[tagged:].replace("<", "&lt;")


def _parsed(text: str, skipped: Set[str]) -> Reading:
    parser = _Parser(skipped)
    parser.feed(text)
    parser.close()
    return parser.reading()


class _Parser(HTMLParser):
    def __init__(self, skipped: Set[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._skipped = skipped
        self._outline = Outline()
        self._words: list[str] = []
        self._skipping: list[str] = []
        self._title = ""
        self._in_title = False
        self._cells = 0
        self._pre = False

    def reading(self) -> Reading:
        self._flush()
        reading = self._outline.reading()
        title = " ".join(self._title.split())
        return Reading(title or reading.title, reading.sections)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hidden = any(name == "hidden" or (name == "aria-hidden" and value == "true") for name, value in attrs)
        if tag in self._skipped or (hidden and tag in _BLOCKS):
            self._skipping.append(tag)
        elif self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.append(tag)
        elif tag == "title":
            self._in_title = True
        elif tag in _BLOCKS or _level(tag):
            self._flush()
            self._pre = tag == "pre"
        elif tag in _LINES:
            self._words.append("\n- " if tag == "li" else "\n")
            self._cells = 0
        elif tag in ("td", "th"):
            self._words.append(" | " if self._cells else "")
            self._cells += 1

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.pop()
        elif tag == "title":
            self._in_title = False
        elif level := _level(tag):
            self._outline.heading(level, "".join(self._words))
            self._words = []
        elif tag in _BLOCKS:
            self._flush()
            self._pre = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self._title += data
        elif not self._skipping:
            self._words.append(data if self._pre else re.sub(r"\s+", " ", data))

    def _flush(self) -> None:
        self._outline.text("".join(self._words))
        self._words = []


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0
