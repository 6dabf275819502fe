"""Embeddings over the API that many servers share, against a scripted one on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from visavis.kernel.errors import AtCapacity, ProtocolViolation, ProviderError, VisavisError
from visavis.think.knowledge.embed_api import BATCH, ApiEmbedder

Answer = Callable[[list[str]], web.Response]


def rows(texts: list[str]) -> list[dict[str, Any]]:
    return [{"index": n, "embedding": [3.0, float(text)]} for n, text in enumerate(texts)]


async def embedded(answer: Answer, count: int) -> tuple[Any, list[dict[str, Any]]]:
    """The vectors of "0", "1", …; and the bodies sent, each with its key."""
    sent: list[dict[str, Any]] = []

    async def handle(request: web.Request) -> web.Response:
        sent.append(await request.json() | {"key": request.headers.get("Authorization")})
        return answer(sent[-1]["input"])

    app = web.Application()
    app.router.add_post("/v1/embeddings", handle)
    async with TestServer(app) as server:
        embedder = ApiEmbedder(str(server.make_url("/v1/")), "small", "secret")
        try:
            return await embedder.embed([str(n) for n in range(count)]), sent
        finally:
            await embedder.close()


async def test_vectors_come_in_the_order_of_the_texts_and_of_length_one() -> None:
    vectors, sent = await embedded(lambda texts: web.json_response({"data": rows(texts)[::-1]}), BATCH + 3)
    assert vectors.shape == (BATCH + 3, 2) and vectors.dtype == np.float32
    assert np.allclose(vectors[:, 1] / vectors[:, 0] * 3, np.arange(BATCH + 3), rtol=1e-4)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert [len(body["input"]) for body in sent] == [BATCH, 3]
    assert {(body["model"], body["key"]) for body in sent} == {("small", "Bearer secret")}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"data": rows(["1", "2"])}, ProtocolViolation),
        (200, {"data": [{"index": 0, "embedding": [1.0]}] * 3}, ProtocolViolation),
        (200, {"data": [{"index": n} for n in range(3)]}, ProtocolViolation),
        (200, {"data": [{"index": n, "embedding": [0.0] * (n + 1)} for n in range(3)]}, ProtocolViolation),
        (429, {"error": {"message": "slow down"}}, AtCapacity),
        (500, {"error": {"message": "broken"}}, ProviderError),
        (401, {"error": {"message": "bad key secret"}}, VisavisError),
        (200, {"data": [{"index": n, "embedding": [1.0, None]} for n in range(3)]}, ProtocolViolation),
    ],
)
async def test_what_is_no_answer_is_an_error_of_its_kind(status: int, body: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind) as raised:
        await embedded(lambda texts: web.json_response(body, status=status), 3)
    assert "secret" not in str(raised.value)
