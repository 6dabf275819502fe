"""Passages without the embedder: words alone find them, and vectors come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from visavis.kernel.errors import ProviderError
from visavis.kernel.events import BreakerClosed, BreakerOpened, Event, FellBack, ProviderFailed
from visavis.kernel.settings import FallbackSettings, Settings
from visavis.models.scheduler import ComputeScheduler
from visavis.session.fallback import Watch
from visavis.session.fallback_search import with_words
from visavis.session.mending import Mending
from visavis.think.knowledge.base import Vectors
from visavis.think.knowledge.library import Library
from visavis.think.knowledge.stores.embedded import EmbeddedStore


class Breaking:
    """One vector for all texts, while it works."""

    name = "breaking"
    remote = True
    broken = False

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        if self.broken:
            raise ProviderError("no vectors", stage="think")
        return np.tile(np.eye(1, 8, dtype=np.float32), (len(texts), 1))

    async def close(self) -> None: ...


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    scheduler = ComputeScheduler(1)
    (tmp_path / "shop.md").write_text("# Shop\n\nThe warranty lasts two years.\n")
    store = await EmbeddedStore.open(tmp_path / "k.db", "c", "breaking", scheduler)
    library = Library(store, Breaking())
    await library.add(str(tmp_path / "shop.md"))
    yield library
    await library.close()
    scheduler.close()


async def test_words_alone_find_passages_until_the_embedder_works_again(library: Library) -> None:
    embedder = library.embedder
    assert isinstance(embedder, Breaking)
    facts: list[Event] = []
    watch = Watch(facts.append)
    search = with_words(library, Settings(fallback=FallbackSettings(retry_s=0.001))).of(watch)
    [found] = await search.search("how long is the warranty")
    assert found.cosine > 0
    embedder.broken = True
    for _ in range(2):
        [found] = await search.search("how long is the warranty")
        assert "two years" in found.text
        assert found.cosine == 0
    assert [type(fact) for fact in facts] == [ProviderFailed, FellBack, ProviderFailed, BreakerOpened, FellBack]
    assert await search.search("unicorns") == []
    embedder.broken = False
    await mended(Mending([search.pool], watch, "en"), facts)
    [found] = await search.search("how long is the warranty")
    assert found.cosine > 0


async def mended(mending: Mending, facts: list[Event]) -> None:
    """Until a breaker is closed."""
    async with asyncio.timeout(60):
        task = asyncio.create_task(mending.run())
        while not any(isinstance(fact, BreakerClosed) for fact in facts):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.wait([task])
