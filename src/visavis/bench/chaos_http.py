"""The same faults over HTTP: our real adapters against a scripted server on loopback, in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import msgspec
import numpy as np

from visavis.bench.chaos_calls import Row, row_of, search_row, vision_row
from visavis.kernel.agent import Agent
from visavis.kernel.settings import KnowledgeSettings, LlmSettings, Settings
from visavis.kernel.timeouts import Timeouts
from visavis.models.scheduler import ComputeScheduler
from visavis.see.base import Describer
from visavis.see.vlm_openai import OpenAiVision
from visavis.session.fallback import Pool
from visavis.session.fallback_llm import FallbackLlm
from visavis.session.fallback_search import with_words
from visavis.session.fallback_vision import FallbackDescriber
from visavis.session.stack import Layers
from visavis.testing.faulty import FAULTS, Fault, GoingOnLlm, GoodDescriber
from visavis.testing.faulty_server import FaultyServer, serving
from visavis.testing.scenario import Scenario
from visavis.think.base import Llm
from visavis.think.knowledge.base import Vectors
from visavis.think.knowledge.embed_api import ApiEmbedder
from visavis.think.knowledge.library import Library
from visavis.think.knowledge.stores.embedded import EmbeddedStore
from visavis.think.openai_chat import OpenAiChat

ANSWER = "We open at nine. We close at six."
UNTIL_S = 12.0

LLM = LlmSettings(connect_timeout_s=0.5, first_timeout_s=1.0, idle_timeout_s=0.8, total_timeout_s=2.0)
KNOWLEDGE = KnowledgeSettings(connect_timeout_s=0.5, first_timeout_s=1.0, idle_timeout_s=0.8, total_timeout_s=1.5)
ASIDE = Timeouts.of(KNOWLEDGE)
"""Of describers, too."""


async def rows() -> list[Row]:
    """All at one time: they wait, mostly."""
    cases = [play(fault, after) for play in (_llm, _vision, _embedder) for fault in FAULTS for after in (0, 6)]
    return list(await asyncio.gather(*cases))


async def _llm(fault: Fault, after: int) -> Row:
    limits = Timeouts.of(LLM)
    async with serving(FaultyServer(fault, ANSWER, after, drip_s=0.8 * limits.idle_s)) as server:
        adapter = OpenAiChat(server.url, "scripted", timeouts=limits, local=True)
        settings = msgspec.structs.replace(Settings(), llm=LLM)
        arrange = partial(_arranged, adapter)
        call = Scenario(Agent("Ada", "You answer.", greeting=""), settings=settings, arrange=arrange)
        call.says(0.5, "when do you open")
        began_s = asyncio.get_running_loop().time()
        try:
            played = await call.play(UNTIL_S)
        finally:
            await adapter.close()
    return row_of("llm over HTTP", _named(fault, after), played, ANSWER, _due_s(server, limits) - began_s)


def _arranged(adapter: Llm, layers: Layers) -> Layers:
    models: list[tuple[str, Llm]] = [("faulty", adapter), ("spare", GoingOnLlm(ANSWER))]
    return replace(layers, llm=FallbackLlm(Pool("llm", models, Timeouts.of(LLM))))


def _named(fault: Fault, after: int) -> str:
    return f"{fault} in mid-stream" if after else fault


def _due_s(server: FaultyServer, limits: Timeouts) -> float:
    """Loop time at which the first request had to be given up."""
    stalled_s = server.broke_s + limits.idle_s if server.after else server.asked_s + limits.first_s
    return {"stall": stalled_s, "slow drip": server.asked_s + limits.total_s}.get(server.fault, server.broke_s)


async def _vision(fault: Fault, after: int) -> Row:
    async with serving(FaultyServer(fault, "", after, drip_s=0.8 * ASIDE.idle_s)) as server:
        adapter = OpenAiVision(server.url, "scripted", timeouts=ASIDE)
        describers: list[tuple[str, Describer]] = [("faulty", cast(Describer, adapter)), ("spare", GoodDescriber())]
        eyes = FallbackDescriber(Pool("vision", describers, ASIDE))
        began_s = asyncio.get_running_loop().time()
        try:
            due = partial(_due_or, began_s, server)
            return await vision_row("vision over HTTP", _named(fault, after), eyes, due)
        finally:
            await adapter.close()


def _due_or(began_s: float, server: FaultyServer) -> float:
    """Where nobody listens nothing is asked."""
    return _due_s(server, ASIDE) if server.requests else began_s


async def _embedder(fault: Fault, after: int) -> Row:
    """A real library whose embedder fails: words alone find the passage."""
    scheduler = ComputeScheduler(1)
    try:
        with TemporaryDirectory() as directory:
            return await _searched(fault, after, Path(directory), scheduler)
    finally:
        scheduler.close()


async def _searched(fault: Fault, after: int, directory: Path, scheduler: ComputeScheduler) -> Row:
    hours = directory / "hours.md"
    await asyncio.to_thread(hours.write_text, "# Hours\n\nThe opening hours of tomorrow are nine to six.\n")
    library = Library(await EmbeddedStore.open(directory / "k.db", "c", "well", scheduler), _Well())
    try:
        await library.add(str(hours))
        async with serving(FaultyServer(fault, "", after, drip_s=0.8 * ASIDE.idle_s)) as server:
            library.embedder = faulty = ApiEmbedder(server.url, "scripted", timeouts=ASIDE)
            try:
                sources = with_words(library, Settings(knowledge=KNOWLEDGE))
                return await search_row("embedder over HTTP", _named(fault, after), sources, ASIDE.total_s)
            finally:
                await faulty.close()
    finally:
        await library.close()


class _Well:
    """The embedder that the documents were indexed with."""

    name = "well"
    remote = False

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        return np.tile(np.eye(1, 8, dtype=np.float32), (len(texts), 1))

    async def close(self) -> None: ...
