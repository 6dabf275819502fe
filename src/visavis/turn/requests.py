"""What people say to the agent about the conversation itself: "one moment", "stop talking", "goodbye".

Pure. A text counts only when that is all it says: "hold on" does, "hold on, what about Monday?" does not.
"""

from __future__ import annotations

import functools
import re
from typing import Literal

from visavis.turn.requests_grammar import FAREWELLS, GRAMMARS
from visavis.turn.words import words

WaitRequest = Literal["hold", "quiet"]
"""`hold`: the person needs a moment and will go on. `quiet`: the agent is to stop talking."""

MAX_WORDS = 16
"""Longer texts say more than "wait"."""


def wait_request(text: str, language: str) -> WaitRequest | None:
    """What `text` asks for when it asks for nothing else; None for anything more, and for unknown languages."""
    code, said = _code(language), _said(text)
    if code not in GRAMMARS or not 0 < len(said) <= MAX_WORDS:
        return None
    hold, quiet = _patterns(code)
    line = " ".join(said)
    if quiet.fullmatch(line):
        return "quiet"
    return "hold" if hold.fullmatch(line) else None


def prepare(language: str) -> None:
    """Builds the patterns of `language` (some 50 ms of computation), so that no call's first pause has to."""
    if _code(language) in GRAMMARS:
        _patterns(_code(language))


def is_hold_request(text: str, language: str) -> bool:
    """True when all that was said is a request to wait: "one moment", "let me check my calendar"."""
    return wait_request(text, language) == "hold"


def is_farewell(text: str, language: str) -> bool:
    """True when `text` is a goodbye and nothing more: "okay, bye", "thanks, see you later, bye"."""
    ends, around = (set(entry.split()) for entry in FAREWELLS.get(_code(language), FAREWELLS["en"]))
    said = set(_said(text))
    return bool(said & ends) and said <= ends | around


def _code(language: str) -> str:
    return language.split("-")[0].lower()


def _said(text: str) -> list[str]:
    """Words without apostrophes; "we'll" is not "well"."""
    return " ".join(words(text)).replace("we'll", "we will").replace("'", "").split()


@functools.cache
def _patterns(code: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Lead-ins, then the request (one or more), then its tail; a quiet request may also carry a hold request."""
    lead, hold, quiet, tail = (_expression(code, part) for part in ("lead", "hold", "quiet", "tail"))
    before, after = rf"(?:{lead} )*", rf"(?: (?:{tail}|{lead}))*"
    holds = rf"{hold}(?: (?:{lead} )*{hold})*"
    quiets = rf"(?:{hold} )?{quiet}(?: (?:{lead} )*(?:{quiet}|{hold}))*"
    return re.compile(before + holds + after), re.compile(before + quiets + after)


def _expression(code: str, part: str) -> str:
    """An entry of the grammar, its lines as alternatives, with the entries it names put in."""
    lines = "|".join(line.strip() for line in GRAMMARS[code][part].strip().splitlines())
    return f"(?:{re.sub(r'<([a-z]+)>', lambda name: _expression(code, name[1]), lines)})"
