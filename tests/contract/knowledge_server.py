"""Databases of vectors that answer as three vendors document their HTTP APIs; what they were sent is in memory."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
from aiohttp import web


class ScriptedDatabase:
    """`app` serves Turbopuffer's, Pinecone's and Weaviate's paths; `rows` by namespace and id."""

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
        self.app.router.add_get("/v1/schema/{name}", self._weave_class)
        self.app.router.add_post("/v1/schema", self._weave_make)
        self.app.router.add_post("/v1/batch/objects", self._weave_write)
        self.app.router.add_delete("/v1/objects/{name}/{id}", self._weave_delete)
        self.app.router.add_post("/v1/graphql", self._weave_get)
        self.schemas: dict[str, dict[str, Any]] = {}

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

    async def _weave_class(self, request: web.Request) -> web.Response:
        known = self.schemas.get(request.match_info["name"])
        return web.json_response(known) if known is not None else web.Response(status=404)

    async def _weave_make(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        schema = await request.json()
        if not re.fullmatch("[A-Z][_0-9A-Za-z]*", schema["class"]) or schema["vectorizer"] != "none":
            return web.json_response({"error": [{"message": "not a valid class"}]}, status=422)
        self.schemas[schema["class"]] = schema
        return web.json_response(schema)

    async def _weave_write(self, request: web.Request) -> web.Response:
        """Answers 200 whatever comes of an object; one with a property that the class does not have is refused."""
        answers = []
        for row in (await request.json())["objects"]:
            known = {one["name"] for one in self.schemas[row["class"]]["properties"]}
            if unknown := set(row["properties"]) - known:
                errors = {"error": [{"message": f"no such prop {sorted(unknown)}"}]}
                answers.append({**row, "result": {"status": "FAILED", "errors": errors}})
                continue
            self.rows.setdefault(row["class"], {})[row["id"]] = row
            answers.append({**row, "result": {"status": "SUCCESS"}})
        return web.json_response(answers)

    async def _weave_delete(self, request: web.Request) -> web.Response:
        gone = self.rows.get(request.match_info["name"], {}).pop(request.match_info["id"], None)
        return web.Response(status=204 if gone else 404)

    async def _weave_get(self, request: web.Request) -> web.Response:
        query = (await request.json())["query"]
        found = re.fullmatch(
            r"\{ Get \{ (\w+)\((.*)\) \{ ([\w ]+) _additional \{ (\w+) \} \} \} \}", query, re.DOTALL
        )
        if found is None or found[1] not in self.schemas:
            return web.json_response({"errors": [{"message": f"Syntax Error GraphQL: {query[:80]}"}]})
        name, arguments, fields, extra = found.groups()
        rows = woven(list(self.rows.get(name, {}).values()), arguments)
        told = [
            {field: row["properties"].get(field) for field in fields.split()} | {"_additional": {extra: row[extra]}}
            for row in rows
        ]
        return web.json_response({"data": {"Get": {name: told}}})


def woven(rows: list[dict[str, Any]], arguments: str) -> list[dict[str, Any]]:
    """What a `Get` of Weaviate's with these arguments answers: filtered or ranked, sorted, one page."""
    number = {key: int(value) for key, value in re.findall(r"\b(limit|offset): (\d+)", arguments)}
    if where := re.search(r'where: \{path: \["(\w+)"\], operator: Equal, value\w+: (.+?)\}(?:,|$)', arguments):
        rows = [row for row in rows if row["properties"].get(where[1]) == json.loads(where[2])]
    if sort := re.search(r'sort: \[\{path: \["(\w+)"\]\}\]', arguments):
        rows = sorted(rows, key=lambda row: str(row["properties"][sort[1]]))
    if near := re.search(r"nearVector: \{vector: (\[.*?\])\}", arguments):
        asked = json.loads(near[1])
        rows = [{**row, "distance": 1 - cosine(row["vector"], asked)} for row in rows]
        rows.sort(key=lambda row: float(row["distance"]))
    if words := re.search(r'bm25: \{query: ("(?:[^"\\]|\\.)*"), properties: \["(\w+)"\]\}', arguments):
        asked = [word.rstrip("s") for word in json.loads(words[1]).split()]
        scored = [
            {**row, "score": str(sum(word in row["properties"][words[2]].lower() for word in asked))} for row in rows
        ]
        rows = sorted((row for row in scored if row["score"] != "0"), key=lambda row: -float(row["score"]))
    start = number.get("offset", 0)
    return rows[start : start + number.get("limit", 100)]


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
