"""Where audio is quiet: what to leave out of a recogniser's work, and where a long turn may be cut. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.media import Pcm, Samples, to_float

FRAME = HEAR_RATE_HZ // 50
"""Loudness is looked at in frames of 20 ms."""

SILENCE_RMS = 4e-4
"""Nothing louder than this (−68 dBFS) anywhere: nobody spoke."""

QUIET_SHARE = 0.03
"""Frames below this share (−30 dB) of the loudest are taken for the silence around speech."""

PAD_BEFORE_S = 0.2
PAD_AFTER_S = 0.25
SHORTEST_S = 1.0
"""Recognisers miss very short words that come without any silence around them."""


def speech_only(pcm: Pcm) -> Samples:
    """`pcm` without the silence before and after speech, a little padding kept; very short speech is padded to 1 s.

    Empty when there is nothing but silence.
    """
    levels = _levels(pcm)
    loudest = float(levels.max()) if len(levels) else 0.0
    if loudest < SILENCE_RMS:
        return np.empty(0, np.float32)
    loud = np.flatnonzero(levels > max(SILENCE_RMS, loudest * QUIET_SHARE))
    start = max(0, int(loud[0]) * FRAME - int(PAD_BEFORE_S * HEAR_RATE_HZ))
    stop = min(len(pcm), int(loud[-1] + 1) * FRAME + int(PAD_AFTER_S * HEAR_RATE_HZ))
    samples = to_float(pcm[start:stop])
    missing = int(SHORTEST_S * HEAR_RATE_HZ) - len(samples)
    if missing > 0:
        samples = np.pad(samples, (missing // 2, missing - missing // 2))
    return samples


def quiet_place(pcm: Pcm, after_s: float, before_s: float) -> int:
    """The sample in the middle of the quietest 0.3 s between the two times (seconds from the start of `pcm`).

    Of equally quiet places the latest is taken, so that as much as possible is settled.
    """
    first, last = int(after_s * HEAR_RATE_HZ), min(len(pcm), int(before_s * HEAR_RATE_HZ))
    levels = _levels(pcm[first:last])
    width = min(15, len(levels))
    if width == 0:
        return last
    loudness = np.convolve(levels, np.ones(width, np.float32), "valid")
    latest = len(loudness) - 1 - int(np.argmin(np.round(loudness[::-1], 4)))
    return first + (latest * 2 + width) * FRAME // 2


def _levels(pcm: Pcm) -> NDArray[np.float32]:
    """RMS of each 20 ms, 0–1; an incomplete last frame counts as part of nothing unless it is all there is."""
    whole = len(pcm) // FRAME * FRAME
    frames = to_float(pcm[:whole] if whole else pcm).reshape(-1, FRAME if whole else max(1, len(pcm)))
    levels: NDArray[np.float32] = np.sqrt(np.mean(np.square(frames), axis=1))
    return levels
