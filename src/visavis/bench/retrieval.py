"""`visavis bench retrieval`: is the right passage found, how fast, and are questions without an answer declined?"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from visavis.bench.retrieval_answers import Answers, answers
from visavis.bench.retrieval_sets import Asked, RetrievalSet, data_sets, own_set, sampled, unanswered
from visavis.kernel.errors import UsageError
from visavis.kernel.toml import load_settings
from visavis.models.engines import Engines
from visavis.think.knowledge.base import Chunk, Document, Embedder, Passage
from visavis.think.knowledge.chunks import chunks_of
from visavis.think.knowledge.library import Library
from visavis.think.knowledge.opening import load_embedder
from visavis.think.knowledge.stores.embedded import EmbeddedStore

PER_DOCUMENT = 500
TIMED = 200
"""Questions that latency is measured over."""

_RANKS = 20
_PATIENT_S = 120.0
_RRF = 20


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Rows for each set, then for the first one padded to `--padded` chunks. Raises UsageError for no such set."""
    settings = load_settings(None)
    # What is asked here is what the model answers; how fast it is, other benches tell.
    patient = msgspec.structs.replace(settings.llm, first_timeout_s=_PATIENT_S, total_timeout_s=2 * _PATIENT_S)
    settings = msgspec.structs.replace(settings, llm=patient)
    engines = Engines.of(settings)
    sets = _wanted(data_sets(Path(options.data)) if options.data else [own_set()], options.sets)
    try:
        with tempfile.TemporaryDirectory(prefix="visavis-bench-") as scratch:
            embedder = await load_embedder(engines, options.embedder)
            folder = Path(options.keep or scratch)
            rows = [await _row(one, engines, embedder, folder, options) for one in sets]
            if options.padded:
                rows.append(await _padded(sets[0], engines, embedder, Path(scratch), options))
        answered = {row["set"]: made for row, made in rows if made is not None}
        return {
            "rows": [row for row, _ in rows],
            "declined_answerable": {name: round(made.declined, 3) for name, made in answered.items()},
            "rightly_cited": {name: _rounded(made.rightly_cited) for name, made in answered.items()},
        }
    finally:
        await engines.close()


def _wanted(sets: list[RetrievalSet], names: str) -> list[RetrievalSet]:
    there = {one.name: one for one in sets}
    if unknown := {name for name in names.split(",") if name} - set(there):
        raise UsageError(f"there is no set '{min(unknown)}'", hint=f"--sets takes {', '.join(there)}")
    return [one for one in sets if not names or one.name in names.split(",")]


async def _row(
    one: RetrievalSet, engines: Engines, embedder: Embedder, folder: Path, options: argparse.Namespace
) -> tuple[dict[str, Any], Answers | None]:
    library = await _indexed(one, engines, embedder, folder / f"{one.name}.db")
    try:
        top5, top20, times = await _recall(library, one.asked)
        unanswerable: float | None = None
        answerable: Answers | None = None
        if options.questions:
            foreign = await answers(engines, library, unanswered(one, options.questions, options.seed))
            unanswerable = foreign.declined
            single = [item for item in one.asked if len(item.queries) == 1]
            if asked := sampled(single, options.questions, options.seed):
                answerable = await answers(engines, library, asked)
        chunks = sum(document.chunks for document in await library.store.documents())
    finally:
        await library.close()
    return _figures(one.name, embedder, top5, top20, times, chunks, unanswerable), answerable


def _figures(
    name: str, embedder: Embedder, top5: float | None, top20: float | None, times: Sequence[float], chunks: int,
    unanswerable: float | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "set": name,
        "embedder": embedder.name,
        "recall_at_5": _rounded(top5),
        "recall_at_20": _rounded(top20),
        "p95_ms": round(1000 * float(np.quantile(times, 0.95)), 1),
        "chunks": chunks,
        "declined_unanswerable": _rounded(unanswerable),
    }


def _rounded(share: float | None) -> float | None:
    return share if share is None else round(share, 3)


async def _indexed(one: RetrievalSet, engines: Engines, embedder: Embedder, file: Path) -> Library:
    store = await EmbeddedStore.open(file, one.name, embedder.name, engines.context.scheduler)
    library = Library(store, embedder)
    known = {document.source for document in await store.documents()}
    for name, reading in one.documents.items():
        if name in known:
            continue
        chunks = chunks_of(name, reading)
        if chunks:
            vectors = await embedder.embed([chunk.embedded for chunk in chunks])
            await store.put(Document(name, reading.title, "", len(chunks)), chunks, vectors)
    return library


async def _recall(library: Library, asked: Sequence[Asked]) -> tuple[float, float, list[float]]:
    """Mean share of the wanted documents among the first 5 and 20 found, and the time of each search in seconds."""
    shares5, shares20, times = [], [], []
    for item in asked:
        rankings: list[list[Passage]] = []
        for query in item.queries:
            began_s = time.perf_counter()
            rankings.append(await library.search(query, _RANKS))
            times.append(time.perf_counter() - began_s)
        ranked = [passage.source for passage in rankings[0]] if len(rankings) == 1 else _together(rankings)
        single = len(item.queries) == 1  # any of its documents answers a question; a task needs all of its own
        shares5.append(_share(ranked[:5], item.wanted, any_one=single))
        shares20.append(_share(ranked[:20], item.wanted, any_one=single))
    return float(np.mean(shares5)), float(np.mean(shares20)), times


def _together(rankings: Sequence[Sequence[Passage]]) -> list[str]:
    """Distinct documents by the sum of their best reciprocal ranks."""
    worth: dict[str, float] = {}
    for ranking in rankings:
        best: dict[str, float] = {}
        for rank, passage in enumerate(ranking):
            best.setdefault(passage.source, 1.0 / (_RRF + rank))
        for source, value in best.items():
            worth[source] = worth.get(source, 0.0) + value
    return sorted(worth, key=lambda source: -worth[source])


def _share(found: Sequence[str], wanted: frozenset[str], *, any_one: bool) -> float:
    hits = len(wanted & set(found))
    return float(hits > 0) if any_one else hits / max(1, len(wanted))


async def _padded(
    one: RetrievalSet, engines: Engines, embedder: Embedder, scratch: Path, options: argparse.Namespace
) -> tuple[dict[str, Any], None]:
    """Latency only: chunks of real words in random order, about as long as real ones, and random vectors."""
    texts = [section.text for reading in one.documents.values() for section in reading.sections]
    lexicon = " ".join(texts).split()
    store = await EmbeddedStore.open(scratch / "padded.db", "padded", embedder.name, engines.context.scheduler)
    library = Library(store, embedder)
    random = np.random.default_rng(options.seed)
    [like] = await embedder.embed(["a passage"])
    try:
        for start in range(0, options.padded, PER_DOCUMENT):
            count = min(PER_DOCUMENT, options.padded - start)
            chunks = []
            for index in range(count):
                words = random.integers(0, len(lexicon), 110)
                text = " ".join(lexicon[word] for word in words)
                chunks.append(Chunk(f"{start + index:016x}", "", (), text))
            vectors = random.standard_normal((count, len(like))).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            await store.put(Document(f"padded-{start:06d}", "", "", count), chunks, vectors)
        times = []
        questions = [item.queries[0] for item in sampled(one.asked, TIMED, options.seed)]
        await library.search(questions[0])
        for question in questions:
            began_s = time.perf_counter()
            await library.search(question)
            times.append(time.perf_counter() - began_s)
    finally:
        await library.close()
    return _figures(f"{one.name}, padded", embedder, None, None, times, options.padded, None), None
