"""The guards of `conftest.py` do fail bad tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).resolve().parent.parent / "conftest.py"

BAD = """
import asyncio, socket, threading
import pytest


async def test_leaks_a_task():
    asyncio.get_running_loop().create_task(asyncio.sleep(3600), name="leaky")


def test_leaks_a_task_in_a_loop_of_its_own():
    async def main():
        asyncio.get_running_loop().create_task(asyncio.sleep(3600), name="leaky")

    asyncio.run(main())


def test_forgets_a_coroutine():
    async def forgotten():
        pass

    forgotten()


async def test_loses_an_exception():
    async def fails():
        raise ValueError("nobody asked")

    task = asyncio.get_running_loop().create_task(fails())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task


def test_leaks_a_compute_thread():
    threading.Thread(target=threading.Event().wait, name="compute-0", daemon=True).start()


def test_connects_elsewhere():
    with socket.socket() as sock:
        sock.connect(("192.0.2.1", 80))


def test_sends_elsewhere():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", ("192.0.2.1", 53))


def test_looks_up_a_name():
    socket.getaddrinfo("example.invalid", 80)


@pytest.mark.shared
def test_skips_though_the_data_is_there(shared_data):
    pytest.skip("no mood")
"""

GOOD = """
import asyncio, socket


async def test_talks_to_itself():
    async def serve(reader, writer):
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
"""


def test_bad_tests_fail_and_good_ones_pass(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "data").mkdir()
    (tmp_path / "test_bad.py").write_text(BAD)
    (tmp_path / "test_good.py").write_text(GOOD)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        "filterwarnings = error\nmarkers = shared\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)],
        env={**os.environ, "CI": "1", "VISAVIS_SHARED": str(tmp_path), "PYTEST_ADDOPTS": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    bad = {line.split("(")[0].split()[1] for line in BAD.splitlines() if line.startswith("def test_")}
    bad |= {line.split("(")[0].split()[2] for line in BAD.splitlines() if line.startswith("async def test_")}
    failed = {
        name
        for name in bad
        if f"FAILED test_bad.py::{name}" in done.stdout or f"ERROR test_bad.py::{name}" in done.stdout
    }
    assert failed == bad, done.stdout
    assert "PASSED test_good.py::test_talks_to_itself" in done.stdout
