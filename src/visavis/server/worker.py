"""The process that holds the calls: loads the engines, then serves on a socket it was given, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from visavis.journal.base import Store
from visavis.journal.journal import Journal
from visavis.kernel.agent import Agent
from visavis.kernel.registry import resolve
from visavis.kernel.settings import JournalSettings, Settings
from visavis.models.engines import Engines
from visavis.server.app import App
from visavis.server.calls import Calls
from visavis.server.persons import Persons
from visavis.session.stack import load_layers


def journal_path(settings: JournalSettings) -> str:
    """The journal's file: as set, else in the user's data directory."""
    if settings.path:
        return str(Path(settings.path).expanduser())
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return str(Path(base) / "visavis" / "journal.db")


def open_journal(settings: JournalSettings) -> Journal:
    """Raises JournalError when the store cannot be opened."""
    store: Store = resolve("store", settings.store)(journal_path(settings))
    return Journal(store, batch_s=settings.batch_s)


async def work(
    sock: socket.socket,
    agent: Agent,
    settings: Settings,
    stop: asyncio.Event,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve calls on `sock`, which listens already, until `stop` is set. Raises ConfigError, ModelError."""
    engines, persons = Engines.of(settings), Persons.open(settings.memory)
    try:
        layers = await load_layers(engines, agent, settings)
        async with open_journal(settings.journal) as journal, asyncio.TaskGroup() as group:
            calls = Calls(group, agent, settings, layers, journal)
            app = App(agent, settings, calls, persons).build()
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            try:
                await web.SockSite(runner, sock).start()
                on_ready()
                await stop.wait()
            finally:
                await asyncio.shield(calls.close())
                await asyncio.shield(runner.cleanup())
    finally:
        persons.close()
        await engines.close()


def run_worker(
    sock: socket.socket, agent: Agent, settings: Settings, *, parent_fd: int = -1, on_ready: Callable[[], None]
) -> None:
    """`work` on an event loop of its own; stops on SIGTERM, SIGINT, or when the parent's pipe closes."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        if parent_fd >= 0:
            loop.add_reader(parent_fd, stop.set)
        try:
            await work(sock, agent, settings, stop, on_ready)
        finally:
            if parent_fd >= 0:
                with contextlib.suppress(OSError):
                    loop.remove_reader(parent_fd)

    asyncio.run(main())
