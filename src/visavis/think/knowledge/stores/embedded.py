"""The embedded store: one SQLite file with documents, chunks, vectors and an index of words.

Vectors are searched in memory (`nearest.py`), words by FTS5's BM25. Several processes may use the file at once, such
as a server and `visavis knowledge add`: each change commits as a whole, and readers take it up with the next search.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from visavis.kernel.errors import ConfigError, ProviderError
from visavis.models.scheduler import ComputeScheduler, Preempted, Priority
from visavis.think.knowledge.base import Chunk, Document, Hit, Place, Vectors
from visavis.think.knowledge.opening import data_path
from visavis.think.knowledge.stores.nearest import Nearest
from visavis.think.knowledge.stores.rarity import Rarity

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, source TEXT NOT NULL, title TEXT NOT NULL,
    digest TEXT NOT NULL, chunks INTEGER NOT NULL, root TEXT NOT NULL, vectors BLOB NOT NULL,
    UNIQUE (collection, source));
CREATE TABLE IF NOT EXISTS chunks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, id TEXT NOT NULL, path TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_of_document ON chunks (document);
"""
_BUSY_S = 30.0
_PATH_GAP = "\x1f"
_FORMAT = "1"


class EmbeddedStore:
    """One collection of the file at `path`; ':memory:' is not for several processes, but for tests."""

    name = "embedded"
    finds_words = True

    def __init__(self, path: str | Path, collection: str, embedder: str, scheduler: ComputeScheduler) -> None:
        """Blocking. Raises ProviderError when the file cannot be used."""
        self._scheduler = scheduler
        self._collection = collection
        self._embedder = embedder
        self._lock = threading.RLock()
        self._version = -1
        self._nearest = Nearest.empty()
        # Words have an index of their own for each collection: BM25 then counts only what can be found.
        self._fts = f"words_{collection.encode().hex()}"
        try:
            if str(path) != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise ProviderError(f"the knowledge file {path} cannot be used: {error}", stage="think") from error
        self._rarity = Rarity(self._db, self._fts)

    @classmethod
    async def connect(cls, place: Place) -> Self:
        """In the file `knowledge.path`."""
        return await cls.open(
            data_path(place.settings, "knowledge.db"), place.collection, place.embedder, place.scheduler
        )

    @classmethod
    async def open(cls, path: str | Path, collection: str, embedder: str, scheduler: ComputeScheduler) -> Self:
        """`embedder` is the name of what makes the vectors. Raises ProviderError, ConfigError."""
        store = await scheduler.run(Priority.PREFILL, lambda: cls(path, collection, embedder, scheduler))
        await store._run(store._sync)
        return store

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        await self._run(lambda: self._put(document, chunks, vectors), Priority.VISION)

    async def remove(self, source: str) -> bool:
        return await self._run(lambda: self._in_transaction(lambda: self._forget(source)))

    async def documents(self) -> list[Document]:
        return await self._run(self._documents)

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        return await self._run(lambda: self._by_vector(vector, limit))

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        return await self._run(lambda: self._by_words(text, limit))

    async def close(self) -> None:
        with self._lock:
            self._db.close()

    async def _run(self, function: Callable[[], T], priority: Priority = Priority.REPLY) -> T:
        def guarded() -> T:
            try:
                with self._lock:
                    return function()
            except sqlite3.Error as error:
                raise ProviderError(f"the knowledge file failed: {error}", stage="think") from error

        try:
            return await self._scheduler.run(priority, guarded)
        except Preempted:
            return await self._scheduler.run(Priority.PREFILL, guarded)

    def _prepare(self) -> None:
        self._in_transaction(self._create)
        found = self._meta("format")
        if found != _FORMAT:
            raise ProviderError(f"the knowledge file is of format {found}, not {_FORMAT}", stage="think")
        made_by = self._meta(f"embedder:{self._collection}")
        if made_by != self._embedder:
            raise ConfigError(
                f"the collection '{self._collection}' was indexed with {made_by}, not {self._embedder}",
                where="knowledge.embedder",
                hint="use that embedder, another collection, or another knowledge.path",
            )

    def _create(self) -> None:
        for statement in SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.execute(
            f'CREATE VIRTUAL TABLE IF NOT EXISTS "{self._fts}" '
            "USING fts5(heading, text, content='', tokenize='porter unicode61')"
        )
        self._db.execute(
            f'CREATE VIRTUAL TABLE IF NOT EXISTS "{self._fts}_terms" USING fts5vocab("{self._fts}", \'row\')'
        )
        kept = [("format", _FORMAT), (f"embedder:{self._collection}", self._embedder), ("changes", "0")]
        self._db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", kept)

    def _meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _in_transaction(self, function: Callable[[], T]) -> T:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = function()
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        return result

    def _put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        def write() -> None:
            self._forget(document.source)
            cursor = self._db.execute(
                "INSERT INTO documents (collection, source, title, digest, chunks, root, vectors) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    self._collection, document.source, document.title, document.digest, len(chunks), document.root,
                    vectors.astype(np.float16).tobytes(),
                ),
            )  # fmt: skip
            number = cursor.lastrowid
            for chunk in chunks:
                row = (number, chunk.id, _PATH_GAP.join(chunk.path), chunk.text)
                inserted = self._db.execute("INSERT INTO chunks (document, id, path, text) VALUES (?, ?, ?, ?)", row)
                words = (inserted.lastrowid, chunk.heading, chunk.text)
                self._db.execute(f'INSERT INTO "{self._fts}" (rowid, heading, text) VALUES (?, ?, ?)', words)
            self._count_change()

        self._in_transaction(write)

    def _forget(self, source: str) -> bool:
        key = (self._collection, source)
        found = self._db.execute(
            "SELECT number, title FROM documents WHERE collection = ? AND source = ?", key
        ).fetchone()
        if found is None:
            return False
        number, title = found
        for row, id, path, text in self._db.execute(
            "SELECT number, id, path, text FROM chunks WHERE document = ?", (number,)
        ).fetchall():
            chunk = Chunk(id, title, _path(path), text)
            gone = ("delete", row, chunk.heading, text)  # an index without content must be told what it forgets
            self._db.execute(
                f'INSERT INTO "{self._fts}" ("{self._fts}", rowid, heading, text) VALUES (?, ?, ?, ?)', gone
            )
        self._db.execute("DELETE FROM chunks WHERE document = ?", (number,))
        self._db.execute("DELETE FROM documents WHERE number = ?", (number,))
        self._count_change()
        return True

    def _count_change(self) -> None:
        self._db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'changes'")

    def _documents(self) -> list[Document]:
        rows = self._db.execute(
            "SELECT source, title, digest, chunks, root FROM documents WHERE collection = ? ORDER BY source",
            (self._collection,),
        )
        return [Document(*row) for row in rows]

    def _by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        self._sync()
        return self._hits(self._nearest.search(vector, limit))

    def _by_words(self, text: str, limit: int) -> list[Hit]:
        self._sync()
        query = self._rarity.query(text)
        if not query:
            return []
        rows = self._db.execute(
            f'SELECT rowid, bm25("{self._fts}", 2.0, 1.0) AS rank FROM "{self._fts}" '
            f'WHERE "{self._fts}" MATCH ? ORDER BY rank LIMIT ?',
            (query, limit),
        ).fetchall()
        return self._hits([(int(row), -float(rank)) for row, rank in rows])

    def _hits(self, found: Sequence[tuple[int, float]]) -> list[Hit]:
        marks = ",".join("?" * len(found))
        rows = self._db.execute(
            "SELECT chunks.number, id, title, path, text, source FROM chunks "
            f"JOIN documents ON documents.number = chunks.document WHERE chunks.number IN ({marks})",
            [number for number, _ in found],
        )
        known = {row[0]: (Chunk(row[1], row[2], _path(row[3]), row[4]), row[5]) for row in rows}
        return [Hit(*known[number], score) for number, score in found if number in known]

    def _sync(self) -> None:
        """Take up what this or another process has changed since the last look."""
        version = int(self._meta("changes"))
        if version == self._version:
            return
        there = {
            int(number)
            for (number,) in self._db.execute(
                "SELECT number FROM documents WHERE collection = ?", (self._collection,)
            )
        }
        added = {number: self._vectors(number) for number in sorted(there - self._nearest.documents)}
        self._nearest = self._nearest.changed(there, added)
        self._version = version
        self._rarity.forget()

    def _vectors(self, number: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Vectors]:
        [(blob,)] = self._db.execute("SELECT vectors FROM documents WHERE number = ?", (number,)).fetchall()
        with closing(
            self._db.execute("SELECT number FROM chunks WHERE document = ? ORDER BY number", (number,))
        ) as rows:
            numbers = np.array([row[0] for row in rows], np.int64)
        vectors = np.frombuffer(blob, np.float16).astype(np.float32)
        return numbers, vectors.reshape(len(numbers), -1)


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split(_PATH_GAP)) if text else ()
