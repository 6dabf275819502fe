"""Several recognisers as one: when one fails, the next is given the whole turn's audio, and tells its words."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from visavis.hear.base import HEAR_RATE_HZ, Asr, AsrStream, Words
from visavis.kernel.errors import ProtocolViolation, ProviderError, ProviderTimeout
from visavis.kernel.media import Pcm
from visavis.session.fallback import Member, Pool, Watch, guarded
from visavis.session.in_turn import in_turn
from visavis.session.providers import KeepsTime, limited, translated
from visavis.session.second_ear import SecondEar

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
    """One caller's. The audio goes to one recogniser at a time, or to a second ear as well; partials of a left one
    are not told any more."""

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
        self._told = 0
        """Words of the turn that the person's recogniser has told."""
        self._silent_s = 0.0
        """Audio that it was given since it last told any."""
        self._second: SecondEar | None = None
        self._left: list[AsrStream] = []

    def push(self, pcm: Pcm) -> None:
        self._keep(pcm)
        if self._stream is None:
            self._begin()
        else:
            self._give(pcm)

    def _keep(self, pcm: Pcm) -> None:
        self._turn.append(pcm)
        self._turn_s += len(pcm) / HEAR_RATE_HZ
        while self._turn_s > MAX_TURN_S:
            self._turn_s -= len(self._turn.popleft()) / HEAR_RATE_HZ

    def _begin(self, failed: Member[Asr] | None = None, why: str = "open") -> None:
        """Open the best recogniser that works, but not the one that has `failed`, with the audio so far; without any,
        the full pass will tell."""
        previous = failed
        for member in [member for member in self._pool.usable() if member is not failed]:
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
            self._begin(member, error.code)
        else:
            self._listen_beside(pcm)

    def _open(self, member: Member[Asr]) -> None:
        """The turn's audio goes to `member` from now on. Raises ProviderError."""
        self._leave()
        stream = self._opened(member)
        self._member, self._stream = member, stream
        try:
            with translated("asr", member.name):
                for pcm in self._turn:
                    stream.push(pcm)
        except BaseException:
            self._leave()
            raise

    def _opened(self, member: Member[Asr]) -> AsrStream:
        with translated("asr", member.name):
            stream = member.engine.stream(self._language, lambda words: self._partial(member, words))
            stream.hurry(self._hurried)
        return stream

    def _partial(self, member: Member[Asr], words: Words) -> None:
        if member is not self._member:
            return
        if not isinstance(words, Words):
            raise ProtocolViolation("the recogniser gave no words", stage="hear")
        member.tells_partials = True
        self._hears_again()
        self._told = len(words.text.split())
        self._on_partial(words)

    def _leave(self) -> None:
        if self._stream is not None:
            self._left.append(self._stream)
        self._member = self._stream = None
        self._hears_again()
        self._told = 0

    # A second ear, while the first one tells nothing.

    def _listen_beside(self, pcm: Pcm) -> None:
        self._silent_s += len(pcm) / HEAR_RATE_HZ
        other = self._second.member if self._second is not None else self._another()
        if other is None:
            return
        try:
            if self._second is not None:
                self._second.push([pcm])
            else:
                self._doubt(other)
        except ProviderError as error:
            self._watch.failed(self._pool, other, error, bridged=True)
            self._hears_again()

    def _another(self) -> Member[Asr] | None:
        """Who is to listen, too, when one who usually tells partials has been silent for too long."""
        silent = self._member
        if silent is None or not silent.tells_partials or self._silent_s <= self._pool.limits.idle_s:
            return None
        return next((member for member in self._pool.usable() if member is not silent), None)

    def _doubt(self, other: Member[Asr]) -> None:
        def heard(words: Words) -> None:
            if second is self._second:
                self._trust(second)
            self._partial(other, words)

        second = self._second = SecondEar(other, self._language, self._told, heard)
        second.push(self._turn)

    def _trust(self, second: SecondEar) -> None:
        """There are words, and the recogniser has not told them: the other one goes on."""
        silent = self._member
        assert silent is not None
        words = f"no words from the asr layer for {self._pool.limits.idle_s:g} s of speech"
        error = ProviderTimeout(words, which="idle", stage="hear")
        self._second = None
        self._leave()
        self._member, self._stream = second.member, second.stream
        self._watch.failed(self._pool, silent, error, bridged=True)
        self._watch.turns_to(self._pool, second.member, silent, error.code)

    def _hears_again(self) -> None:
        self._silent_s = 0.0
        if self._second is not None:
            self._left.append(self._second.stream)
            self._second = None

    def hurry(self, on: bool) -> None:
        self._hurried = on
        if self._stream is not None:
            self._stream.hurry(on)

    # The full pass.

    async def final(self) -> Words:
        """The words by the first recogniser that tells them in time. Raises ProviderError when none does."""
        order = self._order()
        until_s = asyncio.get_running_loop().time() + self._pool.limits.total_s

        async def make(member: Member[Asr]) -> AsyncGenerator[Words, None]:
            left_s = max(0.0, until_s - asyncio.get_running_loop().time())
            first_s = min(left_s, self._pool.limits.first_s) if member is not order[-1] else left_s
            try:
                async with aclosing(guarded(self._pool, member, self._words(member), first_s=first_s)) as told:
                    async for words in told:
                        yield words
            except ProviderError:
                if self._member is member:
                    self._leave()
                raise

        try:
            async with aclosing(in_turn(self._pool, self._watch, make, order=order)) as told:
                [words] = [words async for _, words in told]
        except ProviderError:
            await self._close_left()
            raise
        await self._close_left()
        return words

    def _order(self) -> list[Member[Asr]]:
        """The recogniser that has the audio, then the others that work."""
        serving = [self._member] if self._member is not None else []
        return serving + [member for member in self._pool.usable() if member is not self._member]

    async def _words(self, member: Member[Asr]) -> AsyncGenerator[Words, None]:
        """One item: the words by `member`. It is given the audio, for good if nobody else has it."""
        if self._member is None:
            self._open(member)
        if self._member is member:
            stream, beside = self._stream, False
        else:
            stream, beside = self._opened(member), True
        assert stream is not None
        try:
            for pcm in self._turn if beside else ():
                stream.push(pcm)
            words = await stream.final()
        finally:
            if beside:
                self._left.append(stream)
        if not isinstance(words, Words):
            raise ProtocolViolation("the recogniser gave no words", stage="hear")
        yield words

    def commit(self) -> None:
        """The next turn begins with the best recogniser that works then."""
        self._turn.clear()
        self._turn_s = 0.0
        self._told = 0
        self._hears_again()
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
