"""The one writer of a process. Sessions append facts; batches are committed in the background.

`append` never blocks. `commit` returns when everything appended before it is durable; the session awaits it when a
turn ends. The queue is bounded: when the store cannot keep up, or has failed, `append` raises JournalError, and a
call that cannot be recorded does not go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from visavis.journal.base import Store
from visavis.kernel.cleared import Cleared
from visavis.kernel.clock import MediaClock
from visavis.kernel.errors import JournalError
from visavis.kernel.events import Event, Record
from visavis.kernel.virtual_time import holding

MAX_WAITING = 10_000

Reader = Callable[[Record], None]


class Journal:
    """An async context manager: entering starts the writer, leaving commits what waits and closes the store."""

    def __init__(self, store: Store, *, batch_s: float = 0.25) -> None:
        self.store = store
        self._batch_s = batch_s
        self._waiting: list[Record] = []
        self._commits: list[asyncio.Future[None]] = []
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._failure: JournalError | None = None
        self._closing = False
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Journal:
        await self._group.__aenter__()
        self._group.create_task(self._write(), name="journal-writer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._work.set()
        self._urgent.set()
        await self._group.__aexit__(kind, error, trace)
        self.store.close()

    @property
    def failure(self) -> JournalError | None:
        """Why the journal can no longer be written, if so. New calls are refused while this is set."""
        return self._failure

    def open(self, session: str, media: MediaClock) -> SessionLog:
        return SessionLog(self, session, media, [])

    async def resume(self, session: str, make_media: Callable[[float], MediaClock]) -> SessionLog:
        """The log of a session that an earlier process began; `make_media(start_s)` continues its media time."""
        past = await self.read(session)
        return SessionLog(self, session, make_media(past[-1].at_s if past else 0.0), past)

    async def read(self, session: str) -> list[Record]:
        if self.store.instant:
            return self.store.read(session)
        with holding():
            return await asyncio.to_thread(self.store.read, session)

    def put(self, record: Record) -> None:
        if self._failure is not None:
            raise self._failure
        if len(self._waiting) >= MAX_WAITING:
            raise JournalError("the journal cannot keep up", stage="journal", hint="use a faster disk")
        self._waiting.append(record)
        self._work.set()

    async def commit(self) -> None:
        """Returns when every record appended so far is durable. Raises JournalError when that failed."""
        if self._failure is not None:
            raise self._failure
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commits.append(done)
        self._work.set()
        self._urgent.set()
        await done

    async def recover(self) -> None:
        """After a failure, try once more to write what is waiting. Raises JournalError when it still fails."""
        if self._failure is not None:
            self._failure = None
            await self.commit()

    async def _write(self) -> None:
        while not self._closing or self._waiting or self._commits:
            await self._work.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._batch_s):
                    await self._urgent.wait()
            self._work.clear()
            self._urgent.clear()
            batch, self._waiting = self._waiting, []
            commits, self._commits = self._commits, []
            await self._store(batch)
            self._answer(commits)

    def _answer(self, commits: list[asyncio.Future[None]]) -> None:
        for done in commits:
            if done.done():
                continue
            if self._failure is None:
                done.set_result(None)
            else:
                done.set_exception(self._failure)

    async def _store(self, batch: list[Record]) -> None:
        if not batch:
            return
        try:
            if self.store.instant:
                self.store.append(batch)
            else:
                with holding():
                    await asyncio.to_thread(self.store.append, batch)
        except JournalError as error:
            self._failure = error
            if not self._closing:
                self._waiting[:0] = batch


class SessionLog:
    """One session's end of the journal. `readers` see each record as it is appended, in order."""

    def __init__(self, journal: Journal, session: str, media: MediaClock, past: list[Record]) -> None:
        self.session = session
        self.media = media
        self.past = past
        self.readers: list[Reader] = []
        self._journal = journal
        self._seq = past[-1].seq if past else 0

    @property
    def seq(self) -> int:
        """Number of the last record appended."""
        return self._seq

    def append(self, event: Cleared[Event], at_s: float | None = None) -> Record:
        """Record a fact, as of `at_s` media time (default: now). Raises JournalError; never blocks."""
        at_s = self.media.now() if at_s is None else at_s
        record = Record(self.session, self._seq + 1, round(at_s, 4), round(self.media.wall(), 3), event.value)
        self._journal.put(record)
        self._seq += 1
        for read in self.readers:
            read(record)
        return record

    async def commit(self) -> int:
        """Returns the number of the last record that is now durable. Raises JournalError."""
        seq = self._seq
        await self._journal.commit()
        return seq
