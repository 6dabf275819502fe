"""`visavis bench objects`: which objects are told, and which for nothing: drawn, in photographs and in clips."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from visavis.bench.drawn_bottles import tables
from visavis.bench.gestures import VIDEOS
from visavis.bench.objects_clips import BEHIND, CLIPS, HELD, PHOTOS, SOME, Shows
from visavis.kernel.errors import UsageError
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines
from visavis.see.base import Image
from visavis.see.objectron import KINDS, ObjectronObjects, counts
from visavis.see.offline import pictures
from visavis.see.picture import scaled
from visavis.see.ssd import Thing

FPS = 2.0
LABELS = "objects.json"
DRAWN = 60
PLACES = 4
"""So many places for each photograph that is held up, size and background."""
SIZES = (0.3, 0.45, 0.6, 0.8)
"""Of a photograph that is held up, as shares of the picture's height."""
FAINT = 0.1
"""What the model is less sure of is not looked at."""

Shown = tuple[str, Image, Shows]
"""Where a picture comes from, the picture, what it shows."""


@dataclass(slots=True)
class Seen:
    """What was told of a picture, and how sure the model was of each kind."""

    shows: Shows
    told: dict[str, int]
    sure: dict[str, float]


@dataclass(slots=True)
class Group:
    """Pictures of one sort."""

    name: str
    seen: list[Seen] = field(default_factory=list)
    cpu_s: float = 0.0

    def rows(self) -> list[dict[str, Any]]:
        """A row for each kind that is in some picture, or was told of one."""
        rows = [self._row(kind) for kind in KINDS]
        return [row for row in rows if row["present"] or row["false"]]

    def _row(self, kind: str) -> dict[str, Any]:
        judged = [one for one in self.seen if kind not in one.shows.maybe]
        present = [one for one in judged if one.shows.kinds.get(kind)]
        found = [one for one in present if kind in one.told]
        counted = [one for one in found if one.shows.kinds[kind] != SOME]
        absent = [one for one in judged if not one.shows.kinds.get(kind)]
        return {
            "group": self.name,
            "kind": kind,
            "frames": len(judged),
            "present": len(present),
            "found": len(found),
            "false": sum(kind in one.told for one in absent),
            "counted": len(counted),
            "right_number": sum(one.told[kind] == one.shows.kinds[kind] for one in counted),
            "surest_absent": round(max((one.sure[kind] for one in absent), default=0.0), 2),
            "sure_present_p10": _p10([one.sure[kind] for one in present]),
            "cpu_ms_per_look": round(1000 * self.cpu_s / len(self.seen), 1),
        }


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: dir, photos, half, seed. Raises UsageError when dir or photos hold nothing that is labelled,
    ModelError without the model.
    """
    engines = Engines.of(Settings())
    try:
        engine = await ObjectronObjects.load(engines.context)
    finally:
        await engines.close()
    groups = [("drawn", drawn(options.seed))]
    groups += [("clips", clips(Path(options.dir)))] if options.dir else []
    if options.photos:
        groups += [("photos", photos(Path(options.photos))), ("held up", held_up(Path(options.photos), options.seed))]
    return await asyncio.to_thread(_all, engine, groups, options.half)


def drawn(seed: int) -> Iterator[Shown]:
    for table in tables(seed, DRAWN):
        yield "table", table.picture(), Shows.of(0.0, {"Bottle": table.bottles} if table.bottles else {})


def clips(folder: Path) -> Iterator[Shown]:
    """Of the clips below `folder` those that are labelled here or in `objects.json` there. Raises UsageError."""
    own = folder / LABELS
    named = json.loads(own.read_text("utf-8")) if own.is_file() else {}
    labels = dict(CLIPS) | {name: [_shows(one) for one in spans] for name, spans in named.items()}
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in VIDEOS and _name(path, folder) in labels]
    if not found:
        raise UsageError(f"{folder} holds none of the clips that docs/benchmarks.md names", stage="vision")
    for path in found:
        yield from spanned(path, labels[_name(path, folder)])


def spanned(path: Path, spans: Sequence[Shows]) -> Iterator[Shown]:
    """Pictures of a clip, with what the last span says that has begun."""
    for at_s, image in pictures(path, FPS):
        yield path.name, image, [span for span in spans if span.from_s <= at_s or span is spans[0]][-1]


def photos(folder: Path) -> Iterator[Shown]:
    """scikit-image's own. Raises UsageError when they are not in `folder`."""
    for name, shows in PHOTOS.items():
        yield name, _photo(folder, name), shows


def held_up(folder: Path, seed: int) -> Iterator[Shown]:
    """Photographs of things, at several sizes and places before others that show none of them."""
    draw = np.random.default_rng(seed)
    for name, kind in HELD.items():
        for size in SIZES:
            for behind in BEHIND:
                for _ in range(PLACES):
                    image = scaled(_photo(folder, behind), 640, 360).copy()
                    photo = _photo(folder, name)
                    height = round(size * 360)
                    width = round(height * photo.shape[1] / photo.shape[0])
                    x, y = int(draw.integers(0, 640 - width + 1)), int(draw.integers(0, 360 - height + 1))
                    image[y : y + height, x : x + width] = scaled(photo, width, height)
                    shows = PHOTOS[behind]
                    yield f"{name} at {size}", image, Shows(0.0, {**shows.kinds, kind: 1}, shows.maybe)


def _all(engine: ObjectronObjects, sorts: Sequence[tuple[str, Iterator[Shown]]], half: str) -> dict[str, Any]:
    groups = []
    for name, shown in sorts:
        groups.append(watched(engine, name, shown, half))
        for row in groups[-1].rows():
            print(row, file=sys.stderr, flush=True)
    every = Group("all", [one for group in groups for one in group.seen], sum(group.cpu_s for group in groups))
    return {"half": half, "rows": [row for group in [*groups, every] for row in group.rows()]}


def watched(engine: ObjectronObjects, name: str, shown: Iterable[Shown], half: str = "all") -> Group:
    """Looks at each picture as a call does; blocking."""
    group = Group(name)
    faint = dict.fromkeys(KINDS, FAINT)
    for index, (_, image, shows) in enumerate(shown):
        if half != "all" and index % 2 != (half == "report"):
            continue
        began_s = time.thread_time()
        told = counts(engine.things(image))
        group.cpu_s += time.thread_time() - began_s
        things = engine.things(image, faint)
        group.seen.append(Seen(shows, told, {kind: _surest(things, kind) for kind in KINDS}))
    return group


def _surest(things: Sequence[Thing], kind: str) -> float:
    return max((thing.sure for thing in things if thing.kind == kind), default=0.0)


def _photo(folder: Path, name: str) -> Image:
    if not (folder / name).is_file():
        raise UsageError(
            f"{folder} has no {name}", stage="vision", hint="name skimage/data of an unpacked scikit-image"
        )
    return next(image for _, image in pictures(folder / name))


def _shows(label: dict[str, Any]) -> Shows:
    return Shows.of(label.get("from_s", 0.0), label.get("shows", {}), *label.get("maybe", []))


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _p10(values: Sequence[float]) -> float | None:
    return round(float(np.quantile(values, 0.1)), 2) if values else None
