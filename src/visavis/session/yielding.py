"""Yields the floor to somebody who raises a hand: the agent ends its clause or its word, falls silent, and listens.

What follows is as after an interruption: only what was heard stays in the context. A protected passage is said to its
end first. A hand that is raised while the agent is silent is only noted, and told to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from visavis.kernel.events import (
    Event,
    FloorYielded,
    PassageStarted,
    PlaybackStarted,
    PlaybackStopped,
    Record,
    SightTriggered,
)
from visavis.session.mouth import Mouth
from visavis.session.replies import Replies
from visavis.turn.conductor import Conductor

YIELDS_TO = frozenset({"raised_hand"})
"""The triggers' kinds."""

CLAUSE_WITHIN_S = 1.0
"""A clause that ends this soon is said to its end; of a longer one only the word."""


class Yielding:
    """A reader: feed it records."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        mouth: Mouth,
        conductor: Conductor,
        replies: Replies,
        note: Callable[[Event], object],
    ) -> None:
        self._group = group
        self._mouth = mouth
        self._conductor = conductor
        self._replies = replies
        self._note = note
        self._protected = False
        self._over = asyncio.Event()
        """The protected passage is over, or the reply is."""
        self._waits = False

    def read(self, record: Record) -> None:
        match record.event:
            case PassageStarted(protected=protected):
                self._protected = protected
                if not protected:
                    self._over.set()
            case PlaybackStarted() | PlaybackStopped():
                self._protected = False
                self._over.set()
            case SightTriggered(kind=kind) if kind in YIELDS_TO and self._mouth.audible and not self._waits:
                self._waits = True
                self._group.create_task(self._yield(self._mouth.audible, kind), name="yield")

    async def _yield(self, reply: int, why: str) -> None:
        while self._mouth.audible == reply:
            if self._protected:
                self._over.clear()
                await self._over.wait()
                continue
            await asyncio.sleep(self._mouth.break_in_s(CLAUSE_WITHIN_S))
            if not self._protected and self._mouth.audible == reply:
                self._note(FloorYielded(reply, why))
                self._conductor.forget()
                self._replies.interrupt()
        self._waits = False
