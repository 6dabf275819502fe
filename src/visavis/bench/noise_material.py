"""What the noise bench is made from: speech with its words, noises, rooms. From a data directory, or synthesised."""

from __future__ import annotations

import asyncio
import json
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from visavis.bench.speech import RATE_HZ, spoken
from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.errors import UsageError
from visavis.kernel.media import Pcm

Sound = NDArray[np.float64]
"""16 kHz mono in units of int16, unclipped."""

SENTENCES = (
    "I would like to book a table for four people on Friday evening.",
    "My order has not arrived yet, could you check where it is?",
    "Please send the documents to my office before the end of the month.",
    "Is there a train to the airport after ten at night?",
    "The front wheel is bent and I need it before Saturday.",
    "Can you tell me how much the repair is going to cost?",
    "We moved to a new house last week, so the address is different.",
    "I am calling because the heating does not work in our kitchen.",
)
AGENT_SAYS = (
    "We are open from nine in the morning until six in the evening, Monday to Friday, and on Saturday until two.",
    "A basic service takes about an hour, but if you leave the bicycle with us we can also look at the brakes.",
    "Of course, I have written that down for you, and somebody will call you back before the end of the day.",
)
VOICES = ("low", "middle", "high")
SHORTEST_S, LONGEST_S = 2.0, 9.0


@dataclass(frozen=True, slots=True)
class Clip:
    pcm: Sound
    text: str


@dataclass(frozen=True, slots=True)
class Material:
    """`source` says where it is from: `data` or `synthesised`. `agent` is the agent's voice, 16 kHz."""

    source: str
    clips: list[Clip]
    noises: dict[str, Sound]
    rooms: dict[str, Sound]
    agent: Sound


async def gather(folder: str, clips: int, seed: int) -> Material:
    """`clips` of English speech, at random by `seed`. Raises UsageError for a folder that lacks a part."""
    agent = np.concatenate([np.pad(await _said(text, "middle"), (0, HEAR_RATE_HZ // 4)) for text in AGENT_SAYS])
    if not folder:
        rng = np.random.default_rng(seed)
        made = await _synthesised(clips)
        return Material("synthesised", made, _made_noises(rng, made), _made_rooms(rng), agent)
    return await asyncio.to_thread(_from_data, Path(folder), clips, seed, agent)


async def _said(text: str, voice: str) -> Sound:
    pcm = await spoken(text, voice)
    resampled: Sound = soxr.resample(pcm.astype(np.float64), RATE_HZ, HEAR_RATE_HZ)
    return resampled


async def _synthesised(count: int) -> list[Clip]:
    texts = [(SENTENCES[n % len(SENTENCES)], VOICES[n % len(VOICES)]) for n in range(count)]
    return [Clip(await _said(text, voice), text) for text, voice in texts]


def _from_data(folder: Path, count: int, seed: int, agent: Sound) -> Material:
    rows = [json.loads(line) for line in _existing(folder / "asr.jsonl").read_text("utf-8").splitlines()]
    usable = [row for row in rows if _usable(row)]
    chosen = np.random.default_rng(seed).permutation(len(usable))[:count]
    clips = [Clip(read_wav(folder / usable[n]["audio"]), usable[n]["text"]) for n in chosen]
    sounds = {path.stem: read_wav(path) for path in sorted(_existing(folder / "noise").glob("*.wav"))}
    rooms = {name: sound for name, sound in sounds.items() if "_rir" in name}
    noises = {name: sound for name, sound in sounds.items() if "_rir" not in name and "_bursts_" not in name}
    if not (clips and rooms and noises):
        raise UsageError(f"{folder} needs English rows in asr.jsonl, and noises and *_rir*.wav in noise/")
    return Material("data", clips, noises, {name: _impulse(sound) for name, sound in rooms.items()}, agent)


def _usable(row: dict[str, Any]) -> bool:
    return row["lang"] == "en" and SHORTEST_S <= row["duration_s"] <= LONGEST_S and not row.get("text_note")


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UsageError(
            f"no {path.name} in {path.parent}", hint="--data takes a directory as docs/benchmarks.md says"
        )
    return path


def read_wav(path: Path) -> Sound:
    """Any 16-bit WAV; the first channel."""
    with wave.open(str(path)) as file:
        if file.getsampwidth() != 2:
            raise UsageError(f"{path.name} is not 16-bit PCM")
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")[:: file.getnchannels()]
        resampled: Sound = soxr.resample(pcm.astype(np.float64), file.getframerate(), HEAR_RATE_HZ)
    return resampled


def _impulse(sound: Sound) -> Sound:
    """A room's response from its first strong sound on, with the energy of 1: it changes colour, not level."""
    response = sound[int(np.abs(sound).argmax()) :]
    unit: Sound = response / np.sqrt(np.sum(np.square(response)))
    return unit


def _made_noises(rng: np.random.Generator, clips: list[Clip]) -> dict[str, Sound]:
    count = 20 * HEAR_RATE_HZ
    white = rng.standard_normal(count) * 1000
    spectrum = np.fft.rfft(white)
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), count) * 30
    voices = [np.resize(np.roll(clip.pcm, int(rng.integers(HEAR_RATE_HZ))), count) for clip in (clips * 6)[:6]]
    return {"made_white": white, "made_pink": pink, "made_babble": np.sum(voices, axis=0)}


def _made_rooms(rng: np.random.Generator) -> dict[str, Sound]:
    """Noise that decays by 60 dB in 0.2 s and in 0.6 s."""
    rooms = {}
    for name, decay_s in (("made_dry", 0.2), ("made_live", 0.6)):
        at_s = np.arange(int(decay_s * HEAR_RATE_HZ)) / HEAR_RATE_HZ
        tail = rng.standard_normal(len(at_s)) * 10 ** (-3 * at_s / decay_s) * 0.3
        tail[0] = 3.0
        rooms[name] = _impulse(tail)
    return rooms


# Levels and mixing.


def speaking(sound: Sound) -> NDArray[np.bool_]:
    """Which samples are speech: 20 ms frames within 20 dB of the loudest."""
    frames = len(sound) // 320
    levels = np.sqrt(np.mean(np.square(sound[: frames * 320].reshape(frames, 320)), axis=1))
    mask: NDArray[np.bool_] = np.zeros(len(sound), bool)
    mask[: frames * 320] = np.repeat(levels > 0.1 * levels.max(), 320)
    return mask


def at_level(sound: Sound, level_db: float) -> Sound:
    """`sound` with its active part at `level_db` dBFS RMS."""
    active = float(np.sqrt(np.mean(np.square(sound[speaking(sound)]))))
    levelled: Sound = sound * (32_768 * 10 ** (level_db / 20) / active)
    return levelled


def noise_at(noise: Sound, samples: int, level_db: float, rng: np.random.Generator) -> Sound:
    """`samples` of `noise` from a random place on, repeated as needed, at `level_db` dBFS RMS."""
    cut = np.resize(np.roll(noise, -int(rng.integers(len(noise)))), samples)
    levelled: Sound = cut * (32_768 * 10 ** (level_db / 20) / float(np.sqrt(np.mean(np.square(cut)))))
    return levelled


def as_pcm(sound: Sound) -> Pcm:
    pcm: Pcm = np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)
    return pcm
