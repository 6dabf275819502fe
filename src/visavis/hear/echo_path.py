"""When the way of the agent's voice to the microphone changes: a client that ran dry plays everything later."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.media import Pcm

LOOKS_EVERY = 10
NEAR_FRAMES = 30
"""0.3 s of the microphone are looked for in the agent's voice, every 0.1 s."""

FAR_FRAMES = NEAR_FRAMES + 60
"""… which may be up to 0.6 s older: further than AEC3 looks."""

THIN = 2  # 8 kHz are enough to find a place
SURE = 0.5
"""Correlation from which on the place is where the echo is: what is heard is mostly the agent."""

SAME = 160
"""Samples of 8 kHz (20 ms): so far AEC3 follows by itself. After 12 moves by 8 and 12 by 20 ms no window sounded like
speech; after 12 by 100 ms 456 did, and 21 where it learnt anew (measured)."""

AUDIBLE = 150
"""RMS of the microphone below which it holds no more than reverberation."""

_FFT = 8_192


class EchoPath:
    """Takes frames of 10 ms at 16 kHz, microphone and agent; some 0.2 ms of computation for each 0.1 s."""

    def __init__(self) -> None:
        self._near: deque[Pcm] = deque(maxlen=NEAR_FRAMES)
        self._far: deque[Pcm] = deque(maxlen=FAR_FRAMES)
        self._pushed = 0
        self._place: int | None = None

    def moved(self, near: Pcm, far: Pcm) -> bool:
        """Whether the echo has just turned up at another place, and is gone from where it was."""
        self._near.append(near[::THIN])
        self._far.append(far[::THIN])
        self._pushed += 1
        if len(self._far) < FAR_FRAMES or self._pushed % LOOKS_EVERY:
            return False
        heard = np.concatenate(self._near).astype(np.float64)
        if np.square(heard).mean() < AUDIBLE**2:
            return False
        likeness = _likeness(heard, np.concatenate(self._far).astype(np.float64))
        found, before = int(likeness.argmax()), self._place
        if likeness[found] < SURE:
            return False
        if before is None or abs(found - before) <= SAME:
            self._place = found
            return False
        # A voice is like itself one period later, so the old place must have lost the echo.
        if likeness[max(0, before - SAME) : before + SAME].max() > likeness[found] / 2:
            return False
        self._place = found
        return True

    def rest(self) -> None:
        """The agent is silent: what was played before is not beside what comes next."""
        self._near.clear()
        self._far.clear()


def _likeness(near: NDArray[np.float64], far: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation, 0–1, of `near` with the stretch of `far` that begins at each place."""
    spectrum = np.fft.rfft(far, _FFT) * np.conj(np.fft.rfft(near, _FFT))
    product = np.fft.irfft(spectrum, _FFT)[: len(far) - len(near) + 1]
    energy = np.concatenate(([0.0], np.cumsum(far**2)))
    far_energy = energy[len(near) :] - energy[: len(energy) - len(near)]
    near_energy = float(np.square(near).sum())
    likeness: NDArray[np.float64] = np.abs(product) / np.sqrt(np.maximum(far_energy * near_energy, 1.0))
    likeness[far_energy < far_energy.max() / 100] = 0.0
    return likeness
