"""How a call's task group comes to its end, and why it did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

from visavis.journal.journal import SessionLog
from visavis.kernel.errors import JournalError
from visavis.kernel.events import Event, SessionEnded
from visavis.transport.base import Incoming, Transport

CLOSE_WITHIN_S = 3.0
"""Longest wait for each step of leaving."""


class CallEnded(Exception):
    """Unwinds the task group when the call is over. `reason` is for `SessionEnded`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@asynccontextmanager
async def closed_after(incoming: AsyncIterator[Incoming]) -> AsyncIterator[AsyncIterator[Incoming]]:
    """Doors may write `incoming` as a generator: it must not be left open when the call ends in the middle of it."""
    try:
        yield incoming
    finally:
        if isinstance(incoming, AsyncGenerator):
            await incoming.aclose()


def ended_by(group: BaseExceptionGroup[BaseException]) -> CallEnded | JournalError:
    """What ended the task group, a failed journal first; raises what is neither of the two."""
    failed, other = group.split(JournalError)
    ended, unknown = other.split(CallEnded) if other is not None else (None, None)
    if unknown is not None:
        raise unknown
    error: BaseException | None = failed if failed is not None else ended
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, CallEnded | JournalError)
    return error


async def leave(
    reason: str,
    note: Callable[[Event], object],
    log: SessionLog,
    transport: Transport,
    memory_close: Coroutine[None, None, None],
) -> None:
    """Finish with memory, write the end, then hang up; bounded, and safe under cancellation."""
    code, _, detail = reason.partition(": ")
    with suppress(JournalError):
        await _bounded(memory_close)
        note(SessionEnded(code, detail))
        await asyncio.shield(log.commit())
    await _bounded(transport.close(code))


async def _bounded(step: Coroutine[None, None, None]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await asyncio.shield(step)
