"""One scheduler for all computation of a process, so that two cores serve what is urgent first.

Work is a plain function, run on one of a few worker threads, in order of `Priority` and then of arrival. Lower
work gives way between pieces: a function that can be cut short takes a `Yield` and asks it now and then; when
something more urgent waits and no thread is free, it should return early (the caller decides whether to ask
again). At most `MAX_WAITING` jobs wait: when that is reached, the oldest job of PARTIAL or below is dropped (its
awaiter sees Preempted), and when there is none, `run` raises AtCapacity.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from visavis.kernel.errors import AtCapacity
from visavis.kernel.virtual_time import holding

T = TypeVar("T")

MAX_WAITING = 512


class Priority(IntEnum):
    """Smaller is more urgent."""

    VAD = 0
    FINAL = 1
    REPLY = 2
    SPEECH = 3
    PARTIAL = 4
    PREFILL = 5
    VISION = 6


class Preempted(Exception):
    """Lower work was dropped, or gave way, because something more urgent came."""


@dataclass(order=True, slots=True)
class _Job:
    priority: int
    order: int
    run: Callable[[], Any] = field(compare=False)
    loop: asyncio.AbstractEventLoop = field(compare=False)
    future: asyncio.Future[Any] = field(compare=False)


class Yield:
    """Asked by interruptible work: should it stop now?"""

    __slots__ = ("_priority", "_scheduler", "cancelled")

    def __init__(self, scheduler: ComputeScheduler, priority: Priority) -> None:
        self._scheduler = scheduler
        self._priority = priority
        self.cancelled = False

    @property
    def wanted(self) -> bool:
        return self.cancelled or self._scheduler.more_urgent_waits(self._priority)


class ComputeScheduler:
    """Start it once per process; `close` when the process ends."""

    def __init__(self, threads: int = 2) -> None:
        self._heap: list[_Job] = []
        self._order = itertools.count()
        self._ready = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"compute-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def more_urgent_waits(self, priority: Priority) -> bool:
        heap = self._heap
        return bool(heap) and heap[0].priority < priority

    async def run(self, priority: Priority, function: Callable[[], T]) -> T:
        """Run `function` on a worker thread and return its result.

        Cancelling the await drops the work if it has not begun. Raises what `function` raises, Preempted when it
        was dropped for more urgent work, AtCapacity when the queue is full.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._submit(_Job(int(priority), next(self._order), function, loop, future))
        with holding():
            return await future

    async def run_yielding(self, priority: Priority, function: Callable[[Yield], T]) -> T:
        """Like `run`, for work that can be cut short; cancelling the await also tells running work to stop."""
        give_way = Yield(self, priority)
        try:
            return await self.run(priority, lambda: function(give_way))
        except asyncio.CancelledError:
            give_way.cancelled = True
            raise

    def _submit(self, job: _Job) -> None:
        with self._ready:
            if self._closed:
                raise AtCapacity("the compute scheduler is closed", stage="setup")
            if len(self._heap) >= MAX_WAITING:
                self._make_room(job)
            heapq.heappush(self._heap, job)
            self._ready.notify()

    def _make_room(self, job: _Job) -> None:
        droppable = [waiting for waiting in self._heap if waiting.priority >= Priority.PARTIAL]
        if not droppable:
            raise AtCapacity("too much computation is waiting", hint="fewer calls, or more threads")
        oldest = min(droppable, key=lambda waiting: waiting.order)
        self._heap.remove(oldest)
        heapq.heapify(self._heap)
        oldest.loop.call_soon_threadsafe(_settle, oldest.future, None, Preempted())

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._heap and not self._closed:
                    self._ready.wait()
                if self._closed:
                    return
                job = heapq.heappop(self._heap)
            if job.future.cancelled():
                continue
            result, error = None, None
            try:
                result = job.run()
            except BaseException as raised:  # noqa: BLE001 - handed to the awaiter, whatever it is
                error = raised
            try:
                job.loop.call_soon_threadsafe(_settle, job.future, result, error)
            except RuntimeError:  # the loop has closed: nobody waits any more
                continue

    def close(self) -> None:
        """Stop the threads; waiting work is dropped. Idempotent."""
        with self._ready:
            self._closed = True
            waiting, self._heap = self._heap, []
            self._ready.notify_all()
        for job in waiting:
            if not job.loop.is_closed():
                job.loop.call_soon_threadsafe(job.future.cancel)
        for thread in self._threads:
            thread.join(timeout=5)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
