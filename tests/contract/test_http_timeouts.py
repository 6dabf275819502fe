"""The four timeouts over real connections, for every adapter that speaks HTTP: which one passed is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from visavis.kernel.errors import ProviderTimeout
from visavis.kernel.timeouts import Timeouts
from visavis.see.vlm import HttpVision
from visavis.see.vlm_claude import ClaudeVision
from visavis.see.vlm_gemini import GeminiVision
from visavis.see.vlm_openai import OpenAiVision
from visavis.testing.faulty_server import FaultyServer, serving
from visavis.think.base import LlmRequest, Message
from visavis.think.knowledge.embed_api import ApiEmbedder
from visavis.think.openai_chat import OpenAiChat

PICTURE = np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8)
LONG_S = 30.0

Call = Callable[[str, Timeouts], Awaitable[Any]]


async def answer(url: str, timeouts: Timeouts) -> None:
    llm = OpenAiChat(f"{url}/v1", "m", timeouts=timeouts)
    try:
        async for _ in llm.stream(LlmRequest([Message("user", "Hello.")])):
            pass
    finally:
        await llm.close()


def description(kind: type[HttpVision]) -> Call:
    async def describe(url: str, timeouts: Timeouts) -> None:
        describer = kind(f"{url}/v1", "m", timeouts=timeouts)
        try:
            await describer.describe(PICTURE)
        finally:
            await describer.close()

    return describe


async def vectors(url: str, timeouts: Timeouts) -> None:
    embedder = ApiEmbedder(f"{url}/v1", "m", timeouts=timeouts)
    try:
        await embedder.embed(["hours"], query=True)
    finally:
        await embedder.close()


VISION = [description(kind) for kind in (OpenAiVision, ClaudeVision, GeminiVision)]
CALLS = [answer, vectors, *VISION]
IDS = ["llm", "embedder", "openai", "claude", "gemini"]


@pytest.mark.parametrize("call", CALLS, ids=IDS)
async def test_a_name_that_is_looked_up_for_ever_is_no_connection(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looks_up(*asked: object, **more: object) -> None:
        await asyncio.sleep(1e6)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", looks_up)
    with pytest.raises(ProviderTimeout) as raised:
        await call("http://models.test", Timeouts(0.2, LONG_S, LONG_S, LONG_S))
    assert raised.value.which == "connect"


@pytest.mark.parametrize("call", CALLS[:3], ids=IDS[:3])
@pytest.mark.parametrize(
    ("which", "server", "timeouts"),
    [
        ("first", FaultyServer("stall", "Hello there."), Timeouts(LONG_S, 0.3, LONG_S, LONG_S)),
        ("total", FaultyServer("stall", "Hello there."), Timeouts(LONG_S, LONG_S, LONG_S, 0.3)),
        ("idle", FaultyServer("stall", "Hello there.", after=1), Timeouts(LONG_S, LONG_S, 0.3, LONG_S)),
        ("total", FaultyServer("slow drip", "Hello there.", after=1), Timeouts(LONG_S, LONG_S, LONG_S, 0.5)),
    ],
    ids=["first", "total", "idle", "drip"],
)
async def test_silence_and_drips_have_their_limits(
    call: Call, which: str, server: FaultyServer, timeouts: Timeouts
) -> None:
    async with serving(FaultyServer(server.fault, server.answer, server.after)) as fresh:
        with pytest.raises(ProviderTimeout) as raised:
            await call(fresh.url.removesuffix("/v1"), timeouts)
    assert raised.value.which == which


async def test_documents_are_indexed_with_more_patience_than_questions_get() -> None:
    """A batch of chunks takes longer than the whole time of a question."""

    async with serving(FaultyServer("stall", "")) as server:
        embedder = ApiEmbedder(server.url, "m", timeouts=Timeouts.all_within(0.1))
        try:
            with pytest.raises(ProviderTimeout):
                await embedder.embed(["hours"], query=True)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await embedder.embed(["hours"])
        finally:
            await embedder.close()
