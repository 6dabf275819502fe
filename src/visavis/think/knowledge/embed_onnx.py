"""Sentence embeddings on this machine: the embedded MiniLM, or another BERT-like model as an ONNX file.

A model is a directory with `model.onnx` (or `onnx/model.onnx`) and `tokenizer.json`, as sentence-transformers' ONNX
exports have them. The vectors of a text's tokens are averaged, unless `1_Pooling/config.json` says that the first
one counts (BGE). Up to 256 tokens of a text are read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from visavis.kernel.errors import ConfigError, ProviderError
from visavis.models.engines import EngineContext
from visavis.models.onnx import ORT_ERRORS, open_session
from visavis.models.scheduler import ComputeScheduler, Preempted, Priority
from visavis.think.knowledge.base import Vectors
from visavis.think.knowledge.wordpiece import WordPiece

MINILM = "minilm"
MAX_TOKENS = 256
BATCH = 8
"""Texts in one run of the model: more gain nothing on a CPU, and an urgent job would wait for them."""

_QUERY_PREFIX = {
    "bge": "Represent this sentence for searching relevant passages: ",
    "e5": "query: ",
}
_TEXT_PREFIX = {"e5": "passage: "}


class OnnxEmbedder:
    """One model for all sessions; runs on the compute scheduler."""

    remote = False

    def __init__(self, directory: Path, name: str, scheduler: ComputeScheduler) -> None:
        """Blocking. Raises ModelError, and ConfigError when there is no such directory."""
        if not directory.is_dir():
            raise ConfigError(f"there is no directory {directory}", where="knowledge.embedder")
        self.name = name
        model = directory / "model.onnx"
        if not model.is_file():
            model = directory / "onnx" / "model.onnx"
        self._tokens = WordPiece(directory / "tokenizer.json")
        self._session = open_session(model)
        self._inputs = {item.name for item in self._session.get_inputs()}
        self._first = _takes_first(directory, name)
        self._scheduler = scheduler
        family = next((family for family in ("bge", "e5") if family in name.lower()), "")
        self._query_prefix = _QUERY_PREFIX.get(family, "")
        self._text_prefix = _TEXT_PREFIX.get(family, "")

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """The embedded MiniLM."""
        path = await context.scheduler.run(Priority.PREFILL, lambda: context.store.path("minilm"))
        return await cls.at(path, MINILM, context.scheduler)

    @classmethod
    async def at(cls, directory: Path, name: str, scheduler: ComputeScheduler) -> Self:
        """The model in `directory`. Raises ModelError, ConfigError."""
        return await scheduler.run(Priority.PREFILL, lambda: cls(directory, name, scheduler))

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """A query goes before partial transcripts, documents behind everything else."""
        prefix = self._query_prefix if query else self._text_prefix
        priority = Priority.REPLY if query else Priority.VISION
        rows = [self._tokens.ids(prefix + text, MAX_TOKENS) for text in texts] if query else []
        if not query:
            rows = await self._run(priority, lambda: [self._tokens.ids(prefix + text, MAX_TOKENS) for text in texts])
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))  # equal lengths together: less padding
        parts: list[Vectors] = []
        for start in range(0, len(order), BATCH):
            batch = [rows[index] for index in order[start : start + BATCH]]
            parts.append(await self._run(priority, lambda batch=batch: self._embed(batch)))
        if not parts:
            return np.zeros((0, 0), np.float32)
        sorted_vectors = np.concatenate(parts)
        vectors = np.empty_like(sorted_vectors)
        vectors[order] = sorted_vectors
        return vectors

    async def _run(self, priority: Priority, function: Any) -> Any:
        try:
            return await self._scheduler.run(priority, function)
        except Preempted:
            return await self._scheduler.run(priority, function)  # documents have time
        except ORT_ERRORS as error:
            raise ProviderError(f"the embedder {self.name} failed: {error}", stage="think") from error

    def _embed(self, rows: Sequence[Sequence[int]]) -> Vectors:
        longest = max(map(len, rows))
        ids = np.zeros((len(rows), longest), np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        output = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        if output.ndim == 2:
            pooled = output
        elif self._first:
            pooled = output[:, 0]
        else:
            weights = mask[:, :, None].astype(np.float32)
            pooled = (output * weights).sum(1) / weights.sum(1)
        lengths = np.linalg.norm(pooled, axis=1, keepdims=True)
        unit: Vectors = (pooled / np.maximum(lengths, 1e-9)).astype(np.float32)
        return unit

    async def close(self) -> None:
        """Nothing to do: the session is freed with the object."""


def _takes_first(directory: Path, name: str) -> bool:
    """Whether the first token's vector stands for the text."""
    try:
        pooling = json.loads((directory / "1_Pooling" / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return "bge" in name.lower()
    return bool(pooling.get("pooling_mode_cls_token"))
