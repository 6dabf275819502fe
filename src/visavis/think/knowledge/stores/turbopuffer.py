"""Turbopuffer, by its HTTP API v2 (turbopuffer.com/docs/write, /docs/query): a namespace for each collection, cosine
vectors and BM25. `knowledge.url` is the region's address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, Self

from visavis.kernel.errors import ConfigError
from visavis.think.knowledge.base import Chunk, Document, Hit, Place, Vectors
from visavis.think.knowledge.stores.payload import (
    check_embedder,
    documents_of,
    first_last,
    flat,
    hit_of,
    payloads,
    point_id,
)
from visavis.think.knowledge.stores.wire import JsonApi
from visavis.think.knowledge.words import telling

DEFAULT_URL = "https://api.turbopuffer.com"
_BATCH = 500
_PAGE = 1_000
_SCHEMA = {
    "words": {
        "type": "string",
        "full_text_search": {"stemming": True, "remove_stopwords": False},
        "filterable": False,
    }
}


class TurbopufferStore:
    name = "turbopuffer"
    finds_words = True

    def __init__(self, api: JsonApi, collection: str, embedder: str) -> None:
        self._api = api
        self._namespace = "visavis-" + re.sub(r"[^A-Za-z0-9_.-]", "-", collection)
        self._embedder = embedder

    @classmethod
    async def connect(cls, place: Place) -> Self:
        key = os.environ.get(place.settings.key_env, "")
        if not key:
            raise ConfigError(f"{place.settings.key_env} is not set", where="knowledge.key_env")
        settings, headers = place.settings, {"Authorization": f"Bearer {key}"}
        api = JsonApi("Turbopuffer", settings.url or DEFAULT_URL, headers, key, settings.connect_timeout_s)
        store = cls(api, place.collection, place.embedder)
        try:
            await store._check()
        except BaseException:
            await store.close()
            raise
        return store

    async def _check(self) -> None:
        rows = await self._rows({"rank_by": ["id", "asc"], "limit": 1, "include_attributes": ["embedder"]})
        if rows:
            check_embedder(rows[0].get("embedder"), self._embedder)

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        rows = [
            payload
            | {
                "id": point_id(self._namespace, document.source, chunk.id),
                "vector": flat(vector),
                "words": chunk.embedded,
                "embedder": self._embedder,
            }
            for chunk, vector, payload in zip(chunks, vectors, payloads(document, chunks), strict=True)
        ]
        ids = [row["id"] for row in rows]
        rows = first_last(rows)
        for start in range(0, len(rows), _BATCH):
            await self._write(
                upsert_rows=rows[start : start + _BATCH], distance_metric="cosine_distance", schema=_SCHEMA
            )
        await self._write(delete_by_filter=["And", [["source", "Eq", document.source], ["id", "NotIn", ids]]])

    async def remove(self, source: str) -> bool:
        wanted = ["source", "Eq", source]
        query = {"rank_by": ["id", "asc"], "filters": wanted, "limit": 1, "include_attributes": ["source"]}
        if not await self._rows(query):
            return False
        await self._write(delete_by_filter=wanted)
        return True

    async def documents(self) -> list[Document]:
        rows: list[dict[str, Any]] = []
        filters: Any = ["position", "Eq", 0]
        while True:
            query = {"rank_by": ["id", "asc"], "filters": filters, "limit": _PAGE, "include_attributes": True}
            page = await self._rows(query)
            rows += page
            if len(page) < _PAGE:
                return documents_of(rows)
            filters = ["And", [["position", "Eq", 0], ["id", "Gt", page[-1]["id"]]]]

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        query = {"rank_by": ["vector", "ANN", flat(vector)], "limit": limit, "include_attributes": True}
        return [hit_of(row, 1.0 - row["$dist"]) for row in await self._rows(query)]

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        wanted = " ".join(telling(text))
        if not wanted:
            return []
        query = {"rank_by": ["words", "BM25", wanted], "limit": limit, "include_attributes": True}
        return [hit_of(row, row["$dist"]) for row in await self._rows(query)]

    async def close(self) -> None:
        await self._api.close()

    async def _write(self, **body: Any) -> None:
        await self._api.call("POST", f"/v2/namespaces/{self._namespace}", body)

    async def _rows(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """None when the namespace is not there yet: it comes with the first write."""
        path = f"/v2/namespaces/{self._namespace}/query"
        answer = await self._api.call("POST", path, query, missing={"rows": []})
        rows: list[dict[str, Any]] = answer.get("rows") or []
        return rows
