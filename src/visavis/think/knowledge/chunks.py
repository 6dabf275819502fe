"""Cuts a document into chunks along its own structure: a section, else its paragraphs, else its sentences.

Pure. A chunk is about as long as the embedder reads well, keeps to one section, and repeats nothing of the next: what
a cut takes away, the headings and title that every chunk carries give back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from visavis.think.knowledge.base import Chunk, Reading, Section

TARGET_CHARS = 700
"""About 160 tokens: MiniLM was trained on 128 and reads 256."""

LONGEST_CHARS = 1_000
LEAST_CHARS = 200
"""A shorter rest joins what came before it, if that stays below LONGEST_CHARS."""

RULES = "2"
"""Counted up when chunks are cut differently, so that documents are indexed again."""

_SENTENCE_END = re.compile(r"(?<=[.!?。！？])[\"')\]]*\s+(?=\S)")


def chunks_of(name: str, reading: Reading) -> list[Chunk]:
    """The chunks of the document called `name` (a file's name, without its directory)."""
    seen: dict[str, int] = {}
    found: list[Chunk] = []
    for section in _joined(reading.sections):
        for text in _cut(section.text):
            key = "\0".join((name, *section.path, text))
            seen[key] = seen.get(key, 0) + 1
            digest = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()
            found.append(Chunk(digest[:16], reading.title, section.path, text))
    return found


def _joined(sections: Iterable[Section]) -> Iterator[Section]:
    """Short neighbours below the same headings (a JSON file's records, say) as one section."""
    waiting: Section | None = None
    for section in sections:
        if waiting is not None and waiting.path == section.path:
            waiting = Section(section.path, f"{waiting.text}\n\n{section.text}")
            continue
        if waiting is not None:
            yield waiting
        waiting = section
    if waiting is not None:
        yield waiting


def _cut(text: str) -> list[str]:
    """Pieces of at most LONGEST_CHARS, near TARGET_CHARS, that together are all of `text`."""
    pieces: list[str] = []
    current = ""
    for gap, part in _parts(text):
        if current and len(current) + len(gap) + len(part) > TARGET_CHARS:
            pieces.append(current)
            current = part
        else:
            current = f"{current}{gap}{part}" if current else part
    if pieces and len(current) < LEAST_CHARS and len(pieces[-1]) + len(current) + 2 <= LONGEST_CHARS:
        pieces[-1] = f"{pieces[-1]}\n\n{current}"
    elif current:
        pieces.append(current)
    return pieces


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What must stay whole, each with the gap that stood before it."""
    for paragraph in re.split(r"\n\s*\n", text):
        paragraph = paragraph.strip()
        if not paragraph:
            continue
        if len(paragraph) <= TARGET_CHARS:
            yield "\n\n", paragraph
            continue
        gap = "\n\n"
        for line in paragraph.split("\n"):
            for sentence in _sentences(line.strip()):
                yield gap, sentence
                gap = " "
            gap = "\n"


def _sentences(line: str) -> Iterator[str]:
    """Sentences; one that is too long is cut between words, and a word that is too long anywhere."""
    for sentence in _SENTENCE_END.split(line):
        begin = 0
        while len(sentence) - begin > TARGET_CHARS:
            at = sentence.rfind(" ", begin + TARGET_CHARS // 2, begin + TARGET_CHARS)
            at = at if at > 0 else begin + TARGET_CHARS
            yield sentence[begin:at].rstrip()
            while at < len(sentence) and sentence[at].isspace():
                at += 1
            begin = at
        if begin < len(sentence):
            yield sentence[begin:]
