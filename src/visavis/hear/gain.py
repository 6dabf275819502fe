"""Automatic gain for a quiet caller: slow, upwards only, and only as far as the room's own noise allows.

The detector of voice activity says what is speech, so noise is never mistaken for a quiet voice. A caller who is loud
enough passes untouched, bit by bit: detection and recognition take −6 to −45 dBFS alike (docs/sound.md). Pure.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from visavis.kernel.media import Pcm

TARGET_DB = -26.0
"""Level of active speech to reach, dBFS (RMS); telephony aims at the same (ITU-T P.56)."""

LOUD_ENOUGH_DB = -45.0
"""Speech from here on is left alone."""

MAX_GAIN_DB = 30.0
FLOOR_DB = -50.0
"""The room's noise is never raised above this."""

SPEECH_P, NOISE_P = 0.5, 0.2
RISE_DB, FALL_DB = 0.3, 1.0
"""By window of 32 ms, and while the person speaks only: 9 dB/s up, 31 dB/s down."""

PEAK = 30_000.0
"""No sample is raised above this."""

_BELIEVED_AFTER = 8  # windows of speech, 0.26 s
_SPEECH_SHARE, _NOISE_SHARE = 0.05, 0.03  # of a new window in the levels: time constants of 0.6 and 1 s
_DIGITAL_SILENCE_DB = -84.0  # a muted microphone says nothing about the room
_FULL_SCALE = 32_768.0


class AutoGain:
    """One caller's gain. For each window in turn: `apply`, then `learn` from the same samples *before* gain.

    Windows are 512 samples at 16 kHz. What was learnt from one counts `late` windows later, so that up to `late` may
    be applied before they are learnt from: what comes out does not depend on how the audio arrived upstream.
    """

    def __init__(self, *, late: int = 1) -> None:
        self._late = late
        self._windows = self._learnt = 0
        self._waiting: deque[tuple[Pcm, float | None]] = deque()
        self._speech_power = self._noise_power = 0.0
        self._speech_windows = self._noise_windows = 0
        self._gain_db = 0.0
        self._applied = 1.0  # at the end of the window before

    @property
    def gain_db(self) -> float:
        """What is added now: 0 to `MAX_GAIN_DB`."""
        return self._gain_db

    def apply(self, window: Pcm) -> Pcm:
        """`window` with the gain known so far, as a new array; `window` itself while there is none to add."""
        self._windows += 1
        while self._waiting and self._learnt < self._windows - self._late:
            self._learn(*self._waiting.popleft())
            self._learnt += 1
        before, after = self._applied, 10 ** (self._gain_db / 20)
        if before == after == 1.0:
            return window
        peak = max(int(window.max()), -int(window.min()), 1)
        most = max(1.0, PEAK / peak)
        before, after = min(before, most), min(after, most)
        self._applied = after
        raised: Pcm = np.rint(window * np.linspace(before, after, len(window), dtype=np.float32)).astype(np.int16)
        return raised

    def learn(self, window: Pcm, p: float | None) -> None:
        """`window` as it came, and the probability 0–1 that it is speech (of the window with gain); None where it
        tells nothing of the person or the room."""
        self._waiting.append((window, p))

    def _learn(self, window: Pcm, p: float | None) -> None:
        if p is None or NOISE_P <= p < SPEECH_P:
            return
        samples = window.astype(np.float32)
        power = float(np.dot(samples, samples)) / (len(window) * _FULL_SCALE**2)
        if _db(power) < _DIGITAL_SILENCE_DB:
            return
        if p < NOISE_P:
            self._noise_windows += 1
            self._noise_power += (power - self._noise_power) * max(_NOISE_SHARE, 1 / self._noise_windows)
        else:
            self._speech_windows += 1
            self._speech_power += (power - self._speech_power) * max(_SPEECH_SHARE, 1 / self._speech_windows)
            if self._speech_windows >= _BELIEVED_AFTER:
                self._gain_db += min(RISE_DB, max(-FALL_DB, self._wanted_db() - self._gain_db))

    def _wanted_db(self) -> float:
        level_db = _db(self._speech_power)
        if level_db >= LOUD_ENOUGH_DB:
            return 0.0
        room_db = FLOOR_DB - _db(self._noise_power)
        return max(0.0, min(TARGET_DB - level_db, room_db, MAX_GAIN_DB))


def _db(power: float) -> float:
    return 10 * math.log10(power + 1e-12)
