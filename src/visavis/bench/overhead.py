"""`visavis bench overhead`: what the loop itself costs, with models that answer at once; and, if asked, what the
loops of others cost in the same run.

Each figure is taken in a process of its own. See `visavis.bench.overhead_cell` for what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import wave
from asyncio.subprocess import PIPE
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from visavis.bench.peer_env import PEERS, Peer, python_of, script
from visavis.bench.speech import RATE_HZ, spoken
from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.errors import ConfigError, UsageError
from visavis.kernel.media import to_float, to_pcm

OURS = "visavis"
SPOKEN = "Could you tell me your opening hours?"
CLIP_PEAK = 0.8
CELL_MARGIN_S = 120.0
"""How much longer than its own measuring time a cell may take to start, load and warm up."""

TURN_S = 8.0


@dataclass(frozen=True, slots=True)
class System:
    """`command` starts a cell: its name and options follow."""

    name: str
    command: Sequence[str]


@dataclass(frozen=True, slots=True)
class Plan:
    sessions: Sequence[int]
    peer_sessions: Sequence[int]
    seconds: float
    turns: int
    cores: int
    clip: str


def counts(text: str) -> list[int]:
    """`"1,10,30"` → numbers of sessions, in that order. Raises UsageError."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 1:
        raise UsageError(f"sessions are whole numbers from 1, joined by commas, not '{text}'")
    return numbers


def peers(text: str) -> list[Peer]:
    """`"pipecat,livekit"` → peers; `""` → none. Raises UsageError."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise UsageError(f"unknown peer '{unknown[0]}'; known: {', '.join(PEERS)}")
    return [PEERS[name] for name in names]


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: sessions, peers, peer_sessions, seconds, turns, cores."""
    sessions, others = counts(options.sessions), peers(options.peers)
    peer_sessions = counts(options.peer_sessions) if options.peer_sessions else sessions
    if options.cores and not hasattr(os, "sched_setaffinity"):
        raise UsageError("--cores needs Linux: processes cannot be bound to cores here")
    systems, left_out = await _systems(others)
    with tempfile.TemporaryDirectory() as folder:
        clip = str(Path(folder) / "clip.wav")
        await _write_clip(clip)
        plan = Plan(sessions, peer_sessions, options.seconds, options.turns, options.cores, clip)
        rows = await _rows(systems, plan, left_out)
    figures: dict[str, Any] = {"rows": rows, "cores": options.cores or os.cpu_count()}
    if others:
        figures |= {"ratios": ratios(rows), "left_out": left_out}
    return figures


async def _systems(others: Sequence[Peer]) -> tuple[list[System], dict[str, str]]:
    """Ours, and the peers that could be installed; why the rest could not."""
    systems, left_out = [System(OURS, [sys.executable, "-m", "visavis.bench.overhead_cell"])], {}
    for peer in others:
        _tell(f"preparing {peer.system} …")
        try:
            python = await asyncio.to_thread(python_of, peer)
        except ConfigError as error:
            left_out[peer.system] = str(error)
            continue
        systems.append(System(peer.system, [str(python), str(script(peer))]))
    return systems, left_out


async def _rows(systems: Sequence[System], plan: Plan, left_out: dict[str, str]) -> list[dict[str, Any]]:
    """Systems take turns at each number of sessions, so that a disturbance hits neighbours alike."""
    rows: list[dict[str, Any]] = []
    for number in sorted({*plan.sessions, *plan.peer_sessions}):
        for system in systems:
            if number not in (plan.sessions if system.name == OURS else plan.peer_sessions):
                continue
            try:
                row = await _row(system, number, plan)
            except CellFailed as error:
                left_out[f"{system.name}, {number} sessions"] = str(error)
                continue
            rows.append(row)
            _tell(json.dumps(row))
    return rows


