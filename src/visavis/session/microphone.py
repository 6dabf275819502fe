"""One caller's microphone before anything listens to it: cut into whole frames, without the agent's own voice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ, EchoCanceller
from visavis.kernel.media import AudioFrame, Pcm

FRAME = HEAR_RATE_HZ // 100
"""Echo is cancelled in frames of 10 ms; doors hand over pieces of any length."""

ECHO_S = 1.0
"""After the agent's last sound an echo may come for so long: way to the loudspeaker and the room's reverberation."""

FarEnd = Callable[[float, int], Pcm]
"""`(at_s, samples)` → what the agent was saying then, 16 kHz."""


class Microphone:
    """Frames in, samples without echo out. Without a canceller frames pass as they came, uncut."""

    def __init__(self, canceller: EchoCanceller | None, far_end: FarEnd | None) -> None:
        self._canceller = canceller if far_end is not None else None
        self._far_end = far_end
        self._rest: Pcm = np.zeros(0, np.int16)
        self._agent_s = -ECHO_S

    def take(self, frame: AudioFrame) -> tuple[Pcm, float]:
        """The samples that can be told by now, and the media time of the first; up to 10 ms stay behind."""
        if self._canceller is None or self._far_end is None:
            return frame.pcm, frame.at_s
        near = np.concatenate((self._rest, frame.pcm)) if len(self._rest) else frame.pcm
        at_s = frame.at_s - len(self._rest) / HEAR_RATE_HZ
        whole = len(near) // FRAME * FRAME
        self._rest = near[whole:]
        far = self._far_end(at_s, whole)
        if far.any():
            self._agent_s = at_s + whole / HEAR_RATE_HZ
        return self._canceller.process(near[:whole], far), at_s

    def agent_heard(self, at_s: float) -> bool:
        """Whether what sounds like speech at `at_s` may be a remnant of the agent's own voice."""
        return at_s - self._agent_s < ECHO_S
