"""What was forgotten at the person's wish leaves the prompt too: the turns that told it, its words elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from visavis.kernel.events import MemoryNoted, MemoryRecalled, Record
from visavis.think.context import Turn
from visavis.think.memory.words import value_of

GONE = "[forgotten]"
TELLING_CHARS = 3
"""A shorter value is not looked for: it may be part of anything."""


class Forgetting:
    def __init__(self, language: str) -> None:
        self._language = language
        self._texts: dict[int, str] = {}

    def known(self, record: Record) -> None:
        """Something that may have to be forgotten later."""
        if isinstance(record.event, MemoryNoted | MemoryRecalled):
            self._texts[record.seq] = record.event.text

    def applied(self, turns: Iterable[Turn], seqs: Sequence[int]) -> list[Turn]:
        """`turns` without what these records hold."""
        values = [value for seq in seqs if (value := value_of(self._texts.pop(seq, ""), self._language))]
        return [self._without(turn, seqs, values) for turn in turns]

    def _without(self, turn: Turn, seqs: Sequence[int], values: Sequence[str]) -> Turn:
        if turn.role == "user" and turn.seq in seqs and turn.seq:
            return replace(turn, text=GONE)
        text = turn.text
        for value in values:
            if len(value) >= TELLING_CHARS:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", GONE, text, flags=re.IGNORECASE)
        return turn if text == turn.text else replace(turn, text=text)
