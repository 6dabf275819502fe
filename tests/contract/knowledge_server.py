"""Databases of vectors that answer as two vendors' HTTP APIs document it, with what they were sent kept in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from aiohttp import web


class ScriptedDatabase:
    """`app` serves Turbopuffer's and Pinecone's paths; `rows` by namespace and id. `requests` keeps the headers."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}
        self.headers: list[dict[str, str]] = []
        self.app = web.Application(client_max_size=50_000_000)
        self.app.router.add_post("/v2/namespaces/{name}", self._puffer_write)
        self.app.router.add_post("/v2/namespaces/{name}/query", self._puffer_query)
        self.app.router.add_post("/vectors/upsert", self._pine_upsert)
        self.app.router.add_get("/vectors/list", self._pine_list)
        self.app.router.add_get("/vectors/fetch", self._pine_fetch)
        self.app.router.add_post("/vectors/delete", self._pine_delete)
        self.app.router.add_post("/query", self._pine_query)

    async def _puffer_write(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        body = await request.json()
        rows = self.rows.setdefault(request.match_info["name"], {})
        for row in body.get("upsert_rows", []):
            rows[row["id"]] = row
        if wanted := body.get("delete_by_filter"):
            for id in [id for id, row in rows.items() if matches(row, wanted)]:
                del rows[id]
        return web.json_response({"status": "OK"})

    async def _puffer_query(self, request: web.Request) -> web.Response:
        body = await request.json()
        there = self.rows.get(request.match_info["name"])
        if there is None:
            return web.json_response({"status": "error", "error": "namespace not found"}, status=404)
        rows = [row for row in there.values() if matches(row, body.get("filters"))]
        by, *how = body["rank_by"]
        if by == "vector":
            rows = ranked(rows, lambda row: 1 - cosine(row["vector"], how[1]))
        elif by == "words":
            asked = how[1].split()
            found = {row["id"]: sum(word.rstrip("s") in row["words"].lower() for word in asked) for row in rows}
            rows = [{**row, "$dist": found[row["id"]]} for row in rows if found[row["id"]]]
            rows.sort(key=lambda row: -row["$dist"])
        else:
            rows.sort(key=lambda row: row["id"])
        return web.json_response({"rows": rows[: body["limit"]]})

    async def _pine_upsert(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        body = await request.json()
        rows = self.rows.setdefault(body["namespace"], {})
        for row in body["vectors"]:
            rows[row["id"]] = row
        return web.json_response({"upsertedCount": len(body["vectors"])})

    async def _pine_list(self, request: web.Request) -> web.Response:
        """Two ids a page, so that paging is needed."""
        rows = self.rows.get(request.query["namespace"], {})
        ids = sorted(id for id in rows if id.startswith(request.query["prefix"]))
        start = int(request.query.get("paginationToken", "0"))
        answer: dict[str, Any] = {"vectors": [{"id": id} for id in ids[start : start + 2]]}
        if start + 2 < len(ids):
            answer["pagination"] = {"next": str(start + 2)}
        return web.json_response(answer)

    async def _pine_fetch(self, request: web.Request) -> web.Response:
        rows = self.rows.get(request.query["namespace"], {})
        return web.json_response({"vectors": {id: rows[id] for id in request.query.getall("ids") if id in rows}})

    async def _pine_delete(self, request: web.Request) -> web.Response:
        body = await request.json()
        for id in body["ids"]:
            self.rows.get(body["namespace"], {}).pop(id, None)
        return web.json_response({})

    async def _pine_query(self, request: web.Request) -> web.Response:
        body = await request.json()
        rows = list(self.rows.get(body["namespace"], {}).values())
        rows.sort(key=lambda row: -cosine(row["values"], body["vector"]))
        matched = [
            {"id": row["id"], "score": cosine(row["values"], body["vector"]), "metadata": row["metadata"]}
            for row in rows[: body["topK"]]
        ]
        return web.json_response({"matches": matched, "namespace": body["namespace"]})


def matches(row: dict[str, Any], wanted: Any) -> bool:
    """A filter of Turbopuffer's."""
    if wanted is None:
        return True
    if wanted[0] == "And":
        return all(matches(row, one) for one in wanted[1])
    field, how, value = wanted
    there = row[field]
    return bool(
        {"Eq": there == value, "NotIn": how == "NotIn" and there not in value, "Gt": str(there) > str(value)}[how]
    )


def cosine(one: list[float], other: list[float]) -> float:
    return float(np.dot(one, other) / (np.linalg.norm(one) * np.linalg.norm(other)))


def ranked(rows: list[dict[str, Any]], distance: Any) -> list[dict[str, Any]]:
    return sorted(({**row, "$dist": distance(row)} for row in rows), key=lambda row: float(row["$dist"]))
