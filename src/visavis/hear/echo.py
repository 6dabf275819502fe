"""Echo cancellation with WebRTC's AEC3 (package pywebrtc-audio 0.2.0), 16 kHz mono, in frames of 10 ms."""

from __future__ import annotations

from typing import Any

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ
from visavis.hear.echo_path import EchoPath
from visavis.kernel.errors import ConfigError, UsageError
from visavis.kernel.media import Pcm

FRAME = 160

QUIET_FRAMES = 100
"""After 1 s of silence from the agent no echo is left in any room; then the microphone passes untouched."""

LEARN_FRAMES = 150
"""In the first 1.5 s of the agent's voice the room is not known yet: of 59 times that echo was taken for a person in
108 simulated calls of 12 s, 56 fell there (measured)."""

HOLD_FRAMES = 50
"""While it learns, nothing is heard from the agent's sound until 0.5 s after it: no echo comes later."""

DELAY = 128
"""Samples (8 ms) by which AEC3's output trails its input (measured); while it rests, we trail by as many."""

_SILENT_PEAK = 4  # comfort noise and rounding of a silent voice


class Aec3:
    """One caller's canceller. What it learnt of the room is kept while the agent is silent.

    Use: `process` with the microphone and the agent's voice, which must come before its echo by up to 500 ms; AEC3
    finds by how much. While it learns the room, in the beginning and when the echo begins to come at another time,
    nothing is heard beside the agent. One for each session, not thread-safe; some 70–240 µs of computation for each
    10 ms while the agent speaks, next to none while it is silent.
    """

    def __init__(self) -> None:
        try:
            from pywebrtc_audio import EchoCanceller  # native library: imported only where echo is cancelled
        except ImportError as error:
            raise ConfigError(
                f"echo cancellation could not be imported: {error}",
                hint="pip install pywebrtc-audio, or set session.echo = '' where callers cancel echo themselves",
            ) from error
        self._canceller: Any = EchoCanceller(sample_rate=HEAR_RATE_HZ, num_channels=1, stream_delay_ms=0)
        self._path = EchoPath()
        self._quiet_frames = QUIET_FRAMES + 1
        self._learnt_frames = 0
        self._before: Pcm = np.zeros(FRAME, np.int16)  # the microphone's previous frame

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """`near` without `far`, same length. Raises UsageError unless both have the same multiple of 160 samples."""
        if len(near) != len(far) or len(near) % FRAME:
            raise UsageError(
                f"echo wants equal multiples of {FRAME} samples, not {len(near)} and {len(far)}", stage="hear"
            )
        if not len(near) or (self._resting and _silent(far)):
            return self._pass_through(near)
        cleaned = [self._frame(near[at : at + FRAME], far[at : at + FRAME]) for at in range(0, len(near), FRAME)]
        return np.concatenate(cleaned)

    @property
    def _resting(self) -> bool:
        return self._quiet_frames > QUIET_FRAMES

    def _frame(self, near: Pcm, far: Pcm) -> Pcm:
        if _silent(far):
            self._quiet_frames += 1
            if self._resting:
                # The canceller's own buffers hold a second of silence by now, so it can go on later as if no
                # time had passed.
                self._path.rest()
                return self._pass_through(near)
        else:
            if self._resting:  # replace what it held back when it went to rest
                self._canceller.process(self._before, np.zeros(FRAME, np.int16))
            self._quiet_frames = 0
            self._learnt_frames += 1
        if self._path.moved(near, far):
            self._learnt_frames = 0
        self._before = near.copy()
        cleaned: Pcm = self._canceller.process(near, far)
        if self._learnt_frames < LEARN_FRAMES and self._quiet_frames < HOLD_FRAMES:
            cleaned[:] = 0
        return cleaned

    def _pass_through(self, near: Pcm) -> Pcm:
        line = np.concatenate((self._before, near))
        self._before = line[-FRAME:]
        return line[FRAME - DELAY : len(line) - DELAY]


def _silent(far: Pcm) -> bool:
    return not len(far) or max(int(far.max()), -int(far.min())) <= _SILENT_PEAK
