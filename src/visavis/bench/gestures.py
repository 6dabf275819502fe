"""`visavis bench gestures`: raised hands that are told, and what is told for nothing; drawn people, and clips."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visavis.bench.drawn_hands import HandTake, hand_takes
from visavis.kernel.errors import UsageError
from visavis.kernel.events.see import Gesture
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines
from visavis.see.base import Image
from visavis.see.gesture_watch import MOST_FPS
from visavis.see.gestures import MediapipeGestures
from visavis.see.offline import pictures
from visavis.see.signs import Holds

PEOPLE = 6
AFTER_S = 0.6
"""A gesture may still be told so long after it was put down: looks are a fifth of a second apart."""
LABELS = "gestures.json"
VIDEOS = {".mp4", ".mkv", ".webm", ".gif", ".mov", ".avi"}


@dataclass(frozen=True, slots=True)
class Held:
    """A labelled gesture, held from `from_s` to `to_s`."""

    gesture: Gesture
    from_s: float
    to_s: float


@dataclass(slots=True)
class Watched:
    """What came of some pictures."""

    name: str
    labels: Sequence[Held]
    seconds: float = 0.0
    looks: int = 0
    cpu_s: float = 0.0
    told: list[tuple[float, Gesture]] = field(default_factory=list)

    def found(self) -> list[tuple[Held, float]]:
        """Labelled gestures that were told, and when."""
        pairs = []
        for held in self.labels:
            hits = [at_s for at_s, gesture in self.told if _hits(held, gesture, at_s)]
            pairs += [(held, hits[0])] if hits else []
        return pairs

    def false(self) -> list[tuple[float, Gesture]]:
        return [
            (at_s, gesture)
            for at_s, gesture in self.told
            if not any(_hits(one, gesture, at_s) for one in self.labels)
        ]

    def row(self) -> dict[str, Any]:
        return {"name": self.name, **_figures([self])}


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: dir, seed. Raises UsageError when dir holds no clip, ModelError without the models."""
    engines = Engines.of(Settings())
    try:
        engine = await MediapipeGestures.load(engines.context)
    finally:
        await engines.close()
    clips = clips_in(Path(options.dir)) if options.dir else []
    return await asyncio.to_thread(_all, engine, options.seed, clips)


def clips_in(folder: Path) -> list[tuple[Path, list[Held]]]:
    """All videos below `folder`; what `gestures.json` there does not name shows no gesture. Raises UsageError."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in VIDEOS)
    if not found:
        raise UsageError(f"{folder} holds no clips", stage="vision")
    labels = folder / LABELS
    named = json.loads(labels.read_text("utf-8")) if labels.is_file() else {}
    return [(path, [Held(**one) for one in named.get(path.relative_to(folder).as_posix(), [])]) for path in found]


def watch(
    engine: MediapipeGestures, name: str, shown: Iterable[tuple[float, Image]], labels: Sequence[Held]
) -> Watched:
    """Looks at the pictures as a call does, as often as it may at most."""
    watched, holds = Watched(name, labels), Holds()
    for at_s, image in shown:
        began_s = time.thread_time()
        seen = engine.signs(image)
        watched.cpu_s += time.thread_time() - began_s
        watched.looks += 1
        watched.seconds = at_s
        watched.told += [(at_s, gesture) for gesture in holds.push(round(at_s, 4), seen)]
    return watched


def _all(engine: MediapipeGestures, seed: int, clips: Sequence[tuple[Path, list[Held]]]) -> dict[str, Any]:
    drawn = [_drawn(engine, take, index) for index, take in enumerate(hand_takes(seed, PEOPLE))]
    real = []
    for path, labels in clips:
        real.append(watch(engine, path.name, pictures(path, MOST_FPS), labels))
        print(real[-1].row(), file=sys.stderr, flush=True)
    return {
        "rows": [one.row() for one in [*drawn, *real]],
        "drawn": _figures(drawn) | {"told_for_nothing": _for_nothing(drawn)},
        "clips": _figures(real),
    }


def _drawn(engine: MediapipeGestures, take: HandTake, index: int) -> Watched:
    raised = [one for one in take.raises if one.act == "raised"]
    labels = [Held("raised_hand", one.at_s, one.at_s + one.holds_s) for one in raised]
    times = [round(n / MOST_FPS, 3) for n in range(int(take.seconds * MOST_FPS))]
    watched = watch(engine, f"drawn {index + 1}", ((at_s, take.picture(at_s)) for at_s in times), labels)
    acts = {round(one.at_s): one.act for one in take.raises}
    watched.name += "".join(f", {acts[max(known for known in acts if known <= at_s)]}" for at_s, _ in watched.false())
    print(watched.row(), file=sys.stderr, flush=True)
    return watched


def _for_nothing(drawn: Sequence[Watched]) -> dict[str, int]:
    """What else was held up when a raised hand was told."""
    counts: dict[str, int] = {}
    for one in drawn:
        for act in one.name.split(", ")[1:]:
            counts[act] = counts.get(act, 0) + 1
    return counts


def _figures(watched: Sequence[Watched]) -> dict[str, Any]:
    events, found = sum(len(one.labels) for one in watched), [pair for one in watched for pair in one.found()]
    minutes, looks = sum(one.seconds for one in watched) / 60, sum(one.looks for one in watched)
    delays = sorted(at_s - held.from_s for held, at_s in found)
    false = sum(len(one.false()) for one in watched)
    return {
        "minutes": round(minutes, 2),
        "events": events,
        "recall": round(len(found) / events, 3) if events else None,
        "false": false,
        "false_per_min": round(false / minutes, 2) if minutes else None,
        "delay_s_p50": round(delays[len(delays) // 2], 2) if delays else None,
        "cpu_ms_per_look": round(1000 * sum(one.cpu_s for one in watched) / looks, 1) if looks else None,
    }


def _hits(held: Held, gesture: Gesture, at_s: float) -> bool:
    return gesture == held.gesture and held.from_s <= at_s <= held.to_s + AFTER_S
