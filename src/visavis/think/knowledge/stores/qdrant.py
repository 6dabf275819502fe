"""Qdrant, by its client: dense vectors, and words as sparse vectors with Qdrant's own IDF.

Without `knowledge.url` the client keeps a collection in a local directory, for one process and few documents.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any, Self

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException

from visavis.kernel.errors import ConfigError, ProviderError
from visavis.think.knowledge.base import Chunk, Document, Hit, Place, Vectors
from visavis.think.knowledge.opening import data_path
from visavis.think.knowledge.stores.payload import (
    check_embedder,
    documents_of,
    first_last,
    flat,
    hit_of,
    payloads,
    point_id,
)
from visavis.think.knowledge.stores.sparse import sparse_passage, sparse_query

_BATCH = 64
_PAGE = 256
_TIMEOUT_S = 30


class QdrantStore:
    name = "qdrant"
    finds_words = True

    def __init__(self, client: AsyncQdrantClient, collection: str, embedder: str) -> None:
        self._client = client
        self._collection = f"visavis-{collection}"
        self._embedder = embedder

    @classmethod
    async def connect(cls, place: Place) -> Self:
        settings = place.settings
        with _translated():
            if settings.url:
                key = os.environ.get(settings.key_env) or None
                client = AsyncQdrantClient(url=settings.url, api_key=key, timeout=_TIMEOUT_S)
            else:
                client = AsyncQdrantClient(path=str(data_path(settings, "knowledge.qdrant")))
        store = cls(client, place.collection, place.embedder)
        await store._check_embedder()
        return store

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        points = [
            models.PointStruct(
                id=point_id(self._collection, document.source, chunk.id),
                payload=payload | {"embedder": self._embedder},
                vector={"dense": flat(vector), "words": models.SparseVector(indices=words[0], values=words[1])},
            )
            for chunk, vector, payload in zip(chunks, vectors, payloads(document, chunks), strict=True)
            for words in [sparse_passage(chunk.embedded)]
        ]
        with _translated():
            await self._make(vectors.shape[1])
            for start in range(0, len(points), _BATCH):
                batch = first_last(points)[start : start + _BATCH]
                await self._client.upsert(self._collection, batch, wait=True)
            kept = models.HasIdCondition(has_id=[point.id for point in points])
            stale = models.Filter(must=[_is("source", document.source)], must_not=[kept])
            await self._client.delete(self._collection, models.FilterSelector(filter=stale), wait=True)

    async def remove(self, source: str) -> bool:
        with _translated():
            if not await self._there():
                return False
            wanted = models.Filter(must=[_is("source", source)])
            count = (await self._client.count(self._collection, wanted, exact=True)).count
            await self._client.delete(self._collection, models.FilterSelector(filter=wanted), wait=True)
        return count > 0

    async def documents(self) -> list[Document]:
        return documents_of(await self._first_chunks())

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        return await self._query(flat(vector), "dense", limit)

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        indices, values = sparse_query(text)
        if not indices:
            return []
        return await self._query(models.SparseVector(indices=indices, values=values), "words", limit)

    async def close(self) -> None:
        with _translated():
            await self._client.close()

    async def _query(self, query: Any, using: str, limit: int) -> list[Hit]:
        with _translated():
            if not await self._there():
                return []
            found = await self._client.query_points(
                self._collection, query=query, using=using, limit=limit, with_payload=True
            )
        return [hit_of(point.payload or {}, point.score) for point in found.points]

    async def _first_chunks(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        with _translated():
            if not await self._there():
                return []
            offset: Any = None
            while True:
                page, offset = await self._client.scroll(
                    self._collection,
                    scroll_filter=models.Filter(must=[_is("position", 0)]),
                    limit=_PAGE,
                    offset=offset,
                )
                rows += [point.payload or {} for point in page]
                if offset is None:
                    return rows

    async def _there(self) -> bool:
        return await self._client.collection_exists(self._collection)

    async def _make(self, size: int) -> None:
        if await self._there():
            return
        await self._client.create_collection(
            self._collection,
            vectors_config={"dense": models.VectorParams(size=size, distance=models.Distance.COSINE)},
            sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the local mode says that it has no indexes
            kinds = {"source": models.PayloadSchemaType.KEYWORD, "position": models.PayloadSchemaType.INTEGER}
            for field, kind in kinds.items():
                await self._client.create_payload_index(self._collection, field, field_schema=kind)

    async def _check_embedder(self) -> None:
        rows = (await self._first_chunks())[:1]
        if rows:
            try:
                check_embedder(rows[0].get("embedder"), self._embedder)
            except ConfigError:
                await self.close()
                raise


def _is(field: str, value: str | int) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


class _translated:
    """Turns what the client raises into ProviderError."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ApiException | OSError | RuntimeError | ValueError):
            raise ProviderError(f"the knowledge database failed: {error}", stage="think") from error
