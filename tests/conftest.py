"""What every test must keep to: it leaves no task, coroutine or thread behind, and talks to this machine only.

`filterwarnings = error` (pyproject) turns warnings, un-awaited coroutines among them, into failures.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import os
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent
CLOSING_S = 3.0
"""How long tasks and threads that are on their way out may take, where a busy machine keeps them from it."""

settings.register_profile("visavis", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("visavis")


# No task is left behind: whatever closes an event loop (pytest's runner, `asyncio.run`) must find it empty.


def _no_task_left(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=CLOSING_S))
    leaked = [task for task in asyncio.all_tasks(loop) if not task.done()]
    told = [f"{task.get_name()}: {task.get_coro()}" for task in leaked]
    _cancel_all_tasks(loop)
    if told:
        pytest.fail(f"tasks left behind: {told}", pytrace=False)


_cancel_all_tasks: Callable[[asyncio.AbstractEventLoop], None] = asyncio.runners._cancel_all_tasks
asyncio.runners._cancel_all_tasks = _no_task_left


class _Complaints(logging.Handler):
    """What asyncio only logs: exceptions nobody retrieved, callbacks that raised, tasks destroyed while pending."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            told += f" ({record.exc_info[1]!r})"
        self.said.append(told)


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    complaints = _Complaints()
    logger = logging.getLogger("asyncio")
    logger.addHandler(complaints)
    before = set(threading.enumerate())
    yield
    logger.removeHandler(complaints)
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("compute-"):
            thread.join(CLOSING_S)
            assert not thread.is_alive(), f"thread left behind: {thread.name} (close the ComputeScheduler)"
    assert not complaints.said, f"asyncio complained: {complaints.said}"


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish() -> Generator[None, Any, Any]:
    gc.collect()  # un-awaited coroutines in cycles speak up now
    return (yield)


# The network ends at this machine.


@lru_cache(maxsize=1)
def _own_addresses() -> frozenset[str]:
    """WebRTC talks to itself over the addresses of this machine's network cards; that never leaves it."""
    return frozenset(entry.address.split("%")[0] for card in psutil.net_if_addrs().values() for entry in card)


def _is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or str(address) in _own_addresses()


def _guarded(name: str, real: Callable[..., Any], address_at: int) -> Callable[..., Any]:
    def call(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[address_at] if self.family != socket.AF_UNIX else None
        if isinstance(address, tuple) and not _is_here(address[0]):
            pytest.fail(f"network: socket.{name} to {address[0]}", pytrace=True)
        return real(self, *arguments)

    return call


@pytest.fixture(autouse=True, scope="session")
def _this_machine_only() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for name, address_at in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
        patch.setattr(socket.socket, name, _guarded(name, getattr(socket.socket, name), address_at))
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_here(host) and host != socket.gethostname():
            pytest.fail(f"network: look-up of the name {host!r}")
        return look_up(host, *arguments, **options)

    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


# The shared development data: there or not, and never quietly skipped where it should be there.


def shared_folder() -> Path:
    return Path(os.environ.get("VISAVIS_SHARED") or REPOSITORY.parent / "shared") / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with development data. Mark tests that use it with `@pytest.mark.shared`."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"no shared development data at {folder} (set VISAVIS_SHARED)")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    wanted = item.get_closest_marker("shared") is not None and os.environ.get("CI") and shared_folder().is_dir()
    if wanted and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although the shared data is there: {report.longrepr}"
    return report