async def _row(system: System, number: int, plan: Plan) -> dict[str, Any]:
    cpu = await run_cell(system, "cpu", plan.seconds, plan.cores, sessions=number, seconds=plan.seconds)
    latency = await run_cell(
        system, "latency", plan.turns * TURN_S, plan.cores, sessions=number, turns=plan.turns, clip=plan.clip
    )
    memory = await run_cell(system, "memory", 0.0, plan.cores, sessions=number)
    return row_of(system.name, number, cpu, latency, memory)


def row_of(
    system: str, sessions: int, cpu: Mapping[str, Any], latency: Mapping[str, Any], memory: Mapping[str, Any]
) -> dict[str, Any]:
    """One row, from the figures of its three cells."""
    return {
        "system": system,
        "sessions": sessions,
        "cpu_ms_per_s": cpu["cpu_ms_per_s"],
        "vad_stop_to_audio_ms": latency["vad_stop_to_audio_ms"],
        "rss_mb_per_session": memory["rss_mb_per_session"],
        "out_fps": cpu["out_fps"],
        "in_fps": cpu["in_fps"],
        "loop_late_ms": cpu["loop_late_ms"],
        "turns": latency["turns"],
        "rss_mb": memory["rss_mb"],
    }


class CellFailed(Exception):
    """A cell printed no figures; the message says why."""


async def run_cell(
    system: System, cell: str, measuring_s: float, cores: int, **options: float | str
) -> dict[str, Any]:
    """One cell in a process of its own. Raises CellFailed when it ends without figures or takes too long."""
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    process = await asyncio.create_subprocess_exec(
        *system.command, cell, *flags, stdout=PIPE, stderr=PIPE, preexec_fn=_bound_to(cores)
    )
    limit_s = measuring_s + CELL_MARGIN_S
    try:
        async with asyncio.timeout(limit_s):
            out, err = await process.communicate()
    except TimeoutError as error:
        raise CellFailed(f"{cell}: no figures within {limit_s:.0f} s") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return _figures(cell, out.decode(), err.decode())


def _figures(cell: str, out: str, err: str) -> dict[str, Any]:
    last = (out.strip().splitlines() or [""])[-1]
    try:
        figures: dict[str, Any] = json.loads(last)
    except ValueError as error:
        why = (err.strip().splitlines() or ["it said nothing"])[-1]
        raise CellFailed(f"{cell}: no figures; {why}") from error
    return figures


def _bound_to(cores: int) -> Callable[[], None] | None:
    """Keeps the new process, before it starts, to the first `cores` of ours."""
    if not cores:
        return None
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    return lambda: os.sched_setaffinity(0, chosen)


async def _write_clip(path: str) -> None:
    """A question in a synthetic caller's voice, 16 kHz mono, at a good level."""
    samples = soxr.resample(to_float(await spoken(SPOKEN)), RATE_HZ, HEAR_RATE_HZ)
    pcm = to_pcm(samples * np.float32(CLIP_PEAK / np.abs(samples).max()))
    with wave.open(path, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(HEAR_RATE_HZ)
        target.writeframes(pcm.tobytes())


def ratios(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many times ours each peer takes, for each number of sessions that both were measured with."""
    ours = {row["sessions"]: row for row in rows if row["system"] == OURS}
    return [
        {
            "system": row["system"],
            "sessions": row["sessions"],
            "cpu": _times(row["cpu_ms_per_s"], ours[row["sessions"]]["cpu_ms_per_s"]),
            "vad_stop_to_audio": _times(
                row["vad_stop_to_audio_ms"]["p50"], ours[row["sessions"]]["vad_stop_to_audio_ms"]["p50"]
            ),
            "rss": _times(row["rss_mb_per_session"], ours[row["sessions"]]["rss_mb_per_session"]),
        }
        for row in rows
        if row["system"] != OURS and row["sessions"] in ours
    ]


def _times(theirs: float, ours: float) -> float:
    """-1 where either was not measured."""
    return round(theirs / ours, 1) if ours > 0 and theirs >= 0 else -1.0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
