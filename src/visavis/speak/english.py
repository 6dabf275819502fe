"""English text to phonemes, with each written word kept beside its own.

Uses the front end of the hibari package (Misaki's alphabet), which reads numbers, dates, times, units, titles
and unknown words; `spoken` reads the rest first.
"""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hibari import Hibari
from hibari.g2p import G2P
from hibari.g2p.normalize import normalize

from visavis.speak.spoken import spoken_words
from visavis.speak.visemes import PhoneWord

MAX_PHONEMES = 380
"""Longest utterance in phonemes; the models are trained on less than 510."""

_GUARD = "\ue000"


class EnglishG2p:
    """Loads its lexicon when made (about 0.3 s); then safe to use from several threads."""

    def __init__(self, *, british: bool = False) -> None:
        self._g2p = G2P(british=british)
        self._g2p("Warm zyxqua.")  # loads the network for unknown words now, not in the first reply

    def utterances(self, text: str) -> Iterator[list[PhoneWord]]:
        """The sentences of `text`, each as its written words with phonemes; too long ones in parts.

        A stretch with nothing to say ("...") is left out.
        """
        pairs = spoken_words(text, "en")
        said = [(index, word) for index, (_, spoken) in enumerate(pairs) for word in spoken.split()]
        at = 0
        for sentence in Hibari.split_sentences(" ".join(word for _, word in said)):
            words = said[at : at + len(sentence.split())]
            at += len(words)
            phonemes = self._phonemes([word for _, word in words])
            grouped: dict[int, list[str]] = {}
            for (index, _), phones in zip(words, phonemes, strict=True):
                grouped.setdefault(index, []).append(phones)
            spelled = [PhoneWord(pairs[i][0], " ".join(filter(None, phones))) for i, phones in grouped.items()]
            yield from _parts(spelled)

    def _phonemes(self, words: Sequence[str]) -> list[str]:
        """Phonemes of each of `words`, which are one sentence."""
        # The front end takes every "no." for "number".
        guarded = " ".join(_GUARD.join(word) if word.lower() == "no." else word for word in words)
        tokens = self._g2p.phonemize_tokens(self._g2p.tokenize(normalize(guarded).replace(_GUARD, "")))
        read = _read_words(tokens)
        phonemes: list[list[str]] = [[] for _ in words]
        matcher = difflib.SequenceMatcher(None, words, [word for word, _ in read], autojunk=False)
        for _, a1, a2, b1, b2 in matcher.get_opcodes():
            for b in range(b1, b2):
                a = a1 + (b - b1) * (a2 - a1) // (b2 - b1)
                phonemes[min(max(a, 0), len(words) - 1)].append(read[b][1])
        return [" ".join(filter(None, phones)) for phones in phonemes]


def joined(words: Sequence[PhoneWord]) -> str:
    """The phonemes of an utterance as the model takes them."""
    return " ".join(word.phonemes for word in words if word.phonemes)


def phoneme_ids(phonemes: str) -> list[int]:
    """The models' numbers for `phonemes`, without the 0 at both ends; unknown marks are left out."""
    vocabulary = _vocabulary()
    return [vocabulary[char] for char in phonemes if char in vocabulary]


@functools.cache
def _vocabulary() -> dict[str, int]:
    text = importlib.resources.files("hibari").joinpath("assets/vocab.json").read_text("utf-8")
    vocabulary: dict[str, int] = json.loads(text)
    return vocabulary


def _read_words(tokens: Sequence[Any]) -> list[tuple[str, str]]:
    """Tokens joined to words that stand between spaces, with their phonemes."""
    words: list[tuple[str, str]] = []
    text = phonemes = ""
    for token in tokens:
        text += token.text
        phonemes += token.phonemes or ""
        if token.whitespace:
            words.append((text, phonemes))
            text = phonemes = ""
    return [*words, (text, phonemes)] if text else words


def _parts(words: list[PhoneWord]) -> Iterator[list[PhoneWord]]:
    part: list[PhoneWord] = []
    length = 0
    for word in words:
        length += len(word.phonemes) + 1
        if part and length > MAX_PHONEMES:
            yield part
            part, length = [], len(word.phonemes) + 1
        part.append(word)
    if any(char.isalpha() for word in part for char in word.phonemes):
        yield part
