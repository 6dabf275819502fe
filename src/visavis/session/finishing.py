"""Work that the end of a call does not cut off: it gets a bounded time to come to its own end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

FINISH_S = 10.0
"""What is under way when the call ends has so long, whatever its own limit."""


async def finished(work: Coroutine[Any, Any, T], otherwise: T, within_s: float = FINISH_S) -> T:
    """The result of `work`. Once the caller is cancelled, `work` still has `within_s` seconds; then it is cancelled,
    and `otherwise` is the result: the caller tells it, and ends. A second cancellation stops `work` at once.
    """
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task], timeout=within_s)
            ended = task.done() and not task.cancelled()
            task.cancel()  # nothing, once it is done
            return task.result() if ended else otherwise
