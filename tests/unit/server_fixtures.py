"""A server of scripted engines on a loopback port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import msgspec
from aiohttp import web

from visavis.journal.base import Store
from visavis.journal.journal import Journal
from visavis.journal.memory import MemoryStore
from visavis.kernel.agent import Agent
from visavis.kernel.settings import JournalSettings, ServerSettings, Settings
from visavis.server.app import App
from visavis.server.calls import Calls
from visavis.server.persons import Persons
from visavis.session.stack import Layers
from visavis.testing.doubles import ScriptedAsr, ScriptedEndpoint, ScriptedLlm, ScriptedTts, ScriptedVad

AGENT = Agent("Ada", "You answer.", greeting="Hello.")


@dataclass
class Engines:
    asr: ScriptedAsr = field(default_factory=lambda: ScriptedAsr(["when do you open", "thank you"]))
    llm: ScriptedLlm = field(default_factory=lambda: ScriptedLlm(["At nine."]))
    tts: ScriptedTts = field(default_factory=ScriptedTts)

    @property
    def layers(self) -> Layers:
        return Layers(ScriptedVad(), self.asr, self.llm, self.tts, ScriptedEndpoint())


@dataclass
class Running:
    url: str
    http: aiohttp.ClientSession
    calls: Calls
    journal: Journal
    engines: Engines


def settings(**server: object) -> Settings:
    return Settings(server=msgspec.convert(server, ServerSettings), journal=JournalSettings(batch_s=0.01))


@asynccontextmanager
async def running(
    chosen: Settings | None = None,
    *,
    store: Store | None = None,
    engines: Engines | None = None,
    persons: Persons | None = None,
) -> AsyncIterator[Running]:
    chosen = chosen or settings(stop_grace_s=2.0)
    engines = engines or Engines()
    async with Journal(store or MemoryStore(), batch_s=0.01) as journal, asyncio.TaskGroup() as group:
        calls = Calls(group, AGENT, chosen, engines.layers, journal)
        runner = web.AppRunner(App(AGENT, chosen, calls, persons).build(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with aiohttp.ClientSession() as http:
                yield Running(url, http, calls, journal, engines)
        finally:
            await calls.close()
            await runner.cleanup()
