"""Where a turn's time went: a reader of the journal that attributes every millisecond from the person's last sound
to the agent's first, on the critical path, against the budget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from visavis.kernel.events import (
    FinalRequested,
    FirstAudioPlayed,
    FirstClause,
    FirstContentPlayed,
    FirstSpeech,
    FirstToken,
    Record,
    ReplyReleased,
    ReplyStarted,
    TranscriptRevised,
    TurnEnded,
)

BUDGET_MS: dict[str, float] = {
    "endpoint": 250,
    "asr": 250,
    "llm_first_token": 500,
    "first_clause": 250,
    "tts": 200,
    "release": 20,
    "opener": 100,
    "transport": 200,
}
"""Stage → milliseconds it may take. `endpoint` is the silence the detector needs plus the turn decision."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """One answered turn. `stages_ms` add up to `v2v_ms`; `over` is the stage furthest beyond its budget, or ''.

    `v2v_ms` counts to the first content. `first_sound_ms` is less where an opener came first, else the same.
    """

    turn: int
    reply: int
    v2v_ms: float
    stages_ms: dict[str, float]
    over: str
    first_sound_ms: float


class Waterfalls:
    """Feed it records in order; `on_waterfall` is called when the content of a reply to a turn becomes audible."""

    def __init__(self, on_waterfall: Callable[[Waterfall], None]) -> None:
        self._on_waterfall = on_waterfall
        self._final_asked_s = 0.0
        self._final_in_s = 0.0
        self._ended: TurnEnded | None = None
        self._marks: dict[int, dict[str, float]] = {}

    def read(self, record: Record) -> None:
        at_s = record.at_s
        match record.event:
            case FinalRequested():
                self._final_asked_s = at_s
            case TranscriptRevised(pause=pause) if pause:
                self._final_in_s = at_s
            case ReplyStarted(reply=reply, turn=turn) if turn:
                self._marks[reply] = {
                    "asked": self._final_asked_s,
                    "heard": self._final_in_s,
                    "started": at_s,
                }
            case FirstToken(reply=reply):
                self._mark(reply, "token", at_s)
            case FirstClause(reply=reply):
                self._mark(reply, "clause", at_s)
            case FirstSpeech(reply=reply):
                self._mark(reply, "speech", at_s)
            case ReplyReleased(reply=reply):
                self._mark(reply, "released", at_s)
            case TurnEnded() as ended:
                self._ended = ended
            case FirstAudioPlayed(reply=reply, opener=True):
                self._mark(reply, "opener", at_s)
            case FirstAudioPlayed(reply=reply) | FirstContentPlayed(reply=reply):
                self._played(reply, at_s)

    def _mark(self, reply: int, name: str, at_s: float) -> None:
        if reply in self._marks:
            self._marks[reply][name] = at_s

    def _played(self, reply: int, at_s: float) -> None:
        marks = self._marks.pop(reply, None)
        ended, self._ended = self._ended, None
        if marks is None or ended is None:
            return
        fall = _fall(ended, reply, marks, at_s)
        self._marks.clear()
        self._on_waterfall(fall)


def _fall(ended: TurnEnded, reply: int, marks: dict[str, float], played_s: float) -> Waterfall:
    """Stages as differences of consecutive marks; a mark that is missing or out of order takes no time."""
    at = ended.speech_end_s
    path = [("endpoint", "started" if ended.typed else "asked")]
    if not ended.typed:
        path += [("asr", "started")]
    path += [("llm_first_token", "token"), ("first_clause", "clause"), ("tts", "speech")]
    stages: dict[str, float] = {}
    for stage, mark in path:
        reached = max(at, marks.get(mark, at))
        stages[stage] = (reached - at) * 1000
        at = reached
    sound_s = marks.get("opener", played_s)
    released_s = max(at, sound_s)
    stages["release"] = (released_s - at) * 1000
    if "opener" in marks:
        stages["opener"] = max(0.0, played_s - released_s) * 1000
    total, sound = ((audible_s - ended.speech_end_s) * 1000 for audible_s in (played_s, sound_s))
    over = max(stages, key=lambda name: stages[name] - BUDGET_MS[name])
    return Waterfall(ended.turn, reply, total, stages, over if stages[over] > BUDGET_MS[over] else "", sound)
