"""What the server has told a caller, with times; both synthetic callers have one."""

from __future__ import annotations

import asyncio
from typing import Any


class Mailbox:
    """`messages` are `(loop time, message)`, in order. `_changed` is set whenever something new has happened."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, Any]] = []
        self._changed = asyncio.Event()

    def _received(self, message: Any) -> None:
        self.messages.append((asyncio.get_running_loop().time(), message))
        self._changed.set()

    async def wait_for(self, kind: type[Any], *, timeout_s: float = 10.0, after_s: float = 0.0) -> Any:
        """The first message of `kind` that came after loop time `after_s`. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while True:
                for at_s, message in self.messages:
                    if at_s >= after_s and isinstance(message, kind):
                        return message
                self._changed.clear()
                await self._changed.wait()
