"""Spanish number words, and the numbers in a text turned into them. Pure."""

from __future__ import annotations

import re

_BELOW_THIRTY = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete"
    " dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete"
    " veintiocho veintinueve"
)
_UNITS = _BELOW_THIRTY.split()
_TENS = ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
_HUNDREDS = ["", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos", "setecientos"]
_HUNDREDS += ["ochocientos", "novecientos"]
_SCALES = ((10**12, "billón", "billones"), (10**6, "millón", "millones"))

_ORDINALS = [
    "",
    "primero",
    "segundo",
    "tercero",
    "cuarto",
    "quinto",
    "sexto",
    "séptimo",
    "octavo",
    "noveno",
    "décimo",
]

_NUMBER = re.compile(r"(?<![\w.,])(-?)(\d{1,3}(?:\.\d{3})+|\d+)(?:([,.])(\d+))?(º|ª|°)?(?!\w)")
_FEMININE_NEXT = re.compile(r"\s+[^\W\d_]*[^s\W\d_](?:as|ión|iones|dad|dades)\b")


def cardinal(number: int) -> str:
    """`number` in words: 1234 → 'mil doscientos treinta y cuatro'. From 0 to below 10¹⁸."""
    for scale, one, many in _SCALES:
        if number >= scale:
            head, rest = divmod(number, scale)
            words = f"un {one}" if head == 1 else f"{shortened(cardinal(head))} {many}"
            return f"{words} {cardinal(rest)}" if rest else words
    if number >= 1000:
        head, rest = divmod(number, 1000)
        words = "mil" if head == 1 else f"{shortened(cardinal(head))} mil"
        return f"{words} {cardinal(rest)}" if rest else words
    if number == 100:
        return "cien"
    if number > 100:
        head, rest = divmod(number, 100)
        return f"{_HUNDREDS[head]} {cardinal(rest)}" if rest else _HUNDREDS[head]
    if number < 30:
        return _UNITS[number]
    head, rest = divmod(number, 10)
    return f"{_TENS[head]} y {_UNITS[rest]}" if rest else _TENS[head]


def shortened(words: str) -> str:
    """As before a masculine noun: 'veintiuno' → 'veintiún', 'treinta y uno' → 'treinta y un'."""
    if words.endswith("veintiuno"):
        return words[:-9] + "veintiún"
    return words[:-1] if words.endswith("uno") else words


def in_words(text: str, following: str = "") -> str:
    """`text` with its numbers as words: thousands with dots, decimals with a comma (or a dot), ordinals up to ten.

    `following` is the text after it, with which a last number agrees ("21 años", "31 casas").
    """
    return _NUMBER.sub(lambda match: _read(match, f"{match.string[match.end() :]} {following}"), text)


def _read(match: re.Match[str], following: str) -> str:
    sign, whole, mark, decimals, ordinal = match.groups()
    number = int(whole.replace(".", ""))
    if number >= 10**18:
        return " ".join(_UNITS[int(digit)] for digit in whole.replace(".", ""))
    if ordinal and 0 < number < len(_ORDINALS):
        word = _ORDINALS[number]
        return word[:-1] + "a" if ordinal == "ª" else word
    words = ("menos " if sign else "") + cardinal(number)
    if decimals:
        point = "coma" if mark == "," else "punto"
        return f"{words} {point} {_decimals(decimals)}"
    return _agreeing(words, following)


def _decimals(digits: str) -> str:
    if len(digits) <= 2 and not digits.startswith("0"):
        return cardinal(int(digits))
    return " ".join(_UNITS[int(digit)] for digit in digits)


def _agreeing(words: str, following: str) -> str:
    """'uno' before a noun becomes 'un' or 'una'."""
    if not words.endswith("uno") or not re.match(r"\s+[^\W\d_]{3}", following):
        return words
    if re.match(r"\s+[^\W\d_]+a[s]?\b", following) or _FEMININE_NEXT.match(following):
        return words[:-1] + "a"
    return shortened(words)
