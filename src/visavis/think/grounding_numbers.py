"""Numbers in a text: 12.5 stands in "12.50", "12,50" and "twelve fifty", and is neither 125 nor 12. Pure.

A separator with three digits behind it parts thousands, if it may; any other one parts a number from its decimals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial

from visavis.think.grounding_words import Words, number_reading

InARow = Callable[[str, Sequence[str]], bool]

_GROUPED = re.compile(r"(?<![^\W_])(?<!\d[.,])\d+(?:[.,]\d+)+(?!\d)")
_THOUSANDS = {",": re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?"), ".": re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")}
_TOKEN = re.compile(r"\d+\.\d+|[^\W_]+|(?<!\w)-(?=\d)|\|")
_BETWEEN = frozenset("and y con euro euros dollar dollars pound pounds peso pesos".split())  # noqa: SIM905


def number_stands(value: float, text: str, words: Words, in_a_row: InARow) -> bool:
    """Whether the number `value` stands in `text` (lower case, no accents), in digits or in words."""
    wanted = _plain(format(Decimal(repr(value)), "f"))
    for thousands in ",", ".":
        tokens = _TOKEN.findall(_GROUPED.sub(partial(_numeral, thousands), text))
        for reading in _readings(tokens, words, negative=value < 0):
            if in_a_row(wanted, reading) or _as_price(wanted, reading):
                return True
    return False


def _numeral(thousands: str, found: re.Match[str]) -> str:
    """The number with one dot before its decimals, by whoever parts thousands with `thousands`; "|" ends a number."""
    grouped = found[0]
    for by in thousands, ",":  # a comma with three digits behind it does it everywhere
        if _THOUSANDS[by].fullmatch(grouped):
            return _plain(grouped.replace(by, "").replace(",", "."))
    parts = re.split("[.,]", grouped)
    if len(parts) > 2:
        return " ".join(parts)  # spelled, a date, a list
    if "," in grouped and thousands == ",":
        return (" " if len(parts[1]) < 2 else " | ").join(parts)
    return _plain(".".join(parts))


def _plain(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _readings(tokens: Sequence[str], words: Words, *, negative: bool) -> Iterator[list[str]]:
    signs = [words.marks.get(token, token) for token in words.unspelled(tokens)]
    kept = {".", "|", "-"} if negative else {".", "|"}
    said = [sign for sign in signs if sign in kept or sign[0].isalnum()]
    for reading in said, words.spelled(said), number_reading(said, words):
        yield list(_whole(reading))


def _whole(tokens: Sequence[str]) -> Iterator[str]:
    """With "12", ".", "5" as one number, and without dots elsewhere."""
    at = 0
    while at < len(tokens):
        number, end = tokens[at], at + 1
        if number.isdigit() and tokens[end : end + 1] == ["."]:
            digits = ""
            while end + 1 < len(tokens) and tokens[end + 1].isdigit():
                digits, end = digits + tokens[end + 1], end + 1
            if digits:
                number, end = _plain(f"{number}.{digits}"), end + 1
        if number != ".":
            yield number
        at = end


def _as_price(wanted: str, tokens: Sequence[str]) -> bool:
    """ "nineteen ninety nine", "nineteen euros and ninety nine cents": the cents stand as a number of their own."""
    whole, _, decimals = wanted.partition(".")
    cents = decimals.ljust(2, "0")
    if not decimals or len(cents) > 2:
        return False
    for at, token in enumerate(tokens):
        if token == whole:
            after = next((one for one in tokens[at + 1 :] if one not in _BETWEEN), "")
            if after == cents:
                return True
    return False
