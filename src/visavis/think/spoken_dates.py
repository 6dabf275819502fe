"""Whether a text names a day: "the 23rd of November", "11/23/2026", "next Friday", "pasado mañana". Pure.

English and Spanish, in any mixture. A text without a year names the day in every year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

_MONTHS = (
    "january enero", "february febrero", "march marzo", "april abril", "may mayo", "june junio", "july julio",
    "august agosto", "september septiembre setiembre", "october octubre", "november noviembre", "december diciembre",
)  # fmt: skip
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()} | {
    name[:3]: number for number, names in enumerate(_MONTHS, 1) for name in names.split()
}
_WEEKDAYS = ("monday lunes", "tuesday martes", "wednesday miercoles", "thursday jueves", "friday viernes",
             "saturday sabado", "sunday domingo")  # fmt: skip
_WEEKDAY = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
_FROM_TODAY = {"today": 0, "tonight": 0, "hoy": 0, "tomorrow": 1, "manana": 1, "yesterday": -1, "ayer": -1,
               "day after tomorrow": 2, "pasado manana": 2}  # fmt: skip

_ORDINALS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"""
_CARDINALS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty"""
_SPANISH = """uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete
dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho
veintinueve treinta"""
_DAYS = {word: day for words in (_ORDINALS, _CARDINALS, _SPANISH) for day, word in enumerate(words.split(), 1)} | {
    "thirtieth": 30, "thirty": 30, "primero": 1,
}  # fmt: skip

_TENS = {"twenty": 20, "thirty": 30}

WEEKDAY_REACH = 14
"""A weekday's name means one of the next two weeks' days."""

_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}|\d{2}))?(?!\d)")


def names_date(text: str, day: date, on: date | None) -> bool:
    """Whether `text` (lower case, no accents) names `day`. `on`: when it was said."""
    tokens = re.findall(r"[a-z]+|\d+", re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", text))
    return _in_words(tokens, day) or _in_digits(text, day) or (on is not None and _relative(text, tokens, day, on))


def _in_words(tokens: list[str], day: date) -> bool:
    for at, token in enumerate(tokens):
        if _MONTH.get(token) != day.month:
            continue
        near = [*_days(tokens[max(0, at - 4) : at]), *_days(tokens[at + 1 : at + 4])]
        years = [int(one) for one in tokens[at + 1 : at + 6] if re.fullmatch(r"(?:19|20)\d\d", one)]
        if day.day in near and (not years or day.year in years):
            return True
    return False


def _days(tokens: list[str]) -> Iterator[int]:
    """Days of a month, in digits or words, "twenty third" as one: neither the 20th nor the 3rd."""
    at = 0
    while at < len(tokens):
        token, after = tokens[at], _DAYS.get(tokens[at + 1], 0) if at + 1 < len(tokens) else 0
        if token in _TENS and 0 < after < 10:
            yield _TENS[token] + after
            at += 2
        elif tokens[at : at + 3] == ["treinta", "y", "uno"]:
            yield 31
            at += 3
        else:
            value = int(token) if token.isdigit() and len(token) <= 2 else _DAYS.get(token, 0)
            if value:
                yield value
            at += 1


def _in_digits(text: str, day: date) -> bool:
    """Day before month or after it; a text cannot tell, so both count."""
    for first, second, year in _NUMERIC.findall(text):
        if {(int(first), int(second)), (int(second), int(first))} & {(day.day, day.month)} and (
            not year or int(year) in (day.year, day.year % 100)
        ):
            return True
    return False


def _relative(text: str, tokens: list[str], day: date, on: date) -> bool:
    for words, days in _FROM_TODAY.items():
        if re.search(rf"\b{words}\b", text) and day == on + timedelta(days=days):
            return True
    ahead = (day - on).days
    return 0 <= ahead <= WEEKDAY_REACH and any(_WEEKDAY.get(token) == day.weekday() for token in tokens)
