"""What a synthetic caller says, cut into the frames of a microphone that is never switched off."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import numpy as np

from visavis.kernel.media import Pcm

FRAME_S = 0.02


@dataclass(slots=True)
class _Utterance:
    pcm: Pcm
    said: asyncio.Future[float]
    at: int = 0


class Microphone:
    """20 ms frames at `rate_hz`: what was queued by `say`, else silence."""

    def __init__(self, rate_hz: int) -> None:
        self.muted = False
        self._rate_hz = rate_hz
        self._said: deque[_Utterance] = deque()

    async def say(self, pcm: Pcm) -> float:
        """Speak mono `pcm` after what is already queued; returns the loop time its last sample left."""
        utterance = _Utterance(pcm, asyncio.get_running_loop().create_future())
        self._said.append(utterance)
        return await utterance.said

    def hush(self) -> None:
        """Break off: drop what has not been spoken."""
        now_s = asyncio.get_running_loop().time()
        while self._said:
            _finish(self._said.popleft(), now_s)

    def frame(self, due_s: float) -> Pcm:
        """What was spoken in the 20 ms before loop time `due_s`."""
        size = round(self._rate_hz * FRAME_S)
        frame = np.zeros(size, dtype=np.int16)
        filled = 0
        while self._said and filled < size:
            utterance = self._said[0]
            piece = utterance.pcm[utterance.at : utterance.at + size - filled]
            frame[filled : filled + len(piece)] = piece
            filled += len(piece)
            utterance.at += len(piece)
            if utterance.at >= len(utterance.pcm):
                _finish(self._said.popleft(), due_s - (size - filled) / self._rate_hz)
        if self.muted:
            frame[:] = 0
        return frame


def _finish(utterance: _Utterance, at_s: float) -> None:
    if not utterance.said.done():
        utterance.said.set_result(at_s)
