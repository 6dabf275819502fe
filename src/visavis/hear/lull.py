"""When nothing gets louder, a caller's frames can wait for each other a little. Pure.

The voice activity detector is asked about every window all the same, and in order. But a few windows in a row cost
half of what they cost one at a time, with the processor busy elsewhere in between.
"""

from __future__ import annotations

from collections import deque

from visavis.kernel.media import Pcm

FRAMES_TOGETHER = 16
SAMPLES_TOGETHER = 5120
"""What is looked at together in a lull at most: 16 frames, mostly of 20 ms, and 320 ms, exactly ten windows."""

SETTLED_WINDOWS = 10
SURE_OF_SILENCE = 0.1
"""Silence has settled after this many windows in a row with a speech probability below this."""

LOUDER = 1.25
"""A frame stands out when its peak is above this many times (1.9 dB) the usual one."""

_USUAL_FRAMES = 16
_INAUDIBLE = 8


class Silence:
    """Whether a caller has been silent for a while, by the speech probabilities of their windows."""

    def __init__(self) -> None:
        self.windows = 0
        """So many in a row."""

    def scored(self, p: float) -> None:
        """The speech probability of the next window."""
        self.windows = self.windows + 1 if p < SURE_OF_SILENCE else 0

    @property
    def settled(self) -> bool:
        return self.windows >= SETTLED_WINDOWS


class Lull:
    """One caller's: `scored` after each window, `may_wait` for each frame as it comes."""

    def __init__(self) -> None:
        self._silence = Silence()
        self._peaks: deque[int] = deque(maxlen=_USUAL_FRAMES)
        self._usual = 0
        self._frames = self._samples = 0

    def scored(self, p: float) -> None:
        """The speech probability of the next window."""
        self._silence.scored(p)

    def may_wait(self, pcm: Pcm) -> bool:
        """Whether this frame need not be looked at yet. After False, nothing waits any more."""
        peak = int(pcm.item(pcm.argmax())) if len(pcm) else 0  # one half-wave tells; argmax is the quickest way
        stands_out = peak > max(_INAUDIBLE, LOUDER * self._usual)
        self._peaks.append(peak)
        self._frames += 1
        self._samples += len(pcm)
        if not stands_out and self._silence.settled and self._room:
            return True
        # What is usual may be out of date by the frames that waited.
        self._usual = sorted(self._peaks)[len(self._peaks) // 2]
        self._frames = self._samples = 0
        return False

    @property
    def _room(self) -> bool:
        return self._frames < FRAMES_TOGETHER and self._samples < SAMPLES_TOGETHER
