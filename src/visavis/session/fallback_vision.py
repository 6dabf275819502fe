"""Several describers of pictures as one: the next one looks when one fails."""

from __future__ import annotations

from visavis.kernel.errors import ProtocolViolation, ProviderError
from visavis.see.base import Describer, Image
from visavis.session.fallback import Member, Pool, Watch, route
from visavis.session.providers import limited, translated


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
        members = route(self.pool)
        previous: Member[Describer] | None = None
        why = "open"
        while True:
            member = members.pop(0)
            self._watch.turns_to(self.pool, member, previous, why)
            try:
                told = await self._look(member, image, question)
            except ProviderError as error:
                self._watch.failed(self.pool, member, error, bridged=bool(members))
                if not members:
                    raise
                previous, why = member, error.code
            else:
                self._watch.worked(self.pool, member)
                return told

    async def _look(self, member: Member[Describer], image: Image, question: str) -> str:
        with translated("vision", member.name):
            async with limited("vision", self.pool.limits.total_s, "total"):
                told = await member.engine.describe(image, question=question)
        if not isinstance(told, str):
            raise ProtocolViolation("the describer did not answer in words", stage="vision")
        return told

    async def close(self) -> None:
        """Nothing: the engines belong to the process."""
