"""`visavis bench face`: visual cues of recorded clips, against the sound of the same clips, and what they cost."""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.errors import UsageError
from visavis.kernel.events import FaceCue, Nodded
from visavis.kernel.media import Pcm
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines
from visavis.see.base import FaceObservation, Image
from visavis.see.cues import MOUTH_WINDOW_S, CueReader, spread
from visavis.see.mediapipe import MODEL
from visavis.see.mesh import FaceMesh, Track
from visavis.see.offline import WHOLE, Crop, pictures

VIDEO = {".mp4", ".mkv", ".mov", ".webm", ".avi", ".gif"}
SPEECH_P = 0.5
CLEAR_SHARE = 0.8
"""A moment is speech when so much of the window before it is, silence when so much is not; others do not count."""

NOD_EVERY_S, NOD_HZ, NOD_DEPTH = 3.0, 2.0, 0.12
NODS_IN_A_ROW = 2
"""Synthesised nods: the picture is moved down and up twice in a second by 12 % of the face's height."""

Series = NDArray[np.float64]


@dataclass(slots=True)
class _Seen:
    """What was made of one clip's pictures."""

    times_s: list[float] = field(default_factory=list)
    faces: list[FaceObservation | None] = field(default_factory=list)
    cues: list[tuple[float, FaceCue]] = field(default_factory=list)
    nods_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Raises UsageError when there are no clips, ModelError without the models."""
    clips = _clips(Path(options.data))
    crops = dict(_crop(text) for text in options.crop)
    engines = Engines.of(Settings())
    try:
        models = await asyncio.to_thread(engines.context.store.path, MODEL)
        vad = await engines.get("vad", "silero")
        rows = []
        for path in clips:
            crop = crops.get(path.stem, WHOLE)
            seen = await asyncio.to_thread(_watch, pictures(path, crop=crop), models)
            nodding = await asyncio.to_thread(_watch, _nodding(pictures(path, crop=crop), seen), models)
            pcm = await asyncio.to_thread(_sound, path)
            rows.append(_row(path, seen, nodding, pcm, await _speech(vad, pcm)))
    finally:
        await engines.close()
    return {
        "clips": len(rows),
        "cpu_ms_per_frame": round(median(row["cpu_ms_per_frame"] for row in rows), 2),
        "synthesised_nods": sum(row["synthesised_nods"] for row in rows),
        "synthesised_found": sum(row["synthesised_found"] for row in rows),
        "rows": rows,
    }


def _clips(folder: Path) -> list[Path]:
    clips = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEO)
    if not clips:
        raise UsageError(f"no video files below {folder}", hint="give a directory of clips with --data")
    return clips


def _crop(text: str) -> tuple[str, Crop]:
    name, _, shares = text.partition("=")
    try:
        left, top, width, height = (float(share) for share in shares.split(","))
    except ValueError as error:
        raise UsageError(
            f"--crop {text}: not NAME=LEFT,TOP,WIDTH,HEIGHT", hint="shares such as 0,0.8,0.15,0.2"
        ) from (error)
    return name, (left, top, width, height)


def _watch(images: Iterable[tuple[float, Image]], models: Path) -> _Seen:
    mesh, track, reader, seen = FaceMesh(models), Track(), CueReader(), _Seen()
    for at_s, image in images:
        began_s = time.process_time()
        face = mesh.look(image, track)
        events = reader.push(at_s, face)
        seen.cpu_s += time.process_time() - began_s
        seen.times_s.append(at_s)
        seen.faces.append(face)
        seen.cues += [(at_s, event) for event in events if isinstance(event, FaceCue)]
        seen.nods_s += [at_s for event in events if isinstance(event, Nodded)]
    return seen


def _nodding(images: Iterable[tuple[float, Image]], seen: _Seen) -> Iterator[tuple[float, Image]]:
    """The same pictures, moved down and up now and then as a nodding head would be."""
    heights = [face.box[3] for face in seen.faces if face is not None]
    depth = NOD_DEPTH * median(heights) if heights else 0.0
    for at_s, image in images:
        into_s = at_s % NOD_EVERY_S - NOD_EVERY_S / 3
        moved = np.zeros_like(image)
        swing = (1 - math.cos(2 * math.pi * NOD_HZ * into_s)) / 2 if 0 < into_s < NODS_IN_A_ROW / NOD_HZ else 0.0
        down = round(swing * depth * image.shape[0])
        moved[down:] = image[: image.shape[0] - down]
        yield at_s, moved


def _row(path: Path, seen: _Seen, nodding: _Seen, pcm: Pcm, speech: Series) -> dict[str, Any]:
    times_s = np.array(seen.times_s)
    mouths = np.array([face.mouth if face else np.nan for face in seen.faces])
    last_s = float(times_s[-1]) if len(times_s) else 0.0
    made = [n * NOD_EVERY_S + NOD_EVERY_S / 3 for n in range(int(last_s // NOD_EVERY_S))]
    return {
        "clip": path.stem,
        "frames": len(times_s),
        "faces_found": round(float(np.mean(~np.isnan(mouths))), 3) if len(mouths) else 0.0,
        "mouth_auc": _auc(*_scores(times_s, mouths, speech)),
        "lips_with_sound_r": _correlation(times_s, mouths, pcm),
        "moving": _share(seen, last_s, "mouth", "moving"),
        "away": _share(seen, last_s, "facing", "away"),
        "nods": len(seen.nods_s),
        "synthesised_nods": len(made),
        "synthesised_found": sum(any(at < nod_s < at + 2.0 for nod_s in nodding.nods_s) for at in made),
        "cpu_ms_per_frame": round(1000 * seen.cpu_s / max(1, len(times_s)), 2),
    }


def _scores(times_s: Series, mouths: Series, speech: Series) -> tuple[list[float], list[float]]:
    """How much the mouth moved, at moments of speech and at moments of silence."""
    spoken, silent = [], []
    for at_s in times_s:
        openings = mouths[(times_s > at_s - MOUTH_WINDOW_S) & (times_s <= at_s)]
        heard = speech[_window(at_s - MOUTH_WINDOW_S) : _window(at_s)]
        if len(openings) < 3 or np.isnan(openings).any() or not len(heard):
            continue
        share = float(np.mean(heard >= SPEECH_P))
        if share >= CLEAR_SHARE:
            spoken.append(spread(openings.tolist()))
        elif share <= 1 - CLEAR_SHARE:
            silent.append(spread(openings.tolist()))
    return spoken, silent


def _auc(positive: list[float], negative: list[float]) -> float:
    """P(a moment of speech scores above one of silence); -1 when there is none of either."""
    if not positive or not negative:
        return -1.0
    difference = np.array(positive)[:, None] - np.array(negative)[None, :]
    return round(float(np.mean((np.sign(difference) + 1) / 2)), 3)


def _correlation(times_s: Series, mouths: Series, pcm: Pcm) -> float:
    """Between the opening of the mouth and the loudness at that moment; 0 without sound. Near 0 or below, the sound
    was not made by this mouth."""
    pairs = []
    for at_s, mouth in zip(times_s, mouths, strict=True):
        around = pcm[max(0, int((at_s - 0.05) * HEAR_RATE_HZ)) : int((at_s + 0.05) * HEAR_RATE_HZ)]
        if len(around) and not np.isnan(mouth):
            pairs.append((mouth, math.log10(float(np.sqrt(np.mean(around.astype(np.float64) ** 2))) + 30)))
    if len(pairs) < 3 or np.ptp([loud for _, loud in pairs]) < 0.1 or np.ptp([mouth for mouth, _ in pairs]) == 0:
        return 0.0
    return round(float(np.corrcoef(np.array(pairs).T)[0, 1]), 2)


def _share(seen: _Seen, last_s: float, cue: str, value: str) -> float:
    """Share of the clip's time during which a cue had that value."""
    ends_s = [at_s for at_s, _ in seen.cues[1:]] + [last_s]
    held = sum(
        end_s - at_s for (at_s, event), end_s in zip(seen.cues, ends_s, strict=False) if getattr(event, cue) == value
    )
    return round(held / last_s, 3) if last_s else 0.0


def _window(at_s: float) -> int:
    return max(0, int(at_s * HEAR_RATE_HZ / 512))


def _sound(path: Path) -> Pcm:
    """Mono, 16 kHz; empty when the clip has no sound."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return np.zeros(0, np.int16)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=HEAR_RATE_HZ)
        pieces = [
            out.to_ndarray().reshape(-1) for frame in container.decode(audio=0) for out in resampler.resample(frame)
        ]
    return np.concatenate(pieces).astype(np.int16) if pieces else np.zeros(0, np.int16)


async def _speech(vad: Any, pcm: Pcm) -> Series:
    """P(speech) of each 32 ms."""
    stream = vad.stream()
    return np.array([await stream.push(pcm[at : at + 512]) for at in range(0, len(pcm) - 511, 512)])
