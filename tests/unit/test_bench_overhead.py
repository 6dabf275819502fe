"""The overhead bench: what its options mean, how cells run and fail, what the ratios are of, and its door's pace."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.bench import peer_env
from visavis.bench.overhead import CellFailed, System, counts, peers, ratios, row_of, run_cell
from visavis.bench.overhead_door import FRAME_S, LoopDoor, room_noise
from visavis.bench.overhead_doubles import WORD_S, InstantTts, speech_of
from visavis.bench.peer_env import PEERS, python_of, script
from visavis.hear.silero import MUTED_PEAK
from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.errors import ConfigError, UsageError
from visavis.kernel.media import AudioFrame
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.transport.base import Gone

PEER = PEERS["pipecat"]


def row(system: str, sessions: int, cpu: float, p50: float, rss: float) -> dict[str, Any]:
    return {
        "system": system,
        "sessions": sessions,
        "cpu_ms_per_s": cpu,
        "vad_stop_to_audio_ms": {"p50": p50, "p95": p50},
        "rss_mb_per_session": rss,
    }


def python(code: str) -> System:
    return System("test", [sys.executable, "-c", code])


def test_sessions_and_peers_are_lists() -> None:
    assert counts("1,10, 30") == [1, 10, 30]
    assert [peer.name for peer in peers("pipecat, livekit")] == ["pipecat", "livekit"]
    assert peers("") == []


@pytest.mark.parametrize("text", ["", "0", "1,", "ten", "1,-3", "1.5"])
def test_numbers_of_sessions_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        counts(text)


def test_an_unknown_peer_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="pipecat, livekit"):
        peers("pipecat,vapi")


def test_ratios_compare_equal_numbers_of_sessions_only() -> None:
    rows = [
        row("visavis", 1, 10.0, 2.0, 0.5),
        row("visavis", 10, 5.0, 2.0, 0.0),
        row("Other", 1, 85.0, 13.0, 12.0),
        row("Other", 10, 50.0, -1.0, 12.0),
        row("Other", 20, 50.0, 13.0, 12.0),
    ]
    assert ratios(rows) == [
        {"system": "Other", "sessions": 1, "cpu": 8.5, "vad_stop_to_audio": 6.5, "rss": 24.0},
        {"system": "Other", "sessions": 10, "cpu": 10.0, "vad_stop_to_audio": -1.0, "rss": -1.0},
    ]


def test_every_figure_is_explained() -> None:
    cell: dict[str, Any] = defaultdict(float, vad_stop_to_audio_ms={"p50": 1.0})
    ours = row_of("visavis", 1, cell, cell, cell)
    theirs = row_of("Other", 1, cell, cell, cell)
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    section = page.partition("## `visavis bench overhead`")[2].partition("\n## ")[0]
    for key in {*ours, *ratios([ours, theirs])[0], "ratios", "left_out", "cores"}:
        assert f"`{key}`" in section, f"docs/benchmarks.md does not explain {key}"


async def test_a_cells_figures_are_its_last_line() -> None:
    code = "import sys; print('loading'); print('{\"got\": \"' + ' '.join(sys.argv[1:]) + '\"}')"
    assert await run_cell(python(code), "cpu", 1.0, 0, sessions=3) == {"got": "cpu --sessions 3"}


async def test_a_cell_without_figures_says_why() -> None:
    with pytest.raises(CellFailed, match="no memory left"):
        await run_cell(python("raise SystemExit('no memory left')"), "cpu", 1.0, 0)


async def test_a_cell_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.bench.overhead.CELL_MARGIN_S", 0.0)
    with pytest.raises(CellFailed, match="within"):
        await run_cell(python("import time; time.sleep(600)"), "cpu", 0.2, 0)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be bound to cores here")
async def test_cells_can_be_bound_to_one_core() -> None:
    code = "import os; print(len(os.sched_getaffinity(0)))"
    assert await run_cell(python(code), "cpu", 1.0, 1) == 1


def test_every_peer_has_a_script_that_asks_for_nothing_of_ours() -> None:
    for peer in PEERS.values():
        assert "import visavis" not in script(peer).read_text()
        assert any("==" in requirement for requirement in peer.requirements)


def test_a_peers_environment_is_made_once_and_again_when_its_versions_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        (tmp_path / "visavis" / "peers" / PEER.name).mkdir(parents=True, exist_ok=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(peer_env.subprocess, "run", run)
    made = python_of(PEER)
    assert python_of(PEER) == made
    assert [command[2] for command in commands] == ["venv", "pip"]
    assert set(PEER.requirements) <= set(commands[1])
    python_of(peer_env.Peer(PEER.name, PEER.system, PEER.script, ("pipecat-ai==9",)))
    assert len(commands) == 4


def test_a_peer_that_cannot_be_installed_is_not_taken_for_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "looking\nno such version\n")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(peer_env.subprocess, "run", run)
    for _ in range(2):
        with pytest.raises(ConfigError, match="no such version"):
            python_of(PEER)


def test_the_door_hands_over_fifty_frames_a_second_and_the_clip_in_place_of_the_noise() -> None:
    async def call() -> list[AudioFrame]:
        door, media = LoopDoor(room_noise()), MediaClock(LoopClock())
        door.say(np.full(500, 7, np.int16))
        frames: list[AudioFrame] = []
        async for item in door.incoming(media):
            if isinstance(item, AudioFrame):
                frames.append(item)
            if media.now() > 1.0:
                door.hang_up()
        assert isinstance(item, Gone)
        return frames

    loop = VirtualTimeLoop(wall_s=0.0)
    try:
        frames = loop.run_until_complete(call())
    finally:
        loop.close()
    assert 50 <= len(frames) <= 52
    steps = np.diff([frame.at_s for frame in frames[1:]])
    assert steps == pytest.approx(FRAME_S)
    assert np.concatenate([frame.pcm for frame in frames[:2]]).tolist() == [7] * 500 + [0] * 140
    assert all(MUTED_PEAK < np.abs(frame.pcm).max() <= 60 for frame in frames[2:])


async def test_the_voice_double_speaks_at_least_as_long_as_asked() -> None:
    text = speech_of(10.0)
    seconds = sum([speech.duration_s async for speech in InstantTts().stream(text)])
    assert 10.0 <= seconds <= 10.0 + 8 * WORD_S + 0.01


async def test_cancelling_a_bench_ends_its_cell(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    running = asyncio.ensure_future(run_cell(python(code), "cpu", 1.0, 0))
    while not mark.exists() or not mark.read_text():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
