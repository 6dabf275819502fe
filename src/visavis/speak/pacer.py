"""The pacer: holds what is to be said, hands it out 20 ms at a time, and knows to the sample what has been heard.

Pure: time comes in with every call. One reply at a time is on the pacer; nothing is handed out until it is
released. Heard = paced minus the play-out delay the client reports, rounded down to a word. A pause goes back to the
beginning of the word that was at the ear, so that nothing is lost and no word counts twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from visavis.kernel.media import Pcm
from visavis.speak.base import Speech, Viseme, WordMark

DUCK_GAIN = 0.16
"""About −16 dB: clearly lower at the ear, still audible."""

_RAMP_S = 0.04
_FADE_S = 0.01
_SAME_S = 0.001
"""Frames that follow each other within this are one run."""


@dataclass(frozen=True, slots=True)
class Paced:
    """20 ms to play. `started` is the piece whose first sample is in it (after a pause: what is left of the piece);
    `ended` when nothing is left after it."""

    pcm: Pcm
    started: Speech | None
    ended: bool


@dataclass(slots=True)
class _Run:
    """Samples `begin` to `end` of a piece, which left without a break from media time `at_s` on."""

    at_s: float
    begin: int
    end: int


@dataclass(slots=True, eq=False)
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

    def recall(self, ear_s: float, rate_hz: int) -> int:
        """What had not reached the ear by `ear_s` never left. Returns the sample to go on from: a word's first."""
        reached = min(self.heard(ear_s, rate_hz), len(self.pcm))
        for run in self.runs:
            run.end = min(run.end, max(run.begin, reached))
        for word in self.speech.words:
            begin = round(word.start_s * rate_hz)
            if begin < reached < min(round(word.end_s * rate_hz), len(self.pcm)):
                return begin
        return reached


def _rest(speech: Speech, sample: int) -> Speech:
    """`speech` from `sample` on, its marks counted from there."""
    if not sample:
        return speech
    by_s = sample / speech.rate_hz
    words = tuple(WordMark(w.text, w.start_s - by_s, w.end_s - by_s) for w in speech.words if w.end_s > by_s)
    visemes = tuple((max(0.0, at_s - by_s), shape) for at_s, shape in _from(speech.visemes, by_s))
    return replace(speech, pcm=speech.pcm[sample:], words=words, visemes=visemes)


def _from(visemes: Sequence[Viseme], by_s: float) -> Sequence[Viseme]:
    """From the mouth shape that holds at `by_s`."""
    earlier = sum(at_s <= by_s for at_s, _ in visemes)
    return visemes[max(0, earlier - 1) :]


