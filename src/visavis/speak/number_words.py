"""Numbers as words, by the rules of Unicode CLDR (the unicode-rbnf package: MIT, pure Python, some 80 languages)."""

from __future__ import annotations

import functools
from decimal import Decimal

from unicode_rbnf import FormatPurpose, RbnfEngine

LARGEST = 10**15
"""From here on a number is read digit by digit."""


def cardinal(number: int | Decimal, language: str) -> str:
    """`number`, 0 or more, in words: 1234 → 'eintausendzweihundertvierunddreißig'. Decimals digit by digit."""
    if int(number) >= LARGEST:
        return " ".join(_engine(language).format_number(int(digit)).text for digit in str(int(number)))
    if isinstance(number, int):
        return _clean(_engine(language).format_number(number).text)
    return _clean(_engine(language).format_number(str(number)).text)


def ordinal(number: int, language: str, form: str = "") -> str:
    """`number` as an ordinal. `form` is CLDR's name of the inflection, such as `n`, or `feminine` (its rule set
    without `spellout-ordinal-`); '' for the plain one. Raises KeyError for a form that the language does not have."""
    by_ruleset = _engine(language).format_number(number, FormatPurpose.ORDINAL).text_by_ruleset
    return _clean(by_ruleset[f"spellout-ordinal-{form}" if form else "spellout-ordinal"])


def year(number: int, language: str) -> str:
    """`number` as people say a year: 1999 → 'neunzehnhundertneunundneunzig'."""
    return _clean(_engine(language).format_number(number, FormatPurpose.YEAR).text)


def written(text: str, *, thousands: str, decimal: str) -> int | Decimal:
    """The number that `text` writes with these marks (spaces and no-break spaces too part thousands)."""
    digits = "".join(char for char in text if not char.isspace() and char not in thousands).replace(decimal, ".")
    return Decimal(digits) if "." in digits else int(digits)


@functools.cache
def _engine(language: str) -> RbnfEngine:
    return RbnfEngine.for_language(language)


def _clean(text: str) -> str:
    return text.replace("\u00ad", "")
