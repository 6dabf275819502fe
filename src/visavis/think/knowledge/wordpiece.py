"""WordPiece, as BERT and its small descendants (MiniLM, BGE, E5, GTE) cut text, from a `tokenizer.json`.

Written out here because the library that reads such files brings a model hub's client along. Lower-casing
tokenizers only; others are refused.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from visavis.kernel.errors import ModelError

_LONGEST_WORD = 100
_CACHED_WORDS = 20_000


class WordPiece:
    """Thread-safe. Raises ModelError for a file that is not a lower-casing WordPiece."""

    def __init__(self, path: Path) -> None:
        try:
            table = json.loads(path.read_text("utf-8"))
            self._vocab: dict[str, int] = table["model"]["vocab"]
            kind = table["model"]["type"]
            lower = table["normalizer"]["lowercase"]
            self._start, self._end = self._vocab["[CLS]"], self._vocab["[SEP]"]
            self._unknown = self._vocab["[UNK]"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path} is no WordPiece tokenizer: {error!r}", stage="setup") from error
        if kind != "WordPiece" or not lower:
            raise ModelError(f"{path}: only lower-casing WordPiece is read, this is {kind}", stage="setup")
        self._cache: dict[str, list[int]] = {}

    def ids(self, text: str, limit: int) -> list[int]:
        """Token ids with the marks at both ends, at most `limit` in all."""
        ids = [self._start]
        for word in _words(text):
            ids += self._pieces(word)
            if len(ids) >= limit:
                break
        return [*ids[: limit - 1], self._end]

    def _pieces(self, word: str) -> list[int]:
        known = self._cache.get(word)
        if known is None:
            known = self._cut(word)
            if len(self._cache) < _CACHED_WORDS:
                self._cache[word] = known
        return known

    def _cut(self, word: str) -> list[int]:
        """Greedily the longest known piece from the left; one unknown mark for a word with an unknown piece."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        ids: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(len(word), start, -1):
                if (piece := self._vocab.get(mark + word[start:end])) is not None:
                    ids.append(piece)
                    start = end
                    break
            else:
                return [self._unknown]
        return ids


def _words(text: str) -> list[str]:
    """Lower-cased, accents off; punctuation and Chinese characters stand alone."""
    spaced: list[str] = []
    for char in text:
        if char in "\t\n\r" or unicodedata.category(char) == "Zs":
            spaced.append(" ")
        elif char in "\0\ufffd" or unicodedata.category(char).startswith("C"):
            continue
        else:
            spaced.append(f" {char} " if _chinese(char) else char)
    plain = unicodedata.normalize("NFD", "".join(spaced))
    lowered = "".join(char for char in plain if unicodedata.category(char) != "Mn").lower()
    parted = "".join(f" {char} " if _punctuation(char) else char for char in lowered)
    return parted.split()


def _punctuation(char: str) -> bool:
    code = ord(char)
    ascii_mark = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return ascii_mark or unicodedata.category(char).startswith("P")


_CHINESE = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


def _chinese(char: str) -> bool:
    code = ord(char)
    return code >= 0x3400 and any(low <= code <= high for low, high in _CHINESE)
