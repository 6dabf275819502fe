"""Ordered providers of a layer: who is asked, who comes next, and what is written down about it.

A `Pool` belongs to the process: providers in order, a breaker for each. A `Watch` belongs to a session: it writes
facts into its journal and tells its ladder.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from visavis.kernel.errors import ProviderError, ProviderTimeout
from visavis.kernel.events import BreakerOpened, Event, FellBack, ProviderFailed
from visavis.kernel.events.survival import Rung
from visavis.kernel.settings import FallbackSettings
from visavis.kernel.timeouts import Timeouts
from visavis.session.breaker import Breaker
from visavis.session.ladder import Ladder
from visavis.session.providers import in_time, translated

P = TypeVar("P")
T = TypeVar("T")

REMEMBERED = 100
KNOWN_FROM = 20
"""Calls after which a provider's p95 is taken for known."""

DOWN: dict[str, Rung] = {"llm": "smaller_model", "tts": "other_voice"}
"""What a call goes without while another than the first provider serves it."""


@dataclass(slots=True, eq=False)
class Member(Generic[P]):
    """A provider in its place. `voice`: the one to speak with, where the stack names it."""

    name: str
    engine: P
    breaker: Breaker
    voice: str = ""
    firsts_s: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """How long the last calls' first results took."""
    tells_partials: bool = False
    """Of a recogniser: it has told words while somebody spoke, so silence of it may mean something."""

    @property
    def p95_s(self) -> float | None:
        """Time to the first result that 95 of 100 calls keep; None while too few are known."""
        if len(self.firsts_s) < KNOWN_FROM:
            return None
        return sorted(self.firsts_s)[int(0.95 * len(self.firsts_s))]


class Pool(Generic[P]):
    """The providers of `layer`, best first; shared by all sessions of the process."""

    def __init__(
        self, layer: str, engines: Sequence[tuple[str, P]], limits: Timeouts, settings: FallbackSettings | None = None
    ) -> None:
        """`engines` with the names that facts tell."""
        settings = settings or FallbackSettings()
        self.layer = layer
        self.limits = limits
        self.hedged = layer in settings.hedge
        self.members = [
            Member(name, engine, Breaker(settings.failures, settings.retry_s, settings.retry_most_s))
            for name, engine in engines
        ]
        self.broken = asyncio.Event()
        """Set when a breaker opens."""

    @property
    def first(self) -> Member[P]:
        return self.members[0]

    def usable(self) -> list[Member[P]]:
        """Those that calls go to now, in order."""
        return [member for member in self.members if member.breaker.usable]

    def failed(self, member: Member[P], error: ProviderError, now_s: float) -> bool:
        """A call to `member` failed. True when calls go past it from now on: a silent provider costs the person its
        whole deadline, so that timeouts count twice."""
        opened = member.breaker.failed(now_s, weight=2 if isinstance(error, ProviderTimeout) else 1)
        if opened:
            self.broken.set()
        return opened


class NoneLeft(ProviderError):
    """All providers of a layer are known to fail, so that none was asked."""

    code = "none_left"


class Watch:
    """One session's view of what its providers do. Without arguments it belongs to no session, and tells nobody."""

    def __init__(self, note: Callable[[Event], object] = lambda event: None, ladder: Ladder | None = None) -> None:
        self.note = note
        self.ladder = ladder or Ladder()
        self._serving: dict[str, str] = {}

    def failed(self, pool: Pool[P], member: Member[P], error: ProviderError, *, bridged: bool) -> None:
        """A call failed. `bridged`: the next provider goes on, so nobody else writes the failure down."""
        if bridged:
            self.note(ProviderFailed.of(pool.layer, member.name, error))
        if pool.failed(member, error, _now_s()):
            self.note(BreakerOpened(pool.layer, member.name, error.code, member.breaker.wait_s))

    def turns_to(self, pool: Pool[P], member: Member[P], previous: Member[P] | None, why: str) -> None:
        """`member` is asked now: after `previous`, or because breakers before it are open. Told when it changes."""
        if previous is None and (member is pool.first or self._serving.get(pool.layer) == member.name):
            return
        self._serving[pool.layer] = member.name
        self.note(FellBack(pool.layer, (previous or pool.first).name, member.name, why))
        if pool.layer in DOWN:
            self.ladder.down(DOWN[pool.layer], why)

    def worked(self, pool: Pool[P], member: Member[P]) -> None:
        """A call came to its end."""
        member.breaker.worked()
        if member is pool.first and self._serving.pop(pool.layer, "") and pool.layer in DOWN:
            self.ladder.up(DOWN[pool.layer])


def route(pool: Pool[P]) -> list[Member[P]]:
    """Whom to ask, in order. Raises NoneLeft when nobody is known to work."""
    usable = pool.usable()
    if not usable:
        raise NoneLeft(f"no provider of the {pool.layer} layer works at the moment")
    return usable


async def guarded(
    pool: Pool[P], member: Member[P], stream: AsyncGenerator[T, None], *, first_s: float | None = None
) -> AsyncGenerator[T, None]:
    """`stream` of `member` within the pool's limits, or `first_s` for its first item; whatever it raises becomes an
    error of our tree. How long the first item took is learnt."""
    limits = pool.limits
    asked_s, first = _now_s(), True
    kept = in_time(
        pool.layer,
        stream,
        first_s=limits.first_s if first_s is None else first_s,
        idle_s=limits.idle_s,
        total_s=limits.total_s,
    )
    with translated(pool.layer, member.name):
        async with aclosing(kept) as items:
            async for item in items:
                if first:
                    member.firsts_s.append(_now_s() - asked_s)
                    first = False
                yield item


def _now_s() -> float:
    return asyncio.get_running_loop().time()
