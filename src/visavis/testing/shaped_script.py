"""What the caller of a `shaped` bench will say, so that a recogniser double can know the words without recognising.

The double follows the *voiced* time it is given, which survives pauses, codecs and the gate of the voice activity
detector: so many 20 ms frames of sound into the call are so many words into the script. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from visavis.kernel.errors import ConfigError
from visavis.kernel.media import Pcm

FRAME_S = 0.02
VOICED_RMS = 150.0
"""Of 32,768. Frames of 20 ms above this are counted as sound."""

NEAR_S = 0.24
NEAR_SHARE = 0.12
"""This near to the end of a breath, it is taken for the end; a short breath must be half over at least."""

BEGUN_S = 0.1
"""A breath has begun when this much of it was heard: less is the rest of the one before."""


class Breath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words said without a pause, and how many seconds of sound they are. `ends_line`: the line is over after it."""

    text: str
    voiced_s: float
    ends_line: bool = False


class ShapedScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of breaths for each call, in the order of the calls. `seed` and `llm` (fast, slow) shape the stages."""

    calls: list[list[Breath]]
    llm: str = "fast"
    seed: int = 1

    def write(self, path: Path) -> None:
        path.write_bytes(msgspec.json.encode(self))

    @staticmethod
    def load(path: str) -> ShapedScript:
        """Raises ConfigError when there is no script at `path`, or another file."""
        try:
            return msgspec.json.decode(Path(path).read_bytes(), type=ShapedScript)
        except (OSError, msgspec.DecodeError) as error:
            hint = "the shaped doubles need the file of a script there"
            raise ConfigError(f"no script of a shaped bench: {error}", where="llm.model", hint=hint) from error


def voiced_frames(pcm: Pcm, rate_hz: int) -> int:
    """Frames of 20 ms with sound in them; what is left at the end counts when it is half a frame."""
    size = round(rate_hz * FRAME_S)
    whole = -(-len(pcm) // size) * size if len(pcm) % size >= size // 2 else len(pcm) // size * size
    rows = np.pad(pcm, (0, max(0, whole - len(pcm))))[:whole].reshape(-1, size).astype(np.float32)
    return int(np.count_nonzero(np.sqrt(np.mean(rows**2, axis=1)) > VOICED_RMS)) if len(rows) else 0


def voiced_s(pcm: Pcm, rate_hz: int) -> float:
    """Seconds of sound in `pcm`."""
    return voiced_frames(pcm, rate_hz) * FRAME_S


class Place:
    """Where in a call's script its speaker stands. `at_s` counts seconds of sound."""

    def __init__(self, breaths: Sequence[Breath]) -> None:
        self._breaths = list(breaths)
        self._ends = np.cumsum([breath.voiced_s for breath in breaths]) if breaths else np.zeros(0)
        self.at_s = 0.0

    def moved(self, seconds: float) -> None:
        self.at_s += seconds

    def settle(self) -> None:
        """The speaker pauses: when a breath ends close by, that is the place."""
        for breath, end_s in zip(self._breaths, self._ends, strict=True):
            near_s = max(NEAR_S, NEAR_SHARE * breath.voiced_s)
            if -min(near_s, breath.voiced_s / 2) <= self.at_s - end_s <= near_s:
                self.at_s = float(end_s)
                return

    def words(self, from_s: float, *, slack_s: float = 0.0) -> str:
        """What was said since `from_s`, up to now: whole words; a breath's words take time by their letters.

        `slack_s`: how much of a word's end may be missing still.
        """
        said: list[str] = []
        begin_s = 0.0
        for breath, end_s in zip(self._breaths, self._ends, strict=True):
            if end_s > from_s + 1e-6 and begin_s < self.at_s - BEGUN_S:
                said += _between(breath, from_s - begin_s, self.at_s - begin_s, slack_s)
            begin_s = float(end_s)
        return " ".join(said)


def _between(breath: Breath, from_s: float, to_s: float, slack_s: float) -> list[str]:
    """The words of `breath` whose end lies after `from_s` and not after `to_s`, in seconds of its sound."""
    words = breath.text.split()
    ends = np.cumsum([len(word) + 1 for word in words]) / sum(len(word) + 1 for word in words) * breath.voiced_s
    return [word for word, end_s in zip(words, ends, strict=True) if from_s + 1e-6 < end_s <= to_s + slack_s + 1e-6]
