"""Changing the sample rate of a running stream of PCM."""

from __future__ import annotations

import numpy as np
import soxr

from visavis.kernel.media import Pcm


class PcmRate:
    """Mono int16 from `in_hz` to `out_hz`, piece by piece, with a few ms of delay; the same rate costs nothing."""

    def __init__(self, in_hz: int, out_hz: int) -> None:
        self._rates = (in_hz, out_hz)
        self._stream = self._new()

    def convert(self, pcm: Pcm) -> Pcm:
        if self._stream is None:
            return pcm
        converted: Pcm = self._stream.resample_chunk(pcm)
        return converted

    def finish(self) -> Pcm:
        """What is still inside; the next `convert` starts afresh."""
        if self._stream is None:
            return np.zeros(0, dtype=np.int16)
        rest: Pcm = self._stream.resample_chunk(np.zeros(0, dtype=np.int16), last=True)
        self._stream = self._new()
        return rest

    def _new(self) -> soxr.ResampleStream | None:
        in_hz, out_hz = self._rates
        return None if in_hz == out_hz else soxr.ResampleStream(in_hz, out_hz, 1, dtype="int16", quality="MQ")
