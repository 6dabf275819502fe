"""Opens what the settings name: the embedder, the store, and both as a library."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from visavis.kernel.errors import ConfigError
from visavis.kernel.registry import TABLE, resolve
from visavis.kernel.settings import KnowledgeSettings
from visavis.models.engines import EngineContext, Engines
from visavis.models.scheduler import Priority
from visavis.think.knowledge.base import Embedder, Place, Store
from visavis.think.knowledge.embed_onnx import OnnxEmbedder
from visavis.think.knowledge.hub import hub_directory
from visavis.think.knowledge.library import Library

DEFAULT = "default"
COLLECTION = "collection:"
"""In an agent's `knowledge`: answer from the collection of this name, which others fill."""


async def open_library(engines: Engines, collection: str) -> Library:
    """Raises ConfigError, ModelError, ProviderError."""
    settings = engines.context.settings.knowledge
    embedder = await load_embedder(engines, settings.embedder)
    store: Store = await resolve("knowledge", settings.store).connect(
        Place(settings, collection, embedder.name, engines.context.scheduler)
    )
    return Library(store, embedder)


async def load_embedder(engines: Engines, name: str) -> Embedder:
    """By its short name, as 'package.module:Class', as a directory, or as 'owner/name' at the model hub."""
    embedder: Embedder
    if name in TABLE["embedder"] or ":" in name:
        embedder = await engines.get("embedder", name)
    else:
        embedder = await _from_directory(engines.context, name)
    return embedder


async def _from_directory(context: EngineContext, name: str) -> Embedder:
    def find() -> Path:
        own = Path(name).expanduser()
        return own if own.is_dir() else hub_directory(context, name)

    directory = await context.scheduler.run(Priority.VISION, find)
    return await OnnxEmbedder.at(directory, directory.name, context.scheduler)


def collection_of(agent_name: str, entries: Sequence[str], settings: KnowledgeSettings) -> str:
    """The collection that an agent answers from: one it names, else the settings', else one of its own."""
    named = [entry.removeprefix(COLLECTION) for entry in entries if entry.startswith(COLLECTION)]
    if len(set(named)) > 1:
        raise ConfigError("an agent answers from one collection", where="knowledge", hint="name one of them")
    return (named[0] if named else settings.collection) or slug(agent_name)


def slug(name: str) -> str:
    """`name` as letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or DEFAULT


def data_path(settings: KnowledgeSettings, name: str) -> Path:
    """`knowledge.path`, else `name` in the user's data directory."""
    if settings.path:
        return Path(settings.path).expanduser()
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "visavis" / name
