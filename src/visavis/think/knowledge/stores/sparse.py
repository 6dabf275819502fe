"""Words as sparse vectors, for databases that search those: BM25's weight of a word in a passage, by a hashed index.

The other half of BM25, how rare a word is, the database counts itself (Qdrant's IDF modifier).
"""

from __future__ import annotations

import zlib
from collections import Counter

from visavis.think.knowledge.words import stem, telling, words

_K1, _B, _AVERAGE = 1.2, 0.75, 110.0


def sparse_passage(text: str) -> tuple[list[int], list[float]]:
    """Indices and weights of a passage's words."""
    counts = Counter(_index(word) for word in words(text))
    length = sum(counts.values())
    rest = _K1 * (1 - _B + _B * length / _AVERAGE)
    return list(counts), [count * (_K1 + 1) / (count + rest) for count in counts.values()]


def sparse_query(text: str) -> tuple[list[int], list[float]]:
    found = sorted({_index(word) for word in telling(text)})
    return found, [1.0] * len(found)


def _index(word: str) -> int:
    return zlib.crc32(stem(word).encode())
