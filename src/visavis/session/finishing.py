"""Work that is not simply cut off: it gets a bounded time to come to its own end, and is not lost without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

FINISH_S = 10.0
"""What is under way when the call ends has so long, whatever its own limit."""


async def finished(work: Coroutine[Any, Any, T], within_s: Callable[[], float] = lambda: FINISH_S) -> T | None:
    """The result of `work`. Once the caller is cancelled, `work` has `within_s()` seconds more; then it is cancelled,
    and the result is None: the caller tells of it, and ends. A second cancellation stops `work` at once.
    """
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task], timeout=within_s())
            ended = task.done() and not task.cancelled()
            task.cancel()  # nothing, once it is done
            return task.result() if ended else None
