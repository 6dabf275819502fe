"""PDF, by its text layer (pypdf); bookmarks that name a page are its headings. A scan has no text and is refused."""

from __future__ import annotations

import io
import logging
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from visavis.kernel.errors import DocumentRefused
from visavis.think.knowledge.base import Reading
from visavis.think.knowledge.readers.outline import Outline

MAX_PAGES = 5_000

_FAULTS = (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError)
"""What a damaged file makes pypdf raise, besides its own errors."""


def read_pdf(data: bytes) -> Reading:
    """Raises DocumentRefused for an encrypted file, a damaged one, and one without text."""
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        pdf = PdfReader(io.BytesIO(data))
        if pdf.is_encrypted and not pdf.decrypt(""):
            raise DocumentRefused(
                "this PDF is encrypted", stage="think", hint="save it without a password, then add it again"
            )
        return _read(pdf)
    except DocumentRefused:
        raise
    except _FAULTS as error:
        raise DocumentRefused(f"this PDF cannot be read: {error}", stage="think") from error


def _read(pdf: PdfReader) -> Reading:
    if len(pdf.pages) > MAX_PAGES:
        raise DocumentRefused(f"this PDF has more than {MAX_PAGES} pages", stage="think", hint="split it")
    title = str((pdf.metadata.title if pdf.metadata else "") or "").strip()
    outline = Outline(title)
    marks = _bookmarks(pdf)
    found = False
    for number, page in enumerate(pdf.pages):
        for level, name in marks.get(number, []):
            outline.heading(level, name)
        text = page.extract_text() or ""
        found = found or bool(text.strip())
        outline.text(_joined(text))
    if not found:
        raise DocumentRefused(
            "this PDF has no text, only pictures", stage="think", hint="run it through text recognition first"
        )
    return outline.reading()


def _bookmarks(pdf: PdfReader) -> dict[int, list[tuple[int, str]]]:
    """Page index → (level, name), as far as the outline can be read."""
    marks: dict[int, list[tuple[int, str]]] = {}

    def walk(items: list[Any], level: int) -> None:
        for item in items:
            if isinstance(item, list):
                walk(item, min(level + 1, 6))
            elif (page := pdf.get_destination_page_number(item)) is not None and page >= 0:
                marks.setdefault(page, []).append((level, str(item.title)))

    try:
        walk(pdf.outline, 2)
    except _FAULTS:
        return {}  # headings are a help, not a condition
    return marks


def _joined(text: str) -> str:
    """Lines of a paragraph joined, words parted at a line's end made whole."""
    out = ""
    for line in text.splitlines():
        line = line.strip()
        if not line:
            out += "\n\n"
        elif out.endswith("-") and line[:1].islower():
            out = out[:-1] + line
        elif out and not out.endswith("\n"):
            out += ("\n" if out.endswith((".", ":", "!", "?")) else " ") + line
        else:
            out += line
    return out
