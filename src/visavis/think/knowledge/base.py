"""The contracts of knowledge: what a reader gives, what an embedder computes, what a store keeps and finds.

A document is one file or address. It is cut into chunks; a chunk that was found for a question is a passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.settings import KnowledgeSettings
from visavis.models.scheduler import ComputeScheduler

Vectors = NDArray[np.float32]
"""Embeddings, one a row, each of length 1."""


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a document below the headings `path`, outermost first. Blank lines part the paragraphs of `text`."""

    path: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of a file. `title` may be ''."""

    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """`id` stays the same as long as file name, headings and text do, whatever changes around it."""

    id: str
    title: str
    path: tuple[str, ...]
    text: str

    @property
    def heading(self) -> str:
        """Title and headings as one line, without repetition."""
        return " › ".join(dict.fromkeys(part for part in (self.title, *self.path) if part))

    @property
    def embedded(self) -> str:
        """What an embedder sees of it."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


@dataclass(frozen=True, slots=True)
class Document:
    """`source` is its absolute path or address and unique in a store. `digest` is the SHA-256 of its bytes, with what
    cut and embedded them: equal digests need no new indexing. `root`: the directory that it was found through, or ''.
    """

    source: str
    title: str
    digest: str
    chunks: int
    root: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a store found. `score`: cosine for a search by vector; for words, higher is better."""

    chunk: Chunk
    source: str
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question. `cosine` is that of its vector with the question's (0 when only words found it),
    `coverage` the share of the question's rarer words that it contains, 0–1.
    """

    id: str
    text: str
    heading: str
    source: str
    cosine: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Place:
    """What a store is opened with: the settings, the collection's name, and the embedder's, which vectors are by."""

    settings: KnowledgeSettings
    collection: str
    embedder: str
    scheduler: ComputeScheduler


class Embedder(Protocol):
    """Computes off the event loop. `remote`: texts leave this machine."""

    name: str
    remote: bool

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """One vector of length 1 for each text. Some models treat a `query` differently from a document. Raises
        ProviderError, ModelError."""
        ...

    async def close(self) -> None: ...


class Store(Protocol):
    """Keeps documents and finds chunks. Raises ProviderError when it cannot be reached, ConfigError when what it
    holds was made by another embedder.
    """

    name: str
    finds_words: bool
    """Whether `by_words` answers; a store that cannot search words leaves it to vectors."""

    @classmethod
    async def connect(cls, place: Place) -> Self:
        """Open the collection, making it if there is none. Raises ProviderError, ConfigError."""
        ...

    async def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Keep the document in place of what was kept for its source: wholly or not at all."""
        ...

    async def remove(self, source: str) -> bool:
        """Forget a document; False when there was none."""
        ...

    async def documents(self) -> list[Document]:
        """All documents, by source."""
        ...

    async def by_vector(self, vector: Vectors, limit: int) -> list[Hit]:
        """The chunks whose vectors are nearest to `vector` (one row, or flat), best first."""
        ...

    async def by_words(self, text: str, limit: int) -> list[Hit]:
        """The chunks with the rarest of the words of `text`, best first."""
        ...

    async def close(self) -> None: ...
