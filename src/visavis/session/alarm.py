"""Waiting for a time that may be changed meanwhile: how pure state machines with a `wake_at_s` are woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from visavis.kernel.clock import MediaClock


class Alarm:
    """`wake_at_s()` is the media time to ring at, None for not at all; call `reset` when it may have changed."""

    def __init__(self, media: MediaClock, wake_at_s: Callable[[], float | None]) -> None:
        self._media = media
        self._wake_at_s = wake_at_s
        self._changed = asyncio.Event()

    def reset(self) -> None:
        self._changed.set()

    async def rings(self) -> float:
        """Waits until the time has come; returns the time it was set to."""
        while True:
            due_s = self._wake_at_s()
            self._changed.clear()
            wait_s = None if due_s is None else max(0.0, due_s - self._media.now())
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                if due_s is not None and due_s == self._wake_at_s():
                    return due_s
