"""`visavis bench gate`: what the gate sends of screens and cameras, against one frame a second and known events."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from visavis.bench.gate_cameras import CAMERAS
from visavis.bench.gate_clips import Clip, clips
from visavis.bench.gate_score import Log, Row, ablation, follow, row, total
from visavis.bench.gate_screens import SCREENS
from visavis.bench.gate_takes import Take
from visavis.kernel.errors import ModelError
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines
from visavis.see.base import Image
from visavis.see.mediapipe import MODEL as FACES
from visavis.see.mesh import FaceMesh, Track

MAKERS: Sequence[Callable[[int], Take]] = (*SCREENS, *CAMERAS)
PROCESSES = 2
ONE_THREAD = "OPENBLAS_NUM_THREADS"
"""Processor time is told of one thread: more of them would wait for each other in a loop."""

Shown = tuple[int, int] | tuple[Clip, Path | None]
"""What one process is given: which maker and its seed; or a clip and, where faces are looked for, their models."""


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: dir, seed. Raises UsageError when dir holds no clip that is known."""
    real = clips(options.dir) if options.dir else []
    models = await _models() if real else None
    shown: list[Shown] = [(index, options.seed + index) for index in range(len(MAKERS))]
    shown += [(clip, None) for clip in real]
    if models is not None:
        shown += [(clip, models) for clip in real if not clip.labels]
    return figures(await asyncio.to_thread(_all, shown))


def figures(logs: Sequence[Log]) -> dict[str, Any]:
    """`logs` with faces looked for are told by rows of their own: they show what other rows have shown."""
    rows, counted = [row(log) for log in logs], [log for log in logs if not log.faces]
    return {"rows": rows, "total": total(counted), "ablation": ablation(counted)}


async def _models() -> Path | None:
    engines = Engines.of(Settings())
    try:
        return await asyncio.to_thread(engines.context.store.path, FACES)
    except ModelError as error:
        print(f"faces are not looked for: {error}", file=sys.stderr)
        return None
    finally:
        await engines.close()


def _all(shown: Sequence[Shown]) -> list[Log]:
    os.environ[ONE_THREAD] = "1"  # read by each new process, when it loads numpy
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        return [_told(log) for log in pool.map(_followed, shown)]


def _followed(shown: Shown) -> Log:
    what, more = shown
    if isinstance(what, Clip):
        look = None
        if isinstance(more, Path):
            mesh, track = FaceMesh(more), Track()
            look = lambda image: mesh.look(image, track)  # noqa: E731
        return follow(what.kind, what.source, what.frames(), what.labels, what.slack_s, look)
    assert isinstance(more, int)
    take = MAKERS[what](more)
    return follow(take.kind, take.source, _filmed(take, more), take.labels)


def _filmed(take: Take, seed: int) -> Iterable[tuple[float, Image]]:
    film = take.filmed(seed)
    return ((at_s, film(at_s)) for at_s in take.pictures(seed))


def _told(log: Log) -> Log:
    found: Row = row(log)
    print("  ".join(f"{key} {value}" for key, value in found.items()), file=sys.stderr, flush=True)
    return log
