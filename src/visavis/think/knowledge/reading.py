"""One file's bytes in, what it says out: chooses the reader, and refuses what is empty, too large or not text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from visavis.kernel.errors import DocumentRefused
from visavis.kernel.json_text import whole
from visavis.think.knowledge.base import Reading, Section
from visavis.think.knowledge.readers.html import read_html
from visavis.think.knowledge.readers.markdown import read_markdown
from visavis.think.knowledge.readers.plain import read_text
from visavis.think.knowledge.readers.tables import read_csv, read_json

MAX_BYTES = 50_000_000
"""A larger file is refused: it would take minutes to embed, and is likely no document."""


def _pdf(data: bytes) -> Reading:
    from visavis.think.knowledge.readers.pdf import read_pdf  # pypdf takes a while to import

    return read_pdf(data)


def _docx(data: bytes) -> Reading:
    from visavis.think.knowledge.readers.docx import read_docx

    return read_docx(data)


READERS: dict[str, Callable[[bytes], Reading]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_text,
    ".text": read_text,
    ".rst": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".json": read_json,
    ".jsonl": read_json,
}

_BY_TYPE = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}


def read_document(name: str, data: bytes, media_type: str = "") -> Reading:
    """Blocking. `name` is the file's, `media_type` what a server called it. Raises DocumentRefused with the name."""
    try:
        return _read(name, data, media_type)
    except DocumentRefused as refused:
        raise DocumentRefused(f"{name}: {refused.message}", stage="think", hint=refused.hint) from refused
    except Exception as error:  # a damaged file makes parsers fail at anything; the others are read all the same
        raise DocumentRefused(f"{name}: it cannot be read ({type(error).__name__})", stage="think") from error


def _read(name: str, data: bytes, media_type: str) -> Reading:
    if not data.strip():
        raise DocumentRefused("the file is empty", stage="think")
    if len(data) > MAX_BYTES:
        raise too_large(len(data))
    reader = READERS.get(_kind(name, data, media_type))
    if reader is None:
        known = ", ".join(sorted(suffix[1:] for suffix in READERS))
        raise DocumentRefused("this kind of file is not read", stage="think", hint=f"use one of {known}")
    reading = _whole(reader(data))
    if not any(section.text.strip() for section in reading.sections):
        raise DocumentRefused("there is no text in it", stage="think")
    return Reading(reading.title or _file_title(name), reading.sections)


def _whole(reading: Reading) -> Reading:
    """Without half characters and zeros, which JSON and PDF can spell and no store takes."""
    sections = (Section(tuple(map(_sound, one.path)), _sound(one.text)) for one in reading.sections)
    return Reading(_sound(reading.title), tuple(sections))


def _sound(text: str) -> str:
    return whole(text.replace("\0", " "))


def too_large(size: int) -> DocumentRefused:
    limit = MAX_BYTES // 1_000_000
    return DocumentRefused(
        f"the file has {size / 1e6:,.0f} MB; at most {limit} are read", stage="think", hint="split it into parts"
    )


def _kind(name: str, data: bytes, media_type: str) -> str:
    """A suffix that tells the format. What the bytes say counts most, for two formats that cannot be mistaken."""
    if data.startswith(b"%PDF-"):
        return ".pdf"
    if data.startswith(b"PK\x03\x04") and b"word/" in data[:4096] + data[-8192:]:
        return ".docx"
    suffix = PurePosixPath(name).suffix.lower()
    by_type = _BY_TYPE.get(media_type.partition(";")[0].strip().lower(), "")
    if suffix in READERS and by_type in ("", ".txt"):
        return suffix
    if by_type or suffix:
        return by_type or suffix
    return ".html" if data.lstrip()[:200].lower().startswith((b"<!doctype html", b"<html")) else ".txt"


def _file_title(name: str) -> str:
    stem = Path(PurePosixPath(name).name).stem
    return " ".join(stem.replace("_", " ").replace("-", " ").split())
