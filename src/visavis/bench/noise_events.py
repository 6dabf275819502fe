"""Sounds that are no voice: how many of them the detector takes for one, and what tells them apart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from visavis.bench.noise_material import Sound, as_pcm, at_level, noise_at, read_wav
from visavis.hear.base import HEAR_RATE_HZ, Vad
from visavis.hear.segmenter import SpeechSegmenter
from visavis.kernel.events import SpeechStarted
from visavis.kernel.settings import TurnSettings

COUNT = 24
LEVELS_DB = (-20.0, -32.0)
HISS_DB = -65.0
LOOK_S = 0.3
SURE_P = 0.8
"""Speech that opens has a mean probability above this over its first 0.3 s; most other sounds do not."""


def cough(rng: np.random.Generator) -> Sound:
    """A burst of noise with a voiced end, as many coughs have."""
    count = int(HEAR_RATE_HZ * rng.uniform(0.25, 0.45))
    burst = _band(rng, count, rng.uniform(200, 500), rng.uniform(2500, 5000)) * _decay(count, 0.008, 0.09)
    voiced = count // 2
    at_s = np.arange(voiced) / HEAR_RATE_HZ
    pitch_hz = rng.uniform(90, 220)
    tone = sum(np.sin(2 * np.pi * pitch_hz * n * at_s * (1 - 0.2 * at_s)) / n for n in range(1, 12))
    burst[count - voiced :] += tone * np.hanning(voiced) * np.abs(burst).max() * rng.uniform(0, 0.2)
    return burst


def keyboard(rng: np.random.Generator) -> Sound:
    sound = np.zeros(int(1.2 * HEAR_RATE_HZ))
    at = 0
    while at < len(sound) - 900:
        count = int(rng.uniform(0.008, 0.03) * HEAR_RATE_HZ)
        sound[at : at + count] += _band(rng, count, 800, 6000) * _decay(count, 0.001, 0.006) * rng.uniform(0.4, 1)
        at += int(rng.uniform(0.06, 0.2) * HEAR_RATE_HZ)
    return sound


def door(rng: np.random.Generator) -> Sound:
    count = HEAR_RATE_HZ // 2
    thump = _band(rng, count, 40, 400) * _decay(count, 0.004, 0.1)
    latch = _band(rng, count, 400, 3000) * _decay(count, 0.002, 0.02)
    both: Sound = thump + 0.3 * latch
    return both


def clap(rng: np.random.Generator) -> Sound:
    count = HEAR_RATE_HZ // 5
    return _band(rng, count, 600, 4000) * _decay(count, 0.001, 0.02)


def breath(rng: np.random.Generator) -> Sound:
    count = int(HEAR_RATE_HZ * rng.uniform(0.5, 1.0))
    return _band(rng, count, 300, 3500) * np.hanning(count)


MADE: dict[str, Callable[[np.random.Generator], Sound]] = {
    "cough": cough,
    "keyboard": keyboard,
    "door": door,
    "clap": clap,
    "breath": breath,
}


def _band(rng: np.random.Generator, count: int, low_hz: float, high_hz: float) -> Sound:
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / HEAR_RATE_HZ)
    return np.fft.irfft(spectrum * np.where((hz > low_hz) & (hz < high_hz), 1.0, 0.05), count)


def _decay(count: int, rise_s: float, fall_s: float) -> Sound:
    at_s = np.arange(count) / HEAR_RATE_HZ
    envelope: Sound = np.clip(at_s / rise_s, 0, 1) * np.exp(-np.maximum(0, at_s - rise_s) / fall_s)
    return envelope


def _recorded(sound: Sound, rng: np.random.Generator) -> Sound:
    """A stretch of 0.8–2 s."""
    count = int(HEAR_RATE_HZ * rng.uniform(0.8, 2.0))
    first = int(rng.integers(max(1, len(sound) - count)))
    return sound[first : first + count]


async def rows(folder: str, vad: Vad, seed: int) -> list[dict[str, Any]]:
    """One row for each kind of sound; recorded kinds are those in `folder`/noise, rooms left out."""
    rng = np.random.default_rng(seed)
    kinds = {name: ([make(rng) for _ in range(COUNT)], "synthesised") for name, make in MADE.items()}
    if folder:
        paths = [path for path in sorted((Path(folder) / "noise").glob("*.wav")) if "_rir" not in path.stem]
        for path in paths:
            sound = await asyncio.to_thread(read_wav, path)
            kinds[path.stem] = ([_recorded(sound, rng) for _ in range(COUNT)], "data")
    return [await _row(name, sounds, source, vad, rng) for name, (sounds, source) in kinds.items()]


async def _row(name: str, sounds: list[Sound], source: str, vad: Vad, rng: np.random.Generator) -> dict[str, Any]:
    opened = sure = 0
    for number, sound in enumerate(sounds):
        p_mean = await _opening(sound, LEVELS_DB[number % len(LEVELS_DB)], vad, rng)
        opened += p_mean is not None
        sure += p_mean is not None and p_mean >= SURE_P
    share = 1 / len(sounds)
    return {
        "event": name,
        "source": source,
        "n": len(sounds),
        "opens": round(opened * share, 3),
        "sure": round(sure * share, 3),
    }


async def _opening(sound: Sound, level_db: float, vad: Vad, rng: np.random.Generator) -> float | None:
    """Mean probability over the first `LOOK_S` of the speech that the sound opens; None if it opens none."""
    padded = np.pad(at_level(sound, level_db), (HEAR_RATE_HZ // 2, HEAR_RATE_HZ // 2))
    pcm = as_pcm(padded + noise_at(rng.standard_normal(len(padded)), len(padded), HISS_DB, rng))
    detector, segmenter = vad.stream(), SpeechSegmenter(TurnSettings())
    scores: list[float] = []
    first: int | None = None
    for at in range(0, len(pcm) // vad.window * vad.window, vad.window):
        scores.append(await detector.push(pcm[at : at + vad.window]))
        fact = segmenter.push(at / HEAR_RATE_HZ, scores[-1])
        if first is None and isinstance(fact, SpeechStarted):
            first = round(fact.at_s * HEAR_RATE_HZ) // vad.window
    if first is None:
        return None
    return float(np.mean(scores[first : first + round(LOOK_S * HEAR_RATE_HZ / vad.window)]))
