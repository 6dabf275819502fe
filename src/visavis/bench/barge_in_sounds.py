"""What is said, coughed and typed over the agent's voice, for `bench barge-in`: real where a data directory has it,
else made, and told apart.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soxr

from visavis.bench import noise_events
from visavis.bench.noise_material import Sound, as_pcm, at_level, speaking
from visavis.bench.speech import PITCHES, RATE_HZ, spoken
from visavis.bench.turn_sets import read_audio
from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.errors import UsageError
from visavis.kernel.media import Pcm

Kind = Literal["interruption", "backchannel", "cough", "keyboard", "noise", "side_talk"]
KINDS: tuple[Kind, ...] = ("interruption", "backchannel", "cough", "keyboard", "noise", "side_talk")

SPEECH_DB = -24.0
"""Level of the caller's speech, dBFS RMS while speaking."""

SNR_DB = (5.0, 20.0)
"""Speech stands so far above the room's hiss; sounds that are no speech are so far below speech."""

LEAD_S = 1.0
"""Hiss before and after an event, so that it is not the hiss that is measured."""

LONGEST_S = 2.5

INTERRUPTIONS = (
    "Wait, what about Sunday?",
    "Stop.",
    "Hold on, I have a question.",
    "No, that is not what I meant.",
    "Excuse me, how much does it cost?",
    "Sorry, can you say that again?",
    "Okay stop, I know that already.",
    "Yeah but I asked about the price.",
    "Can I ask you something else?",
    "I would like to speak to a person.",
    "What does that mean?",
    "Actually I need it before Friday.",
)
BACKCHANNELS = (
    "Mm-hm.",
    "Yeah.",
    "Okay.",
    "Right.",
    "I see.",
    "Uh-huh.",
    "Yeah, yeah, yeah.",
    "Okay, okay.",
    "Oh, I see.",
    "Got it.",
    "Sure.",
    "That makes sense.",
    "Oh really?",
    "Yes.",
    "Great.",
)
SIDE_TALK = (
    "Could you close the window please?",
    "The keys are on the kitchen table.",
    "I will be with you in a minute, darling.",
    "Did you feed the cat this morning?",
    "Put it over there, next to the door.",
)


Clip = tuple[Sound, str]
"""16 kHz, and what it is."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """A clip of mono 24 kHz whose sound begins `onset_s` in and ends at `end_s`; `source`: data or synthesised."""

    kind: Kind
    source: str
    pcm: Pcm
    onset_s: float
    end_s: float
    text: str = ""


async def overlaps(folder: str, count: int, seed: int) -> list[Overlap]:
    """`count` of each kind, shuffled. From `folder` every other recording is used, by whether `seed` is even: what
    was tuned on one half can be measured on the other. Raises UsageError for a folder without recordings.
    """
    rng = np.random.default_rng(seed)
    speech = await asyncio.to_thread(_recorded_speech, folder, seed % 2) if folder else []
    noises = await asyncio.to_thread(_recorded_noise, folder) if folder else []
    made: list[Overlap] = []
    for number in range(count):
        for kind in KINDS:
            source, sound, text = await _sound(kind, number, speech, noises, rng)
            made.append(_placed(kind, source, sound, text, rng))
    return [made[n] for n in rng.permutation(len(made))]


async def _sound(
    kind: Kind,
    number: int,
    speech: list[Clip],
    noises: list[Clip],
    rng: np.random.Generator,
) -> tuple[str, Sound, str]:
    """The `number`-th sound of `kind`: where it is from, 16 kHz, what it is."""
    if kind in ("cough", "keyboard"):
        make: Callable[[np.random.Generator], Sound] = noise_events.MADE[kind]
        return "synthesised", make(rng), ""
    if kind == "noise":
        if not noises:
            name = ("door", "clap", "breath")[number % 3]
            return "synthesised", noise_events.MADE[name](rng), name
        sound, name = noises[number % len(noises)]
        length = round(HEAR_RATE_HZ * rng.uniform(0.8, 3.0))
        first = int(rng.integers(max(1, len(sound) - length)))
        return "data", sound[first : first + length], name
    if speech and (kind == "side_talk" or (kind == "interruption" and number % 3)):
        return ("data", *speech[int(rng.integers(len(speech)))])
    texts = {"interruption": INTERRUPTIONS, "backchannel": BACKCHANNELS, "side_talk": SIDE_TALK}[kind]
    text = texts[number % len(texts)]
    voice = list(PITCHES)[int(rng.integers(len(PITCHES)))]
    pcm = await spoken(text, voice)
    return "synthesised", soxr.resample(pcm.astype(np.float64), RATE_HZ, HEAR_RATE_HZ), text


def _placed(kind: Kind, source: str, sound: Sound, text: str, rng: np.random.Generator) -> Overlap:
    """`sound` at its level, with the room's hiss around and below it."""
    snr_db = float(rng.uniform(*SNR_DB))
    is_speech = kind in ("interruption", "backchannel", "side_talk")
    level_db = SPEECH_DB if is_speech else SPEECH_DB - snr_db
    hiss_db = SPEECH_DB - snr_db if is_speech else -60.0
    active = np.flatnonzero(speaking(sound))
    sound = at_level(sound[active[0] : active[-1] + 1], level_db)[: round(LONGEST_S * HEAR_RATE_HZ)]
    lead = round(LEAD_S * HEAR_RATE_HZ)
    padded = np.pad(sound, (lead, lead))
    fade = np.clip(np.minimum(np.arange(len(padded)), np.arange(len(padded))[::-1]) / (0.3 * HEAR_RATE_HZ), 0, 1)
    hiss = rng.standard_normal(len(padded)) * (32_768 * 10 ** (hiss_db / 20)) * fade
    pcm = as_pcm(soxr.resample(padded + hiss, HEAR_RATE_HZ, RATE_HZ))
    return Overlap(kind, source, pcm, LEAD_S, LEAD_S + len(sound) / HEAR_RATE_HZ, text)


def _recorded_speech(folder: str, half: int) -> list[Clip]:
    """English recordings of a second and more, with their words."""
    path = Path(folder) / "asr.jsonl"
    if not path.exists():
        raise UsageError(f"no asr.jsonl in {folder}", hint="--data takes a directory as docs/benchmarks.md says")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    usable = [row for row in rows if row["lang"].startswith("en") and 1.0 <= row["duration_s"] <= 20.0]
    return [(read_audio(Path(folder) / row["audio"]).astype(np.float64), row["text"]) for row in usable[half::2]]


def _recorded_noise(folder: str) -> list[Clip]:
    return list(_noises(Path(folder) / "noise"))


def _noises(folder: Path) -> Iterator[Clip]:
    for path in sorted(folder.glob("*.wav")):
        if "_rir" not in path.stem:
            yield read_audio(path).astype(np.float64), path.stem
