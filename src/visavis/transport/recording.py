"""A stereo recording of a call, caller left and agent right, aligned by media time and written as it goes."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from visavis.kernel.media import Pcm
from visavis.transport.pcm_rate import PcmRate

RECORDING_HZ = 24_000
_OPEN_S = 3.0
_RESYNC_S = 0.05


class _Side:
    """One channel: pieces follow each other; one that is off by more than 50 ms is put where its time says."""

    def __init__(self, rate_hz: int) -> None:
        self._rate = PcmRate(rate_hz, RECORDING_HZ)
        self.next = 0

    def place(self, pcm: Pcm, at_s: float) -> tuple[int, Pcm]:
        converted = self._rate.convert(pcm)
        wanted = int(at_s * RECORDING_HZ)
        if abs(wanted - self.next) > _RESYNC_S * RECORDING_HZ:
            self.next = wanted
        start = self.next
        self.next += len(converted)
        return start, converted


class CallRecording:
    """`caller` and `agent` take pieces with the media time of their first sample. Memory holds the last seconds
    only. OSError when the disk is full."""

    def __init__(self, path: Path, *, caller_hz: int = 16_000, agent_hz: int = 24_000) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = wave.open(str(path), "wb")  # noqa: SIM115  # closed by `close`
        self._file.setnchannels(2)
        self._file.setsampwidth(2)
        self._file.setframerate(RECORDING_HZ)
        self._sides = (_Side(caller_hz), _Side(agent_hz))
        self._written = 0
        self._open = np.zeros((0, 2), dtype=np.int16)

    def caller(self, pcm: Pcm, at_s: float) -> None:
        self._put(0, pcm, at_s)

    def agent(self, pcm: Pcm, at_s: float) -> None:
        self._put(1, pcm, at_s)

    def close(self) -> None:
        self._write(len(self._open))
        self._file.close()

    def _put(self, channel: int, pcm: Pcm, at_s: float) -> None:
        start, pcm = self._sides[channel].place(pcm, at_s)
        start -= self._written
        if start < 0:  # older than what is on disk
            pcm, start = pcm[-start:], 0
        end = start + len(pcm)
        if end > len(self._open):
            self._open = np.concatenate([self._open, np.zeros((end - len(self._open) + RECORDING_HZ, 2), np.int16)])
        self._open[start:end, channel] = pcm
        keep = int(_OPEN_S * RECORDING_HZ)
        if end > 2 * keep:
            self._write(end - keep)

    def _write(self, samples: int) -> None:
        last = max(side.next for side in self._sides) - self._written
        samples = max(0, min(samples, last))
        self._file.writeframesraw(self._open[:samples].astype("<i2").tobytes())
        self._written += samples
        self._open = self._open[samples:]
