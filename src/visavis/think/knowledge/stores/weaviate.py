"""Weaviate, by its REST and GraphQL API (v1): a class for each collection, cosine vectors of our own and BM25."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, Self

from visavis.kernel.errors import ConfigError, ProviderError
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

_BATCH = 100
_PAGE = 500
_EXACT = ("source", "digest", "root", "chunk", "embedder")
_TEXTS = ("title", "path", "text", "words")
_COUNTS = ("chunks", "position")
_FIELDS = "source title digest root chunk path text chunks position embedder"


class WeaviateStore:
    name = "weaviate"
    finds_words = True

    def __init__(self, api: JsonApi, collection: str, embedder: str) -> None:
        self._api = api
        self._class = "Visavis" + "".join(char if char.isalnum() else "_" for char in collection.title())
        self._embedder = embedder

    @classmethod
    async def connect(cls, place: Place) -> Self:
        if not place.settings.url:
            raise ConfigError("Weaviate's address is missing", where="knowledge.url", hint="http://localhost:8080")
        key = os.environ.get(place.settings.key_env, "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        api = JsonApi("Weaviate", place.settings.url, headers, key, place.settings.connect_timeout_s)
        store = cls(api, place.collection, place.embedder)
        try:
            await store._prepare()
        except BaseException:
            await store.close()
            raise
        return store

    async def _prepare(self) -> None:
        if await self._api.call("GET", f"/v1/schema/{self._class}", missing=None) is None:
            await self._api.call("POST", "/v1/schema", _schema(self._class))
            return
        rows = await self._get("limit: 1")
        if rows:
            check_embedder(rows[0].get("embedder"), self._embedder)

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        rows = [
            {
                "class": self._class,
                "id": point_id(self._class, document.source, chunk.id),
                "vector": flat(vector),
                "properties": payload | {"embedder": self._embedder, "words": chunk.embedded},
            }
            for chunk, vector, payload in zip(chunks, vectors, payloads(document, chunks), strict=True)
        ]
        stale = set(await self._ids(document.source)) - {str(row["id"]) for row in rows}
        ordered = first_last(rows)
        for start in range(0, len(ordered), _BATCH):
            _check(await self._api.call("POST", "/v1/batch/objects", {"objects": ordered[start : start + _BATCH]}))
        await self._delete(sorted(stale))

    async def remove(self, source: str) -> bool:
        there = await self._ids(source)
        await self._delete(there)
        return bool(there)

    async def documents(self) -> list[Document]:
        rows: list[dict[str, Any]] = []
        while True:
            page = await self._get(
                'where: {path: ["position"], operator: Equal, valueInt: 0}, '
                f'sort: [{{path: ["source"]}}], limit: {_PAGE}, offset: {len(rows)}'
            )
            rows += page
            if len(page) < _PAGE:
                return documents_of(rows)

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        rows = await self._get(f"nearVector: {{vector: {json.dumps(flat(vector))}}}, limit: {limit}", "distance")
        return [hit_of(row, 1.0 - float(row["_additional"]["distance"])) for row in rows]

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        wanted = " ".join(telling(text))
        if not wanted:
            return []
        asked = f'bm25: {{query: {json.dumps(wanted)}, properties: ["words"]}}, limit: {limit}'
        return [hit_of(row, float(row["_additional"]["score"])) for row in await self._get(asked, "score")]

    async def close(self) -> None:
        await self._api.close()

    async def _ids(self, source: str) -> list[str]:
        ids: list[str] = []
        where = f'where: {{path: ["source"], operator: Equal, valueText: {json.dumps(source)}}}'
        while True:
            page = await self._get(f"{where}, limit: {_PAGE}, offset: {len(ids)}", "id")
            ids += [str(row["_additional"]["id"]) for row in page]
            if len(page) < _PAGE:
                return ids

    async def _delete(self, ids: Sequence[str]) -> None:
        for id in ids:
            await self._api.call("DELETE", f"/v1/objects/{self._class}/{id}", missing={})

    async def _get(self, arguments: str, extra: str = "id") -> list[dict[str, Any]]:
        query = f"{{ Get {{ {self._class}({arguments}) {{ {_FIELDS} _additional {{ {extra} }} }} }} }}"
        answer = await self._api.call("POST", "/v1/graphql", {"query": query})
        if answer.get("errors"):
            raise ProviderError(f"Weaviate refused a query: {str(answer['errors'])[:300]}", stage="think")
        rows: list[dict[str, Any]] = answer["data"]["Get"][self._class] or []
        return rows


def _schema(name: str) -> dict[str, Any]:
    exact = [{"name": field, "dataType": ["text"], "tokenization": "field"} for field in _EXACT]
    texts = [{"name": field, "dataType": ["text"], "tokenization": "word"} for field in _TEXTS]
    counts = [{"name": field, "dataType": ["int"]} for field in _COUNTS]
    return {
        "class": name,
        "vectorizer": "none",
        "vectorIndexConfig": {"distance": "cosine"},
        "properties": [*exact, *texts, *counts],
    }


def _check(answer: list[dict[str, Any]]) -> None:
    """A batch succeeds as a whole and fails by object."""
    for row in answer:
        if errors := (row.get("result") or {}).get("errors"):
            raise ProviderError(f"Weaviate refused a chunk: {str(errors)[:300]}", stage="think")
