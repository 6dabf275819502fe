"""A collection of documents: add, list, remove, search; and keeping it equal to files that change."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from visavis.kernel.errors import DocumentRefused
from visavis.kernel.virtual_time import holding
from visavis.think.knowledge.base import Document, Embedder, Passage, Store
from visavis.think.knowledge.chunks import RULES, chunks_of
from visavis.think.knowledge.fetch import Fetched, fetch, files_below, is_address, path_of, read_file, source_of
from visavis.think.knowledge.fusion import fused
from visavis.think.knowledge.reading import read_document

log = logging.getLogger(__name__)

POOL = 40
"""Chunks that each of the two searches gives to be ranked together."""


@dataclass(slots=True)
class Added:
    """What an `add` did, by source."""

    added: list[Document] = field(default_factory=list)
    unchanged: list[Document] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[DocumentRefused] = field(default_factory=list)


class Library:
    """`store` and `embedder` belong to the library, which closes the store."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self.store = store
        self.embedder = embedder
        self._changing = asyncio.Lock()

    async def add(self, entry: str, on_done: Callable[[str], None] | None = None) -> Added:
        """Index a file, a directory with all below it, or an address; what has not changed is left as it is, and what
        is gone from a directory is removed.

        Raises DocumentRefused when `entry` is one document that cannot be read, ProviderError when the store fails. A
        directory's refused files are in the result.
        """
        async with self._changing:
            known = {document.source: document for document in await self.store.documents()}
            if is_address(entry):
                result = Added()
                await self._index(await fetch(entry), "", known, result)
                return result
            return await self._add_path(path_of(entry), known, on_done)

    async def _add_path(self, path: Path, known: dict[str, Document], on_done: Callable[[str], None] | None) -> Added:
        files = await asyncio.to_thread(files_below, path)
        root = source_of(str(path)) if await asyncio.to_thread(path.is_dir) else ""
        result = Added()
        for file in files:
            try:
                await self._index(await asyncio.to_thread(read_file, file), root, known, result)
            except DocumentRefused as refused:
                if not root:
                    raise
                result.refused.append(refused)
            if on_done is not None:
                on_done(str(file))
        if root:
            there = {str(file.resolve()) for file in files}
            for source, document in known.items():
                if document.root == root and source not in there and await self.store.remove(source):
                    result.removed.append(source)
        return result

    async def _index(self, fetched: Fetched, root: str, known: dict[str, Document], result: Added) -> None:
        made_by = f"{RULES}:{self.embedder.name}:{fetched.name}:"
        digest = hashlib.sha256(made_by.encode() + fetched.data).hexdigest()
        old = known.get(fetched.source)
        if old is not None and old.digest == digest:
            result.unchanged.append(old)
            return
        reading = await asyncio.to_thread(read_document, fetched.name, fetched.data, fetched.media_type)
        chunks = await asyncio.to_thread(chunks_of, fetched.name, reading)
        vectors = await self.embedder.embed([chunk.embedded for chunk in chunks])
        document = Document(fetched.source, reading.title, digest, len(chunks), root)
        await self.store.put(document, chunks, vectors)
        result.added.append(document)

    async def remove(self, entry: str) -> list[str]:
        """Forget a document, or all that came through a directory; the sources removed."""
        source = source_of(entry)
        async with self._changing:
            below = [doc.source for doc in await self.store.documents() if source in (doc.source, doc.root)]
            return [one for one in below if await self.store.remove(one)]

    async def search(self, question: str, limit: int = 5) -> list[Passage]:
        """The best passages for `question` by vectors and words together. Raises ProviderError."""
        if not question.strip():
            return []
        with holding():
            [vector] = await self.embedder.embed([question], query=True)
            near = await self.store.by_vector(vector, POOL)
            worded = await self.store.by_words(question, POOL) if self.store.finds_words else []
        return fused(question, near, worded, limit)

    async def sync(self, entries: Sequence[str]) -> list[DocumentRefused]:
        """Index all `entries`; what cannot be read is returned, not raised: the rest must still be known."""
        refused: list[DocumentRefused] = []
        for entry in entries:
            try:
                refused += (await self.add(entry)).refused
            except DocumentRefused as error:
                refused.append(error)
        return refused

    async def close(self) -> None:
        await self.store.close()
