"""What is remembered of a conversation, as a prompt is told it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from visavis.think.budget import clipped, tokens

Kind = Literal["fact", "promise", "document", "line"]
"""`fact`: told by the person about themselves or their matter; `promise`: something that is still to be done;
`document`: a page that was shown; `line`: what an exchange was about."""

LONGEST_TOKENS = 60
"""Of one item."""

_LINES_SHARE = 0.4
"""Lines may take this much while facts, promises and documents need the room as well."""

_BEFORE = {"fact": 'They said: "{}"', "promise": "Promised by {}", "document": "{}", "line": "{}"}


@dataclass(frozen=True, slots=True)
class Remembered:
    """`seq`: the journal's record it was taken from; `date` of an earlier call, such as "2026-11-23"."""

    kind: Kind
    text: str
    seq: int = 0
    date: str = ""


def row(item: Remembered) -> str:
    told = _BEFORE[item.kind].format(clipped(" ".join(item.text.split()), LONGEST_TOKENS))
    return f"- {item.date}: {told}" if item.date else f"- {told}"


def rows(items: Sequence[Remembered], most: int) -> list[str]:
    """A row each, in the order given, of those that fit `most` tokens: facts first, then promises, documents, lines;
    of each kind the newest first."""
    has_lines = any(item.kind == "line" for item in items)
    left = {False: round(most * (1 - _LINES_SHARE)) if has_lines else most, True: most}
    chosen: set[int] = set()
    for kind in get_args(Kind):
        for index in reversed(range(len(items))):
            needed = tokens(row(items[index])) + 1
            if items[index].kind == kind and needed <= left[kind == "line"]:
                chosen.add(index)
                left = {lines: room - needed for lines, room in left.items()}
    return [row(items[index]) for index in sorted(chosen)]
