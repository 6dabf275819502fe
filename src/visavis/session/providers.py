"""The boundary to engines and services: whatever they raise becomes an error of our tree, once, here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Literal, TypeVar

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ProviderError, ProviderTimeout, VisavisError
from visavis.models.scheduler import Preempted
from visavis.speak.base import Speech, Tts

T = TypeVar("T")
Which = Literal["first", "idle", "total"]

MARGIN_S = 1.0
"""Adapters keep the time limits of the settings; this much later the session stops waiting for one that does not."""

RECOGNISE_S = 12.0
"""Longest wait for the words of a pause."""

SPEAK_S = 12.0
"""Longest wait for a piece of voice."""


@contextmanager
def translated(layer: str, provider: str) -> Iterator[None]:
    """Turns any failure of a provider into ProviderError; our own errors and cancellation pass unchanged."""
    try:
        yield
    except (VisavisError, asyncio.CancelledError, GeneratorExit):
        raise
    except Preempted as error:
        raise ProviderError(f"{layer} '{provider}' gave way to more urgent work") from error
    except Exception as error:
        raise ProviderError(f"{layer} '{provider}' failed: {type(error).__name__}: {error}") from error


@asynccontextmanager
async def limited(layer: str, seconds: float, which: Which) -> AsyncIterator[None]:
    """Raises ProviderTimeout when the block takes longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ProviderTimeout(f"no answer from the {layer} layer within {seconds:g} s", which=which) from error


async def in_time(
    layer: str, stream: AsyncGenerator[T, None], *, first_s: float, idle_s: float, total_s: float
) -> AsyncGenerator[T, None]:
    """`stream`, with limits on the waits for its first item, for each later one, and for all of them together.

    The consumer's own time does not count. Closes the stream. Raises ProviderTimeout.
    """
    waited_s, limit_s = 0.0, first_s
    which: Which = "first"
    loop = asyncio.get_running_loop()
    async with aclosing(stream):
        while True:
            left_s = total_s - waited_s
            began_s = loop.time()
            async with limited(layer, min(limit_s, left_s), which if limit_s <= left_s else "total"):
                try:
                    item = await anext(stream)
                except StopAsyncIteration:
                    return
            waited_s += loop.time() - began_s
            limit_s, which = idle_s, "idle"
            yield item


async def spoken(tts: Tts, text: str, agent: Agent) -> list[Speech]:
    """All of `text` in the agent's voice, for words that are made ahead. Raises ProviderError."""
    stream = tts.stream(text, voice=agent.voice, language=agent.language)
    with translated("tts", tts.name):
        async with aclosing(in_time("tts", stream, first_s=SPEAK_S, idle_s=SPEAK_S, total_s=SPEAK_S)) as pieces:
            return [piece async for piece in pieces]
