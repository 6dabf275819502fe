"""The real embedded model, alone: no server, no call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from visavis.kernel.settings import LlmSettings, Settings
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler
from visavis.models.store import ModelStore
from visavis.think.embedded import EmbeddedLlm


@asynccontextmanager
async def embedded_llm(llm: LlmSettings) -> AsyncIterator[EmbeddedLlm]:
    """Loaded as `llm` says; it and its compute threads end with the block."""
    settings, scheduler = Settings(llm=llm), ComputeScheduler(1)
    try:
        made = await EmbeddedLlm.load(EngineContext(settings, ModelStore(settings.models), scheduler))
        try:
            yield made
        finally:
            await made.close()
    finally:
        scheduler.close()
