"""Keeps a library equal to the files that an agent names, at the start and while it is served."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

from visavis.kernel.errors import DocumentRefused, VisavisError
from visavis.think.knowledge.fetch import files_below, is_address, path_of
from visavis.think.knowledge.library import Library
from visavis.think.knowledge.opening import COLLECTION

LOOK_S = 2.0
"""Between two looks at the files; a change is indexed once it has stayed the same for that long."""

log = logging.getLogger(__name__)

_Stamps = dict[str, tuple[int, int]]


class Keeper:
    """Owns `library`. `start` indexes everything, then follows changes in a task of its own until `close`."""

    def __init__(self, library: Library, entries: Sequence[str], *, look_s: float = LOOK_S) -> None:
        self.library = library
        self._entries = [entry for entry in entries if not entry.startswith(COLLECTION)]
        self._look_s = look_s
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises ProviderError when the store fails; a document that cannot be read is left out with a warning."""
        stamps = await asyncio.to_thread(self._stamps)
        for refused in await self.library.sync(self._entries):
            log.warning("left out: %s", refused)
        if any(not is_address(entry) for entry in self._entries):
            self._task = asyncio.get_running_loop().create_task(self._follow(stamps), name="knowledge-keeper")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.library.close()

    async def _follow(self, indexed: _Stamps) -> None:
        seen = indexed
        while True:
            await asyncio.sleep(self._look_s)
            now = await asyncio.to_thread(self._stamps)
            settled = now == seen
            seen = now
            if now == indexed or not settled:
                continue
            try:
                await self._take_up(set(indexed) - set(now))
                indexed = now
            except VisavisError as error:
                log.warning("knowledge could not be renewed, trying again: %s", error)

    async def _take_up(self, gone: set[str]) -> None:
        for refused in await self.library.sync([entry for entry in self._entries if not is_address(entry)]):
            log.warning("left out: %s", refused)
        for file in gone:
            await self.library.remove(file)

    def _stamps(self) -> _Stamps:
        """Every file's time of change and size. Blocking."""
        stamps: _Stamps = {}
        for entry in self._entries:
            if is_address(entry):
                continue
            for file in _files(entry):
                with contextlib.suppress(OSError):  # gone since it was listed
                    stat = file.stat()
                    stamps[str(file.resolve())] = (stat.st_mtime_ns, stat.st_size)
        return stamps


def _files(entry: str) -> list[Path]:
    try:
        return files_below(path_of(entry))
    except DocumentRefused:
        return []
