"""LanceDB: a directory on this machine, or what `knowledge.url` names (s3://…); vectors by cosine, words by its
full-text index.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

import lancedb
import pyarrow as arrow
from lancedb.index import FTS

from visavis.kernel.errors import ProviderError
from visavis.think.knowledge.base import Chunk, Document, Hit, Place, Vectors
from visavis.think.knowledge.opening import data_path
from visavis.think.knowledge.stores.payload import check_embedder, documents_of, flat, hit_of, payloads, point_id
from visavis.think.knowledge.words import telling

_TEXTS = ("key", "source", "title", "digest", "root", "chunk", "path", "text", "embedder", "words")
_COLUMNS = ["source", "title", "digest", "root", "chunk", "path", "text", "chunks", "position"]
_MOST = 1_000_000


class LanceStore:
    name = "lancedb"
    finds_words = True

    def __init__(self, client: Any, collection: str, embedder: str) -> None:
        self._client = client
        self._name = f"visavis-{collection}"
        self._embedder = embedder
        self._table: Any = None

    @classmethod
    async def connect(cls, place: Place) -> Self:
        where = place.settings.url or str(data_path(place.settings, "knowledge.lance"))
        with _translated():
            store = cls(await lancedb.connect_async(where), place.collection, place.embedder)
            await store._open()
        return store

    async def _open(self) -> None:
        if self._name not in (await self._client.list_tables()).tables:
            return
        self._table = await self._client.open_table(self._name)
        rows = await self._table.query().select(["embedder"]).limit(1).to_list()
        if rows:
            check_embedder(rows[0]["embedder"], self._embedder)

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        rows = [
            payload
            | {
                "key": point_id(self._name, document.source, chunk.id),
                "embedder": self._embedder,
                "words": chunk.embedded,
                "vector": flat(vector),
            }
            for chunk, vector, payload in zip(chunks, vectors, payloads(document, chunks), strict=True)
        ]
        with _translated():
            if self._table is None:
                schema = _schema(vectors.shape[1])
                self._table = await self._client.create_table(self._name, schema=schema, exist_ok=True)
                await self._table.create_index("words", config=FTS(stem=True, remove_stop_words=False))
            merge = self._table.merge_insert("key").when_matched_update_all().when_not_matched_insert_all()
            # In the same commit as the new chunks, those go that the document has no more.
            merge = merge.when_not_matched_by_source_delete(f"source = {_quoted(document.source)}")
            await merge.execute(arrow.Table.from_pylist(rows, schema=_schema(vectors.shape[1])))
            await self._table.optimize()

    async def remove(self, source: str) -> bool:
        if self._table is None:
            return False
        with _translated():
            where = f"source = {_quoted(source)}"
            there = await self._table.count_rows(where)
            await self._table.delete(where)
        return bool(there)

    async def documents(self) -> list[Document]:
        if self._table is None:
            return []
        with _translated():
            query = self._table.query().where("position = 0").select(_COLUMNS).limit(_MOST)
            return documents_of(await query.to_list())

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        if self._table is None:
            return []
        with _translated():
            near = self._table.query().nearest_to(flat(vector)).distance_type("cosine")
            rows = await near.select([*_COLUMNS, "_distance"]).limit(limit).to_list()
        return [hit_of(row, 1.0 - row["_distance"]) for row in rows]

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        wanted = " ".join(telling(text))
        if self._table is None or not wanted:
            return []
        with _translated():
            found = self._table.query().nearest_to_text(wanted, columns=["words"])
            rows = await found.select([*_COLUMNS, "_score"]).limit(limit).to_list()
        return [hit_of(row, row["_score"]) for row in rows]

    async def close(self) -> None:
        self._client.close()


def _schema(size: int) -> Any:
    texts = [arrow.field(name, arrow.string()) for name in _TEXTS]
    counts = [arrow.field(name, arrow.int64()) for name in ("chunks", "position")]
    return arrow.schema([*texts, *counts, arrow.field("vector", arrow.list_(arrow.float32(), size))])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class _translated(AbstractContextManager[None]):
    """Turns what the library raises into ProviderError."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RuntimeError | ValueError | OSError):
            raise ProviderError(f"the knowledge database failed: {error}", stage="think") from error
