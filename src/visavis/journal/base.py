"""The contract of a journal store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from visavis.kernel.events import Record


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A line of `visavis journal list`: `started_s` and `last_s` are seconds since 1970 (UTC)."""

    session: str
    started_s: float
    last_s: float
    records: int
    ended: bool


class Store(Protocol):
    """Keeps records for good. Blocking; the journal calls it from one writer at a time.

    `append` returns only when the records are durable, and writes all of them or none; it raises JournalError
    (disk full, damaged file). Records are never changed.
    """

    instant: ClassVar[bool]
    """True when calls never block, so that no thread is needed."""

    def append(self, records: Sequence[Record]) -> None: ...

    def read(self, session: str) -> list[Record]: ...

    def sessions(self) -> list[SessionSummary]: ...

    def close(self) -> None: ...
