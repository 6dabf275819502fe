"""One low-priority thread for the pictures' own work: encoding, covering, cutting pages.

Not the compute scheduler's threads: these pieces take up to a few hundred milliseconds and cannot be cut short, and
with two of them under way the voice would wait. Here they wait for each other, and the system lets all else go first.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from visavis.kernel.virtual_time import holding

T = TypeVar("T")

NICE = 10


def _give_way() -> None:
    with contextlib.suppress(OSError, AttributeError):  # only Linux has a priority for each thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


_POOL = ThreadPoolExecutor(1, "vision", initializer=_give_way)


async def aside(work: Callable[[], T]) -> T:
    """The result of `work`, or what it raises. Cancelling drops what has not begun."""
    with holding():
        return await asyncio.get_running_loop().run_in_executor(_POOL, work)
