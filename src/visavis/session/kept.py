"""The store of memories, as one call uses it: in order, off the event loop, and only with consent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from visavis.kernel.errors import PolicyError
from visavis.kernel.events import MemoryNoted, MemoryRecalled, Record
from visavis.kernel.virtual_time import holding
from visavis.session.scribe import Scribe
from visavis.think.memory.base import MemoryFailed, MemoryStore
from visavis.think.memory.targets import Entry

MOST_WAITING = 1000
"""Of operations on the store; a further one fails."""

LASTING = ("fact", "promise", "line")
"""Kinds that a later call may know; a document is shown again."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is calling, and where their memories are."""

    id: str
    store: MemoryStore


class Kept:
    """`recalled` takes each memory of an earlier call; `failed` what the store could not do; `sorry` is called when
    something may still be there that was to be forgotten.
    """

    def __init__(
        self,
        person: Person,
        scribe: Scribe,
        recalled: Callable[[MemoryRecalled], None],
        failed: Callable[[MemoryFailed], None],
        sorry: Callable[[], None],
    ) -> None:
        self._person = person.id
        self._store = person.store
        self._session = scribe.log.session
        self._gate = scribe.gate
        self._recalled = recalled
        self._failed = failed
        self._sorry = sorry
        self._waiting: deque[tuple[Callable[[], object], bool]] = deque()
        self._work = asyncio.Event()
        self._one = asyncio.Lock()

    async def run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await self.flush()

    async def flush(self) -> None:
        """Returns when all that was asked for so far is done, or has failed. What a cancelled `flush` was at is done
        again by the next one: each operation may be."""
        async with self._one:
            while self._waiting:
                operation, must = self._waiting[0]
                try:
                    with holding():
                        done = await asyncio.to_thread(operation)
                except MemoryFailed as error:
                    self._failed(error)
                    if must:
                        self._sorry()
                else:
                    self._tell(done)
                self._waiting.popleft()

    def recall(self) -> None:
        """Ask for what earlier calls told."""
        self._later(partial(self._store.items, self._person))

    def add(self, record: Record) -> None:
        """Keep what was noted, if the person has agreed to that."""
        event = record.event
        if isinstance(event, MemoryNoted) and event.kind in LASTING:
            with suppress(PolicyError):
                cleared = self._gate.clear(event, also="memory")
                self._later(partial(self._store.add, self._person, cleared, self._session, record.wall_s))

    def forget(self, entries: Sequence[Entry], *, asked: bool) -> None:
        """Delete these. `asked`: the person wants it, and must be told if it fails."""
        if entries:
            self._later(partial(self._forget, tuple(entries)), must=asked)

    def withdraw(self) -> None:
        """Delete all that this call has added."""
        self._later(partial(self._store.forget_call, self._person, self._session), must=True)

    def _forget(self, entries: tuple[Entry, ...]) -> None:
        own = {
            (item.source_seq, item.text): item.number
            for item in self._store.items(self._person)
            if item.session == self._session
        }
        numbers = [entry.item or own.get((entry.source_seq, entry.text), 0) for entry in entries]
        self._store.forget([number for number in numbers if number])

    def _later(self, operation: Callable[[], object], *, must: bool = False) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._failed(MemoryFailed("the store of memories cannot keep up", stage="think"))
            return
        self._waiting.append((operation, must))
        self._work.set()

    def _tell(self, done: object) -> None:
        if isinstance(done, list):
            for item in [one for one in done if one.session != self._session]:
                day = datetime.fromtimestamp(item.told_s, UTC).strftime("%Y-%m-%d")
                self._recalled(MemoryRecalled(item.number, item.kind, item.text, day, item.key))
