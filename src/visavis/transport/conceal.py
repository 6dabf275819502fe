"""Filling a hole in PCM from what was heard before it, for when libopus is out of reach.

The last pitch period is repeated and faded out, as in G.711 appendix I. Far from libopus's own concealment, far
better than silence.
"""

from __future__ import annotations

import numpy as np

from visavis.kernel.media import Pcm, Samples

_HISTORY_S = 0.06
_PITCH_HZ = (66, 400)
_FADE_S = 0.08
_JOIN_S = 0.004


class PcmConcealer:
    """Feed it what is played (`heard`); ask it for what is missing (`conceal`). Mono int16 at `rate_hz`."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._history: Samples = np.zeros(int(_HISTORY_S * rate_hz), dtype=np.float32)
        self._missing = 0
        self._period: Samples | None = None

    def heard(self, pcm: Pcm) -> Pcm:
        """Remember real audio; returns it, joined smoothly to concealment when some went before."""
        joined = pcm if self._missing == 0 else self._join(pcm)
        self._missing, self._period = 0, None
        self._remember(joined)
        return joined

    def conceal(self, samples: int) -> Pcm:
        """`samples` samples that go on from the last ones, fading to silence within 80 ms of loss."""
        if self._period is None:
            self._period = self._last_period()
        index = (np.arange(samples) + self._missing) % len(self._period)
        fade_samples = _FADE_S * self._rate_hz
        gain = np.clip(1.0 - (np.arange(samples) + self._missing) / fade_samples, 0.0, 1.0)
        self._missing += samples
        made: Pcm = (self._period[index] * gain).astype(np.int16)
        return made

    def _join(self, pcm: Pcm) -> Pcm:
        overlap = min(len(pcm), int(_JOIN_S * self._rate_hz))
        tail = self.conceal(overlap).astype(np.float32)
        rise = np.linspace(0.0, 1.0, overlap, dtype=np.float32)
        joined = pcm.copy()
        joined[:overlap] = (tail * (1 - rise) + pcm[:overlap] * rise).astype(np.int16)
        return joined

    def _remember(self, pcm: Pcm) -> None:
        keep = len(self._history)
        self._history = np.concatenate([self._history, pcm[-keep:].astype(np.float32)])[-keep:]

    def _last_period(self) -> Samples:
        """The end of the history, as long as the lag at which it resembles itself most."""
        shortest, longest = self._rate_hz // _PITCH_HZ[1], self._rate_hz // _PITCH_HZ[0]
        window = len(self._history) - longest
        recent = self._history[-window:]
        scores = []
        for lag in range(shortest, longest + 1):
            past = self._history[-window - lag : len(self._history) - lag]
            scores.append(float(recent @ past) / (float(np.sqrt(past @ past)) + 1.0))
        return self._history[-(shortest + int(np.argmax(scores))) :]
