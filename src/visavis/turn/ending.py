"""Is the turn over? From everything known in a pause to the silence that is needed; pure.

`ending` answers two questions at once: after how much silence a reply is worth making ahead, unheard, and after how
much the turn is the agent's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from visavis.kernel.settings import TurnSettings
from visavis.turn.words import is_open

UNLIKELY_P = 0.2
"""End-of-turn scores below this ask for nearly all the patience there is."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How this person speaks, as far as the call has shown. `pause_s`: mean pause inside their turns (over `pauses`
    of them); `words_per_s`: their rate while voiced, 0 while unknown."""

    pauses: int = 0
    pause_s: float = 0.0
    words_per_s: float = 0.0

    def paused(self, seconds: float) -> Habit:
        """After one more pause inside a turn. Old ones fade: the last ten or so count."""
        weight = 1 / min(self.pauses + 1, 10)
        return Habit(self.pauses + 1, self.pause_s + weight * (seconds - self.pause_s), self.words_per_s)

    def spoke(self, words: int, seconds: float) -> Habit:
        """After a turn of `words` words in `seconds` voiced seconds."""
        if not words or seconds <= 0:
            return self
        rate = words / seconds
        known = self.words_per_s or rate
        return Habit(self.pauses, self.pause_s, known + 0.3 * (rate - known))


@dataclass(frozen=True, slots=True)
class Cues:
    """What is known in a pause. `text`: the words of the turn so far; `final`: by the full recognition pass;
    `score`: the end-of-turn model's P(complete), None while unknown (or never to come: `scored` False); `speech_s`:
    voiced seconds of the turn; `asked`: what the agent said last; `mouth` and `facing`: what the camera shows ('' for
    nothing known)."""

    text: str
    language: str = "en"
    final: bool = False
    score: float | None = None
    scored: bool = True
    speech_s: float = 0.0
    asked: str = ""
    habit: Habit = field(default_factory=Habit)
    mouth: str = ""
    facing: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Seconds of silence: `start_s` until a reply is made ahead, `over_s` until the turn is over (never before
    `start_s`). `why`: complete, silence, patience."""

    start_s: float
    over_s: float
    why: str


def ending(cues: Cues, settings: TurnSettings) -> Ending:
    if is_open(cues.text, cues.language):
        return Ending(0.0, settings.patience_s, "patience")
    if cues.score is None:
        return Ending(0.0, settings.settle_s, "silence")
    if cues.score >= settings.done_p:
        return Ending(0.0, 0.0, "complete")
    if cues.score < UNLIKELY_P:
        return Ending(0.0, (settings.settle_s + settings.patience_s) / 2, "silence")
    return Ending(0.0, settings.settle_s, "silence")