@dataclass(slots=True)
class Pacer:
    """One session's outgoing voice at `rate_hz`; pieces must already be at that rate."""

    rate_hz: int
    frame_s: float = 0.02
    reply: int = 0
    released: bool = False
    complete: bool = False
    """True when no further piece of this reply will come."""
    paused: bool = False
    """True while nothing is handed out although there is something to say."""
    _queue: deque[_Piece] = field(default_factory=deque)
    _position: int = 0
    _said: list[_Piece] = field(default_factory=list)
    _gain: float = 1.0
    _target: float = 1.0
    _stopped_at_s: float | None = None
    _announced: bool = False
    """Whether the piece under way has been told of as started."""
    _heard: str = ""
    """What `heard` has told of this reply: it stays heard, even if the client's next report is of a longer way."""

    def begin(self, reply: int, *, released: bool) -> None:
        """Make room for a new reply; whatever was on the pacer is dropped."""
        self._queue.clear()
        self._said.clear()
        self.reply, self.released, self.complete = reply, released, False
        self.paused = self._announced = False
        self._heard = ""
        self._position, self._gain, self._target, self._stopped_at_s = 0, 1.0, 1.0, None

    def add(self, speech: Speech) -> None:
        """Queue a piece. Raises ValueError for the wrong rate."""
        if speech.rate_hz != self.rate_hz:
            raise ValueError(f"piece at {speech.rate_hz} Hz on a pacer at {self.rate_hz} Hz")
        if len(speech.pcm):
            self._queue.append(_Piece(speech, speech.pcm))

    def skip_opener(self) -> bool:
        """Leave out the opener that the reply begins with; the content behind it begins with a capital then.

        False, and nothing changed, when it has begun to leave or when no content waits yet.
        """
        content = next((piece for piece in self._queue if not piece.speech.opener), None)
        if self._said or content is None or self._queue[0] is content:
            return False
        while self._queue[0] is not content:
            self._queue.popleft()
        first, *others = content.speech.words or (WordMark("", 0.0, 0.0),)
        capital = replace(first, text=first.text[:1].upper() + first.text[1:])
        content.speech = replace(content.speech, words=(capital, *others))
        return True

    @property
    def waiting_s(self) -> float:
        """Seconds of voice not yet handed out."""
        return (sum(len(piece.pcm) for piece in self._queue) - self._position) / self.rate_hz

    def break_in_s(self, within_s: float) -> float:
        """Seconds of voice that are still to be handed out up to the next good place to stop: the end of the piece
        under way, if that comes within `within_s`, else the end of its word; 0 between words and in silence.
        """
        if not self._queue or not self._position:
            return 0.0
        piece, at_s = self._queue[0], self._position / self.rate_hz
        left_s = len(piece.pcm) / self.rate_hz - at_s
        if left_s <= within_s:
            return left_s
        ends = (word.end_s - at_s for word in piece.speech.words if word.start_s < at_s < word.end_s)
        return next(ends, 0.0)

    @property
    def ready(self) -> bool:
        """True when the next frame would hold voice."""
        return self.released and not self.paused and bool(self._queue)

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
            if not self._announced:
                self._announced = True
                if not (self._said and self._said[-1] is piece):
                    self._said.append(piece)
                started = started or _rest(piece.speech, self._position)
            take = min(size - filled, len(piece.pcm) - self._position)
            left_at_s = at_s + filled / self.rate_hz
            piece.leaves(self._position, self._position + take, left_at_s, self.rate_hz)
            out[filled : filled + take] = piece.pcm[self._position : self._position + take]
            filled += take
            self._position += take
            if self._position >= len(piece.pcm):
                self._queue.popleft()
                self._position = 0
                self._announced = False
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
        tail = self._fade_out()
        self._queue.clear()
        self._position = 0
        self.complete, self.paused = True, False
        self._stopped_at_s = at_s
        return tail

    def _fade_out(self) -> Pcm:
        if self.paused or not self._queue or not self._position:
            return np.zeros(0, np.int16)
        tail = self._queue[0].pcm[self._position : self._position + round(self.rate_hz * _FADE_S)]
        faded: Pcm = (tail * np.linspace(self._gain, 0, len(tail), dtype=np.float32)).astype(np.int16)
        return faded

    def pause(self, at_s: float, delay_s: float) -> Pcm:
        """Fall silent; what is still within `delay_s` of the ear is taken back. Returns a fade-out, as `stop`."""
        if self.paused or not self.released:
            return np.zeros(0, np.int16)
        tail = self._fade_out()
        self.paused = True
        cut = [n for n, piece in enumerate(self._said) if piece.heard(at_s - delay_s, self.rate_hz) < len(piece.pcm)]
        if not cut:
            return tail
        under_way = self._said[cut[0] :]
        del self._said[cut[0] + 1 :]
        while self._queue and self._queue[0] in under_way:
            self._queue.popleft()
        self._queue.extendleft(reversed(under_way))
        self._position = under_way[0].recall(at_s - delay_s, self.rate_hz)
        self._announced = False
        for piece in under_way[1:]:
            piece.runs.clear()
        return tail

    def resume(self) -> None:
        """Go on where a pause took the voice back to, at full level, faded in."""
        if self.paused:
            self.paused, self._gain, self._target = False, 0.0, 1.0

    def heard(self, at_s: float, delay_s: float) -> str:
        """The words that have reached the ear by `at_s`: paced, minus `delay_s` on the way, whole words only."""
        ear_s = at_s - delay_s
        if self._stopped_at_s is not None:
            ear_s = min(ear_s, self._stopped_at_s - delay_s)
        self._heard = max(self._heard, self._reached(ear_s), key=len)
        return self._heard

    def heard_out(self) -> None:
        """All that was handed out has reached the ear, whatever the client will say of its delay."""
        self._heard = self.spoken()

    def _reached(self, ear_s: float) -> str:
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
