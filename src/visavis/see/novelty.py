"""Was this seen before? Pictures against pictures that were sent, words against words that were read.

Pure. A picture is kept as its small grey grid (60–230 kB each, a few of them); an embedding, where a model for it is
configured, or the words of a small vision model tell of frames that passed what they were about.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.media import VideoSource
from visavis.see.base import ChangeKind, Image
from visavis.see.luma import luma
from visavis.see.screen_change import same_screen
from visavis.see.view import same_view, view

KEPT_VIEWS = 12
KEPT_TEXTS = 12
KNOWN_SHARE = 0.75
"""A model tells the same picture in other words each time: so many of them in one earlier telling make it known."""
ALIKE_COSINE = 0.97
Embedding = NDArray[np.floating[Any]]

_WORD = re.compile(r"[^\W_]{3,}")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class _Sent:
    at_s: float
    kind: ChangeKind | None
    picture: NDArray[np.float32]


class Views:
    """The pictures of one source that were sent, newest last, and which of them is in view."""

    def __init__(self, source: VideoSource) -> None:
        self._screen = source == "screen"
        self._kept: deque[_Sent] = deque(maxlen=KEPT_VIEWS)
        self._shown: _Sent | None = None

    def like(self, image: Image) -> float | None:
        """Media time of the newest picture sent that shows the same as `image`; None when there is none.

        Of a camera only a view from before the one that is left counts: the page was put down again. A page held up
        after another may differ in its words alone, and somebody who comes back is news though the view is known.
        """
        picture = self._small(image)
        if picture is None:
            return None
        same = same_screen if self._screen else same_view
        for sent in reversed(self._before()):
            if same(sent.picture, picture):
                self._shown = sent
                return sent.at_s
        return None

    def sent(self, at_s: float, image: Image, kind: ChangeKind | None) -> None:
        picture = self._small(image)
        if picture is not None:
            self._shown = _Sent(at_s, kind, picture)
            self._kept.append(self._shown)

    def clear(self) -> None:
        self._kept.clear()
        self._shown = None

    def _before(self) -> list[_Sent]:
        if self._screen or self._shown is None:
            return list(self._kept)
        if self._shown.kind == "person":
            return []
        return [sent for sent in self._kept if sent.at_s < self._shown.at_s]

    def _small(self, image: Image) -> NDArray[np.float32] | None:
        grid = luma(image)
        return grid if grid is None or self._screen else view(image, grid)


class Readings:
    """Texts of frames that were described, and what they were about (embeddings, a model's words), newest last."""

    def __init__(self) -> None:
        self._words: deque[frozenset[str]] = deque(maxlen=KEPT_TEXTS)
        self._vectors: deque[Embedding] = deque(maxlen=KEPT_TEXTS)
        self._told: deque[frozenset[str]] = deque(maxlen=KEPT_TEXTS)

    def new_words(self, text: str) -> frozenset[str]:
        """Words of `text` that stood in none of the texts kept."""
        return word_set(text).difference(*self._words)

    def alike(self, vector: Embedding) -> bool:
        """Whether a kept embedding points the same way: cosine above `ALIKE_COSINE`."""
        kept = [one for one in self._vectors if one.shape == vector.shape]
        return any(_cosine(vector, one) > ALIKE_COSINE for one in kept)

    def told_alike(self, told: str) -> bool:
        """Whether what a model tells of a picture was told of one before. A new number is always news."""
        words, numbers = word_set(told), _numbers(told)
        return any(len(words & kept) >= KNOWN_SHARE * len(words) and numbers <= kept for kept in self._told)

    def keep(self, text: str, vector: Embedding | None = None, told: str = "") -> None:
        self._words.append(word_set(text))
        if told:
            self._told.append(word_set(told) | _numbers(told))
        if vector is not None:
            self._vectors.append(vector)


def word_set(text: str) -> frozenset[str]:
    """Words of three letters or digits and more, lower case."""
    return frozenset(_WORD.findall(text.lower()))


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))


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
