"""Word documents: paragraphs, headings by style, tables; straight from the zip's XML."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from visavis.kernel.errors import DocumentRefused
from visavis.think.knowledge.base import Reading
from visavis.think.knowledge.readers.outline import Outline

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAX_XML = 200_000_000
"""Bytes of unpacked XML; a small archive may unpack to anything."""


def read_docx(data: bytes) -> Reading:
    """Raises DocumentRefused for a file that is damaged or protected by a password."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentRefused(
            "this Word document is encrypted, or of the old .doc format", stage="think", hint="save it as plain .docx"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            body = ElementTree.fromstring(_member(archive, "word/document.xml"))
            title = _title(archive)
            levels = _heading_styles(archive)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, RuntimeError, ValueError) as error:
        raise DocumentRefused(f"this Word document cannot be read: {error}", stage="think") from error
    outline = Outline(title)
    for element in _blocks(body):
        if element.tag == f"{_W}tbl":
            outline.text("\n".join(_row(row) for row in element.iter(f"{_W}tr")))
            continue
        style = element.find(f"{_W}pPr/{_W}pStyle")
        name = (style.get(f"{_W}val") or "") if style is not None else ""
        if level := levels.get(name, 0):
            outline.heading(level, _text(element))
        else:
            listed = element.find(f"{_W}pPr/{_W}numPr") is not None
            outline.text(("- " if listed else "") + _text(element))
    return outline.reading()


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MAX_XML:
        raise DocumentRefused("this Word document is too large", stage="think")
    return archive.read(name)


def _blocks(body: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Paragraphs and outermost tables, in order."""
    for child in body:
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        else:
            yield from _blocks(child)


def _text(element: ElementTree.Element) -> str:
    words: list[str] = []
    for node in element.iter():
        if node.tag == f"{_W}t":
            words.append(node.text or "")
        elif node.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            words.append(" ")
    return "".join(words)


def _row(row: ElementTree.Element) -> str:
    return " | ".join(" ".join(_text(cell).split()) for cell in row.iter(f"{_W}tc"))


def _heading_styles(archive: zipfile.ZipFile) -> dict[str, int]:
    """Style id → heading level. Ids are translated with Word's language, names and outline levels are not."""
    levels = {f"Heading{level}": level for level in range(1, 7)} | {"Title": 1}
    if "word/styles.xml" not in archive.namelist():
        return levels
    for style in ElementTree.fromstring(_member(archive, "word/styles.xml")).iter(f"{_W}style"):
        named = style.find(f"{_W}name")
        name = (named.get(f"{_W}val") or "").lower() if named is not None else ""
        if found := re.fullmatch(r"heading ([1-6])", name):
            levels[style.get(f"{_W}styleId") or ""] = int(found[1])
        elif name == "title":
            levels[style.get(f"{_W}styleId") or ""] = 1
    return levels


def _title(archive: zipfile.ZipFile) -> str:
    if "docProps/core.xml" not in archive.namelist():
        return ""
    found = ElementTree.fromstring(_member(archive, "docProps/core.xml")).find(
        "{http://purl.org/dc/elements/1.1/}title"
    )
    return (found.text or "").strip() if found is not None else ""
