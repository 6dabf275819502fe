"""The synthetic caller's voices, so that it is not the agent's own: the embedded voice at other pitches and paces, or
Kokoro's. A line says where its speaker pauses: `My number is |0.6| five five five` holds a pause of 0.6 s.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from visavis.kernel.media import Pcm, Samples, to_pcm
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines

RATE_HZ = 24_000
PAUSE_S = 0.6
"""How long a bare ` | ` is."""

PITCHES: dict[str, float] = {"deep": 0.82, "low": 0.86, "middle": 0.94, "high": 1.12}
"""Voice → factor on pitch and pace of the embedded voice. Below 1 is deeper and slower."""

KOKORO: dict[str, str] = {"deep": "am_michael", "low": "bm_george", "middle": "af_bella", "high": "bf_emma"}

_AUDIBLE = 0.01
_PAUSE = re.compile(r"\s*\|(?:(\d+(?:\.\d+)?)\|)?\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """Words said in one breath, and the seconds of silence before them."""

    text: str
    pause_s: float = 0.0


def parts_of(text: str) -> list[Part]:
    """The parts of a line. Raises ValueError for a line that begins or ends with a pause, or says nothing."""
    pieces = _PAUSE.split(text)
    words, pauses = pieces[::2], [float(length) if length else PAUSE_S for length in pieces[1::2]]
    if not all(piece.strip() for piece in words):
        raise ValueError(f"a pause without words beside it: {text!r}")
    return [Part(piece.strip(), pause_s) for piece, pause_s in zip(words, [0.0, *pauses], strict=True)]


def without_pauses(text: str) -> str:
    """The words alone."""
    return " ".join(part.text for part in parts_of(text))


@lru_cache(maxsize=1)
def _hibari() -> Any:
    from hibari import Hibari

    return Hibari(threads=1)


def _pitched(text: str, voice: str) -> Pcm:
    samples = np.asarray(_hibari()(text, seed=7), np.float32)
    return _levelled(soxr.resample(_trimmed(samples), RATE_HZ, RATE_HZ / PITCHES[voice]))


def _trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    return samples[loud[0] : loud[-1] + 1]


def _levelled(samples: Samples) -> Pcm:
    return to_pcm(samples * np.float32(0.6 / max(0.05, float(np.abs(samples).max()))))


async def _kokoro(text: str, voice: str) -> Pcm:
    """Slow (a second or two a part), so kept in a cache of files."""
    name = hashlib.sha256(f"{KOKORO[voice]}|{text}".encode()).hexdigest()[:24]
    path = Path(tempfile.gettempdir()) / "visavis-bench-speech" / f"{name}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        engines = Engines.of(Settings())
        try:
            tts = await engines.get("tts", "kokoro")
            language = "en-GB" if KOKORO[voice].startswith("b") else "en"
            pieces = [piece.pcm async for piece in tts.stream(text, voice=KOKORO[voice], language=language)]
        finally:
            await engines.close()
        np.save(path, np.concatenate(pieces))
    pcm = np.load(path, allow_pickle=False).astype(np.float32) / np.float32(32_768)
    return _levelled(_trimmed(pcm))


async def breaths(text: str, voice: str = "low", voices: str = "pitched") -> list[Pcm]:
    """Each part of `text` as mono 24 kHz, without silence at its ends. `voices`: pitched or kokoro."""
    if voices == "kokoro":
        return [await _kokoro(part.text, voice) for part in parts_of(text)]
    return [await asyncio.to_thread(_pitched, part.text, voice) for part in parts_of(text)]


def joined(text: str, breaths: list[Pcm]) -> Pcm:
    """The whole line, with its pauses."""
    silent = [np.zeros(round(part.pause_s * RATE_HZ), np.int16) for part in parts_of(text)]
    return np.concatenate([piece for pair in zip(silent, breaths, strict=True) for piece in pair])


async def spoken(text: str, voice: str = "low", voices: str = "pitched") -> Pcm:
    """`text` as mono 24 kHz without silence at its ends, pauses where it has them."""
    return joined(text, await breaths(text, voice, voices))
