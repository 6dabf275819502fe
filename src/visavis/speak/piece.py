"""From a model's raw audio to a piece that can be played: trimmed, with words and mouth shapes in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.media import Samples, to_pcm
from visavis.speak.base import Speech
from visavis.speak.visemes import PhoneWord, timing

LEAD_S = 0.005
"""Kept before the first loud window: enough for a soft onset, and nobody waits for it."""
SENTENCE_TAIL_S = 0.12
CLAUSE_TAIL_S = 0.04
MIN_PAUSE_S = 0.09

_WINDOW_S = 0.005
_QUIET = 0.012
"""Loudness below this share of the piece's loudest window is silence (about −38 dB)."""
_SENTENCE_ENDS = ".!?…。！？"
_CLOSERS = "\"'”’»)]）」』"


def make_piece(samples: Samples, rate_hz: int, words: Sequence[PhoneWord]) -> Speech | None:
    """`samples` (float32 mono) with leading silence cut off, and trailing silence to a pause that fits the text.

    None when there is nothing to hear.
    """
    loud = _loud(samples, rate_hz)
    heard = np.flatnonzero(loud)
    if len(heard) == 0:
        return None
    window = round(rate_hz * _WINDOW_S)
    first, last = int(heard[0]), int(heard[-1]) + 1
    tail_s = SENTENCE_TAIL_S if ends_sentence(words[-1].text) else CLAUSE_TAIL_S
    begin = max(0, first * window - round(LEAD_S * rate_hz))
    end = min(len(samples), last * window + round(tail_s * rate_hz))
    offset_s = begin / rate_hz
    marks, visemes = timing(
        words,
        start_s=first * _WINDOW_S - offset_s,
        end_s=min(last * _WINDOW_S, len(samples) / rate_hz) - offset_s,
        pauses=[(a * _WINDOW_S - offset_s, b * _WINDOW_S - offset_s) for a, b in _gaps(loud, first, last)],
    )
    return Speech(to_pcm(samples[begin:end]), rate_hz, marks, visemes)


def ends_sentence(text: str) -> bool:
    """Whether a written word ends a sentence (and not just a clause)."""
    return text.rstrip(_CLOSERS).endswith(tuple(_SENTENCE_ENDS))


def _loud(samples: Samples, rate_hz: int) -> NDArray[np.bool_]:
    """Per window of 5 ms: is there sound?"""
    window = round(rate_hz * _WINDOW_S)
    rows = samples[: len(samples) // window * window].reshape(-1, window)
    level = np.sqrt(np.mean(np.square(rows, dtype=np.float32), axis=1)) if len(rows) else np.zeros(0, np.float32)
    loud: NDArray[np.bool_] = level > max(float(level.max(initial=0.0)) * _QUIET, 1e-4)
    return loud


def _gaps(loud: NDArray[np.bool_], first: int, last: int) -> list[tuple[int, int]]:
    """Silent runs of `MIN_PAUSE_S` or more between the windows `first` and `last`."""
    edges = np.flatnonzero(np.diff(loud[first:last].astype(np.int8)))
    runs = zip(edges[::2], edges[1::2], strict=False)
    return [(first + int(a) + 1, first + int(b) + 1) for a, b in runs if (b - a) * _WINDOW_S >= MIN_PAUSE_S]
