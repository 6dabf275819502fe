"""Several sources of passages as one: the next one is searched when one fails."""

from __future__ import annotations

from visavis.kernel.errors import ProtocolViolation
from visavis.session.fallback import Pool, Watch, asked
from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.retrieval import Searching


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
