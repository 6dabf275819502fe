"""The few statistics that reports need."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np


def percentiles(values: Sequence[float], *which: int) -> dict[str, float]:
    """`{"p50": …}` rounded to whole numbers; empty input gives NaN-free empty figures (-1)."""
    if not values:
        return {f"p{p}": -1.0 for p in which}
    return {f"p{p}": float(round(np.percentile(values, p))) for p in which}


_NUMBERS = {
    str(n): word
    for n, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())  # noqa: SIM905
}


def normal_words(text: str) -> list[str]:
    """Words for error rates: lower case, no punctuation, small numbers as words."""
    return [_NUMBERS.get(word, word) for word in re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))]


def edits(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Insertions, deletions and substitutions that lead from one to the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        previous, row[0] = row[0], i
        for j, word in enumerate(heard, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (expected != word))
    return row[-1]


def word_error_rate(pairs: Sequence[tuple[str, str]]) -> float:
    """Over `(reference, heard)` pairs: all edits by all reference words; 0 when there are none."""
    split = [(normal_words(reference), normal_words(heard)) for reference, heard in pairs]
    total = sum(len(reference) for reference, _ in split)
    return sum(edits(reference, heard) for reference, heard in split) / total if total else 0.0


def share(hits: int, count: int) -> tuple[float, list[float]]:
    """`hits` as a share of `count`, and its Wilson 95 % interval; -1 for none."""
    if not count:
        return -1.0, [-1.0, -1.0]
    p, z2 = hits / count, 1.96**2
    middle = p + z2 / (2 * count)
    spread = 1.96 * math.sqrt(p * (1 - p) / count + z2 / (4 * count**2))
    low, high = (middle - spread) / (1 + z2 / count), (middle + spread) / (1 + z2 / count)
    return round(p, 4), [round(max(0.0, low), 4), round(min(1.0, high), 4)]
