"""Pinecone, by its data-plane HTTP API (version 2025-04): a namespace for each collection, in the index at the host
`knowledge.url`. Vectors only. The index must have the embedder's number of dimensions and the metric cosine.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import quote, urlencode

from visavis.kernel.errors import ConfigError
from visavis.think.knowledge.base import Chunk, Document, Hit, Place, Vectors
from visavis.think.knowledge.stores.payload import check_embedder, documents_of, first_last, flat, hit_of, payloads
from visavis.think.knowledge.stores.wire import JsonApi

VERSION = "2025-04"
_BATCH = 100


class PineconeStore:
    """Ids are "0-<document>#<chunk>" for a first chunk and "1-…" for others: what can be listed is a prefix."""

    name = "pinecone"
    finds_words = False

    def __init__(self, api: JsonApi, collection: str, embedder: str) -> None:
        self._api = api
        self._namespace = collection
        self._embedder = embedder

    @classmethod
    async def connect(cls, place: Place) -> Self:
        key = os.environ.get(place.settings.key_env, "")
        if not key or not place.settings.url:
            raise ConfigError(
                f"Pinecone needs the index's host and the key in {place.settings.key_env}", where="knowledge.url"
            )
        headers = {"Api-Key": key, "X-Pinecone-API-Version": VERSION}
        api = JsonApi("Pinecone", place.settings.url, headers, key, place.settings.connect_timeout_s)
        store = cls(api, place.collection, place.embedder)
        try:
            await store._check()
        except BaseException:
            await store.close()
            raise
        return store

    async def _check(self) -> None:
        for payload in await self._fetched((await self._ids("0-"))[:1]):
            check_embedder(payload.get("embedder"), self._embedder)

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        rows = [
            {
                "id": _id(document.source, payload["position"], chunk.id),
                "values": flat(vector),
                "metadata": payload | {"embedder": self._embedder},
            }
            for chunk, vector, payload in zip(chunks, vectors, payloads(document, chunks), strict=True)
        ]
        before = await self._of(document.source)
        ordered = first_last(rows)
        for start in range(0, len(ordered), _BATCH):
            body = {"vectors": ordered[start : start + _BATCH], "namespace": self._namespace}
            await self._api.call("POST", "/vectors/upsert", body)
        await self._delete(sorted(set(before) - {str(row["id"]) for row in rows}))

    async def remove(self, source: str) -> bool:
        there = await self._of(source)
        await self._delete(there)
        return bool(there)

    async def documents(self) -> list[Document]:
        return documents_of(await self._fetched(await self._ids("0-")))

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        body = {
            "vector": flat(vector), "topK": limit, "namespace": self._namespace, "includeMetadata": True,
            "includeValues": False,
        }  # fmt: skip
        answer = await self._api.call("POST", "/query", body)
        return [hit_of(match["metadata"], match["score"]) for match in answer.get("matches") or []]

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        return []

    async def close(self) -> None:
        await self._api.close()

    async def _of(self, source: str) -> list[str]:
        key = _key(source)
        return [*await self._ids(f"0-{key}#"), *await self._ids(f"1-{key}#")]

    async def _ids(self, prefix: str) -> list[str]:
        ids: list[str] = []
        token = ""
        while True:
            query = {"namespace": self._namespace, "prefix": prefix, "limit": _BATCH}
            path = "/vectors/list?" + urlencode(query | ({"paginationToken": token} if token else {}))
            answer = await self._api.call("GET", path, missing={})
            ids += [str(row["id"]) for row in answer.get("vectors") or []]
            token = str((answer.get("pagination") or {}).get("next") or "")
            if not token:
                return ids

    async def _fetched(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), _BATCH):
            wanted = "&".join(f"ids={quote(id, safe='')}" for id in ids[start : start + _BATCH])
            path = f"/vectors/fetch?{wanted}&" + urlencode({"namespace": self._namespace})
            answer = await self._api.call("GET", path)
            found += [row["metadata"] for row in (answer.get("vectors") or {}).values()]
        return found

    async def _delete(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _BATCH):
            body = {"ids": list(ids[start : start + _BATCH]), "namespace": self._namespace}
            await self._api.call("POST", "/vectors/delete", body)


def _key(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:24]


def _id(source: str, position: int, chunk_id: str) -> str:
    return f"{int(position > 0)}-{_key(source)}#{chunk_id}"
