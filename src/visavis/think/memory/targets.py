"""What "that" is, in "forget that" and "that is wrong". Pure.

Nearest first: what was told in the last turns, and what the agent has just said back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from visavis.kernel.events.memory import MemoryKind
from visavis.think.memory.words import Correction, Forget, corrected, value_of

# ruff: noqa: SIM905
_LITTLE = frozenset(
    "my i i'm i've the a an is are was that this of to in and or me it you your what about at on for "
    "mi mis yo el la los las un una es son que de en y o me lo tu".split()
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn of the person, what the agent had said before it, and its answer as heard."""

    seq: int
    before: str
    said: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something remembered: `seq` of the record that noted or recalled it, `source_seq` of the turn it was told in,
    `date` and the store's number `item` when that was an earlier call."""

    seq: int
    kind: MemoryKind
    text: str
    key: str
    source_seq: int
    date: str = ""
    item: int = 0


def meant(asked: Forget, entries: Sequence[Entry], before: Sequence[Exchange], language: str) -> list[int]:
    """Numbers of the records to forget: entries, and the turns they were told in. `before`: the last exchanges, and
    at the end one that has only begun: what the agent has said since."""
    if asked.scope == "all":
        chosen = list(entries)
    elif asked.scope == "about":
        chosen = [entry for entry in entries if _is_about(entry, asked.about)]
    else:
        chosen = _last(entries, before, language)
    turns = {entry.source_seq for entry in chosen if entry.source_seq and entry.kind != "document"}
    if asked.scope == "that" and not chosen:
        turns = {one.seq for one in before[-2:-1]}
    return sorted({entry.seq for entry in chosen} | turns)


def corrected_entry(
    right: Correction, entries: Sequence[Entry], before: Sequence[Exchange], language: str
) -> tuple[Entry, str] | None:
    """The fact that `right` corrects, and how it stands then; None when that is not clear."""
    facts = [entry for entry in entries if entry.kind == "fact" and entry.key]
    if right.key:
        chosen = [entry for entry in facts if entry.key == right.key]
    else:
        chosen = [entry for entry in _last(facts, before, language) if _alike(entry, right.value, language)]
    for entry in reversed(chosen):
        if told := corrected(entry.text, right.value, language):
            return entry, told
    return None


def _last(entries: Sequence[Entry], before: Sequence[Exchange], language: str) -> list[Entry]:
    """What was told in the last turn, or said by the agent since; else in the turn before that."""
    said = before[-1].before if before else ""
    spoken = [entry for entry in entries if _mentions(said, value_of(entry.text, language))]
    for exchange in reversed(before[:-1][-2:]):
        told = [entry for entry in entries if entry.source_seq == exchange.seq and not entry.date]
        if chosen := spoken or told:
            return chosen
    return spoken


def _mentions(said: str, value: str) -> bool:
    telling = _telling(value)
    return bool(telling) and telling <= _telling(said)


def _is_about(entry: Entry, about: str) -> bool:
    """The same key, or all telling words of `about` in what is remembered."""
    telling = _telling(about)
    if entry.key and _telling(entry.key) == telling:
        return True
    return bool(telling) and telling <= _telling(entry.text) | _telling(entry.key)


def _telling(text: str) -> set[str]:
    found = re.findall(r"[\w'@.+-]*[\w@]", text.lower().replace("’", "'"))
    return {word.removesuffix("'s") for word in found} - _LITTLE


def _alike(entry: Entry, value: str, language: str) -> bool:
    """A number is not corrected to a word, nor a word to a number."""

    def numeric(text: str) -> bool:
        return re.search(r"\d", text) is not None

    return numeric(value_of(entry.text, language)) == numeric(value)
