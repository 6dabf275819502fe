"""Moonshine's tokens: the vocabulary file, tokens to text, and a guard against decoders that repeat themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from visavis.kernel.errors import ModelError

START = 1
END = 2

_SPECIAL = 3  # unknown, start, end: no text
_LONGEST_LOOP = 12
_SAME_TOKEN = 7  # "no no no no no" is still speech
_SAME_PHRASE = 4


class Tokens:
    """The vocabulary: token number to bytes of UTF-8; U+2581 stands for a space."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    def __len__(self) -> int:
        return len(self._pieces)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Each entry: its length (one byte, or 128 + low 7 bits and then high bits), then so many bytes. Blocking.

        Raises ModelError when the file is missing or cut short.
        """
        hint = f"visavis models pull {path.parent.name}"
        if not path.is_file():
            raise ModelError(f"{path.parent.name} has no {path.name}", stage="setup", hint=hint)
        data = path.read_bytes()
        pieces: list[bytes] = []
        at = 0
        try:
            while at < len(data):
                length, at = data[at], at + 1
                if length >= 128:
                    length, at = data[at] * 128 + length - 128, at + 1
                if at + length > len(data):
                    raise IndexError
                pieces.append(data[at : at + length])
                at += length
        except IndexError:
            raise ModelError(f"{path.name} of {path.parent.name} is cut short", stage="setup", hint=hint) from None
        return cls(pieces)

    def text(self, tokens: Sequence[int]) -> str:
        known = (self._pieces[token] for token in tokens if _SPECIAL <= token < len(self._pieces))
        return b"".join(known).decode("utf-8", "ignore").replace("\u2581", " ").strip()


def repeats_from(tokens: Sequence[int]) -> int | None:
    """Where to cut when the tokens end in one phrase said over and over: after its first time. None: no loop."""
    for length in range(1, _LONGEST_LOOP + 1):
        times = _SAME_TOKEN if length == 1 else _SAME_PHRASE
        begin = len(tokens) - length * times
        if begin >= 0 and all(tokens[at] == tokens[at + length] for at in range(begin, len(tokens) - length)):
            return begin + length
    return None
