"""The default store of memories: one SQLite file.

Deleted text is overwritten (`secure_delete`), and the write-ahead log is emptied after each deletion, so that neither
holds it any more; both are looked at again, and a text that is still there is an error.
Source: sqlite.org/pragma.html and sqlite.org/wal.html, read 2026-11-23.
"""

from __future__ import annotations

import mmap
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from visavis.kernel.cleared import Cleared
from visavis.kernel.events import Event, MemoryNoted
from visavis.think.memory.base import MOST_ITEMS, Item, MemoryFailed

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  person TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  key TEXT NOT NULL,
  session TEXT NOT NULL,
  source_seq INTEGER NOT NULL,
  told_s REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS by_person ON items (person, number);
"""
TELLING_CHARS = 5
"""A shorter text may be found in a file by chance."""

_COLUMNS = "number, person, kind, text, key, session, source_seq, told_s"


class SqliteMemory:
    """Opens the file at once, readable to its owner only. `path` ":memory:" keeps nothing on disk."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            if path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=5.0, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise self._failed("open", error) from error

    def persons(self) -> list[tuple[str, int]]:
        return self._do(
            "read",
            lambda: [
                (str(row[0]), int(row[1]))
                for row in self._db.execute("SELECT person, COUNT(*) FROM items GROUP BY person ORDER BY person")
            ],
        )

    def items(self, person: str) -> list[Item]:
        return self._do("read", lambda: self._select("person = ?", person))

    def add(self, person: str, noted: Cleared[Event], session: str, told_s: float) -> Item:
        event = noted.value
        assert isinstance(event, MemoryNoted)

        def work() -> Item:
            row = (person, event.kind, event.text, event.key, session, event.source_seq, told_s)
            own = "person = ? AND kind = ? AND text = ? AND key = ? AND session = ? AND source_seq = ? AND told_s = ?"
            if there := self._select(own, *row):
                return there[0]
            old = self._select("person = ? AND kind = ? AND key = ? AND key <> ''", person, event.kind, event.key)
            old += self._select("person = ?", person)[: -MOST_ITEMS + 1]
            self._delete(sorted({item.number for item in old}))
            self._db.execute(f"INSERT INTO items ({_COLUMNS.partition(', ')[2]}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            [item] = self._select(own, *row)
            self._verify([one for one in old if one.text != event.text])
            return item

        return self._do("write", work)

    def correct(self, number: int, text: str) -> None:
        def work() -> None:
            old = self._select("number = ?", number)
            if not old:
                raise MemoryFailed(f"there is no item {number}", stage="think")
            self._db.execute("UPDATE items SET text = ? WHERE number = ?", (text, number))
            self._verify([item for item in old if item.text != text])

        self._do("write", work)

    def forget(self, numbers: list[int]) -> int:
        return self._do("write", lambda: self._forget([row for number in numbers for row in self._one(number)]))

    def forget_call(self, person: str, session: str) -> int:
        return self._do("write", lambda: self._forget(self._select("person = ? AND session = ?", person, session)))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # The rest expects the lock.

    def _one(self, number: int) -> list[Item]:
        return self._select("number = ?", number)

    def _select(self, where: str, *values: Any) -> list[Item]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM items WHERE {where} ORDER BY number", values)
        return [Item(*row) for row in rows]

    def _forget(self, items: list[Item]) -> int:
        self._delete([item.number for item in items])
        self._verify(items)
        return len(items)

    def _delete(self, numbers: list[int]) -> None:
        self._db.executemany("DELETE FROM items WHERE number = ?", [(number,) for number in numbers])

    def _verify(self, gone: list[Item]) -> None:
        """Neither the file's bytes nor its log's hold what was to go, unless something else there says the same."""
        if not gone:
            return
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for item in gone:
            if len(item.text) >= TELLING_CHARS and not self._said_elsewhere(item.text) and self._in_file(item.text):
                raise MemoryFailed(
                    f"what was forgotten can still be found in {self._path}",
                    stage="think",
                    hint="end other programs that have the file open, and forget it again",
                )

    def _said_elsewhere(self, text: str) -> bool:
        alike = "SELECT 1 FROM items WHERE instr(text || ' ' || key || ' ' || person || ' ' || session, ?) LIMIT 1"
        return text in _SCHEMA or self._db.execute(alike, (text,)).fetchone() is not None

    def _in_file(self, text: str) -> bool:
        for path in (Path(self._path), Path(f"{self._path}-wal")):
            with suppress(FileNotFoundError), path.open("rb") as file:
                if os.fstat(file.fileno()).st_size:
                    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
                        if held.find(text.encode()) >= 0:
                            return True
        return False

    def _do(self, what: str, work: Callable[[], T]) -> T:
        """All of `work` or nothing, except that a text once deleted stays deleted."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE" if what == "write" else "BEGIN")
                done = work()
                if self._db.in_transaction:
                    self._db.execute("COMMIT")
            except (sqlite3.Error, OSError) as error:
                self._undo()
                raise self._failed(what, error) from error
            except MemoryFailed:
                self._undo()
                raise
            return done

    def _undo(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _failed(self, what: str, error: Exception) -> MemoryFailed:
        return MemoryFailed(
            f"cannot {what} the memories in {self._path}: {error}",
            stage="think",
            hint="free disk space and check that the path is writable, or set [memory] path elsewhere",
        )
