"""The boundary to engines and services: whatever they raise becomes an error of our tree, once, here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Literal, TypeVar

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ConfigError, ModelError, ProviderError, ProviderTimeout, UsageError, VisavisError
from visavis.models.scheduler import Preempted
from visavis.speak.base import Speech, Tts

T = TypeVar("T")
Which = Literal["first", "idle", "total"]

MARGIN_S = 1.0
"""An engine outside of a pool keeps the time limits itself; this much later the session stops waiting for it."""

RECOGNISE_S = 12.0
"""Longest wait for the words of a pause."""

SPEAK_S = 12.0
"""Longest wait for a piece of voice."""

log = logging.getLogger(__name__)


class KeepsTime:
    """An engine that keeps the time limits itself, and those of the providers behind it: nobody else limits it."""


@contextmanager
def translated(layer: str, provider: str) -> Iterator[None]:
    """Turns any failure of a provider into ProviderError, a wrong setting or a missing model among them: a call goes
    on with the next provider. Our other errors and cancellation pass unchanged."""
    try:
        yield
    except (ConfigError, ModelError, UsageError) as error:
        raise ProviderError(f"{layer} '{provider}' cannot work: {error.message}", hint=error.hint) from error
    except (VisavisError, asyncio.CancelledError, GeneratorExit):
        raise
    except Preempted as error:
        raise ProviderError(f"{layer} '{provider}' gave way to more urgent work") from error
    except Exception as error:
        raise ProviderError(f"{layer} '{provider}' failed: {type(error).__name__}: {error}") from error


@asynccontextmanager
async def limited(layer: str, seconds: float | None, which: Which) -> AsyncIterator[None]:
    """Raises ProviderTimeout when the block takes longer than `seconds`; None: it keeps its own limits."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ProviderTimeout(f"no answer from the {layer} layer within {seconds or 0:g} s", which=which) from error


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


def timed(
    engine: object, layer: str, stream: AsyncGenerator[T, None], *, first_s: float, idle_s: float, total_s: float
) -> AsyncGenerator[T, None]:
    """`stream` of `engine` within these limits, unless the engine keeps its own."""
    if isinstance(engine, KeepsTime):
        return stream
    return in_time(layer, stream, first_s=first_s, idle_s=idle_s, total_s=total_s)


async def spoken(tts: Tts, text: str, agent: Agent) -> list[Speech]:
    """All of `text` in the agent's voice, for words that are made ahead. Raises ProviderError."""
    stream = tts.stream(text, voice=agent.voice, language=agent.language)
    with translated("tts", tts.name):
        async with aclosing(timed(tts, "tts", stream, first_s=SPEAK_S, idle_s=SPEAK_S, total_s=SPEAK_S)) as pieces:
            return [piece async for piece in pieces]
