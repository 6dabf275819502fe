"""A caller without echo cancellation: the agent's voice from a loudspeaker, through a room, into the microphone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr

from visavis.bench.figures import normal_words
from visavis.bench.noise_chains import GAP_S, false_starts, recognised
from visavis.bench.noise_material import Clip, Material, Sound, as_pcm, at_level, noise_at
from visavis.hear.base import HEAR_RATE_HZ, Asr, Vad
from visavis.hear.echo import Aec3
from visavis.hear.segmenter import SpeechSegmenter
from visavis.kernel.events import SpeechStarted
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.settings import TurnSettings
from visavis.session.echo_reference import EchoReference
from visavis.session.microphone import Microphone

PIECE = 320
CALLER_DB, ECHO_DB, HISS_DB = -26.0, -26.0, -65.0
"""The echo is as loud as the caller: a telephone on the table with its loudspeaker on."""

DUCKED, DUCKED_AFTER_S = 0.2, 0.45
"""The agent lowers its voice to this share 0.25 s after a sentence begins, which is 0.2 s after its place."""

SETTLED_S = 2.0
"""Return loss counts from here on; what the canceller needs to find the echo shows in the false starts."""


@dataclass(frozen=True, slots=True)
class Path:
    """From the agent's voice to the microphone: `reported_ms` is the client's word, `true_ms` the way it takes."""

    room: str
    reported_ms: int
    true_ms: int
    drift_ppm: float = 0.0


def paths(rooms: Sequence[str]) -> list[Path]:
    """Errors from −380 to +400 ms in the first room, then the others and a client whose clock runs fast."""
    first, *others = rooms
    return [
        Path(first, 50, 50),
        Path(first, 50, 150),
        Path(first, 50, 250),
        Path(first, 50, 450),
        Path(first, 400, 20),
        *(Path(room, 50, 150) for room in others),
        Path(first, 50, 150, drift_ppm=200.0),
    ]


def echo_of(agent: Sound, room: Sound, path: Path) -> Sound:
    """As long as `agent`; a fast clock takes more samples for the same sound."""
    size = len(agent) + len(room)
    echo = np.fft.irfft(np.fft.rfft(agent, size) * np.fft.rfft(room, size), size)[: len(agent)]
    if path.drift_ppm:
        echo = soxr.resample(echo, 1e6, 1e6 + path.drift_ppm)
    late = path.true_ms * HEAR_RATE_HZ // 1000
    return at_level(np.concatenate((np.zeros(late), echo))[: len(agent)], ECHO_DB)


def microphone_hears(near: Pcm, agent: Pcm, path: Path, *, cancel: bool) -> Pcm:
    """`near` as the session's own parts leave it: reference by media time, pieces of 20 ms, AEC3."""
    reference = EchoReference(HEAR_RATE_HZ, lambda: path.reported_ms / 1000)
    microphone = Microphone(Aec3() if cancel else None, reference.at)
    heard = []
    for at in range(0, len(near) // PIECE * PIECE, PIECE):
        at_s = at / HEAR_RATE_HZ
        reference.played(agent[at : at + PIECE], at_s)
        pcm, _ = microphone.take(AudioFrame(near[at : at + PIECE], HEAR_RATE_HZ, at_s))
        heard.append(pcm)
    return np.concatenate(heard)


async def rows(material: Material, vad: Vad, asr: Asr, seed: int) -> list[dict[str, Any]]:
    """Each path, with and without the canceller: the agent alone, then both at once."""
    found = []
    for path in paths(list(material.rooms)):
        for cancel in (False, True):
            alone = await _agent_alone(material, path, vad, cancel=cancel, seed=seed)
            found.append({**_named(path, cancel), "double_talk": "no", **alone, "words_lost": None})
        for talk, level in (("ducked", DUCKED), ("full", 1.0)):
            for cancel in (False, True):
                lost = await _both(material, path, asr, level, cancel=cancel)
                nothing = {"erle_db": None, "false_starts_per_min": None}
                found.append({**_named(path, cancel), "double_talk": talk, **nothing, "words_lost": lost})
    return found


def _named(path: Path, cancel: bool) -> dict[str, Any]:
    return {
        "path": path.room,
        "aec": cancel,
        "playout_error_ms": path.true_ms - path.reported_ms,
        "drift_ppm": path.drift_ppm,
    }


async def _agent_alone(material: Material, path: Path, vad: Vad, *, cancel: bool, seed: int) -> dict[str, Any]:
    agent = np.concatenate((material.agent, material.agent))
    echo = echo_of(agent, material.rooms[path.room], path)
    hiss = noise_at(np.random.default_rng(seed).standard_normal(len(echo)), len(echo), HISS_DB, _rng(seed))
    near = as_pcm(echo + hiss)
    heard = microphone_hears(near, as_pcm(agent), path, cancel=cancel)
    settled = slice(int(SETTLED_S * HEAR_RATE_HZ), len(heard))
    starts_s = await _starts(heard, vad)
    minutes = len(heard) / HEAR_RATE_HZ / 60
    return {
        "erle_db": round(_db(near[settled]) - _db(heard[settled]), 1) if cancel else 0.0,
        "false_starts_per_min": round(false_starts(np.zeros(len(heard), bool), starts_s) / minutes, 2),
    }


async def _both(material: Material, path: Path, asr: Asr, level: float, *, cancel: bool) -> float:
    """Share of the caller's words not recognised while the agent talks on, at `level` soon after each onset."""
    gap = np.zeros(int(GAP_S * HEAR_RATE_HZ))
    head = np.zeros(len(gap) * 2)
    voice, places = _one_after_the_other(material.clips, head, gap)
    agent = np.resize(material.agent, len(voice)).copy()
    for first, last, _ in places:
        agent[first + int(DUCKED_AFTER_S * HEAR_RATE_HZ) : last] *= level
    near = as_pcm(voice + echo_of(agent, material.rooms[path.room], path))
    heard = microphone_hears(near, as_pcm(agent), path, cancel=cancel)
    lost = total = 0
    for first, last, text in places:
        said = normal_words(text)
        found = normal_words(await recognised(asr, heard[first:last]))
        total += len(said)
        lost += len(said) - in_common(said, found)
    return round(lost / max(1, total), 4)


def _one_after_the_other(clips: Sequence[Clip], head: Sound, gap: Sound) -> tuple[Sound, list[tuple[int, int, str]]]:
    parts, places = [head], []
    at = len(head)
    for clip in clips:
        places.append((at - HEAR_RATE_HZ // 5, at + len(clip.pcm) + HEAR_RATE_HZ // 5, clip.text))
        parts += [at_level(clip.pcm, CALLER_DB), gap]
        at += len(clip.pcm) + len(gap)
    return np.concatenate(parts), places


async def _starts(pcm: Pcm, vad: Vad) -> list[float]:
    detector, segmenter, starts_s = vad.stream(), SpeechSegmenter(TurnSettings()), []
    for at in range(0, len(pcm) // vad.window * vad.window, vad.window):
        fact = segmenter.push(at / HEAR_RATE_HZ, await detector.push(pcm[at : at + vad.window]))
        if isinstance(fact, SpeechStarted):
            starts_s.append(fact.at_s)
    return starts_s


def in_common(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words of `said` that are in `heard` in the same order (longest common subsequence)."""
    row = [0] * (len(heard) + 1)
    for word in said:
        before = 0
        for n, other in enumerate(heard, 1):
            before, row[n] = row[n], before + 1 if word == other else max(row[n], row[n - 1])
    return row[-1]


def _db(pcm: Pcm) -> float:
    return float(10 * np.log10(np.mean(np.square(pcm, dtype=np.float64)) + 1e-3))


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
