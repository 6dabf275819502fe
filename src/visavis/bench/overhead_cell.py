"""One cell of `visavis bench overhead`, in a process of its own: `python -m visavis.bench.overhead_cell …`.

Prints one JSON line. `cpu`: processor time while every session hears and speaks. `latency`: from the fact
SpeechStopped to the first frame at the door, in one session while the others listen. `memory`: what further
sessions add to the first.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import tempfile
import time
import wave
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from visavis.bench.overhead_door import LoopDoor, room_noise
from visavis.bench.overhead_doubles import InstantAsr, InstantEndpoint, InstantLlm, InstantTts, speech_of
from visavis.journal.journal import Journal
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.agent import Agent
from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.events import Record, SpeechStopped
from visavis.kernel.media import Pcm
from visavis.kernel.settings import SessionSettings, Settings, TurnSettings
from visavis.models.engines import Engines
from visavis.session.session import Session
from visavis.session.stack import Layers
from visavis.turn.requests import prepare

WARM_UP_S = 3.0
SETTLE_S = 5.0
ANSWER_WITHIN_S = 6.0
BETWEEN_TURNS_S = 1.2
_MIB = 2**20

AT_ONCE = Settings(
    turn=TurnSettings(vad_stop_s=0.2, least_s=0.001, patience=0.001), session=SessionSettings(openers="off")
)
"""The turn ends when speech does: measured is the work in between, not how long it is wise to wait."""


class _Stopwatch:
    """From the fact that speech stopped to the first frame after it."""

    def __init__(self) -> None:
        self.took_ms: list[float] = []
        self._stopped_s: float | None = None

    def read(self, record: Record) -> None:
        if isinstance(record.event, SpeechStopped):
            self._stopped_s = time.perf_counter()

    def played(self) -> None:
        if self._stopped_s is not None:
            self.took_ms.append((time.perf_counter() - self._stopped_s) * 1000)
            self._stopped_s = None


class Crowd:
    """Sessions side by side in one process, on one journal, with the real voice activity detector."""

    def __init__(self, layers: Layers, journal: Journal, group: asyncio.TaskGroup) -> None:
        self.doors: list[LoopDoor] = []
        self._layers = layers
        self._journal = journal
        self._group = group
        self._noise = room_noise()

    def join(self, *, greeting: str = "", watch: _Stopwatch | None = None) -> LoopDoor:
        """One more session, which opens with `greeting`."""
        watch = watch or _Stopwatch()
        door = LoopDoor(self._noise, watch.played)
        log = self._journal.open(f"bench-{len(self.doors)}", MediaClock(LoopClock()))
        log.readers.append(watch.read)  # before the session's own
        agent = Agent("Bench", "You answer.", greeting=greeting)
        session = Session(agent, AT_ONCE, self._layers, door, log)
        self._group.create_task(session.run(), name=f"session-{len(self.doors)}")
        self.doors.append(door)
        return door

    def hang_up(self) -> None:
        for door in self.doors:
            door.hang_up()


@asynccontextmanager
async def crowd() -> AsyncGenerator[Crowd, None]:
    """Loads Silero and opens a journal on disk, as a server does; everything is closed on leaving."""
    engines = Engines.of(Settings())
    try:
        vad = await engines.get("vad", "silero")
        prepare("en")
        layers = Layers(vad, InstantAsr(), InstantLlm(), InstantTts(), InstantEndpoint())
        with tempfile.TemporaryDirectory() as folder:
            store = SqliteStore(str(Path(folder) / "journal.db"))
            async with Journal(store) as journal, asyncio.TaskGroup() as group:
                made = Crowd(layers, journal, group)
                yield made
                made.hang_up()
    finally:
        await engines.close()


async def measure_cpu(sessions: int, seconds: float) -> dict[str, Any]:
    """Every session hears noise and speaks without a pause."""
    async with crowd() as made:
        for _ in range(sessions):
            made.join(greeting=speech_of(WARM_UP_S + seconds + 8))
        await asyncio.sleep(WARM_UP_S)
        heard, spoken = _frames(made)
        cpu_s, began_s = time.process_time(), time.monotonic()
        late_ms = await _lateness(began_s + seconds)
        cpu_s, took_s = time.process_time() - cpu_s, time.monotonic() - began_s
        heard_after, spoken_after = _frames(made)
        return {
            "cpu_ms_per_s": round(cpu_s / took_s / sessions * 1000, 2),
            "in_fps": round((heard_after - heard) / took_s / sessions, 1),
            "out_fps": round((spoken_after - spoken) / took_s / sessions, 1),
            "loop_late_ms": round(float(np.percentile(late_ms, 99)), 1),
        }


def _frames(made: Crowd) -> tuple[int, int]:
    return sum(door.frames_in for door in made.doors), sum(door.frames_out for door in made.doors)


async def _lateness(until_s: float) -> list[float]:
    """How late a timer of 50 ms fires, again and again: whether the event loop keeps up."""
    late_ms: list[float] = []
    while (now_s := time.monotonic()) < until_s:
        await asyncio.sleep(0.05)
        late_ms.append((time.monotonic() - now_s - 0.05) * 1000)
    return late_ms


async def measure_latency(sessions: int, turns: int, clip: Pcm) -> dict[str, Any]:
    """One session is spoken to, `turns` times; the others listen to noise."""
    watch = _Stopwatch()
    async with crowd() as made:
        door = made.join(watch=watch)
        for _ in range(sessions - 1):
            made.join()
        await asyncio.sleep(1.0)
        for _ in range(turns):
            before = len(watch.took_ms)
            door.say(clip)
            until_s = time.monotonic() + ANSWER_WITHIN_S
            while (door.talking or len(watch.took_ms) == before) and time.monotonic() < until_s:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            await _quiet(door)
    quantiles = np.percentile(watch.took_ms or [-1.0], [50, 95])
    return {
        "turns": len(watch.took_ms),
        "vad_stop_to_audio_ms": {"p50": round(float(quantiles[0]), 2), "p95": round(float(quantiles[1]), 2)},
    }


async def _quiet(door: LoopDoor) -> None:
    """Waits until the answer has been said, and a little longer."""
    said = -1
    while door.frames_out != said:
        said = door.frames_out
        await asyncio.sleep(BETWEEN_TURNS_S)


async def measure_memory(sessions: int) -> dict[str, Any]:
    """What each session after the first adds; a single one cannot tell, so at least two are held."""
    sessions = max(2, sessions)
    async with crowd() as made:
        made.join()
        await asyncio.sleep(WARM_UP_S)
        first = _rss_mb()
        for _ in range(sessions - 1):
            made.join()
        await asyncio.sleep(SETTLE_S)
        return {
            "rss_mb": round(first, 1),
            "rss_mb_per_session": round((_rss_mb() - first) / (sessions - 1), 3),
        }


def _rss_mb() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / _MIB


def _clip(path: str) -> Pcm:
    with wave.open(path) as source:
        return np.frombuffer(source.readframes(source.getnframes()), "<i2").astype(np.int16)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cell", choices=["cpu", "latency", "memory"])
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--clip", default="", help="16 kHz mono 16-bit WAV that is said in each turn")
    options = parser.parse_args()
    if options.cell == "cpu":
        work = measure_cpu(options.sessions, options.seconds)
    elif options.cell == "latency":
        work = measure_latency(options.sessions, options.turns, _clip(options.clip))
    else:
        work = measure_memory(options.sessions)
    print(json.dumps(asyncio.run(work)), flush=True)
    os._exit(0)  # as the peers' cells do: closing a hundred sessions is not measured


if __name__ == "__main__":
    main()
