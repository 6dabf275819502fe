"""What the agent was saying when: the far end that the echo canceller needs, at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.media import Pcm
from visavis.kernel.resample import Resampler

KEEP_S = 3.0

LEAD_S = 0.01
"""The reference must come before its echo; even a loudspeaker beside its microphone takes longer than this."""

FOUND_S = 0.4
"""AEC3 finds echoes up to some 500 ms behind the reference by itself, and none that come before it (measured)."""

MOVES_BY_S = 0.1
"""A report must differ by so much to move the reference: each move makes the canceller learn the room anew."""


class EchoReference:
    """A ring of the last three seconds that left, indexed by media time.

    `delay_s()` is the client's word on the way to the ear. It need not be true: the reference leads by `FOUND_S`
    where it can, so an echo is cancelled that comes up to 400 ms sooner or 100 ms later than the client says.
    """

    def __init__(self, rate_hz: int, delay_s: Callable[[], float]) -> None:
        self._resampler = Resampler(rate_hz, HEAR_RATE_HZ)
        self._delay_s = delay_s
        self._ring = np.zeros(round(KEEP_S * HEAR_RATE_HZ), np.int16)
        self._newest = 0
        self._lag_s = LEAD_S

    def played(self, pcm: Pcm, at_s: float) -> None:
        """`pcm`, at the door's rate, left at `at_s`."""
        converted = self._resampler.push(pcm)
        at = max(round(at_s * HEAR_RATE_HZ), self._newest)
        silent = min(at - self._newest, len(self._ring))
        self._put(np.zeros(silent, np.int16), at - silent)
        self._put(converted, at)

    def _put(self, pcm: Pcm, at: int) -> None:
        self._ring[np.arange(at, at + len(pcm)) % len(self._ring)] = pcm
        self._newest = at + len(pcm)

    def at(self, at_s: float, samples: int) -> Pcm:
        """What reaches the person's loudspeaker from `at_s` on, or a little later; silence where nothing was said."""
        lag_s = max(LEAD_S, self._delay_s() - FOUND_S)
        if abs(lag_s - self._lag_s) >= MOVES_BY_S:
            self._lag_s = lag_s
        first = round((at_s - self._lag_s) * HEAR_RATE_HZ)
        wanted = np.arange(first, first + samples)
        known = (wanted >= self._newest - len(self._ring)) & (wanted < self._newest) & (wanted >= 0)
        out: Pcm = np.where(known, self._ring[wanted % len(self._ring)], 0).astype(np.int16)
        return out
