"""What vector databases keep beside each vector, and how a document stays whole in stores without transactions.

Every chunk carries its document's data, so that the list of documents is the list of first chunks. A document is
replaced by writing its new chunks and then deleting those that are no longer among them; the first chunk comes last,
so that a document whose writing broke off is not listed, and is indexed again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from visavis.kernel.errors import ConfigError
from visavis.think.knowledge.base import Chunk, Document, Hit, Vectors

_SPACE = uuid.UUID("6f1b6a52-7d1e-5b0c-9a39-0d8f7f0a8c11")


def check_embedder(indexed: object, embedder: str) -> None:
    """Raises ConfigError when a collection's vectors were made by another embedder than `embedder`."""
    if indexed != embedder:
        raise ConfigError(
            f"the collection was indexed with {indexed}, not {embedder}",
            where="knowledge.embedder",
            hint="use that embedder, or another collection",
        )


def point_id(collection: str, source: str, chunk_id: str) -> str:
    """A UUID, the only kind of key that all of them take."""
    return str(uuid.uuid5(_SPACE, f"{collection}\0{source}\0{chunk_id}"))


def payloads(document: Document, chunks: Sequence[Chunk]) -> list[dict[str, Any]]:
    """One for each chunk, flat, of text and whole numbers."""
    return [
        {
            "source": document.source,
            "title": document.title,
            "digest": document.digest,
            "root": document.root,
            "chunks": len(chunks),
            "position": position,
            "chunk": chunk.id,
            "path": json.dumps(chunk.path, ensure_ascii=False),
            "text": chunk.text,
        }
        for position, chunk in enumerate(chunks)
    ]


def first_last(rows: Sequence[Any]) -> list[Any]:
    """In the order to write them."""
    return [*rows[1:], *rows[:1]]


def document_of(payload: Mapping[str, Any]) -> Document:
    return Document(
        str(payload["source"]), str(payload["title"]), str(payload["digest"]), int(payload["chunks"]),
        str(payload["root"]),
    )  # fmt: skip


def documents_of(payloads: Iterable[Mapping[str, Any]]) -> list[Document]:
    """From payloads of first chunks, by source."""
    return sorted((document_of(payload) for payload in payloads), key=lambda document: document.source)


def hit_of(payload: Mapping[str, Any], score: float) -> Hit:
    path = tuple(json.loads(str(payload["path"])))
    chunk = Chunk(str(payload["chunk"]), str(payload["title"]), path, str(payload["text"]))
    return Hit(chunk, str(payload["source"]), float(score))


def flat(vector: Vectors) -> list[float]:
    values: list[float] = vector.reshape(-1).tolist()
    return values
