"""The default store: one SQLite file in WAL mode, safe against a killed process and a lost machine.

`synchronous=FULL` makes every commit reach the disk before `append` returns: acknowledged means committed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from visavis.journal.base import SessionSummary
from visavis.kernel.errors import JournalError
from visavis.kernel.events import Record, decode_event, encode_event

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
  session TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at_s REAL NOT NULL,
  wall_s REAL NOT NULL,
  type TEXT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (session, seq)
) WITHOUT ROWID
"""


class SqliteStore:
    """Thread-safe; opens the file at once. Raises JournalError when it cannot be opened or written."""

    instant: ClassVar[bool] = False

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=5.0, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise self._failed("open", error) from error

    def append(self, records: Sequence[Record]) -> None:
        rows = [
            (r.session, r.seq, r.at_s, r.wall_s, type(r.event).__name__, encode_event(r.event).decode())
            for r in records
        ]
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", rows)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise self._failed("write", error) from error

    def read(self, session: str) -> list[Record]:
        rows = self._query(
            "SELECT session, seq, at_s, wall_s, event FROM records WHERE session = ? ORDER BY seq", session
        )
        try:
            return [Record(row[0], row[1], row[2], row[3], decode_event(row[4])) for row in rows]
        except msgspec.DecodeError as error:
            raise self._failed("read", error) from error

    def sessions(self) -> list[SessionSummary]:
        rows = self._query(
            "SELECT session, MIN(wall_s), MAX(wall_s), COUNT(*), MAX(type = 'SessionEnded') "
            "FROM records GROUP BY session ORDER BY MIN(wall_s)"
        )
        return [SessionSummary(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _query(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._failed("read", error) from error

    def _failed(self, what: str, error: Exception) -> JournalError:
        return JournalError(
            f"cannot {what} the journal {self._path}: {error}",
            stage="journal",
            hint="free disk space and check that the path is writable, or set [journal] path elsewhere",
        )
