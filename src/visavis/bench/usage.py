"""Processor time and memory of another process, over a span of a call."""

from __future__ import annotations

import asyncio

import psutil


class Span:
    """Measures from its making until `stop`. CPU-milliseconds per second of real time, user and system."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._began_s = asyncio.get_running_loop().time()
        self._cpu_s = _cpu_s(process)

    def stop(self) -> float:
        took_s = asyncio.get_running_loop().time() - self._began_s
        return (_cpu_s(self._process) - self._cpu_s) * 1000 / max(took_s, 1e-6)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def rss_mb(process: psutil.Process) -> float:
    """Resident memory, in MiB."""
    return float(process.memory_info().rss) / 2**20
