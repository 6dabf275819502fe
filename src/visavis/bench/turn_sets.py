"""People speaking, with the truth about each pause: tracks of one voice each, cut into turns.

A turn is a stretch of a track after which somebody else may speak; every pause inside it is one the person goes on
after (HOLD), its end is an END. The documented formats that tracks are read from stand in `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visavis.kernel.errors import ConfigError
from visavis.kernel.media import Pcm
from visavis.transport.media_reader import RATE_HZ, MediaReader

Spans = list[tuple[float, float]]
"""Stretches of speech, seconds from the beginning of a track."""

TAKES_OVER_S = 0.5
"""The other party has the floor when it speaks for so long; less is a sign of listening."""

OVERLAP_S = 0.3
"""How much of its neighbour's last words a takeover may overlap."""


@dataclass(frozen=True, slots=True)
class Turn:
    """From `start_s` to `end_s` of a track; `asked`: what the other party said before. `ends`: False when it is not
    known to be over where the recording stops, so that only its pauses count."""

    start_s: float
    end_s: float
    asked: str = ""
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Track:
    """16 kHz mono. `source`: the set it belongs to; `voice`: who speaks (what is not resampled apart)."""

    source: str
    voice: str
    pcm: Pcm
    turns: tuple[Turn, ...]
    language: str = "en"


def read_audio(path: Path) -> Pcm:
    """A whole media file as 16 kHz mono. Raises UsageError when it cannot be read."""
    reader = MediaReader(path, fps=1.0)
    try:
        chunks = []
        while (chunk := reader.read(10.0)) is not None:
            chunks.append(chunk.pcm)
    finally:
        reader.close()
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int16)


def call_turns(own: Spans, other: Spans) -> list[Turn]:
    """Turns of one party of a call, from when each of the two speaks.

    A pause ends a turn when the other party takes over (speaks `TAKES_OVER_S` or more) before this one speaks again.
    What is said wholly under the other's speech belongs to nobody's turn, and whoever says less than a takeover
    between two turns of the other has not had the floor.
    """
    taken = [(start_s, end_s) for start_s, end_s in other if end_s - start_s >= TAKES_OVER_S]
    turns: list[Turn] = []
    start_s: float | None = None
    for (from_s, to_s), following in zip(own, [*own[1:], (np.inf, np.inf)], strict=True):
        if any(a < from_s - OVERLAP_S and b > to_s + OVERLAP_S for a, b in taken):
            continue
        start_s = from_s if start_s is None else start_s
        takeover = next((a for a, b in taken if b > to_s and a > from_s and a < following[0]), None)
        if takeover is None and following[0] != np.inf:
            continue
        clean = takeover is not None and takeover > to_s - OVERLAP_S
        turns.append(Turn(start_s, to_s, ends=clean))
        start_s = None
    return turns


def labelled(folder: Path) -> Iterator[Track]:
    """`NAME.wav` with `NAME.turns.tsv`: a line for each turn, `start`, `end` what was asked, tab-separated."""
    for labels in sorted(folder.glob("*.turns.tsv")):
        audio = labels.with_name(labels.name.removesuffix(".turns.tsv") + ".wav")
        if not audio.is_file():
            raise ConfigError(f"{labels.name} has no {audio.name} beside it")
        turns = []
        for line in labels.read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if len(fields) >= 2:
                turns.append(Turn(float(fields[0]), float(fields[1]), fields[2] if len(fields) > 2 else ""))
        yield Track("labelled", audio.stem, read_audio(audio), tuple(turns))


@dataclass(frozen=True, slots=True)
class Utterance:
    source: str
    voice: str
    pcm: Pcm
    language: str


def utterances(folder: Path, languages: Sequence[str], longest_s: float = 15.0) -> Iterator[Utterance]:
    """The utterances of `asr.jsonl` (lines with `audio`, `lang`, `speaker`, `duration_s`)."""
    index = folder / "asr.jsonl"
    if not index.is_file():
        return
    for line in index.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["lang"] in languages and 1.0 <= row["duration_s"] <= longest_s:
            path = folder / row["audio"]
            source = Path(row["audio"]).parts[1] if len(Path(row["audio"]).parts) > 2 else "utterances"
            yield Utterance(source, row["speaker"] or path.stem, read_audio(path), row["lang"])


def silence(seconds: float, like: Pcm, seed: int) -> Pcm:
    """Room tone as loud as the quietest tenth of a second of `like`."""
    width = RATE_HZ // 10
    blocks = like[: len(like) // width * width].reshape(-1, width).astype(np.float64)
    loudness = float(np.sqrt((blocks**2).mean(axis=1)).min()) if len(blocks) else 0.0
    noise = np.random.default_rng(seed).normal(0, min(loudness, 60.0), round(seconds * RATE_HZ))
    return noise.astype(np.int16)
