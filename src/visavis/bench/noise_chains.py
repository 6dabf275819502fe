"""One caller's stream through gain and noise suppression in every combination, to the detector and the recogniser."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.bench.figures import word_error_rate
from visavis.bench.noise_material import Clip, Sound, as_pcm, at_level, noise_at, speaking
from visavis.hear.base import HEAR_RATE_HZ, Asr, Vad
from visavis.hear.gain import AutoGain
from visavis.hear.segmenter import SpeechSegmenter
from visavis.kernel.events import SpeechStarted
from visavis.kernel.media import Pcm
from visavis.kernel.settings import TurnSettings

CHAINS = ("none", "gain", "ns", "gain+ns")
GAP_S = 1.2
ALONE_S = 10.0
NEAR_S = 0.3
"""Speech that starts this close to a voice is no false start."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A caller with pauses between sentences, then `ALONE_S` of the noise alone. `clips`: from, to, words."""

    pcm: Pcm
    speech: NDArray[np.bool_]
    clips: list[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Heard:
    windows: list[Pcm]
    p: NDArray[np.float64]
    starts_s: list[float]
    cpu_s: float


def mixed(clips: Sequence[Clip], level_db: float, noise: Sound | None, noise_db: float, seed: int) -> Stream:
    """Speech at `level_db` dBFS (above 0: clipped), noise at `noise_db`; a hiss of −80 dBFS where there is none."""
    rng = np.random.default_rng(seed)
    gap = np.zeros(int(GAP_S * HEAR_RATE_HZ))
    parts, masks, places = [gap], [gap > 0], []
    at = len(gap)
    for clip in clips:
        parts += [at_level(clip.pcm, level_db), gap]
        masks += [speaking(clip.pcm), gap > 0]
        places.append((at - len(gap) // 3, at + len(clip.pcm) + len(gap) // 3, clip.text))
        at += len(clip.pcm) + len(gap)
    alone = np.zeros(int(ALONE_S * HEAR_RATE_HZ))
    sound = np.concatenate([*parts, alone])
    background = rng.standard_normal(len(sound)) if noise is None else noise
    sound = sound + noise_at(background, len(sound), noise_db, rng)
    return Stream(as_pcm(sound), np.concatenate([*masks, alone > 0]), places)


_LATE = 96


class _Suppressor:
    """WebRTC's noise suppression at its second level (−12 dB), in frames of 10 ms.

    Its output trails by 6 ms (measured). They are taken out here, so that the labels of speech fit.
    """

    def __init__(self) -> None:
        from pywebrtc_audio import NoiseSuppressor  # a native library: imported only where it is measured

        self._suppressor: Any = NoiseSuppressor(sample_rate=HEAR_RATE_HZ, num_channels=1, level=1)

    def process(self, pcm: Pcm) -> Pcm:
        whole = len(pcm) // 160 * 160
        frames = [self._suppressor.process(pcm[at : at + 160]) for at in range(0, whole, 160)]
        return np.concatenate([*frames, pcm[whole:]])[_LATE:]


async def listen(stream: Stream, chain: str, vad: Vad) -> Heard:
    """The stream as the ears would take it. `cpu_s` is what the chain itself costs, without the detector."""
    began = time.thread_time()
    pcm = _Suppressor().process(stream.pcm) if "ns" in chain else stream.pcm
    cpu_s = time.thread_time() - began
    gain = AutoGain() if "gain" in chain else None
    detector, segmenter = vad.stream(), SpeechSegmenter(TurnSettings())
    windows, scores, starts_s = [], [], []
    for at in range(0, len(pcm) // vad.window * vad.window, vad.window):
        raw = pcm[at : at + vad.window]
        began = time.thread_time()
        window = gain.apply(raw) if gain is not None else raw
        cpu_s += time.thread_time() - began
        p = await detector.push(window)
        began = time.thread_time()
        if gain is not None:
            gain.learn(raw, p)
        cpu_s += time.thread_time() - began
        windows.append(window)
        scores.append(p)
        if isinstance(fact := segmenter.push(at / HEAR_RATE_HZ, p), SpeechStarted):
            starts_s.append(fact.at_s)
    return Heard(windows, np.array(scores), starts_s, cpu_s)


async def row(stream: Stream, chain: str, vad: Vad, asr: Asr) -> dict[str, Any]:
    """The figures of one cell, as docs/benchmarks.md explains them."""
    heard = await listen(stream, chain, vad)
    pcm = np.concatenate(heard.windows)
    pairs = [(text, await recognised(asr, pcm[first:last])) for first, last, text in stream.clips]
    share = stream.speech[: len(pcm)].reshape(-1, vad.window).mean(axis=1)
    quiet_min = float((share == 0).sum()) * vad.window / HEAR_RATE_HZ / 60
    return {
        "wer": round(word_error_rate(pairs), 4),
        "vad_auc": round(auc(heard.p[share > 0.9], heard.p[share == 0]), 4),
        "false_starts_per_min": round(false_starts(stream.speech, heard.starts_s) / max(quiet_min, 1e-6), 2),
        "cpu_ms_per_s": round(heard.cpu_s * 1000 / (len(pcm) / HEAR_RATE_HZ), 2),
    }


async def recognised(asr: Asr, pcm: Pcm) -> str:
    stream = asr.stream("en", lambda words: None)
    stream.push(pcm)
    words = await stream.final()
    await stream.close()
    return words.text


def false_starts(speech: NDArray[np.bool_], starts_s: Sequence[float]) -> int:
    """How many of the starts have no voice near them."""
    near = int(NEAR_S * HEAR_RATE_HZ)
    places = [int(start_s * HEAR_RATE_HZ) for start_s in starts_s]
    return sum(not speech[max(0, at - near) : at + near].any() for at in places)


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """The chance that a value of the first kind is above one of the second; ties count half."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(below.mean() / (2 * len(ordered))) if len(positive) and len(ordered) else 0.5
