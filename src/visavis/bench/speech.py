"""The synthetic caller's voice: the embedded voice at other pitches, so that it is not the agent's own."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

import numpy as np
import soxr

from visavis.kernel.media import Pcm, to_pcm

RATE_HZ = 24_000
VOICES: dict[str, float] = {"low": 0.86, "middle": 0.94, "high": 1.12}
"""Voice → factor on pitch and pace. Below 1 is deeper and slower."""

_AUDIBLE = 0.01


@lru_cache(maxsize=1)
def _engine() -> Any:
    from hibari import Hibari

    return Hibari(threads=1)


def _synthesise(text: str, voice: str) -> Pcm:
    samples = np.asarray(_engine()(text, seed=7), np.float32)
    loud = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    samples = samples[loud[0] : loud[-1] + 1]
    samples = soxr.resample(samples, RATE_HZ, RATE_HZ / VOICES[voice])
    return to_pcm(samples * np.float32(0.6 / max(0.05, float(np.abs(samples).max()))))


async def spoken(text: str, voice: str = "low") -> Pcm:
    """`text` as mono 24 kHz without silence at its ends; a ` | ` in it becomes a pause of 0.6 s."""
    parts = [await asyncio.to_thread(_synthesise, part, voice) for part in text.split(" | ")]
    gap = np.zeros(round(0.6 * RATE_HZ), np.int16)
    joined = [parts[0]]
    for part in parts[1:]:
        joined += [gap, part]
    return np.concatenate(joined)
