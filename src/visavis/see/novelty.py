"""Was this seen before? Pictures against pictures that were sent, words against words that were read.

Pure. A picture is kept as its small grey grid (60–230 kB each, a few of them); an embedding, where a model for it is
configured, replaces the comparison of pictures by that of what they mean.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.media import VideoSource
from visavis.see.base import ChangeKind
from visavis.see.camera_change import same_view
from visavis.see.luma import Grid
from visavis.see.screen_change import same_screen

KEPT_VIEWS = 12
KEPT_TEXTS = 12
ALIKE_COSINE = 0.97
Embedding = NDArray[np.floating[Any]]

_WORD = re.compile(r"[^\W_]{3,}")


class Views:
    """The pictures of one source that were sent, newest last."""

    def __init__(self, source: VideoSource) -> None:
        self._same = same_screen if source == "screen" else same_view
        self._kept: deque[tuple[float, ChangeKind | None, Grid]] = deque(maxlen=KEPT_VIEWS)

    def like(self, grid: Grid, kind: ChangeKind) -> float | None:
        """Media time of the newest picture sent that shows the same; None when there is none among the last ones.

        A page held up is never taken for another one, which may differ in its words alone. And somebody who comes
        back is news, though the picture is as it was before.
        """
        for at_s, was, kept in reversed(self._kept):
            if not (kind == was == "held_up") and self._same(kept, grid):
                return at_s
            if kind == "person":
                break
        return None

    def sent(self, at_s: float, grid: Grid, kind: ChangeKind | None) -> None:
        self._kept.append((at_s, kind, grid))

    def clear(self) -> None:
        self._kept.clear()


class Readings:
    """Texts and embeddings of frames that were described, newest last."""

    def __init__(self) -> None:
        self._words: deque[frozenset[str]] = deque(maxlen=KEPT_TEXTS)
        self._vectors: deque[Embedding] = deque(maxlen=KEPT_TEXTS)

    def new_words(self, text: str) -> frozenset[str]:
        """Words of `text` that stood in none of the texts kept."""
        return word_set(text).difference(*self._words)

    def alike(self, vector: Embedding) -> bool:
        """Whether a kept embedding points the same way: cosine above `ALIKE_COSINE`."""
        return any(_cosine(vector, kept) > ALIKE_COSINE for kept in self._vectors)

    def keep(self, text: str, vector: Embedding | None) -> None:
        self._words.append(word_set(text))
        if vector is not None:
            self._vectors.append(vector)


def word_set(text: str) -> frozenset[str]:
    """Words of three letters or digits and more, lower case."""
    return frozenset(_WORD.findall(text.lower()))


def relevance(text: str, talk: Iterable[str]) -> float:
    """Share (0–1) of the content words of `talk` (recent turns) that stand in `text`; 0 when there are none.

    Long words count as the same when one begins with the other's first five letters: "invoices", "invoice".
    """
    said = {word for turn in talk for word in word_set(turn) if len(word) > 3}
    read = {word[:5] for word in word_set(text)}
    return sum(word[:5] in read for word in said) / len(said) if said else 0.0


def _cosine(one: Embedding, other: Embedding) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0
