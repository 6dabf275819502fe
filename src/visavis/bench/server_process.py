"""A server of our own in its own process, as an operator starts it, to be measured from outside."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import psutil

from visavis.kernel.errors import VisavisError

READY = "ready: "
START_WITHIN_S = 180.0


class ServerProcess:
    """`visavis serve` on a free port. An async context manager: leaving it stops the server."""

    def __init__(
        self, *, agent: str = "", config: str = "", max_sessions: int = 4, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._arguments = ["--host", host, "--port", str(port), "--max-sessions", str(max_sessions)]
        if agent:
            self._arguments += ["--agent", agent]
        if config:
            self._arguments += ["--config", config]
        self._process: Process | None = None
        self._lines: list[str] = []
        self._ready = asyncio.Condition()
        self._reader: asyncio.TaskGroup | None = None
        self.url = ""
        self.times_ready = 0

    async def __aenter__(self) -> ServerProcess:
        command = [sys.executable, "-m", "visavis.cli.main", "serve", *self._arguments]
        self._process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=asyncio.subprocess.STDOUT)
        self._reader = asyncio.TaskGroup()
        await self._reader.__aenter__()
        self._reader.create_task(self._read(), name="server-output")
        await self.wait_ready(1)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if self._reader is not None:
            await self._reader.__aexit__(kind, error, trace)

    async def wait_ready(self, times: int) -> None:
        """Until the worker has reported ready `times` times since the start. Raises VisavisError."""
        try:
            async with asyncio.timeout(START_WITHIN_S), self._ready:
                await self._ready.wait_for(lambda: self.times_ready >= times or self._over)
        except TimeoutError:
            raise VisavisError(f"the server was not ready in {START_WITHIN_S:.0f} s:\n{self.output}") from None
        if self.times_ready < times:
            raise VisavisError(f"the server did not start:\n{self.output}")

    @property
    def _over(self) -> bool:
        return self._process is not None and self._process.returncode is not None

    @property
    def output(self) -> str:
        """What the server printed, last lines."""
        return "\n".join(self._lines[-30:])

    @property
    def worker(self) -> psutil.Process:
        """The process that holds the calls. Raises VisavisError when there is none."""
        if self._process is not None:
            for child in psutil.Process(self._process.pid).children():
                return child
        raise VisavisError("the server has no worker")

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        async for raw in self._process.stdout:
            line = raw.decode(errors="replace").rstrip()
            self._lines.append(line)
            if READY in line:
                async with self._ready:
                    self.url = line.split(READY, 1)[1].strip()
                    self.times_ready += 1
                    self._ready.notify_all()
        await self._process.wait()
        async with self._ready:
            self._ready.notify_all()

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(15):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()


def write_config(folder: Path, text: str) -> str:
    """A settings file in `folder`; returns its path."""
    path = folder / "visavis.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)
