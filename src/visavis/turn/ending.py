"""Is the turn over? From everything known in a pause to the silence that is needed; pure.

Each piece of evidence has a weight in `WEIGHTS`; their sum is the log-odds that the person is done. Pauses inside
turns fade away: of those that have lasted t seconds, only 1/e last `PAUSE_S` longer. So each second of silence adds
1 / `PAUSE_S` to the log-odds, and the turn is over as soon as the chance that the person would still go on has fallen
to `turn.cutoff_p`. People who pause for longer have slower pauses, and are given more time for the same evidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from visavis.kernel.settings import TurnSettings
from visavis.turn.completeness import how_it_ends, is_acknowledgement
from visavis.turn.expecting import Kind, expected, how_much
from visavis.turn.words import words

WEIGHTS: dict[str, float] = {
    "any pause": 0.3,
    "filler": -3.0,
    "open": -3.0,
    "wanting": -1.5,
    "comma": -1.0,
    "question": 2.2,
    "asking": 0.8,
    "closing": 1.5,
    "stop": 0.2,
    "unmarked": -0.4,
    "score": 0.2,
    "words": 0.5,
    "acknowledgement": -1.0,
    "answer": 1.2,
    "coming": -2.0,
    "come": 1.5,
    "mouth moving": -1.5,
    "mouth still": 0.5,
    "facing here": 0.3,
}
"""Evidence → log-odds that the turn is over. `score` and `words` count per unit of the end-of-turn model's and the
language model's own log-odds."""

LEAST_SCORE = 0.1
"""Scores nearer than this to 0 or 1 say no more."""

LEAST_WORDS = 0.001
"""The same for what the language model says of the words."""

PAUSE_S = 0.3
"""Time in which pauses inside turns fade to 1/e, for somebody who is not known yet."""

MEAN_PAUSE_S = 0.6
"""Of pauses inside turns, of people in general."""

KNOWN_PAUSES = 30
"""So many pauses of this person weigh as much as what is known of people in general."""

WASTED_P = 0.4
"""No reply is made ahead while the person goes on more likely than this."""

LEISURE: dict[Kind, float] = {"phone": 1.5, "card": 1.5, "digits": 1.3, "email": 1.5, "spelling": 1.5, "address": 1.4}
"""Asked for such things, people look them up and say them in groups: a factor on patience."""

SHORT_ANSWER = 4
"""So few words, with a full stop, are a whole answer to a question."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How this person pauses inside their turns, as far as the call has shown: `pauses` times, `pause_s` each."""

    pauses: int = 0
    pause_s: float = 0.0

    def paused(self, seconds: float) -> Habit:
        """After one more pause inside a turn. Old ones fade: the last ten or so count."""
        weight = 1 / min(self.pauses + 1, 10)
        return Habit(self.pauses + 1, self.pause_s + weight * (seconds - self.pause_s))


@dataclass(frozen=True, slots=True)
class Cues:
    """What is known in a pause. `text`: the words of the turn so far; `score`: the end-of-turn model's P(complete),
    and `words_p`: the language model's, each None while unknown; `asked`: what the agent said last; `mouth` and
    `facing`: what the camera shows ('' for nothing known).
    """

    text: str
    language: str = "en"
    score: float | None = None
    asked: str = ""
    habit: Habit = field(default_factory=Habit)
    mouth: str = ""
    facing: str = ""
    words_p: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """Seconds of silence: `start_s` until a reply is made ahead, `over_s` until the turn is over (never before
    `start_s`). `why`: complete, silence, patience."""

    start_s: float
    over_s: float
    why: str


def ending(cues: Cues, settings: TurnSettings) -> Ending:
    """How long to wait in this pause, from what is known of it."""
    return _after(log_odds(cues), cues, settings)


def log_odds(cues: Cues) -> float:
    """That the person is done, at the beginning of the pause."""
    return sum(WEIGHTS[name] * amount for name, amount in evidence(cues))


def evidence(cues: Cues) -> Iterator[tuple[str, float]]:
    """What speaks for or against an end: names in `WEIGHTS`, each with how much there is of it."""
    yield "any pause", 1.0
    kind = expected(cues.asked)
    ends = how_it_ends(cues.text, cues.language)
    yield ends or "unmarked", 1.0
    if state := how_much(cues.text, kind):
        yield state, 1.0
    if is_acknowledgement(cues.text, cues.language):
        yield ("answer" if kind == "yes_no" else "acknowledgement"), 1.0
    elif kind in ("open", "yes_no") and ends == "stop" and len(words(cues.text)) <= SHORT_ANSWER:
        yield "answer", 1.0
    if cues.score is not None:
        yield "score", _logit(min(max(cues.score, LEAST_SCORE), 1 - LEAST_SCORE))
    if cues.words_p is not None:
        yield "words", _logit(min(max(cues.words_p, LEAST_WORDS), 1 - LEAST_WORDS))
    if cues.mouth in ("moving", "still"):
        yield f"mouth {cues.mouth}", 1.0
    if cues.facing == "here":
        yield "facing here", 1.0


def _after(odds: float, cues: Cues, settings: TurnSettings) -> Ending:
    """From log-odds to silence: a straight line, whose slope is how slowly this person's pauses fade."""
    patience = settings.patience * LEISURE.get(expected(cues.asked), 1.0)
    fade_s = _fade_s(cues.habit) * patience
    longest_s = settings.patience_s * patience
    over_s = min(max(fade_s * (-odds - _logit(settings.cutoff_p)), settings.least_s), longest_s)
    start_s = min(max(fade_s * (-odds - _logit(WASTED_P)), 0.0), over_s)
    why = "complete" if over_s <= settings.least_s else "patience" if over_s >= longest_s else "silence"
    return Ending(round(start_s, 3), round(over_s, 3), why)


def _fade_s(habit: Habit) -> float:
    """Longer for those whose pauses inside turns have been longer than most people's."""
    known = min(habit.pauses, 10)
    return PAUSE_S * (KNOWN_PAUSES + known * habit.pause_s / MEAN_PAUSE_S) / (KNOWN_PAUSES + known)


def _logit(p: float) -> float:
    return math.log(p / (1 - p))
