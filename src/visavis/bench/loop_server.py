"""The server that `bench loop` measures: `visavis serve` in a process of its own, called through WebRTC; or a session
in this process behind a door without a network.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Protocol

import msgspec

from visavis.bench.conversation import Caller
from visavis.bench.loop_video import Video, tracks
from visavis.bench.server_process import ServerProcess, write_config
from visavis.journal.journal import Journal
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.errors import UsageError
from visavis.kernel.events import Record
from visavis.kernel.settings import SessionSettings, Settings
from visavis.kernel.toml import load_settings
from visavis.models.engines import Engines
from visavis.session.agent_file import load_agent
from visavis.session.session import Session
from visavis.session.stack import Layers, load_layers
from visavis.testing.direct_caller import DirectCaller
from visavis.testing.rtc_caller import RtcCaller
from visavis.testing.shaped_script import ShapedScript

SHAPED = {layer: f"visavis.testing.shaped:Shaped{layer.title()}" for layer in ("asr", "llm", "tts")}
RECORDED_S = 0.5
"""After a call's end the server needs a moment to write the end of its journal."""


@dataclass(slots=True)
class OnLine:
    """A call that is up. `session` is its key in the journal."""

    caller: Caller
    session: str


class Door(Protocol):
    """Where calls are taken."""

    def call(self, *, loss: float, seed: int, video: Video = "card") -> AbstractAsyncContextManager[OnLine]: ...
    async def journal(self, session: str) -> list[Record]: ...


@dataclass(frozen=True, slots=True)
class Setup:
    """Agent and settings files, written into `folder`. `agent` is a file ('' for the demo agent)."""

    folder: Path
    agent: str = ""
    openers: str = ""
    script: ShapedScript | None = None

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def config(self) -> str:
        """The settings file. Raises UsageError for openers where this version has none."""
        text = f"[journal]\npath = {json.dumps(str(self.journal))}\n"
        if self.openers:
            if "openers" not in {field.name for field in msgspec.structs.fields(SessionSettings)}:
                raise UsageError("this version knows no openers", hint="leave --openers out")
            text += f"[session]\nopeners = {json.dumps(self.openers)}\n"
        if self.script is not None:
            script = self.folder / "script.json"
            self.script.write(script)
            text += f"[llm]\nmodel = {json.dumps(str(script))}\n"
        return write_config(self.folder, text)

    def agent_file(self) -> str:
        """The agent: as it is, or with the shaped doubles in its stack (and without tools, which they never use)."""
        if self.script is None:
            return self.agent
        demo = str(resources.files("visavis") / "agents" / "reception.toml")
        agent = load_agent(self.agent or demo)
        keys = ("name", "language", "voice", "greeting", "instructions")
        lines = [f"{key} = {json.dumps(getattr(agent, key), ensure_ascii=False)}" for key in keys]
        lines += ["[stack]", *(f"{layer} = {json.dumps(path)}" for layer, path in SHAPED.items())]
        path = self.folder / "shaped.toml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)


class _WebRtc:
    def __init__(self, url: str, journal: Path) -> None:
        self._url = url
        self._journal = journal

    @asynccontextmanager
    async def call(self, *, loss: float, seed: int, video: Video = "card") -> AsyncIterator[OnLine]:
        caller = RtcCaller(video=await asyncio.to_thread(tracks, video), loss=loss, seed=seed)
        await caller.join(self._url)
        try:
            yield OnLine(caller, caller.session)
        finally:
            await caller.leave()

    async def journal(self, session: str) -> list[Record]:
        await asyncio.sleep(RECORDED_S)
        store = SqliteStore(str(self._journal))
        try:
            return store.read(session)
        finally:
            store.close()


class _Direct:
    def __init__(self, setup: Setup, settings: Settings, layers: Layers, journal: Journal) -> None:
        self._agent = load_agent(setup.agent_file() or str(resources.files("visavis") / "agents" / "reception.toml"))
        self._settings = settings
        self._layers = layers
        self._journal = journal

    @asynccontextmanager
    async def call(self, *, loss: float, seed: int, video: Video = "card") -> AsyncIterator[OnLine]:
        if video == "on":
            raise UsageError("there is no video without a network", hint="use --transport webrtc")
        if loss:
            raise UsageError("nothing is lost without a network", hint="leave --loss out, or use --transport webrtc")
        caller = DirectCaller()
        log = self._journal.open(secrets.token_urlsafe(12), MediaClock(LoopClock()))
        session = Session(self._agent, self._settings, self._layers, caller, log)
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run(), name="session")
            try:
                yield OnLine(caller, log.session)
            finally:
                await caller.leave()

    async def journal(self, session: str) -> list[Record]:
        return await self._journal.read(session)


@asynccontextmanager
async def open_server(transport: str, setup: Setup) -> AsyncIterator[Door]:
    """Starts what is measured; leaving it stops it. `transport`: webrtc or file."""
    config = setup.config()
    if transport == "webrtc":
        async with ServerProcess(agent=setup.agent_file(), config=config) as server:
            yield _WebRtc(server.url, setup.journal)
        return
    settings = load_settings(config)
    engines = Engines.of(settings)
    try:
        demo = str(resources.files("visavis") / "agents" / "reception.toml")
        layers = await load_layers(engines, load_agent(setup.agent_file() or demo), settings)
        async with Journal(SqliteStore(str(setup.journal)), batch_s=settings.journal.batch_s) as journal:
            yield _Direct(setup, settings, layers, journal)
    finally:
        await engines.close()
