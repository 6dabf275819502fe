"""PostgreSQL with pgvector: vectors by cosine (HNSW), words by full-text search. Each document in one transaction."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from visavis.kernel.errors import ConfigError, ProviderError
from visavis.think.knowledge.base import Chunk, Document, Hit, Place, Vectors
from visavis.think.knowledge.words import telling

_POOL = 8
_TIMEOUT_S = 30.0

_SCHEMA = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE IF NOT EXISTS visavis_collections (name text PRIMARY KEY, embedder text NOT NULL);
CREATE TABLE IF NOT EXISTS visavis_documents (
    number bigserial PRIMARY KEY, collection text NOT NULL, source text NOT NULL, title text NOT NULL,
    digest text NOT NULL, chunks integer NOT NULL, root text NOT NULL, UNIQUE (collection, source));
CREATE TABLE IF NOT EXISTS visavis_chunks (
    document bigint NOT NULL REFERENCES visavis_documents (number) ON DELETE CASCADE, id text NOT NULL,
    title text NOT NULL, path text NOT NULL, text text NOT NULL, vector vector NOT NULL,
    words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title || ' ' || path), 'A') || to_tsvector('english', text)) STORED,
    PRIMARY KEY (document, id));
CREATE INDEX IF NOT EXISTS visavis_chunks_words ON visavis_chunks USING gin (words);
"""

_FIELDS = "c.id, c.title, c.path, c.text, d.source"
_TABLES = "visavis_chunks c JOIN visavis_documents d ON d.number = c.document"


class PgvectorStore:
    """A pool of connections to the database of `knowledge.url`; its password may stand in `knowledge.key_env`."""

    name = "pgvector"
    finds_words = True

    def __init__(self, pool: Any, collection: str) -> None:
        self._pool = pool
        self._collection = collection

    @classmethod
    async def connect(cls, place: Place) -> Self:
        """Makes the tables if there are none: the first time this needs the right to create the extension."""
        if not place.settings.url:
            raise ConfigError("the database's address is missing", where="knowledge.url", hint="postgresql://…")
        url = _with_password(place.settings.url, os.environ.get(place.settings.key_env, ""))
        with _translated():
            pool = await asyncpg.create_pool(url, min_size=1, max_size=_POOL, command_timeout=_TIMEOUT_S)
        store = cls(pool, place.collection)
        try:
            await store._prepare(place.embedder)
        except BaseException:
            await store.close()
            raise
        return store

    async def _prepare(self, embedder: str) -> None:
        async with self._transaction() as db:
            await db.execute("SELECT pg_advisory_xact_lock(7316925)")  # two servers that start at the same time
            await db.execute(_SCHEMA)
            await db.execute(
                "INSERT INTO visavis_collections VALUES ($1, $2) ON CONFLICT DO NOTHING", self._collection, embedder
            )
            made_by = await db.fetchval("SELECT embedder FROM visavis_collections WHERE name = $1", self._collection)
        if made_by != embedder:
            raise ConfigError(
                f"the collection '{self._collection}' was indexed with {made_by}, not {embedder}",
                where="knowledge.embedder",
                hint="use that embedder, or another collection",
            )

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        async with self._transaction() as db:
            await self._forget(db, document.source)
            number = await db.fetchval(
                "INSERT INTO visavis_documents (collection, source, title, digest, chunks, root) "
                "VALUES ($1, $2, $3, $4, $5, $6) RETURNING number",
                self._collection, document.source, document.title, document.digest, len(chunks), document.root,
            )  # fmt: skip
            rows = [
                (number, chunk.id, _clean(chunk.title), json.dumps(chunk.path), _clean(chunk.text), _literal(vector))
                for chunk, vector in zip(chunks, vectors, strict=True)
            ]
            await db.executemany(
                "INSERT INTO visavis_chunks (document, id, title, path, text, vector) "
                "VALUES ($1, $2, $3, $4, $5, $6::text::vector)",
                rows,
            )

    async def remove(self, source: str) -> bool:
        async with self._transaction() as db:
            return await self._forget(db, source)

    async def documents(self) -> list[Document]:
        sql = (
            "SELECT source, title, digest, chunks, root FROM visavis_documents WHERE collection = $1 "
            'ORDER BY source COLLATE "C"'
        )
        return [Document(*row) for row in await self._rows(sql, self._collection)]

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        return await self._hits(
            f"SELECT {_FIELDS}, 1 - (c.vector <=> $2::text::vector) AS score FROM {_TABLES} "
            "WHERE d.collection = $1 ORDER BY c.vector <=> $2::text::vector LIMIT $3",
            self._collection, _literal(vector.reshape(-1)), limit,
        )  # fmt: skip

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        wanted = " or ".join(f'"{word}"' for word in telling(text))
        if not wanted:
            return []
        return await self._hits(
            f"SELECT {_FIELDS}, ts_rank_cd(c.words, asked, 1) AS score FROM {_TABLES}, "
            "websearch_to_tsquery('english', $2) asked WHERE d.collection = $1 AND c.words @@ asked "
            "ORDER BY score DESC LIMIT $3",
            self._collection, wanted, limit,
        )  # fmt: skip

    async def close(self) -> None:
        await self._pool.close()

    async def _forget(self, db: Any, source: str) -> bool:
        done = await db.execute(
            "DELETE FROM visavis_documents WHERE collection = $1 AND source = $2", self._collection, source
        )
        return not str(done).endswith(" 0")

    async def _hits(self, sql: str, *values: object) -> list[Hit]:
        hits = []
        for row in await self._rows(sql, *values):
            chunk = Chunk(row["id"], row["title"], tuple(json.loads(row["path"])), row["text"])
            hits.append(Hit(chunk, row["source"], row["score"]))
        return hits

    async def _rows(self, sql: str, *values: object) -> list[Any]:
        with _translated():
            rows: list[Any] = await self._pool.fetch(sql, *values)
        return rows

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Any]:
        with _translated():
            async with self._pool.acquire() as db, db.transaction():
                yield db


class _translated:
    """Turns what the driver raises into ProviderError."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | OSError):
            raise ProviderError(f"the knowledge database failed: {error}", stage="think") from error


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    if not password or parts.password:
        return url
    name, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{name or 'postgres'}:{quote(password, safe='')}@{host}"))


def _literal(vector: Vectors) -> str:
    return "[" + ",".join(f"{value:.7g}" for value in vector.tolist()) + "]"


def _clean(text: str) -> str:
    return text.replace("\0", "")
