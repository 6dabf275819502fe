"""Turns made of recorded utterances: one or two of the same voice, with pauses as long as people's are.

One utterance of each turn is cut at its quietest place, which makes a pause inside a sentence; where two are joined
there is a pause after a whole one. Pauses are as long as those measured in the calls, by chance: inside a sentence
people hesitate for longer than between two, so the two kinds are drawn apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visavis.bench.turn_hear import Pause
from visavis.bench.turn_sets import Track, Turn, Utterance, silence
from visavis.kernel.media import Pcm
from visavis.transport.media_reader import RATE_HZ
from visavis.turn.completeness import how_it_ends


@dataclass(frozen=True, slots=True)
class PauseLengths:
    """Seconds. The defaults are rounded from a recorded service call."""

    inside: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.65, 0.8, 0.95, 1.0, 1.45, 2.0)
    between: tuple[float, ...] = (0.2, 0.2, 0.25, 0.35, 0.55, 0.6, 0.65, 0.65, 0.8, 1.0)

    @classmethod
    def of(cls, pauses: Sequence[Pause]) -> PauseLengths:
        """As measured; the recogniser's words tell the kinds apart. Defaults where fewer than ten are known."""
        kinds: dict[bool, list[float]] = {True: [], False: []}
        for pause in pauses:
            if not pause.is_end:
                whole = how_it_ends(pause.cues.text, pause.cues.language) in ("stop", "question", "closing")
                kinds[whole].append(min(pause.silence_s, LONGEST_PAUSE_S))
        if min(len(kinds[True]), len(kinds[False])) < LEAST_KNOWN:
            return cls()
        return cls(tuple(kinds[False]), tuple(kinds[True]))


LEAST_KNOWN = 10
LONGEST_PAUSE_S = 2.0
PAIRS = 0.5
"""Share of turns of two utterances: a third of the pauses then follow a whole sentence, as in the calls."""

_AUDIBLE = 400
_MARGIN = RATE_HZ // 20


def joined(
    utterances: Sequence[Utterance], lengths: PauseLengths, rng: np.random.Generator, rounds: int
) -> list[Track]:
    """Every utterance comes up once in each of `rounds`, in a new order and with new pauses."""
    by_voice: dict[tuple[str, str], list[Utterance]] = {}
    for one in utterances:
        by_voice.setdefault((one.source, one.voice), []).append(one)
    tracks = []
    for (source, voice), said in by_voice.items():
        for number in range(rounds):
            left = [said[i] for i in rng.permutation(len(said))]
            while left:
                count = 2 if rng.random() < PAIRS else 1
                now, left = left[:count], left[count:]
                pcm = _join([_trimmed(one.pcm) for one in now], lengths, rng)
                turn = Turn(0.0, len(pcm) / RATE_HZ + 0.1)
                tracks.append(Track(f"joined {source}", f"{voice} {number}.{len(left)}", pcm, (turn,)))
    return tracks


def _join(said: list[Pcm], lengths: PauseLengths, rng: np.random.Generator) -> Pcm:
    cut = int(rng.integers(len(said)))
    at = _quietest(said[cut])
    parts = [*said[:cut], said[cut][:at], said[cut][at:], *said[cut + 1 :]]
    pieces = [parts[0]]
    for number, part in enumerate(parts[1:]):
        kind = lengths.inside if number == cut else lengths.between
        seconds = float(rng.choice(np.asarray(kind)))
        pieces += [silence(seconds, said[0], int(rng.integers(1 << 31))), part]
    return np.concatenate(pieces)


def _quietest(pcm: Pcm) -> int:
    """The middle of the quietest 40 ms in the middle of an utterance."""
    width = RATE_HZ // 25
    energy = np.cumsum(pcm.astype(np.float64) ** 2)
    starts = np.arange(int(len(pcm) * 0.3), int(len(pcm) * 0.75), RATE_HZ // 100)
    starts = starts[starts + width < len(pcm)]
    return int(starts[np.argmin(energy[starts + width] - energy[starts])]) + width // 2


def _trimmed(pcm: Pcm) -> Pcm:
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > _AUDIBLE)
    return pcm[max(0, loud[0] - _MARGIN) : loud[-1] + _MARGIN] if len(loud) else pcm
