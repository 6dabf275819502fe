"""Nearest vectors by looking at all of them: exact, and at 100,000 chunks still a matter of milliseconds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.think.knowledge.base import Vectors

_BLOCK = 8_192
"""Rows multiplied at one time: the processor's caches hold that, and other threads get their turn."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """Immutable. Row i of `vectors` is chunk `chunks[i]` of document `owners[i]`, by their numbers in the store."""

    vectors: Vectors
    chunks: NDArray[np.int64]
    owners: NDArray[np.int64]

    @classmethod
    def empty(cls) -> Nearest:
        none = np.zeros(0, np.int64)
        return cls(np.zeros((0, 0), np.float32), none, none)

    @property
    def documents(self) -> set[int]:
        return set(np.unique(self.owners).tolist())

    def changed(self, kept: Collection[int], added: Mapping[int, tuple[NDArray[np.int64], Vectors]]) -> Nearest:
        """With only the documents `kept`, and the new ones."""
        keep = np.isin(self.owners, np.fromiter(kept, np.int64, len(kept)))
        vectors = [self.vectors[keep]] if keep.any() else []
        chunks, owners = [self.chunks[keep]], [self.owners[keep]]
        for owner, (numbers, rows) in added.items():
            vectors.append(rows.astype(np.float32, copy=False))
            chunks.append(numbers)
            owners.append(np.full(len(numbers), owner, np.int64))
        if not vectors:
            return Nearest.empty()
        return Nearest(np.concatenate(vectors), np.concatenate(chunks), np.concatenate(owners))

    def search(self, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        """(Chunk, cosine) of the nearest `limit`, best first."""
        count = len(self.chunks)
        if not count or limit <= 0:
            return []
        query = np.ascontiguousarray(vector.reshape(-1), np.float32)
        scores = np.empty(count, np.float32)
        for start in range(0, count, _BLOCK):
            np.dot(self.vectors[start : start + _BLOCK], query, out=scores[start : start + _BLOCK])
        limit = min(limit, count)
        best = np.argpartition(-scores, limit - 1)[:limit]
        best = best[np.argsort(-scores[best], kind="stable")]
        return [(int(self.chunks[row]), float(scores[row])) for row in best]
