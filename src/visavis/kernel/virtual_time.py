"""An event loop whose clock jumps to the next timer as soon as nothing else can run.

Scenario tests use it to play minutes of a call in milliseconds, and `visavis call --fast` to run a recording as
fast as the models allow: while a model computes (`holding()`), the clock stands still, so to the call every model
is instant and the result does not depend on the machine's speed.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_HELD_POLL_S = 0.05


class _JumpingSelector(selectors.BaseSelector):
    """Wraps a real selector: waits for real only while work is held, else jumps the clock."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._real = selectors.DefaultSelector()
        self._loop = loop

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self._loop.held:
            return self._real.select(_HELD_POLL_S)
        self._loop.jump(timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and moves only by jumping to the next timer; `wall_offset_s` gives a fixed wall clock."""

    def __init__(self, wall_s: float | None = None) -> None:
        self._virtual_s = 0.0
        self.held = 0
        self.wall_offset_s = time.time() if wall_s is None else wall_s
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._virtual_s

    def jump(self, seconds: float) -> None:
        self._virtual_s += seconds


@contextmanager
def holding() -> Iterator[None]:
    """Keep a virtual clock still while real work runs outside the loop. Does nothing on a real loop."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        yield
        return
    loop.held += 1
    try:
        yield
    finally:
        loop.held -= 1
