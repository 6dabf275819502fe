"""The pacer: holds what is to be said, hands it out 20 ms at a time, and knows to the sample what has been heard.

Pure: time comes in with every call. One reply at a time is on the pacer; nothing is handed out until it is
released. Heard = paced minus the play-out delay the client reports, rounded down to a word.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from visavis.kernel.media import Pcm
from visavis.speak.base import Speech

DUCK_GAIN = 0.2
"""About −14 dB: clearly lower at the ear, still audible."""

_RAMP_S = 0.04
_FADE_S = 0.01
_SAME_S = 0.001
"""Frames that follow each other within this are one run."""


@dataclass(frozen=True, slots=True)
class Paced:
    """20 ms to play. `started` is the piece whose first sample is in it; `ended` when nothing is left after it."""

    pcm: Pcm
    started: Speech | None
    ended: bool


@dataclass(slots=True)
class _Run:
    """Samples `begin` to `end` of a piece, which left without a break from media time `at_s` on."""

    at_s: float
    begin: int
    end: int


@dataclass(slots=True)
class _Piece:
    speech: Speech
    pcm: Pcm
    runs: list[_Run] = field(default_factory=list)
    """When which of its samples left; one entry unless the pace was broken."""

    def heard(self, ear_s: float, rate_hz: int) -> int:
        """Samples that had left by `ear_s`."""
        return max(
            (min(run.end, run.begin + round((ear_s - run.at_s) * rate_hz)) for run in self.runs if run.at_s <= ear_s),
            default=0,
        )

    def leaves(self, begin: int, end: int, at_s: float, rate_hz: int) -> None:
        last = self.runs[-1] if self.runs else None
        if last is not None and abs(last.at_s + (begin - last.begin) / rate_hz - at_s) < _SAME_S:
            last.end = end
        else:
            self.runs.append(_Run(at_s, begin, end))


@dataclass(slots=True)
class Pacer:
    """One session's outgoing voice at `rate_hz`; pieces must already be at that rate."""

    rate_hz: int
    frame_s: float = 0.02
    reply: int = 0
    released: bool = False
    complete: bool = False
    """True when no further piece of this reply will come."""
    _queue: deque[_Piece] = field(default_factory=deque)
    _position: int = 0
    _said: list[_Piece] = field(default_factory=list)
    _gain: float = 1.0
    _target: float = 1.0
    _stopped_at_s: float | None = None

    def begin(self, reply: int, *, released: bool) -> None:
        """Make room for a new reply; whatever was on the pacer is dropped."""
        self._queue.clear()
        self._said.clear()
        self.reply, self.released, self.complete = reply, released, False
        self._position, self._gain, self._target, self._stopped_at_s = 0, 1.0, 1.0, None

    def add(self, speech: Speech) -> None:
        """Queue a piece. Raises ValueError for the wrong rate."""
        if speech.rate_hz != self.rate_hz:
            raise ValueError(f"piece at {speech.rate_hz} Hz on a pacer at {self.rate_hz} Hz")
        if len(speech.pcm):
            self._queue.append(_Piece(speech, speech.pcm))

    @property
    def waiting_s(self) -> float:
        """Seconds of voice not yet handed out."""
        return (sum(len(piece.pcm) for piece in self._queue) - self._position) / self.rate_hz

    @property
    def ready(self) -> bool:
        """True when the next frame would hold voice."""
        return self.released and bool(self._queue)

    @property
    def done(self) -> bool:
        """True when the reply has been handed out in full."""
        return self.complete and not self._queue

    def duck(self, on: bool) -> None:
        """Turn the voice down, or up again, within 40 ms."""
        self._target = DUCK_GAIN if on else 1.0

    def next_frame(self, at_s: float) -> Paced | None:
        """The 20 ms that leave at `at_s`; None when there is nothing to say now."""
        if not self.ready:
            return None
        size = round(self.rate_hz * self.frame_s)
        out = np.zeros(size, np.int16)
        filled = 0
        started: Speech | None = None
        while filled < size and self._queue:
            piece = self._queue[0]
            if not piece.runs:
                self._said.append(piece)
                started = started or piece.speech
            take = min(size - filled, len(piece.pcm) - self._position)
            left_at_s = at_s + filled / self.rate_hz
            piece.leaves(self._position, self._position + take, left_at_s, self.rate_hz)
            out[filled : filled + take] = piece.pcm[self._position : self._position + take]
            filled += take
            self._position += take
            if self._position >= len(piece.pcm):
                self._queue.popleft()
                self._position = 0
        return Paced(self._shaped(out), started, self.done)

    def _shaped(self, pcm: Pcm) -> Pcm:
        if self._gain == 1.0 and self._target == 1.0:
            return pcm
        step = len(pcm) / (self.rate_hz * _RAMP_S)
        end = self._gain + float(np.clip(self._target - self._gain, -step, step))
        ramp = np.linspace(self._gain, end, len(pcm), dtype=np.float32)
        self._gain = end
        shaped: Pcm = (pcm * ramp).astype(np.int16)
        return shaped

    def stop(self, at_s: float) -> Pcm:
        """Drop all that has not left; returns a 10 ms fade-out of what was under way (maybe empty)."""
        tail = np.zeros(0, np.int16)
        if self._queue and self._position:
            piece = self._queue[0]
            tail = piece.pcm[self._position : self._position + round(self.rate_hz * _FADE_S)]
            tail = (tail * np.linspace(self._gain, 0, len(tail), dtype=np.float32)).astype(np.int16)
        self._queue.clear()
        self._position = 0
        self.complete = True
        self._stopped_at_s = at_s
        return tail

    def heard(self, at_s: float, delay_s: float) -> str:
        """The words that have reached the ear by `at_s`: paced, minus `delay_s` on the way, whole words only."""
        ear_s = at_s - delay_s
        if self._stopped_at_s is not None:
            ear_s = min(ear_s, self._stopped_at_s - delay_s)
        heard: list[str] = []
        for piece in self._said:
            reached = piece.heard(ear_s + 1e-6, self.rate_hz)
            for word in piece.speech.words:
                if min(round(word.end_s * self.rate_hz), len(piece.pcm)) > reached:
                    return " ".join(heard)
                heard.append(word.text)
        return " ".join(heard)

    def spoken(self) -> str:
        """All words handed out or begun, heard or not."""
        return " ".join(word.text for piece in self._said for word in piece.speech.words)
