"""`visavis serve`: a small parent that holds the socket and keeps a worker alive.

The parent binds the port (so that it never changes hands), forks the worker, and starts a new one when it dies.
Callers who connect meanwhile wait in the socket's queue. When the parent goes, the worker goes too: it watches a
pipe. A worker that cannot start (wrong settings, missing model) is not started again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ConfigError, VisavisError
from visavis.kernel.settings import ServerSettings, Settings

EXIT_SETUP = 2
MAX_RESTARTS = 5
WITHIN_S = 60.0

_STOPS = (signal.SIGTERM, signal.SIGINT)


def bind(settings: ServerSettings) -> socket.socket:
    """A listening socket. Raises ConfigError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            hint="another program uses this port: choose one with --port, or --port 0 for any free one",
        ) from error
    sock.listen(128)
    sock.setblocking(False)
    return sock


def address(sock: socket.socket) -> str:
    """The page's address, such as `http://127.0.0.1:8080/`."""
    host, port = sock.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/"


class Supervisor:
    """Runs until told to stop (SIGTERM, SIGINT). `say` prints a line for the operator."""

    def __init__(
        self,
        agent: Agent,
        settings: Settings,
        sock: socket.socket,
        say: Callable[[str], None],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._agent = agent
        self._settings = settings
        self._sock = sock
        self._say = say
        self._now = now
        self._worker = 0
        self._keep = -1
        self._stopping = False
        self._deaths: deque[float] = deque(maxlen=MAX_RESTARTS)

    def run(self) -> int:
        """Returns the exit code: 0 after a stop, 2 when the worker could not start, 1 when it keeps dying."""
        for number in _STOPS:
            signal.signal(number, self._stop)
        while True:
            code = self._wait(self._start())
            if self._stopping or code == 0:
                return 0
            if code == EXIT_SETUP:
                return EXIT_SETUP
            self._deaths.append(self._now())
            if len(self._deaths) == MAX_RESTARTS and self._deaths[-1] - self._deaths[0] < WITHIN_S:
                self._say(f"the worker died {MAX_RESTARTS} times within {WITHIN_S:.0f} s: giving up")
                return 1
            self._say(f"the worker died ({_how(code)}); starting a new one")

    def _start(self) -> int:
        """Fork a worker. A stop that comes meanwhile waits until both sides know what to do with it."""
        alive, keep = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        pid = os.fork()
        if pid == 0:
            for number in _STOPS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            os.close(keep)
            _in_worker(self._sock, self._agent, self._settings, alive, self._say)
        os.close(alive)
        self._worker, self._keep = pid, keep
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        if self._stopping:
            os.kill(pid, signal.SIGTERM)
        return pid

    def _wait(self, pid: int) -> int:
        while True:
            try:
                _, status = os.waitpid(pid, 0)
            except InterruptedError:
                continue
            os.close(self._keep)
            self._worker = 0
            return os.waitstatus_to_exitcode(status)

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True
        if self._worker:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._worker, signal.SIGTERM)


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _in_worker(sock: socket.socket, agent: Agent, settings: Settings, alive: int, say: Callable[[str], None]) -> None:
    """The forked child: never returns."""
    from visavis.server.worker import run_worker  # imported here: the parent stays small and free of threads

    code = 0
    try:
        run_worker(sock, agent, settings, parent_fd=alive, on_ready=lambda: say(f"ready: {address(sock)}"))
    except VisavisError as error:
        print(f"visavis: {error}", file=sys.stderr)
        code = EXIT_SETUP
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happened
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
