"""Changing the sample rate of a running stream of PCM."""

from __future__ import annotations

import numpy as np
import soxr

from visavis.kernel.errors import UsageError
from visavis.kernel.media import Pcm
from visavis.kernel.resample import Resampler


class PcmRate:
    """Mono int16 from `in_hz` to `out_hz`, piece by piece, 1–2 ms behind; the same rate costs nothing.

    Rates with no common measure (44,101 Hz) go through soxr, which is 40 to 120 ms behind.
    """

    def __init__(self, in_hz: int, out_hz: int) -> None:
        self._rates = (in_hz, out_hz)
        self._soxr: soxr.ResampleStream | None = None
        try:
            self._resampler: Resampler | None = Resampler(in_hz, out_hz)
        except UsageError:
            self._resampler = None
            self._soxr = self._new()

    def convert(self, pcm: Pcm) -> Pcm:
        if self._resampler is not None:
            return self._resampler.push(pcm)
        assert self._soxr is not None
        converted: Pcm = self._soxr.resample_chunk(pcm)
        return converted

    def finish(self) -> Pcm:
        """What is still inside; the next `convert` starts afresh."""
        if self._resampler is not None:
            return self._resampler.flush()
        assert self._soxr is not None
        rest: Pcm = self._soxr.resample_chunk(np.zeros(0, dtype=np.int16), last=True)
        self._soxr = self._new()
        return rest

    def _new(self) -> soxr.ResampleStream:
        return soxr.ResampleStream(*self._rates, 1, dtype="int16", quality="MQ")
