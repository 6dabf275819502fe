"""Several sources of passages as one: the next one is searched when one fails."""

from __future__ import annotations

from visavis.kernel.errors import ProtocolViolation
from visavis.kernel.settings import Settings
from visavis.kernel.timeouts import Timeouts
from visavis.kernel.virtual_time import holding
from visavis.session.fallback import Pool, Watch
from visavis.session.in_turn import asked
from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.fusion import fused
from visavis.think.knowledge.library import POOL, Library
from visavis.think.knowledge.retrieval import Searching


class ByWords:
    """A library without its embedder: words alone still find passages."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def search(self, question: str, limit: int = 5) -> list[Passage]:
        """Raises ProviderError."""
        with holding():
            worded = await self._library.store.by_words(question, POOL)
        return fused(question, [], worded, limit)


class FallbackSearch:
    """A `Searching`. `of` gives a session's own view of it."""

    def __init__(self, pool: Pool[Searching], watch: Watch | None = None) -> None:
        self.pool = pool
        self._watch = watch or Watch()

    def of(self, watch: Watch) -> FallbackSearch:
        return FallbackSearch(self.pool, watch)

    async def search(self, question: str, limit: int = 5) -> list[Passage]:
        """Raises ProviderError when the last one fails, too."""

        async def found_by(source: Searching) -> list[Passage]:
            found = await source.search(question, limit)
            if not isinstance(found, list):
                raise ProtocolViolation("the search gave no passages", stage="think")
            return found

        return await asked(self.pool, self._watch, found_by)


def with_words(library: Library, settings: Settings) -> FallbackSearch:
    """`library`, and behind it its words alone, where its store can search them. An answer waits far less than the
    timeouts of a search (`knowledge.deadline_s`); what is late serves the next one."""
    sources: list[tuple[str, Searching]] = [(library.store.name, library)]
    if library.store.finds_words:
        sources.append(("words", ByWords(library)))
    return FallbackSearch(Pool("retrieval", sources, Timeouts.of(settings.knowledge), settings.fallback))
