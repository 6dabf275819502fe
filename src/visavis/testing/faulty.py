"""Providers that fail by script, and others that go on after them. A fault strikes at once or, `after` some words,
in the middle.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Literal, cast, get_args

import numpy as np

from visavis.hear.base import Asr, AsrStream, Words
from visavis.kernel.errors import AtCapacity, ProviderError, Rejected
from visavis.see.base import Image
from visavis.speak.base import Speech
from visavis.testing.doubles import ScriptedLlm, ScriptedTts
from visavis.think.base import LlmEvent, LlmRequest, TextDelta, ToolCall
from visavis.think.knowledge.base import Passage

Fault = Literal["refuse", "stall", "garbage", "slow drip", "429", "500", "disconnect", "auth failure"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

FOREVER_S = 1e6


class Trouble:
    """What `fault` does when it strikes; `first_s`, `idle_s`, `total_s` are the limits it runs into. `due_s` is the
    loop time at which the call had to be given up, once it struck."""

    def __init__(self, fault: Fault, *, first_s: float, idle_s: float, total_s: float) -> None:
        self.fault = fault
        self.limits_s = (first_s, idle_s, total_s)
        self.due_s: float | None = None
        self.strikes = 0

    async def strike(self, asked_s: float, *, begun: bool) -> None:
        """Raises, or does not come back. Garbage and drips are for the caller to make."""
        now_s = asyncio.get_running_loop().time()
        first_s, idle_s, total_s = self.limits_s
        self.strikes += 1
        limit_s = {"stall": now_s + idle_s if begun else asked_s + first_s, "slow drip": asked_s + total_s}
        if self.due_s is None:
            self.due_s = limit_s.get(self.fault, now_s)
        if self.fault == "stall":
            await asyncio.sleep(FOREVER_S)
        if (error := self.error()) is not None:
            raise error

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
            await asyncio.sleep(0.9 * min(self.trouble.limits_s[:2]))


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
            await asyncio.sleep(0.9 * min(self.trouble.limits_s[:2]))


class FaultyAsr:
    """Partials as `healthy` tells them if `after`, else none; the full pass fails. A refusal is one at the start."""

    name = "faulty"

    def __init__(self, trouble: Trouble, healthy: Asr, *, after: int = 0) -> None:
        self.trouble = trouble
        self.well = False
        self.healthy = healthy
        self.after = after

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream:
        if self.trouble.fault == "refuse" and not self.well and not self.after:
            self.trouble.due_s = asyncio.get_running_loop().time()
            raise ConnectionRefusedError("nobody listens there")
        heard = on_partial if self.after else (lambda words: None)
        return _FaultyStream(self, self.healthy.stream(language, heard))


class _FaultyStream:
    def __init__(self, asr: FaultyAsr, healthy: AsrStream) -> None:
        self._asr = asr
        self._healthy = healthy
        self.push = healthy.push
        self.hurry = healthy.hurry
        self.commit = healthy.commit
        self.close = healthy.close

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
