"""The parent that keeps a worker alive: real processes and signals, with workers that do as they are told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import ServerSettings
from visavis.server.supervisor import MAX_RESTARTS, address, bind

HARNESS = """
import os, signal, sys, time
from visavis.kernel.agent import Agent
from visavis.kernel.settings import ServerSettings, Settings
from visavis.server import supervisor

def say(line):
    print(line, flush=True)

def worker(sock, agent, settings, alive, say):
    say(f"worker {os.getpid()}")
    %s

supervisor._in_worker = worker
sock = supervisor.bind(ServerSettings(port=0))
code = supervisor.Supervisor(Agent("Ada", "x"), Settings(), sock, say).run()
say(f"exit {code}")
"""

WAIT_S = 30.0


class Lines:
    """What a process says, line by line, with a limit on the wait."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []

    def until(self, start: str) -> str:
        """The next line that begins so; returns what follows it."""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            self.said.append(line.rstrip())
            if line.startswith(start):
                return line.rstrip().removeprefix(start).strip()
        raise AssertionError(f"no line {start!r} in {self.said}")


@contextmanager
def started(code: str, *arguments: str, folder: Path | None = None) -> Iterator[Lines]:
    """Runs Python `code`; whatever happens, it and its children are gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
    )
    watchdog = threading.Timer(WAIT_S, process.kill)
    watchdog.start()
    try:
        yield Lines(process)
    finally:
        watchdog.cancel()
        for child in psutil.Process(process.pid).children() if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def gone(pid: int) -> bool:
    """True once the process has ended."""
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_a_killed_worker_is_replaced_and_a_stop_ends_both() -> None:
    with started(HARNESS % "time.sleep(60)") as supervisor:
        first = int(supervisor.until("worker"))
        os.kill(first, signal.SIGKILL)
        assert "signal SIGKILL" in supervisor.until("the worker died")
        second = int(supervisor.until("worker"))
        assert second != first
        supervisor.process.send_signal(signal.SIGTERM)
        assert supervisor.until("exit") == "0"
        assert gone(second)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_right_after_the_start_is_not_lost(number: signal.Signals) -> None:
    """The worker has not set up anything yet."""
    with started(HARNESS % "time.sleep(60)") as supervisor:
        supervisor.until("worker")
        supervisor.process.send_signal(number)
        assert supervisor.until("exit") == "0"


def test_a_worker_that_keeps_dying_is_given_up() -> None:
    with started(HARNESS % "os._exit(1)") as supervisor:
        assert supervisor.until("exit") == "1"
        assert sum(line.startswith("worker") for line in supervisor.said) == MAX_RESTARTS
        assert any("giving up" in line for line in supervisor.said)


def test_a_worker_that_dies_now_and_then_is_not_given_up() -> None:
    """The clock of the supervisor says that an hour lies between two deaths."""
    code = HARNESS % "os._exit(1 if len(deaths) < 12 else 0)"
    code = code.replace("sock, say).run()", "sock, say, now=lambda: deaths.append(1) or len(deaths) * 3600.0).run()")
    with started("deaths = []\n" + code) as supervisor:
        assert supervisor.until("exit") == "0"
        assert sum(line.startswith("worker") for line in supervisor.said) == 13


def test_a_worker_that_cannot_start_is_not_started_again() -> None:
    with started(HARNESS % "os._exit(2)") as supervisor:
        assert supervisor.until("exit") == "2"
        assert sum(line.startswith("worker") for line in supervisor.said) == 1


def test_a_taken_port_is_a_config_error_that_says_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}") as told:
            bind(ServerSettings(port=port))
        assert "--port" in told.value.hint


def test_an_address_of_another_machine_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1:0"):
        bind(ServerSettings(host="192.0.2.1", port=0))


def test_a_host_that_is_none_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(self: socket.socket, place: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket.socket, "bind", unknown)
    with pytest.raises(ConfigError, match=r"cannot listen on nowhere:0: Name or service not known"):
        bind(ServerSettings(host="nowhere", port=0))


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")],
)
def test_the_address_can_be_opened(host: str, shown: str) -> None:
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        sock = bind(ServerSettings(host=host, port=0))
    except ConfigError:
        assert ":" in host, "IPv4 loopback is everywhere"
        pytest.skip("no IPv6 loopback here")
    with sock:
        assert address(sock).startswith(shown)


# The real worker, with scripted engines.

ENGINES = """
from visavis.testing import doubles

def loaded(kind, *arguments):
    class Loaded:
        @classmethod
        async def load(cls, context):
            return kind(*arguments)
    return Loaded

Asr = loaded(doubles.ScriptedAsr, ["hello"])
Llm = loaded(doubles.ScriptedLlm)
Tts = loaded(doubles.ScriptedTts)
"""

SERVE = """
import sys
sys.path.insert(0, ".")
from visavis import Agent, Settings, Stack, serve
from visavis.kernel.settings import JournalSettings
stack = Stack(vad="visavis.testing.doubles:ScriptedVad", asr="engines:Asr", llm="engines:Llm", tts="engines:Tts",
              endpoint="")
settings = Settings(journal=JournalSettings(path="journal.db"))
code = serve(Agent("Ada", "x", stack=stack), settings=settings, port=0)
print("exit", code, flush=True)
"""


def test_the_real_worker_comes_back_on_the_same_port_and_goes_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "engines.py").write_text(ENGINES)
    with started(SERVE, folder=tmp_path) as server:
        url = server.until("visavis: ready:")
        (worker,) = psutil.Process(server.process.pid).children()
        worker.kill()
        assert server.until("visavis: ready:") == url, "callers find it where it was"
        with urllib.request.urlopen(f"{url}healthz", timeout=10) as health:
            assert b'"ok"' in health.read()
        (worker,) = psutil.Process(server.process.pid).children()
        server.process.kill()
        assert gone(worker.pid), "no worker without its parent"


def test_the_real_worker_stops_when_told(tmp_path: Path) -> None:
    (tmp_path / "engines.py").write_text(ENGINES)
    with started(SERVE, folder=tmp_path) as server:
        server.until("visavis: ready:")
        server.process.send_signal(signal.SIGINT)
        assert server.until("exit") == "0"
    assert (tmp_path / "journal.db").exists()


def test_a_missing_engine_ends_the_server_with_the_reason(tmp_path: Path) -> None:
    with started(SERVE, folder=tmp_path) as server:
        assert server.until("exit") == "2"
