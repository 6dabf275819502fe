"""What a synthetic caller heard, and when: the agent's voice as it leaves the caller's loudspeaker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.kernel.media import Pcm

EAR_HZ = 24_000
AUDIBLE_RMS = 200.0
"""Of 32,768. From here on 10 ms of sound count as heard."""

_QUIET_RMS = 50.0
_STEP = EAR_HZ // 100


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of the agent's voice as it leaves the caller's loudspeaker, at loop time `at_s`; mono at 24 kHz."""

    at_s: float
    pcm: Pcm

    @property
    def rms(self) -> float:
        return float(np.sqrt(np.mean(self.pcm.astype(np.float32) ** 2))) if len(self.pcm) else 0.0

    @property
    def end_s(self) -> float:
        return self.at_s + len(self.pcm) / EAR_HZ


class Ear:
    """A loudspeaker and the ear before it: what comes in a burst is heard in a row.

    Silence gives way to sound: a receiver fills gaps with silence in pieces of up to 100 ms, and a voice that starts
    meanwhile must not wait behind them (browsers win such delay back in the same way).
    """

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._busy_until_s = 0.0

    def play(self, pcm: Pcm, now_s: float) -> None:
        """`pcm` arrives at loop time `now_s`."""
        heard = Heard(max(now_s, self._busy_until_s), pcm)
        if heard.rms >= _QUIET_RMS:
            self._busy_until_s = heard.end_s
        elif heard.at_s > now_s:
            return
        self.heard.append(heard)

    def first_sound_after(self, at_s: float, threshold: float = AUDIBLE_RMS) -> float | None:
        """Loop time of the first 10 ms, after `at_s`, whose RMS passes `threshold`; None if none did."""
        for piece in self.heard:
            if piece.end_s <= at_s:
                continue
            for start in range(0, len(piece.pcm), _STEP):
                when_s = piece.at_s + start / EAR_HZ
                if when_s >= at_s and Heard(when_s, piece.pcm[start : start + _STEP]).rms > threshold:
                    return when_s
        return None

    def last_sound(self) -> float:
        """When the last audible piece ended; 0 when nothing was heard."""
        return next((piece.end_s for piece in reversed(self.heard) if piece.rms > AUDIBLE_RMS), 0.0)

    def silent_from(self, after_s: float) -> float:
        """When the voice that was audible at `after_s` stopped: its last sound before a pause of 0.4 s."""
        last_s = after_s
        for piece in self.heard:
            if piece.end_s < after_s or piece.rms <= AUDIBLE_RMS:
                continue
            if piece.at_s - last_s > 0.4:
                break
            last_s = max(last_s, piece.end_s)
        return last_s

    def heard_between(self, from_s: float, to_s: float) -> bool:
        """Whether anything was audible then."""
        return any(piece.rms > AUDIBLE_RMS for piece in self.heard if from_s <= piece.at_s < to_s)
