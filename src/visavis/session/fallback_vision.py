"""Several describers of pictures as one: the next one looks when one fails."""

from __future__ import annotations

from visavis.kernel.errors import ProtocolViolation
from visavis.see.base import Describer, Image
from visavis.session.fallback import Pool, Watch
from visavis.session.in_turn import asked


class FallbackDescriber:
    """A `Describer` under the first one's name. `of` gives a session's own view of it."""

    def __init__(self, pool: Pool[Describer], watch: Watch | None = None) -> None:
        self.pool = pool
        self.name = pool.first.name
        self._watch = watch or Watch()

    def of(self, watch: Watch) -> FallbackDescriber:
        return FallbackDescriber(self.pool, watch)

    async def describe(self, image: Image, *, question: str = "") -> str:
        """Raises ProviderError when the last one fails, too."""

        async def told_by(describer: Describer) -> str:
            told = await describer.describe(image, question=question)
            if not isinstance(told, str):
                raise ProtocolViolation("the describer did not answer in words", stage="vision")
            return told

        return await asked(self.pool, self._watch, told_by)

    async def close(self) -> None:
        """Nothing: the engines belong to the process."""
