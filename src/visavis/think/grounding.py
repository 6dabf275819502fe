"""Did the value of an argument occur in the call? Said, spelled, shown or returned by a tool; else it is invented.

Pure. A value counts when the signs that carry it (letters and digits) stand in a text in a row, beginning and ending
where words do: "42" is not in "1427". Texts are read as they stand, with number words as digits ("four two seven",
"forty two", "double four"), with spelled letters ("B as in boy") and with "at" and "dot" of e-mail addresses; a date
counts when a text names its day and month, in digits or words, or the day as seen from when it was said ("tomorrow");
a time of day when one names it, too ("half past nine"). Numbers are compared as numbers (`grounding_numbers.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from visavis.think.grounding_numbers import number_stands
from visavis.think.grounding_words import Words, number_reading, of_language
from visavis.think.spoken_dates import names_date
from visavis.think.spoken_times import TIME, names_time

_TOKEN = re.compile(r"[^\W_]+|[@._+\-]")
_MARKS = frozenset("@._+-")
_JOINS = _MARKS - {"@"}
_PAUSE = re.compile(r"[.\-](?=\s|$)")
"""Of a sentence, not of an address."""

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](.*))?")
LONGEST = 80
"""Words that one value may be spread over."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something said, shown or returned. `on`: the day of it, for "tomorrow"."""

    text: str
    on: date | None = None


def ungrounded(
    arguments: Mapping[str, Any], names: Iterable[str], sources: Sequence[Source], language: str = "en"
) -> list[str]:
    """Those of the named arguments that have a value which occurs in no source."""
    return [
        name
        for name in names
        if name in arguments and not all(occurs(leaf, sources, language) for leaf in _leaves(arguments[name]))
    ]


def occurs(value: str | int | float, sources: Sequence[Source], language: str = "en") -> bool:
    """Whether the value stands in one of the sources."""
    words = of_language(language)
    if not isinstance(value, str):
        return any(number_stands(value, _folded(source.text), words, _in_a_row) for source in sources)
    text = value
    if any(_stands(text, source.text, words) for source in sources):
        return True
    return _time_named(text, sources) or _date_named(text, sources)


def _date_named(text: str, sources: Sequence[Source]) -> bool:
    """Whether `text` is a day, and perhaps a time on it, that the sources name. Midnight may only mean the day."""
    if (found := _DATE.fullmatch(text)) is None:
        return False
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return False
    if not any(names_date(_folded(source.text), day, source.on) for source in sources):
        return False
    return not found[4] or found[4].startswith("00:00") or _time_named(found[4], sources)


def _time_named(text: str, sources: Sequence[Source]) -> bool:
    if (found := TIME.fullmatch(text)) is None:
        return False
    return any(names_time(_folded(source.text), int(found[1]), int(found[2])) for source in sources)


def _leaves(value: Any) -> Iterator[str | int | float]:
    """Values that could be invented; true, false and null are not."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield value


def _folded(text: str) -> str:
    """Lower case, without accents and presentation forms; the digits of any script as 0 to 9."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    western = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in bare)
    return unicodedata.normalize("NFC", western)


def _stands(value: str, text: str, words: Words) -> bool:
    value, text = _folded(value), _folded(text)
    marked = "@" in value
    if marked:
        text = _PAUSE.sub(" ", text)
    tokens = _TOKEN.findall(value)
    wanted = "".join(tokens if marked else (token for token in tokens if token not in _MARKS))
    if not wanted:
        return False
    return any(_in_a_row(wanted, reading) for reading in _readings(_TOKEN.findall(text), words, marked))


def _readings(tokens: Sequence[str], words: Words, marked: bool) -> Iterator[list[str]]:
    plain = tokens if marked else [token for token in tokens if token not in _MARKS]
    yield list(plain)
    spelled = words.unspelled([token for token in tokens if marked or token not in _MARKS])
    signs = [words.marks.get(token, token) for token in spelled]
    said = signs if marked else [sign for sign in signs if sign not in _MARKS]
    yield said
    yield words.spelled(said)
    yield number_reading(said, words)


def _in_a_row(wanted: str, tokens: Sequence[str]) -> bool:
    """Whether some tokens in a row make up `wanted`, no more and no less."""
    for start, first in enumerate(tokens):
        if not wanted.startswith(first):
            continue
        made = ""
        for end, token in enumerate(tokens[start : start + LONGEST], start + 1):
            made += token
            if made == wanted and not _cut_out(tokens, start, end):
                return True
            if not wanted.startswith(made):
                break
    return False


def _cut_out(tokens: Sequence[str], start: int, end: int) -> bool:
    """Whether a longer number, said digit by digit, goes on before or behind, or a longer address."""
    if (start > 1 and tokens[start - 1] in _JOINS) or (end + 1 < len(tokens) and tokens[end] in _JOINS):
        return True
    before = start > 0 and _one_digit(tokens[start - 1]) and _one_digit(tokens[start])
    return before or (end < len(tokens) and _one_digit(tokens[end - 1]) and _one_digit(tokens[end]))


def _one_digit(token: str) -> bool:
    return len(token) == 1 and token.isdigit()
