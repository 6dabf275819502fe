"""From speech probabilities to speech sounds that start and stop, with hysteresis. Pure: media time only."""

from __future__ import annotations

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.events.turn import SpeechHinted, SpeechStarted, SpeechStopped
from visavis.kernel.settings import TurnSettings

WINDOW_S = 512 / HEAR_RATE_HZ
"""Each probability speaks for 32 ms."""

EAGER_P = 0.4

HINT_P = 0.15
"""After a long silence the detector takes a while to believe in speech: this much is worth a hint."""

HINT_EVERY_S = 0.4


_SLACK_S = 1e-6  # sums of window lengths must not miss a threshold by a rounding error


class SpeechSegmenter:
    """Speech starts after `vad_start_s` of windows at or above `vad_start`, and stops after `vad_stop_s` below
    `vad_stop`. What lies between the two thresholds continues whatever is going on, but counts towards nothing:
    a start is forgotten only when a window falls below `vad_stop`, and speech ends at the last window above it.
    """

    def __init__(self, settings: TurnSettings) -> None:
        self._start_p = settings.vad_start
        self._stop_p = min(settings.vad_stop, settings.vad_start)
        self._start_s = settings.vad_start_s
        self._stop_s = settings.vad_stop_s
        self.eager = False
        """A single window at `EAGER_P` announces speech: while the agent speaks, turning it down a moment for nothing
        costs less than talking over somebody. What the sound was is for the floor to find out. A window at `HINT_P`
        is told as a hint, no more than one each `HINT_EVERY_S`."""
        self._hinted_s = -HINT_EVERY_S
        self._speaking = False
        self._first_s: float | None = None  # first window of speech not yet announced
        self._above_s = 0.0
        self._ended_s = 0.0  # end of the last window of speech

    @property
    def speaking(self) -> bool:
        """A start was announced and its stop was not."""
        return self._speaking

    def push(self, at_s: float, p: float) -> SpeechHinted | SpeechStarted | SpeechStopped | None:
        """`p` of the window that begins at media time `at_s`; windows come in order, gaps count as silence.

        SpeechStarted.at_s is the time of the first window above the start probability. SpeechStopped.at_s is the
        end of the last window of speech, and `after_s` how much later that is known.
        """
        return self._while_speaking(at_s, p) if self._speaking else self._while_silent(at_s, p)

    def _while_silent(self, at_s: float, p: float) -> SpeechHinted | SpeechStarted | None:
        if p < self._stop_p or (self._first_s is not None and at_s - self._ended_s > self._stop_s):
            self._first_s = None
        if p < (EAGER_P if self.eager else self._start_p):
            return self._hint(at_s) if self.eager and p >= HINT_P else None
        if self._first_s is None:
            self._first_s, self._above_s = at_s, 0.0
        self._above_s += WINDOW_S
        self._ended_s = at_s + WINDOW_S
        if not self.eager and self._above_s + _SLACK_S < self._start_s:
            return None
        started = SpeechStarted(at_s=self._first_s)
        self._speaking, self._first_s = True, None
        return started

    def _hint(self, at_s: float) -> SpeechHinted | None:
        if at_s - self._hinted_s < HINT_EVERY_S:
            return None
        self._hinted_s = at_s
        return SpeechHinted(at_s)

    def _while_speaking(self, at_s: float, p: float) -> SpeechStopped | None:
        end_s = at_s + WINDOW_S
        gap_s = at_s - self._ended_s
        if p >= self._stop_p and gap_s < self._stop_s:
            self._ended_s = end_s
            return None
        silence_s = end_s - self._ended_s
        if silence_s + _SLACK_S < self._stop_s:
            return None
        stopped = SpeechStopped(at_s=self._ended_s, after_s=silence_s)
        self._speaking = False
        if p >= self._start_p:  # speech again, after a gap in the stream
            self._first_s, self._above_s, self._ended_s = at_s, WINDOW_S, end_s
        return stopped
