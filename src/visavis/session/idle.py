"""When nothing goes on in a call: nobody speaks, no reply is being written. A reader of the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from visavis.kernel.events import (
    AsideIgnored,
    BargeInIgnored,
    NothingSaid,
    PeerLost,
    PeerReturned,
    Record,
    ReplyDiscarded,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    TextTyped,
    ToolCalled,
    TurnEnded,
    UsageCounted,
)


@dataclass(slots=True)
class Moment:
    """`whole`: it lasted until the work in it was done."""

    whole: bool = False


class Idle:
    """The agent's voice may still be heard in an idle moment: its words are written by then."""

    def __init__(self) -> None:
        self._speaking = False
        self._writing = False
        self._away = False
        self._changed = asyncio.Event()
        self._scope: asyncio.Timeout | None = None

    @property
    def _now(self) -> bool:
        return not (self._speaking or self._writing or self._away)

    def read(self, record: Record) -> None:
        match record.event:
            case SpeechStarted():
                self._speaking = True
            case TextTyped() | ReplyStarted() | ToolCalled():
                self._writing = True
            case TurnEnded():
                self._speaking, self._writing = False, True
            case NothingSaid() | AsideIgnored() | BargeInIgnored():
                self._speaking = False
            case UsageCounted(layer="llm", reply=reply) if reply:
                self._writing = False
            case ReplyEnded() | ReplyDiscarded():
                self._writing = False
            case PeerLost():
                self._away = True
            case PeerReturned():
                self._away = False
            case _:
                return
        self._changed.set()
        if not self._now and self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    async def changed(self) -> None:
        """Returns when something has happened that may begin or end an idle moment."""
        self._changed.clear()
        await self._changed.wait()

    async def moment(self, settled_s: float) -> None:
        """Returns when nothing has gone on for `settled_s` seconds."""
        while True:
            while not self._now:
                await self.changed()
            self._changed.clear()
            try:
                async with asyncio.timeout(settled_s):
                    await self._changed.wait()
            except TimeoutError:
                if self._now:
                    return

    @asynccontextmanager
    async def only(self) -> AsyncIterator[Moment]:
        """Ends the work in it as soon as something goes on, without an error."""
        moment = Moment()
        try:
            async with asyncio.timeout(None) as self._scope:
                yield moment
                moment.whole = True
        except TimeoutError:
            if self._scope is None or not self._scope.expired():
                raise
        finally:
            self._scope = None
