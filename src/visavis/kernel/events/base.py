"""What all events share, and the envelope the journal keeps them in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import msgspec


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Event(msgspec.Struct, frozen=True, tag_field="type", tag=_snake, omit_defaults=True):
    """A fact. `content` is True when the event holds what somebody said, typed or showed."""

    content: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal.

    `seq` counts from 1 in each session without gaps; `at_s` is media time in seconds (rounded to 0.1 ms);
    `wall_s` is seconds since 1970 (UTC).
    """

    session: str
    seq: int
    at_s: float
    wall_s: float
    event: Event
