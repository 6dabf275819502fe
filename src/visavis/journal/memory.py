"""A journal in memory, for tests and for `[journal] store = "memory"`: gone when the process ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from visavis.journal.base import SessionSummary
from visavis.kernel.events import Record, SessionEnded


class MemoryStore:
    instant: ClassVar[bool] = True

    def __init__(self, path: str = "") -> None:
        self._records: dict[str, list[Record]] = {}

    def append(self, records: Sequence[Record]) -> None:
        for record in records:
            self._records.setdefault(record.session, []).append(record)

    def read(self, session: str) -> list[Record]:
        return list(self._records.get(session, ()))

    def sessions(self) -> list[SessionSummary]:
        return [
            SessionSummary(
                session,
                records[0].wall_s,
                records[-1].wall_s,
                len(records),
                any(isinstance(record.event, SessionEnded) for record in records),
            )
            for session, records in self._records.items()
        ]

    def close(self) -> None:
        """Nothing to release."""
