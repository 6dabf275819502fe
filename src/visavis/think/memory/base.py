"""The contract of a store of memories across calls, per person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from visavis.kernel.cleared import Cleared
from visavis.kernel.errors import VisavisError
from visavis.kernel.events import Event
from visavis.kernel.events.memory import MemoryKind

MOST_ITEMS = 200
"""Of one person; the oldest make room."""


class MemoryFailed(VisavisError):
    """The store of memories could not be read or written, or something was found there after it was forgotten."""

    code = "memory"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing remembered of `person`. `session` and `source_seq` name the record of the journal it was taken from,
    `told_s` when that was, in seconds since 1970 (UTC)."""

    number: int
    person: str
    kind: MemoryKind
    text: str
    key: str
    session: str
    source_seq: int
    told_s: float


class MemoryStore(Protocol):
    """Blocking, thread-safe. All methods raise MemoryFailed. Numbers are never used twice."""

    def persons(self) -> list[tuple[str, int]]:
        """Everybody of whom anything is remembered, with how many items; sorted."""
        ...

    def items(self, person: str) -> list[Item]:
        """Oldest first."""
        ...

    def add(self, person: str, noted: Cleared[Event], session: str, told_s: float) -> Item:
        """`noted` is a `MemoryNoted`. Durable when it returns. Replaces an item of the same `key` for good.
        Adding the same again, of the same record, changes nothing."""
        ...

    def correct(self, number: int, text: str) -> None:
        """Give an item another text. It must exist."""
        ...

    def forget(self, numbers: list[int]) -> int:
        """Delete these, so that their text is not in the file any more, and make sure of it. Returns how many."""
        ...

    def forget_call(self, person: str, session: str) -> int:
        """Delete all that this call added, as `forget` does."""
        ...

    def close(self) -> None: ...
