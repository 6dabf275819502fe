"""Embeddings from any server with OpenAI's `POST /embeddings` (vLLM, llama.cpp, Ollama, TEI, Jina …)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Self

import aiohttp
import msgspec
import numpy as np

from visavis.kernel.errors import ConfigError, ProtocolViolation
from visavis.kernel.settings import KnowledgeSettings
from visavis.kernel.timeouts import Timeouts
from visavis.models.engines import EngineContext
from visavis.models.http import Service, failure
from visavis.models.waits import Waits, only_connect, whole
from visavis.think.knowledge.base import Vectors

OPENAI = "https://api.openai.com/v1"
BATCH = 64
_SERVICE = Service("the embedder", "think", "knowledge.embedder_url", "see knowledge.embedder_key_env")
_INDEXING_S = 30.0
"""Longest wait for the vectors of a batch of chunks, for which no call waits."""
_MOST_BYTES = 1 << 26


class ApiEmbedder:
    """One HTTP session with kept-alive connections."""

    remote = True

    def __init__(self, base_url: str, model: str, key: str = "", *, timeouts: Timeouts | None = None) -> None:
        """`base_url` is what stands before "/embeddings". `timeouts`: of questions."""
        self.name = f"openai:{model}"
        self._url = f"{base_url.rstrip('/')}/embeddings"
        self._model = model
        self._key = key
        self._asking = timeouts or Timeouts.of(KnowledgeSettings())
        self._indexing = Timeouts(self._asking.connect_s, _INDEXING_S, _INDEXING_S, _INDEXING_S)
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """From `[knowledge]`. Raises ConfigError."""
        knowledge = context.settings.knowledge
        key = os.environ.get(knowledge.embedder_key_env, "")
        if not key and not knowledge.embedder_url:
            raise ConfigError(
                f"the environment variable {knowledge.embedder_key_env} is not set",
                where="knowledge.embedder_key_env",
                hint="set it, or knowledge.embedder_url for a server that needs no key",
            )
        url, timeouts = knowledge.embedder_url or OPENAI, Timeouts.of(knowledge)
        return cls(url, knowledge.embedder_model, key, timeouts=timeouts)

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Raises Rejected, AtCapacity, ProviderTimeout, ProtocolViolation, ProviderError."""
        rows: list[Any] = []
        for start in range(0, len(texts), BATCH):
            rows += await self._batch(texts[start : start + BATCH], self._asking if query else self._indexing)
        try:
            vectors = np.array(rows, np.float64).reshape(len(texts), -1)
        except (ValueError, TypeError) as error:
            raise ProtocolViolation("the embedder's vectors are not numbers of one length", stage="think") from error
        if not np.isfinite(vectors).all():  # null is among them
            raise ProtocolViolation("the embedder's vectors have gaps", stage="think")
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)

    async def _batch(self, texts: Sequence[str], timeouts: Timeouts) -> list[Any]:
        if self._session is None:
            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            limit = only_connect(timeouts)
            self._session = aiohttp.ClientSession(headers=headers, timeout=limit, trust_env=True)
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        waits = Waits(_SERVICE, timeouts)
        async with waits.one():
            response = await self._session.post(self._url, json=body, allow_redirects=False)
        async with response:
            answer = await whole(response, waits, _MOST_BYTES)
        if response.status != 200:
            words = answer[:4096].decode("utf-8", "replace")
            raise failure(_SERVICE, response.status, words, response.headers, key=self._key)
        try:
            parsed = msgspec.json.decode(answer)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ProtocolViolation("the embedder did not answer in JSON", stage="think") from error
        return _rows(parsed, len(texts))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _rows(answer: Any, count: int) -> list[Any]:
    """In the order of the texts, which servers may change. Raises ProtocolViolation."""
    try:
        data = sorted(answer["data"], key=lambda row: row["index"])
        rows = [row["embedding"] for row in data]
    except (KeyError, TypeError) as error:
        raise ProtocolViolation("the embedder's answer has no vectors", stage="think") from error
    if len(rows) != count or any(row["index"] != index for index, row in enumerate(data)):
        raise ProtocolViolation(f"the embedder sent {len(rows)} vectors for {count} texts", stage="think")
    return rows
