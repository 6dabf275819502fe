"""Who is calling, from a door's query `person=…`, and the store where their memories are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from visavis.kernel.registry import resolve
from visavis.kernel.settings import MemorySettings
from visavis.session.kept import Person
from visavis.think.memory.base import MemoryStore
from visavis.trust.persons import Identity, person_of

QUERY = "person"


def memory_path(settings: MemorySettings) -> str:
    """The store's file: as set, else in the user's data directory."""
    if settings.path:
        return str(Path(settings.path).expanduser())
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return str(Path(base) / "visavis" / "memory.db")


def open_memory(settings: MemorySettings) -> MemoryStore:
    """Raises MemoryFailed, or ConfigError for an unknown store."""
    store: MemoryStore = resolve("memory", settings.store)(memory_path(settings))
    return store


class Persons:
    """Without a store nobody is known to anybody."""

    def __init__(self, store: MemoryStore | None = None, identity: Identity = "off", secret: str = "") -> None:
        self._store = store
        self._identity: Identity = identity
        self._secret = secret

    @classmethod
    def open(cls, settings: MemorySettings) -> Self:
        """Opens the store only where somebody can be known. Raises as `open_memory`."""
        secret = os.environ.get(settings.secret_env, "")
        if settings.identity == "off" or (settings.identity == "signed" and not secret):
            return cls()
        return cls(open_memory(settings), settings.identity, secret)

    def of(self, query: Mapping[str, str]) -> Person | None:
        """Whoever the query rightly names."""
        person = person_of(query.get(QUERY, ""), self._identity, self._secret)
        return Person(person, self._store) if self._store is not None and person else None

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
