"""What is remembered: in this call, and of earlier calls with the same person."""

from __future__ import annotations

from typing import ClassVar, Literal

from visavis.kernel.events.base import Event

MemoryKind = Literal["fact", "promise", "document", "line"]


class MemoryNoted(Event, frozen=True):
    """Something worth knowing later, taken from the record `source_seq` of this call: a `fact` in the person's own
    words, a `promise` that is open, a `document` that was shown, or a `line` on what an exchange was about. `key`:
    what a fact is about ("name"); a later one with the same key stands for it. `by`: words (a rule) or model.
    """

    content: ClassVar[bool] = True
    kind: MemoryKind
    text: str
    source_seq: int
    key: str = ""
    by: Literal["words", "model"] = "words"


class MemoryRecalled(Event, frozen=True):
    """From an earlier call with this person, with consent to `memory`. `item` is its number in the store of memories;
    `date` the day it was told (UTC), such as "2026-11-23".
    """

    content: ClassVar[bool] = True
    item: int
    kind: MemoryKind
    text: str
    date: str
    key: str = ""


class MemoryForgotten(Event, frozen=True):
    """What these records (`MemoryNoted`, `MemoryRecalled`) hold counts no more. `why`: asked (by the person, in the
    record `source_seq`), corrected, newer (told again otherwise), resaid (the turn went on and says something else),
    kept (of a promise), withdrawn (consent was).
    """

    seqs: tuple[int, ...]
    why: Literal["asked", "corrected", "newer", "resaid", "kept", "withdrawn"]
    source_seq: int = 0
