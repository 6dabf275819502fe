"""How people say digits, letters and the signs of an e-mail address. Pure tables and readings of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """`units`: words below twenty; `tens`; `scales`: words that multiply; `joins`: words inside a number."""

    units: Mapping[str, int]
    tens: Mapping[str, int]
    scales: Mapping[str, int]
    joins: frozenset[str]
    repeats: Mapping[str, int]
    marks: Mapping[str, str]
    letters: Mapping[str, str]
    """Names of letters: "bravo", "zeta"."""
    like: tuple[tuple[str, ...], ...]
    """Between a letter and the word that begins with it: "b as in boy"."""

    def spelled(self, tokens: Sequence[str]) -> list[str]:
        """Numbers in digits, and names of letters as letters: "bravo double four twenty seven" b, 4, 4, 27."""
        return [self.letters.get(token, token) for token in number_reading(self.repeated(tokens), self)]

    def repeated(self, tokens: Sequence[str]) -> list[str]:
        """With "double four" as "four four"."""
        made: list[str] = []
        times = 1
        for token in tokens:
            if token in self.repeats and times == 1:
                times = self.repeats[token]
                continue
            made += [token] * times
            times = 1
        return made

    def unspelled(self, tokens: Sequence[str]) -> list[str]:
        """With "b as in boy" as "b"."""
        made: list[str] = []
        at = 0
        while at < len(tokens):
            made.append(tokens[at])
            at += 1
            for like in self.like:
                after = at + len(like)
                word = tokens[after] if after < len(tokens) else ""
                if len(made[-1]) == 1 and tuple(tokens[at:after]) == like and word.startswith(made[-1]):
                    at = after + 1
                    break
        return made


def number_reading(tokens: Sequence[str], words: Words) -> list[str]:
    """Numbers in words become one number each: "four hundred and twenty seven" 427, "nineteen eighty" 19 and 80."""
    made: list[str] = []
    at = 0
    while at < len(tokens):
        end, value = _number(tokens, at, words)
        if end == at:
            made.append(tokens[at])
            at += 1
        else:
            made.append(str(value))
            at = end
    return made


def _number(tokens: Sequence[str], at: int, words: Words) -> tuple[int, int]:
    """The longest number in words from `at`: where it ends (`at`: there is none) and its value."""
    total = group = 0
    start = end = at
    least = 10**12
    """A word may follow only one that leaves room for it: "twenty" for "seven", not for "thirty"."""
    while at < len(tokens):
        token = tokens[at]
        if token in words.joins and end == at > start:
            at += 1
            continue
        if token in words.scales and (group or not total):
            scale = words.scales[token]
            if scale == 100:
                group, least = max(group, 1) * 100, 100
            else:
                total, group, least = total + max(group, 1) * scale, 0, scale
        elif (value := words.tens.get(token)) is not None and least > 99:
            group, least = group + value, 10
        elif (value := words.units.get(token)) is not None and value < least and (value or at == start):
            group, least = group + value, 1
        else:
            break
        at += 1
        end = at
    return end, total + group


def _numbered(text: str, start: int = 0, step: int = 1) -> dict[str, int]:
    return {word: start + step * index for index, word in enumerate(text.split())}


_NATO = """alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec
romeo sierra tango uniform victor whiskey yankee zulu"""

_WORDS = {
    "en": Words(
        units=_numbered(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
            " seventeen eighteen nineteen"
        )
        | {"oh": 0, "o": 0, "nought": 0},
        tens=_numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
        scales={"hundred": 100, "thousand": 1000, "million": 1_000_000},
        joins=frozenset({"and"}),
        repeats={"double": 2, "triple": 3},
        marks={"at": "@", "dot": ".", "point": ".", "period": ".", "underscore": "_", "dash": "-", "hyphen": "-",
               "minus": "-", "plus": "+"},
        letters={word: word[0] for word in _NATO.split()} | {"zed": "z", "zee": "z", "xray": "x", "alfa": "a"},
        like=(("as", "in"), ("like",), ("for",), ("like", "in")),
    ),
    "es": Words(
        units=_numbered(
            "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis"
            " diecisiete dieciocho diecinueve"
        )
        | _numbered("veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho"
                    " veintinueve", 20)
        | {"un": 1, "una": 1},
        tens=_numbered("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10),
        scales={"cien": 100, "ciento": 100, "mil": 1000, "millon": 1_000_000, "millones": 1_000_000},
        joins=frozenset({"y"}),
        repeats={"doble": 2, "triple": 3},
        marks={"arroba": "@", "punto": ".", "guion": "-", "menos": "-", "mas": "+", "subrayado": "_"},
        letters={"be": "b", "ce": "c", "de": "d", "efe": "f", "ge": "g", "hache": "h", "jota": "j", "ka": "k",
                 "ele": "l", "eme": "m", "ene": "n", "pe": "p", "cu": "q", "erre": "r", "ese": "s", "te": "t",
                 "uve": "v", "equis": "x", "ye": "y", "zeta": "z"},
        like=(("de",), ("como", "en"), ("como",)),
    ),
}  # fmt: skip


@functools.cache
def of_language(language: str) -> Words:
    """The words of a language (BCP 47); English where we have no other."""
    return _WORDS.get(language.split("-")[0].lower(), _WORDS["en"])
