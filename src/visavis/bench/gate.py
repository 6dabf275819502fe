"""`visavis bench gate`: what the gate sends of screens and cameras, against one frame a second and known events."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from visavis.bench.gate_cameras import CAMERAS
from visavis.bench.gate_clips import clips
from visavis.bench.gate_score import Log, Row, ablation, follow, row, total
from visavis.bench.gate_screens import SCREENS
from visavis.bench.gate_takes import Take
from visavis.see.base import Image

MAKERS: Sequence[Callable[[int], Take]] = (*SCREENS, *CAMERAS)


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: dir, seed."""
    return await asyncio.to_thread(run, options.dir, options.seed)


def run(folder: str, seed: int) -> dict[str, Any]:
    logs: list[Log] = []
    for index, make in enumerate(MAKERS):
        take = make(seed + index)
        logs.append(_told(follow(take.kind, take.source, _filmed(take, seed + index), take.labels)))
    for clip in clips(folder) if folder else ():
        logs.append(_told(follow(clip.kind, clip.source, clip.frames(), clip.labels, slack_s=clip.slack_s)))
    return figures(logs)


def figures(logs: Sequence[Log]) -> dict[str, Any]:
    rows = [row(log) for log in logs]
    return {"rows": rows, "total": total(logs), "ablation": ablation(logs)}


def _filmed(take: Take, seed: int) -> Iterable[tuple[float, Image]]:
    film = take.filmed(seed)
    return ((at_s, film(at_s)) for at_s in take.pictures(seed))


def _told(log: Log) -> Log:
    found: Row = row(log)
    print("  ".join(f"{key} {value}" for key, value in found.items()), file=sys.stderr, flush=True)
    return log
