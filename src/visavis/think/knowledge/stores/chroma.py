"""Chroma, by its own library: a directory on this machine, or a server at `knowledge.url`. Vectors only: its search
for words does not rank.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import chromadb
from chromadb.errors import ChromaError

from visavis.kernel.errors import ProviderError
from visavis.kernel.virtual_time import holding
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

T = TypeVar("T")

_BATCH = 200


class ChromaStore:
    name = "chroma"
    finds_words = False

    def __init__(self, client: Any, collection: str, embedder: str) -> None:
        """Blocking."""
        self._name = f"visavis-{collection}"
        self._kept = client.get_or_create_collection(
            self._name, metadata={"embedder": embedder}, configuration={"hnsw": {"space": "cosine"}},
            embedding_function=None,
        )  # fmt: skip
        made_by = (self._kept.metadata or {}).get("embedder", embedder)
        check_embedder(made_by, embedder)

    @classmethod
    async def connect(cls, place: Place) -> Self:
        def open_client() -> Any:
            quiet = chromadb.config.Settings(anonymized_telemetry=False)
            if place.settings.url:
                parts = urlsplit(place.settings.url)
                client = chromadb.HttpClient(
                    parts.hostname or "localhost", parts.port or 8000, ssl=parts.scheme == "https", settings=quiet
                )
            else:
                client = chromadb.PersistentClient(str(data_path(place.settings, "knowledge.chroma")), quiet)
            return cls(client, place.collection, place.embedder)

        store: Self = await _run(open_client)
        return store

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        ids = [point_id(self._name, document.source, chunk.id) for chunk in chunks]
        rows = first_last(list(zip(ids, vectors, payloads(document, chunks), strict=True)))

        def write() -> None:
            for start in range(0, len(rows), _BATCH):
                batch = rows[start : start + _BATCH]
                self._kept.upsert(
                    ids=[row[0] for row in batch],
                    embeddings=[flat(row[1]) for row in batch],
                    metadatas=[row[2] for row in batch],
                )
            there = self._kept.get(where={"source": document.source}, include=[])["ids"]
            if stale := sorted(set(there) - set(ids)):
                self._kept.delete(ids=stale)

        await _run(write)

    async def remove(self, source: str) -> bool:
        def forget() -> bool:
            there = self._kept.get(where={"source": source}, include=[])["ids"]
            if there:
                self._kept.delete(ids=there)
            return bool(there)

        return await _run(forget)

    async def documents(self) -> list[Document]:
        found = await _run(lambda: self._kept.get(where={"position": 0}, include=["metadatas"]))
        return documents_of(found["metadatas"] or [])

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        def search() -> Any:
            limit_there = min(limit, self._kept.count())
            if not limit_there:
                return None
            return self._kept.query(
                query_embeddings=[flat(vector)], n_results=limit_there, include=["metadatas", "distances"]
            )

        found = await _run(search)
        if found is None:
            return []
        rows = zip(found["metadatas"][0], found["distances"][0], strict=True)
        return [hit_of(payload, 1.0 - distance) for payload, distance in rows]

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        return []

    async def close(self) -> None:
        """Nothing to do: the library keeps one client a process and closes it with that."""


async def _run(function: Callable[[], T]) -> T:
    try:
        with holding():
            return await asyncio.to_thread(function)
    except (ChromaError, ValueError, OSError) as error:
        raise ProviderError(f"the knowledge database failed: {error}", stage="think") from error
