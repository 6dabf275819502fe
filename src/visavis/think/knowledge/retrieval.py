"""Finding passages while the person still speaks, so that an answer hardly ever waits for them, and never long.

One search at a time, always for the newest words. What was found for words that ask the same is the answer at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from visavis.kernel.errors import ProviderError, ProviderTimeout
from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.words import telling

NEW_WORDS = 1
"""Telling words that must be new since the last search ahead."""

SEARCH_S = 5.0
"""A search that takes longer has failed; nobody waits for it by then."""


class Searching(Protocol):
    """What is asked: a `Library`, or a line of them."""

    async def search(self, question: str, limit: int = 5) -> list[Passage]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """`late`: the search was not over by the deadline, or has failed, which tells nothing of the documents; and these
    are what was found for the words before, if any.
    `took_s`: seconds that the answer waited."""

    passages: tuple[Passage, ...] = ()
    took_s: float = 0.0
    late: bool = False


class Retrieval:
    """One session's. `failed` is told of a search that failed; the conversation goes on without passages."""

    def __init__(
        self, group: asyncio.TaskGroup, library: Searching, limit: int, failed: Callable[[ProviderError], None]
    ) -> None:
        self._group = group
        self._library = library
        self._limit = limit
        self._failed = failed
        self._wanted = ""
        self._searching: tuple[str, ...] | None = None
        self._found: tuple[tuple[str, ...], tuple[Passage, ...]] = ((), ())
        self._over = asyncio.Event()

    def ahead(self, text: str) -> None:
        """The person's words so far. Never waits."""
        asked = _asked(text)
        newest = self._searching if self._searching is not None else self._found[0]
        if len(set(asked) - set(newest)) >= NEW_WORDS:
            self._search(text)

    async def passages(self, text: str, deadline_s: float) -> Found:
        """The passages for `text`, after at most `deadline_s` seconds."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        asked = _asked(text)
        if not asked:
            return Found()
        if self._found[0] != asked:
            self._search(text)
        try:
            async with asyncio.timeout(deadline_s):
                while self._found[0] != asked and self._searching is not None:
                    await self._over.wait()
        except TimeoutError:
            pass  # told by `late`
        late = self._found[0] != asked
        return Found(self.known(text), round(loop.time() - began_s, 4), late)

    def known(self, text: str) -> tuple[Passage, ...]:
        """What was found already for these words, or for the first of them."""
        asked, passages = self._found
        return passages if set(asked) <= set(_asked(text)) else ()

    def _search(self, text: str) -> None:
        self._wanted = text
        if self._searching is None:
            self._searching = _asked(text)
            self._over.clear()
            self._group.create_task(self._run(), name="retrieval")

    async def _run(self) -> None:
        while self._wanted:
            text, self._wanted = self._wanted, ""
            self._searching = _asked(text)
            try:
                async with asyncio.timeout(SEARCH_S):
                    found = await self._library.search(text, self._limit)
                self._found = (self._searching, tuple(found))
            except TimeoutError:
                words = f"no passages within {SEARCH_S:g} s"
                self._failed(ProviderTimeout(words, which="total", stage="think"))
            except ProviderError as error:
                self._failed(error)
            self._wake(last=not self._wanted)

    def _wake(self, *, last: bool) -> None:
        if last:
            self._searching = None
        over, self._over = self._over, asyncio.Event()
        over.set()


def _asked(text: str) -> tuple[str, ...]:
    """What counts of the words: a question that only became more polite is the same."""
    return tuple(telling(text))
