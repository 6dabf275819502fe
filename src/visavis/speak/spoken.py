"""How written things are said: addresses, money, numbers in groups, ranges, slashes.

Pure. What an English voice's own front end (`english.py`) already reads well (whole numbers, dollars, times,
dates, units, ordinals, titles) is left as it is written, so that nothing is read twice.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from visavis.speak.plain import plain
from visavis.speak.readings import Rule
from visavis.speak.readings_en import ENGLISH
from visavis.speak.readings_es import SPANISH


def spoken(text: str, language: str = "en") -> str:
    """What is read aloud for `text`; may be empty (an emoji, a code block)."""
    return " ".join(said for _, said in spoken_words(text, language) if said)


def spoken_words(text: str, language: str = "en") -> list[tuple[str, str]]:
    """Written words in order, each with what is said for it (one word, several, or '' for nothing).

    Written words are as a caption shows them: without markdown and emoji. Something said as a whole, such as a
    telephone number with spaces, is one written word.
    """
    rules = _rules(language.split("-")[0].lower())
    words: list[_Word] = []
    for written, said in _parts(plain(text), rules):
        _append(words, written, said)
    return [(word.written, word.said.strip()) for word in words if word.written]


@functools.cache
def _rules(code: str) -> Sequence[Rule]:
    """A language without rules is said as it is written: its voice reads numbers by itself. Loaded on first use."""
    if code in ("de", "fr"):
        module = importlib.import_module(f"visavis.speak.readings_{code}")
        rules: Sequence[Rule] = module.GERMAN if code == "de" else module.FRENCH
        return rules
    return {"en": ENGLISH, "es": SPANISH}.get(code, ())


@dataclass(slots=True)
class _Word:
    written: str = ""
    said: str = ""
    closed: bool = False


def _parts(text: str, rules: Sequence[Rule]) -> Iterator[tuple[str, str | None]]:
    """The text as stretches that are said as written (None) and stretches with words of their own."""
    if not rules:
        if text:
            yield text, None
        return
    (pattern, say), *rest = rules
    at = 0
    for match in pattern.finditer(text):
        yield from _parts(text[at : match.start()], rest)
        yield match.group(), say(match)
        at = match.end()
    yield from _parts(text[at:], rest)


def _append(words: list[_Word], written: str, said: str | None) -> None:
    """Adds a stretch; what has no space between belongs to one word ("example.com" and its comma)."""
    if said is not None:
        if not words or words[-1].closed:
            words.append(_Word())
        words[-1].written += written
        words[-1].said += said
        return
    for piece in re.findall(r"\s+|\S+", written):
        if piece.isspace():
            if words:
                words[-1].closed = True
        else:
            _append(words, piece, piece)
