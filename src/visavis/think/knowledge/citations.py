"""The marks of an answer, such as [2]: read, and taken out of what is said. The same for any chunking of the text."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.grounding import Quote

_MARK = re.compile(r"[ \t]*(?:\[|【)\s*(\d{1,2}(?:\s*[,;]\s*\d{1,2})*)\s*(?:\]|】)")
_OPEN = re.compile(r"[ \t]*(?:(?:\[|【)[\d\s,;]*)?$")
_LONGEST = 24


class Citations:
    """Of one reply. `quotes` tells the passages of its prompt, once that was made. `decline`: said in place of
    an answer that rests on none, '' to let it pass. `cited` is called with each passage when it is first named.
    """

    def __init__(self, quotes: Callable[[], Sequence[Quote]], decline: str, cited: Callable[[Passage], None]) -> None:
        self._quotes = quotes
        self._decline = decline
        self._cited = cited
        self._waiting = ""
        self._named: list[str] = []
        self._said = False
        self.declined = False

    async def strip(self, deltas: AsyncGenerator[str | None, None]) -> AsyncGenerator[str | None, None]:
        """`deltas` without marks; the words of `decline` and nothing more once the answer names no passage."""
        async with aclosing(deltas):
            async for delta in deltas:
                text = self.flush() if delta is None else self.feed(delta)
                if self.declined:
                    yield self._decline
                    return
                if text:
                    yield text
                if delta is None:
                    yield None
        if text := self.flush():
            yield text

    def feed(self, delta: str) -> str:
        """What of `delta`, and of what waited before it, is to be said."""
        self._waiting += delta
        found = _OPEN.search(self._waiting)
        end = found.start() if found and len(self._waiting) - found.start() <= _LONGEST else len(self._waiting)
        ready, self._waiting = self._waiting[:end], self._waiting[end:]
        return self._taken(ready)

    def flush(self) -> str:
        """What waited when the text ended."""
        ready, self._waiting = self._waiting, ""
        return self._taken(ready)

    def _taken(self, text: str) -> str:
        for mark in _MARK.finditer(text):
            for number in re.findall(r"\d+", mark[1]):
                self._name(str(int(number)), begins=not self._said and not text[: mark.start()].strip())
        plain = _MARK.sub("", text)
        if not self._said:
            plain = plain.lstrip()
        self._said = self._said or bool(plain.strip())
        return plain

    def _name(self, number: str, *, begins: bool) -> None:
        if number == "0":
            self.declined = self.declined or (begins and bool(self._decline) and not self._named)
        elif number not in self._named:
            self._named.append(number)
            for quote in self._quotes():
                if quote.id == number:
                    self._cited(quote.passage)
