"""One call over the providers of a pool: each next one goes on where the one before broke off.

With a hedge the second provider is asked as well, when the first is later with its first result than 95 of 100 of
its calls; who is sooner goes on, the other one is stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Generic, TypeVar

from visavis.kernel.errors import ProviderError
from visavis.kernel.events import Hedged
from visavis.session.fallback import Member, Pool, Watch, guarded, route

P = TypeVar("P")
T = TypeVar("T")
Make = Callable[[Member[P]], AsyncGenerator[T, None]]
"""Begins the call to a provider. What was taken of the call so far, the maker knows itself."""


class _Run(Generic[P, T]):
    """The call to one provider. Its first result may be waited for without being taken."""

    def __init__(self, member: Member[P], stream: AsyncGenerator[T, None]) -> None:
        self.member = member
        self.stream = stream
        self.first: list[T] = []
        self.over = False
        self.error: ProviderError | None = None

    async def begin(self) -> None:
        """Waits for the first result, the end, or a failure, and keeps it."""
        try:
            self.first.append(await anext(self.stream))
        except StopAsyncIteration:
            self.over = True
        except ProviderError as error:
            self.error = error

    async def items(self) -> AsyncGenerator[T, None]:
        async with aclosing(self.stream):
            if self.error is not None:
                raise self.error
            for item in self.first:
                yield item
            if not self.over:
                async for item in self.stream:
                    yield item


async def in_turn(
    pool: Pool[P],
    watch: Watch,
    make: Make[P, T],
    given_up: Callable[[Member[P]], None] = lambda member: None,
    *,
    order: Sequence[Member[P]] = (),
) -> AsyncGenerator[tuple[Member[P], T], None]:
    """What the providers give, each item with whose it is. `given_up` is told of a provider that was begun with and
    left. `order`: whom to ask, if not those that work in the pool's order. Raises the last one's ProviderError, or
    NoneLeft."""
    members = list(order) or route(pool)
    previous: Member[P] | None = None
    why = "open"
    while True:
        member = members.pop(0)
        watch.turns_to(pool, member, previous, why)
        run = _Run(member, make(member))
        try:
            if pool.hedged and members and member.p95_s is not None:
                run = await _raced(pool, watch, run, members, make, member.p95_s)
                if run.member is not member:
                    given_up(member)
                    members[0], member = member, run.member
            async with aclosing(run.items()) as items:
                async for item in items:
                    yield member, item
        except ProviderError as error:
            watch.failed(pool, member, error, bridged=bool(members))
            if not members:
                raise
            given_up(member)
            previous, why = member, error.code
        else:
            watch.worked(pool, member)
            return


async def asked(pool: Pool[P], watch: Watch, ask: Callable[[P], Awaitable[T]]) -> T:
    """The answer of the first provider that gives one within the pool's total limit, for calls that are answered in
    one piece. Raises the last one's ProviderError, or NoneLeft."""

    async def once(engine: P) -> AsyncGenerator[T, None]:
        yield await ask(engine)

    def make(member: Member[P]) -> AsyncGenerator[T, None]:
        return guarded(pool, member, once(member.engine), first_s=pool.limits.total_s)

    async with aclosing(in_turn(pool, watch, make)) as answers:
        [answer] = [answer async for _, answer in answers]
    return answer


async def _raced(
    pool: Pool[P], watch: Watch, first: _Run[P, T], others: list[Member[P]], make: Make[P, T], after_s: float
) -> _Run[P, T]:
    """The run that has something first: `first`, or one of the next provider that is begun `after_s` seconds later.
    The other one is stopped."""
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(first.begin(), name=f"{pool.layer}-first")
        if (await asyncio.wait([waiting], timeout=after_s))[0]:
            return first
        second = _Run(others[0], make(others[0]))
        also = group.create_task(second.begin(), name=f"{pool.layer}-hedge")
        tasks = {waiting: first, also: second}
        winner = await _winner(tasks)
        for task in tasks:
            task.cancel()
    loser = second if winner is first else first
    await loser.stream.aclose()
    if loser.error is not None:
        watch.failed(pool, loser.member, loser.error, bridged=True)
    names = first.member.name, second.member.name
    watch.note(Hedged(pool.layer, *names, after_s=round(after_s, 3), winner=winner.member.name))
    return winner


async def _winner(tasks: dict[asyncio.Task[None], _Run[P, T]]) -> _Run[P, T]:
    """The run that got somewhere first; the first one when none does."""
    left = set(tasks)
    while left:
        done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done and tasks[task].error is None:
                return tasks[task]
    return next(iter(tasks.values()))
