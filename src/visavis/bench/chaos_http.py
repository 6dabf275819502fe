"""The same faults over HTTP: our real adapters against a scripted server on loopback, in real time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import cast

import msgspec

from visavis.bench.chaos_calls import Row, row_of, vision_row
from visavis.kernel.agent import Agent
from visavis.kernel.settings import LlmSettings, Settings
from visavis.see.base import Describer
from visavis.see.vlm_openai import OpenAiVision
from visavis.session.fallback import Limits, Pool
from visavis.session.fallback_llm import FallbackLlm
from visavis.session.fallback_vision import FallbackDescriber
from visavis.session.pools import limits_of
from visavis.session.stack import Layers
from visavis.testing.faulty import FAULTS, Fault, GoingOnLlm, GoodDescriber
from visavis.testing.faulty_server import FaultyServer, serving
from visavis.testing.scenario import Scenario
from visavis.think.base import Llm
from visavis.think.openai_chat import OpenAiChat, Timeouts

ANSWER = "We open at nine. We close at six."
UNTIL_S = 12.0

LLM = LlmSettings(connect_timeout_s=0.5, first_timeout_s=1.0, idle_timeout_s=0.8, total_timeout_s=2.0)
VISION_S = 1.5


async def rows() -> list[Row]:
    """All at one time: they wait, mostly."""
    cases = [_llm(fault, after) for fault in FAULTS for after in (0, 6)]
    return list(await asyncio.gather(*cases, *[_vision(fault) for fault in FAULTS]))


async def _llm(fault: Fault, after: int) -> Row:
    async with serving(FaultyServer(fault, ANSWER, after, drip_s=0.8 * LLM.idle_timeout_s)) as server:
        limits = Timeouts.of(LLM)
        adapter = OpenAiChat(server.url, "scripted", timeouts=limits, local=True)
        settings = msgspec.structs.replace(Settings(), llm=LLM)
        arrange = partial(_arranged, adapter)
        call = Scenario(Agent("Ada", "You answer.", greeting=""), settings=settings, arrange=arrange)
        call.says(0.5, "when do you open")
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            played = await call.play(UNTIL_S)
        finally:
            await adapter.close()
    due_s = {
        "stall": server.broke_s + LLM.idle_timeout_s if after else server.asked_s + LLM.first_timeout_s,
        "slow drip": server.asked_s + LLM.total_timeout_s,
    }.get(fault, server.broke_s)
    name = f"{fault} in mid-stream" if after else fault
    return row_of("llm over HTTP", name, played, ANSWER, due_s - began_s)


def _arranged(adapter: Llm, layers: Layers) -> Layers:
    models: list[tuple[str, Llm]] = [("faulty", adapter), ("spare", GoingOnLlm(ANSWER))]
    return replace(layers, llm=FallbackLlm(Pool("llm", models, limits_of(LLM))))


async def _vision(fault: Fault) -> Row:
    async with serving(FaultyServer(fault, "")) as server:
        adapter = OpenAiVision(server.url, "scripted", deadline_s=VISION_S)
        describers: list[tuple[str, Describer]] = [("faulty", cast(Describer, adapter)), ("spare", GoodDescriber())]
        pool = Pool("vision", describers, Limits(VISION_S, VISION_S, VISION_S))
        try:
            return await vision_row("vision over HTTP", fault, FallbackDescriber(pool), VISION_S)
        finally:
            await adapter.close()
