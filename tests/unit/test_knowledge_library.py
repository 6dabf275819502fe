"""A library follows its files; nothing half-read stays; searches bring words and vectors together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from visavis.kernel.errors import DocumentRefused, ProviderError
from visavis.kernel.settings import KnowledgeSettings
from visavis.models.scheduler import ComputeScheduler
from visavis.think.knowledge.base import Vectors
from visavis.think.knowledge.keeper import Keeper
from visavis.think.knowledge.library import Library
from visavis.think.knowledge.opening import collection_of
from visavis.think.knowledge.stores.embedded import EmbeddedStore
from visavis.think.knowledge.words import stem, telling


class Letters:
    """Vectors of the telling words, by hash: near when words are shared."""

    name = "letters"
    remote = False

    def __init__(self) -> None:
        self.texts = 0
        self.broken = False

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        if self.broken:
            raise ProviderError("no vectors", stage="think")
        self.texts += len(texts)
        rows = np.full((len(texts), 64), 0.01, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in telling(text):
                row[sum(stem(word).encode()) % 64] += 1
        vectors: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return vectors

    async def close(self) -> None: ...


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    scheduler = ComputeScheduler(1)
    store = await EmbeddedStore.open(tmp_path / "k.db", "c", "letters", scheduler)
    library = Library(store, Letters())
    yield library
    await library.close()
    scheduler.close()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "deep").mkdir(parents=True)
    (folder / "shop.md").write_text("# Shop\n\nThe warranty lasts two years.\n")
    (folder / "deep" / "fees.txt").write_text("A visit costs seventy-nine euros.")
    (folder / ".hidden.md").write_text("secret")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    return folder


async def test_a_directory_is_indexed_once_and_follows_its_files(library: Library, docs: Path) -> None:
    first = await library.add(str(docs))
    assert [Path(document.source).name for document in first.added] == ["fees.txt", "shop.md"]
    embedded = library.embedder.texts  # type: ignore[attr-defined]
    assert len((await library.add(str(docs))).unchanged) == 2
    assert library.embedder.texts == embedded, "what has not changed is not embedded again"  # type: ignore[attr-defined]

    (docs / "shop.md").write_text("# Shop\n\nThe warranty lasts three years.\n")
    (docs / "deep" / "fees.txt").unlink()
    again = await library.add(str(docs))
    assert [document.title for document in again.added] == ["Shop"]
    assert [Path(source).name for source in again.removed] == ["fees.txt"]
    [best, *_] = await library.search("How long is the warranty?")
    assert "three years" in best.text and best.heading == "Shop" and best.source.endswith("shop.md")


async def test_a_refused_file_leaves_nothing_and_does_not_stop_the_others(library: Library, docs: Path) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    result = await library.add(str(docs))
    assert len(result.added) == 2 and "broken.pdf" in str(result.refused[0])
    with pytest.raises(DocumentRefused, match="broken"):
        await library.add(str(docs / "broken.pdf"))
    with pytest.raises(DocumentRefused, match="no file or directory"):
        await library.add(str(docs / "none"))
    assert len(await library.store.documents()) == 2


async def test_a_failure_in_the_middle_keeps_the_old_document(library: Library, docs: Path) -> None:
    await library.add(str(docs))
    (docs / "shop.md").write_text("# Shop\n\nNo warranty at all.\n")
    library.embedder.broken = True  # type: ignore[attr-defined]
    with pytest.raises(ProviderError):
        await library.add(str(docs))
    library.embedder.broken = False  # type: ignore[attr-defined]
    assert "two years" in (await library.search("warranty"))[0].text


async def test_no_path_is_not_the_directory_that_somebody_happens_to_be_in(
    library: Library, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(docs)
    with pytest.raises(DocumentRefused, match="no path"):
        await library.add(" ")
    await library.add(str(docs))
    with pytest.raises(DocumentRefused, match="no path"):
        await library.remove("")
    assert [str(refused.message) for refused in await library.sync([""])] == ["there is no path in ''"]
    keeper = Keeper(library, [""])
    await keeper.start()
    await keeper.close()


async def test_another_process_sees_what_was_added(library: Library, docs: Path, tmp_path: Path) -> None:
    scheduler = ComputeScheduler(1)
    other = Library(await EmbeddedStore.open(tmp_path / "k.db", "c", "letters", scheduler), Letters())
    try:
        assert await other.search("warranty") == []
        await library.add(str(docs))
        assert (await other.search("warranty"))[0].source.endswith("shop.md")
        await library.remove(str(docs))
        assert await other.search("warranty") == []
    finally:
        await other.close()
        scheduler.close()


async def test_a_served_directory_is_followed(library: Library, docs: Path) -> None:
    keeper = Keeper(library, [str(docs)], look_s=0.02)
    await keeper.start()
    try:
        (docs / "new.md").write_text("Parking is behind the house.")
        (docs / "shop.md").unlink()
        async with asyncio.timeout(60):
            while True:
                names = {Path(document.source).name for document in await library.store.documents()}
                if names == {"new.md", "fees.txt"}:
                    break
                await asyncio.sleep(0.02)
        assert "behind the house" in (await library.search("where is parking"))[0].text
    finally:
        await keeper.close()


def test_the_collection_is_the_agents_own_unless_one_is_named() -> None:
    settings = KnowledgeSettings()
    assert collection_of("Ada the Great", ["docs/"], settings) == "ada-the-great"
    assert collection_of("Ada", ["collection:shop"], settings) == "shop"
    assert collection_of("Ada", ["docs/"], KnowledgeSettings(collection="all")) == "all"
