"""Several recognisers as one: when one fails, the next is given the whole turn's audio, and tells its words."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from visavis.hear.base import HEAR_RATE_HZ, Asr, AsrStream, Words
from visavis.kernel.errors import ProtocolViolation, ProviderError
from visavis.kernel.media import Pcm
from visavis.session.fallback import Member, NoneLeft, Pool, Watch
from visavis.session.providers import KeepsTime, limited, translated

MAX_TURN_S = 90.0
"""Audio of a turn that another recogniser can be given."""

CLOSE_S = 1.0


class FallbackAsr(KeepsTime):
    """An `Asr`. `of` gives a session's own view of it."""

    def __init__(self, pool: Pool[Asr], watch: Watch | None = None) -> None:
        self.pool = pool
        self.name = pool.first.name
        self._watch = watch or Watch()

    def of(self, watch: Watch) -> FallbackAsr:
        return FallbackAsr(self.pool, watch)

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream:
        return _Stream(self.pool, self._watch, language, on_partial)


class _Stream:
    """One caller's. The audio goes to one recogniser at a time; partials of a left one are not told any more."""

    def __init__(self, pool: Pool[Asr], watch: Watch, language: str, on_partial: Callable[[Words], None]) -> None:
        self._pool = pool
        self._watch = watch
        self._language = language
        self._on_partial = on_partial
        self._turn: deque[Pcm] = deque()
        self._turn_s = 0.0
        self._hurried = False
        self._member: Member[Asr] | None = None
        self._stream: AsrStream | None = None
        self._left: list[AsrStream] = []

    def push(self, pcm: Pcm) -> None:
        self._keep(pcm)
        if self._stream is None:
            self._begin_with_first()
        else:
            self._give(pcm)

    def _keep(self, pcm: Pcm) -> None:
        self._turn.append(pcm)
        self._turn_s += len(pcm) / HEAR_RATE_HZ
        while self._turn_s > MAX_TURN_S:
            self._turn_s -= len(self._turn.popleft()) / HEAR_RATE_HZ

    def _begin_with_first(self) -> None:
        """Open the best recogniser that works, with the audio so far; without any, the full pass will tell."""
        previous, why = None, "open"
        for member in self._pool.usable():
            self._watch.turns_to(self._pool, member, previous, why)
            try:
                self._open(member)
            except ProviderError as error:
                self._watch.failed(self._pool, member, error, bridged=True)
                previous, why = member, error.code
            else:
                return

    def _give(self, pcm: Pcm) -> None:
        assert self._stream is not None and self._member is not None
        member = self._member
        try:
            with translated("asr", member.name):
                self._stream.push(pcm)
        except ProviderError as error:
            self._leave()
            self._watch.failed(self._pool, member, error, bridged=True)
            self._begin_with_first()

    def _open(self, member: Member[Asr]) -> None:
        """The turn's audio goes to `member` from now on. Raises ProviderError."""
        self._leave()
        with translated("asr", member.name):
            stream = member.engine.stream(self._language, lambda words: self._partial(member, words))
            self._member, self._stream = member, stream
            try:
                stream.hurry(self._hurried)
                for pcm in self._turn:
                    stream.push(pcm)
            except BaseException:
                self._leave()
                raise

    def _partial(self, member: Member[Asr], words: Words) -> None:
        if member is self._member:
            self._on_partial(words)

    def _leave(self) -> None:
        if self._stream is not None:
            self._left.append(self._stream)
        self._member = self._stream = None

    def hurry(self, on: bool) -> None:
        self._hurried = on
        if self._stream is not None:
            self._stream.hurry(on)

    async def final(self) -> Words:
        """The words by the first recogniser that tells them in time. Raises ProviderError when none does."""
        tried: set[Member[Asr]] = set()
        until_s = asyncio.get_running_loop().time() + self._pool.limits.total_s
        previous: Member[Asr] | None = None
        why, error = "open", None
        while (member := self._next(tried)) is not None:
            tried.add(member)
            self._watch.turns_to(self._pool, member, previous, why)
            more = self._next(tried) is not None
            try:
                words = await self._ask(member, until_s, more=more)
            except ProviderError as failure:
                self._watch.failed(self._pool, member, failure, bridged=more)
                previous, why, error = member, failure.code, failure
                if self._member is member:
                    self._leave()
            else:
                self._watch.worked(self._pool, member)
                return words
        await self._close_left()
        raise error or NoneLeft("no recogniser works at the moment", stage="hear")

    def _next(self, tried: set[Member[Asr]]) -> Member[Asr] | None:
        """The recogniser that has the audio, else the best other one."""
        if self._member is not None and self._member not in tried:
            return self._member
        return next((member for member in self._pool.usable() if member not in tried), None)

    async def _ask(self, member: Member[Asr], until_s: float, *, more: bool) -> Words:
        left_s = max(0.0, until_s - asyncio.get_running_loop().time())
        async with limited("asr", min(left_s, self._pool.limits.first_s) if more else left_s, "total"):
            await self._close_left()
            if member is not self._member:
                self._open(member)
            assert self._stream is not None
            with translated("asr", member.name):
                words = await self._stream.final()
        if not isinstance(words, Words):
            raise ProtocolViolation("the recogniser gave no words", stage="hear")
        return words

    def commit(self) -> None:
        """The next turn begins with the best recogniser that works then."""
        self._turn.clear()
        self._turn_s = 0.0
        if self._stream is None or self._member is None:
            return
        try:
            with translated("asr", self._member.name):
                self._stream.commit()
        except ProviderError as error:
            self._watch.failed(self._pool, self._member, error, bridged=True)
            self._leave()
        if self._pool.usable()[:1] != [self._member]:
            self._leave()

    async def _close_left(self) -> None:
        """A recogniser that has failed may fail at this as well."""
        left, self._left = self._left, []
        for stream in left:
            with suppress(ProviderError), translated("asr", "left"):
                async with limited("asr", CLOSE_S, "total"):
                    await stream.close()

    async def close(self) -> None:
        self._leave()
        await self._close_left()
