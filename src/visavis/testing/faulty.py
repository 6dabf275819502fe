"""Providers that fail by script, and others that go on after them. A fault strikes at once or, `after` some words,
in the middle.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Literal, cast, get_args

import numpy as np

from visavis.hear.base import Asr, AsrStream, Words
from visavis.kernel.errors import AtCapacity, ProviderError, ProviderTimeout, Rejected
from visavis.kernel.media import Pcm
from visavis.kernel.timeouts import Timeouts
from visavis.see.base import Image
from visavis.speak.base import Speech
from visavis.testing.doubles import ScriptedLlm, ScriptedTts
from visavis.think.base import LlmEvent, LlmRequest, TextDelta, ToolCall
from visavis.think.knowledge.base import Passage

Fault = Literal["refuse", "stall", "garbage", "slow drip", "429", "500", "disconnect", "auth failure"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

FOREVER_S = 1e6


class Trouble:
    """What `fault` does when it strikes; `limits` are those it runs into. `due_s` is the loop time at which the call
    had to be given up, once it struck. `connecting`: it strikes as the provider is connected to, and the double keeps
    the limit of that itself, as a network adapter does."""

    def __init__(self, fault: Fault, limits: Timeouts, *, connecting: bool = False) -> None:
        self.fault = fault
        self.limits = limits
        self.connecting = connecting
        self.due_s: float | None = None
        self.strikes = 0

    @property
    def drip_s(self) -> float:
        """Time from drop to drop that no limit but the total one notices."""
        return 0.9 * min(self.limits.first_s, self.limits.idle_s)

    async def strike(self, asked_s: float, *, begun: bool) -> None:
        """Raises, or does not come back. Garbage and drips are for the caller to make."""
        if self.connecting:
            self.strikes_now(asked_s + self.limits.connect_s)
            await asyncio.sleep(self.limits.connect_s)
            raise self.unconnected()
        now_s = asyncio.get_running_loop().time()
        stalled_s = now_s + self.limits.idle_s if begun else asked_s + self.limits.first_s
        limit_s = {"stall": stalled_s, "slow drip": asked_s + self.limits.total_s}
        self.strikes_now(limit_s.get(self.fault, now_s))
        if self.fault == "stall":
            await asyncio.sleep(FOREVER_S)
        if (error := self.error()) is not None:
            raise error

    def strikes_now(self, due_s: float) -> None:
        """The first time tells when the call has to be given up."""
        self.strikes += 1
        self.due_s = due_s if self.due_s is None else self.due_s

    def unconnected(self) -> ProviderTimeout:
        return ProviderTimeout("no connection", which="connect")

    def error(self) -> Exception | None:
        match self.fault:
            case "refuse":
                return ConnectionRefusedError("nobody listens there")
            case "429":
                return AtCapacity("too many requests")
            case "500":
                return ProviderError("the server failed")
            case "disconnect":
                return ConnectionResetError("the line broke")
            case "auth failure":
                return Rejected("the key is not valid")
        return None


class FaultyLlm(ScriptedLlm):
    """Says the first `after` words of `answer`, or asks for `call` first, and then fails, every time but for probes
    while `well` is set, and from the `from_request`th request on."""

    name = "faulty"

    def __init__(
        self,
        trouble: Trouble,
        answer: str,
        *,
        after: int = 0,
        call: ToolCall | None = None,
        from_request: int = 1,
    ) -> None:
        super().__init__([answer])
        self.trouble = trouble
        self.well = False
        self._words = answer.split(" ")
        self._after = after
        self._call = call
        self._from = from_request
        self._full = answer

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        asked_s = asyncio.get_running_loop().time()
        if self.well or len(self.requests) + 1 < self._from:
            self._answers = [self._full] if self._call is None else [[self._call]]
            async for event in super().stream(request):
                yield event
            return
        self.requests.append(request)
        await asyncio.sleep(0.01)
        for number, word in enumerate(self._words[: self._after]):
            yield TextDelta(f" {word}" if number else word)
            await asyncio.sleep(0.02)
        calls = self._call is not None and self._from == 1
        if self._call is not None and calls:
            yield self._call
        await self.trouble.strike(asked_s, begun=calls or bool(self._after))
        if self.trouble.fault == "garbage":
            yield {"not": "an event"}  # type: ignore[misc]
        while self.trouble.fault == "slow drip":
            yield TextDelta("-")
            await asyncio.sleep(self.trouble.drip_s)


class GoingOnLlm(ScriptedLlm):
    """Knows `answer`, and goes on with it from where it is told that it has begun. `calls`: asked for first, once."""

    name = "spare"

    def __init__(self, answer: str, *, call: ToolCall | None = None) -> None:
        super().__init__([answer])
        self._full = answer
        self._call = call

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        used = any(message.role == "tool" for message in request.messages)
        begun, words = request.begun.split(), self._full.split()
        known = next((n for n in range(len(begun), 0, -1) if begun[-n:] == words[:n]), 0)
        self._answers = [" ".join(words[known:])] if self._call is None or used or known else [[self._call]]
        async for event in super().stream(request):
            yield event


class FaultyTts(ScriptedTts):
    """Says `after` pieces of a word each, then fails."""

    name = "faulty"

    def __init__(self, trouble: Trouble, *, after: int = 0) -> None:
        super().__init__()
        self.trouble = trouble
        self.well = False
        self._after = after

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        asked_s = asyncio.get_running_loop().time()
        words = text.split()
        for word in words if self.well else words[: self._after]:
            async for speech in super().stream(word):
                yield speech
        if self.well:
            return
        await self.trouble.strike(asked_s, begun=bool(self._after))
        if self.trouble.fault == "garbage":
            yield b"RIFF?"  # type: ignore[misc]
        while self.trouble.fault == "slow drip":
            yield Speech(np.zeros(0, np.int16), self.rate_hz, ())
            await asyncio.sleep(self.trouble.drip_s)


class FaultyAsr:
    """Partials as `healthy` tells them if `after`, else none; the full pass fails. A refusal is one at the start.
    With `stops_after` so many partials, it fails while the person still speaks."""

    name = "faulty"

    def __init__(self, trouble: Trouble, healthy: Asr, *, after: int = 0, stops_after: int = 0) -> None:
        self.trouble = trouble
        self.well = False
        self.healthy = healthy
        self.after = after or stops_after
        self.stops_after = stops_after

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream:
        if self.trouble.fault == "refuse" and not self.well and not self.after:
            self.trouble.due_s = asyncio.get_running_loop().time()
            raise ConnectionRefusedError("nobody listens there")
        return _FaultyStream(self, language, on_partial)


class _FaultyStream:
    def __init__(self, asr: FaultyAsr, language: str, on_partial: Callable[[Words], None]) -> None:
        self._asr = asr
        self._on_partial = on_partial
        self._partials = 0
        self._opened_s = asyncio.get_running_loop().time()
        self._healthy = healthy = asr.healthy.stream(language, self._partial)
        self.hurry = healthy.hurry
        self.commit = healthy.commit
        self.close = healthy.close

    def _partial(self, words: Words) -> None:
        if self._asr.well or self._asr.after:
            self._partials += 1
            self._on_partial(words)

    def push(self, pcm: Pcm) -> None:
        trouble, now_s = self._asr.trouble, asyncio.get_running_loop().time()
        if self._asr.well:
            self._healthy.push(pcm)
        elif trouble.connecting:
            if now_s >= self._opened_s + trouble.limits.connect_s:
                trouble.strikes_now(now_s)
                raise trouble.unconnected()
        elif not self._asr.stops_after or self._partials < self._asr.stops_after:
            self._healthy.push(pcm)
        else:
            stalls = trouble.fault in ("stall", "slow drip")
            trouble.strikes_now(now_s + (trouble.limits.idle_s if stalls else 0.0))
            if trouble.fault == "garbage":
                self._on_partial(cast(Words, {"not": "words"}))
            elif (error := trouble.error()) is not None:
                raise error

    async def final(self) -> Words:
        if self._asr.well:
            return await self._healthy.final()
        trouble = self._asr.trouble
        await trouble.strike(asyncio.get_running_loop().time(), begun=False)
        if trouble.fault == "slow drip":
            await asyncio.sleep(FOREVER_S)
        return cast(Words, {"not": "words"})


class FaultyDescriber:
    """Never tells what it sees."""

    name = "faulty"

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.well = False

    async def describe(self, image: Image, *, question: str = "") -> str:
        if self.well:
            return "a red bicycle"
        await self.trouble.strike(asyncio.get_running_loop().time(), begun=False)
        if self.trouble.fault == "slow drip":
            await asyncio.sleep(FOREVER_S)
        return cast(str, {"not": "words"})


class GoodDescriber:
    name = "spare"

    def __init__(self, told: str = "a red bicycle") -> None:
        self._told = told

    async def describe(self, image: Image, *, question: str = "") -> str:
        await asyncio.sleep(0.3)
        return self._told


class FaultySearch:
    """Never finds anything."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble

    async def search(self, question: str, limit: int = 5) -> list[Passage]:
        await self.trouble.strike(asyncio.get_running_loop().time(), begun=False)
        if self.trouble.fault == "slow drip":
            await asyncio.sleep(FOREVER_S)
        return cast(list[Passage], {"not": "passages"})


class GoodSearch:
    """Finds the same passage for every question."""

    async def search(self, question: str, limit: int = 5) -> list[Passage]:
        await asyncio.sleep(0.02)
        return [Passage("hours-1", "We open at nine.", "Hours", "hours.md", 0.9, 1.0)]
