"""One ranking from two: by vectors and by words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from visavis.think.knowledge.base import Hit, Passage
from visavis.think.knowledge.words import coverage

RANK_K = 20
"""Of reciprocal rank fusion: how slowly the worth of a rank falls. Usual is 60, for longer lists than ours."""

WORDS_WEIGHT = 0.7


def fused(question: str, near: Sequence[Hit], worded: Sequence[Hit], limit: int) -> list[Passage]:
    """The best `limit` by reciprocal ranks; a chunk that both found counts twice."""
    worth: dict[tuple[str, str], float] = {}
    hits: dict[tuple[str, str], Hit] = {}
    cosines: dict[tuple[str, str], float] = {}
    for weight, found in ((1.0, near), (WORDS_WEIGHT, worded)):
        for rank, hit in enumerate(found):
            key = (hit.source, hit.chunk.id)
            worth[key] = worth.get(key, 0.0) + weight / (RANK_K + rank)
            hits[key] = hit
            if found is near:
                cosines[key] = hit.score
    best = sorted(worth, key=lambda key: -worth[key])[:limit]
    return [_passage(question, hits[key], cosines.get(key, 0.0)) for key in best]


def _passage(question: str, hit: Hit, cosine: float) -> Passage:
    chunk = hit.chunk
    return Passage(
        chunk.id,
        chunk.text,
        chunk.heading,
        hit.source,
        round(cosine, 4),
        round(coverage(question, chunk.embedded), 3),
    )
