"""Whether a text names a time of day: "09:30", "half past nine", "9 pm", "las nueve y media". Pure.

English and Spanish, in any mixture. An hour without "am", "pm" or the like is that of the morning and of the evening.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from visavis.think.grounding_words import number_reading, of_language

TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
"""How a value has it: hour and minute. Seconds and the zone are not looked for."""

_HALF = {"am": 0, "morning": 0, "pm": 12, "afternoon": 12, "evening": 12, "night": 12, "tonight": 12,
         "tarde": 12, "noche": 12}  # fmt: skip
_NAMED = {"noon": (12, 0), "midday": (12, 0), "mediodia": (12, 0), "midnight": (0, 0), "medianoche": (0, 0)}
_MINUTES = {"half": 30, "media": 30, "quarter": 15, "cuarto": 15}
_PAST, _TO = frozenset({"past", "after"}), frozenset({"to", "till", "before"})
NEAR = 4
"""So many words behind a time tell which half of the day it is in."""


def names_time(text: str, hour: int, minute: int) -> bool:
    """Whether `text` (lower case, no accents) names the time. An hour alone is the full hour."""
    text = re.sub(r"\b([ap])\.? ?m\b", r" \1m", re.sub(r"(\d)([ap]m)\b", r"\1 \2", text)).replace("la manana", "am")
    tokens = re.findall(r"[a-z]+|\d+", text)
    if any(_NAMED.get(token) == (hour, minute) for token in tokens):
        return True
    readings = (number_reading(tokens, of_language(code)) for code in ("en", "es"))
    return any((hour, minute) in _times(reading) for reading in readings)


def _times(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    for at, token in enumerate(tokens):
        if token.isdigit() and int(token) <= 24:
            minutes, end = _with_minutes(tokens, at)
            halves = {_HALF[one] for one in tokens[end : end + NEAR] if one in _HALF} or {0, 12}
            said = int(token) % 24
            for hour in [said] if said > 12 else [said % 12 + half for half in halves]:
                yield (hour + minutes // 60) % 24, minutes % 60


def _with_minutes(tokens: Sequence[str], at: int) -> tuple[int, int]:
    """Minutes from the full hour that stands at `at`, and where the time ends."""
    before, after = (["", "", *tokens[:at]])[-2:], [*tokens[at + 1 : at + 3], "", ""]
    if before[1] in _PAST | _TO and (minutes := _minutes(before[0])) is not None:
        return (minutes if before[1] in _PAST else -minutes), at + 1
    if after[0] in ("y", "menos") and (minutes := _minutes(after[1])) is not None:
        return (minutes if after[0] == "y" else -minutes), at + 3
    if after[0] == "0" and len(after[1]) == 1 and after[1].isdigit():  # "nine oh five"
        return int(after[1]), at + 3
    if after[0].isdigit() and (minutes := _minutes(after[0])) is not None:
        return minutes, at + 2
    return 0, at + 1


def _minutes(token: str) -> int | None:
    if token in _MINUTES:
        return _MINUTES[token]
    return int(token) if token.isdigit() and int(token) < 60 else None
