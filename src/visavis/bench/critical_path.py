"""What a turn had to take: the critical path of its stages' own times, read from the server's journal.

Every fact follows from an earlier one. Its *ideal* time is when it would have been known had nothing been waited for
but the stages themselves: silence that the detector and the floor demand, recognition, scoring, the model, the voice.
What the first sound took beyond that is what our scheduling added. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from visavis.kernel.events import (
    EndpointScored,
    Event,
    FinalRequested,
    FirstAudioPlayed,
    FirstClause,
    FirstContentPlayed,
    FirstSpeech,
    FirstToken,
    Record,
    ReplyStarted,
    SpeechStopped,
    TimerFired,
    TranscriptRevised,
    TurnEnded,
)
from visavis.observe.waterfall import Waterfall, Waterfalls
from visavis.turn.facts import INPUTS

AT_ONCE_S = 0.04
"""Content that leaves this soon after it was made did not wait for an opener to end."""


@dataclass(frozen=True, slots=True)
class ServerTurn:
    """One answered turn as the server lived it. Times without `wall` are media time, in seconds.

    `speech_end_s` is the person's last sound as the detector heard it, `path_s` the critical path from there to the
    first content. That was made at `ready_s` and left at `played_s`, the first sound at `sounded_s`: sooner, where an
    opener came first.
    """

    reply: int
    revision: int
    speech_end_s: float
    sounded_s: float
    ready_s: float
    played_s: float
    path_s: float
    wall_offset_s: float
    stages_ms: dict[str, float]

    @property
    def held_up(self) -> bool:
        """Content was ready and waited for the opener before it to end: that is no stage's time and no delay."""
        return self.sounded_s < self.played_s and self.played_s - self.ready_s > AT_ONCE_S

    @property
    def added_s(self) -> float:
        """What scheduling added to the critical path."""
        return self.played_s - self.speech_end_s - self.path_s

    @property
    def speech_end_wall_s(self) -> float:
        return self.speech_end_s + self.wall_offset_s

    @property
    def sounded_wall_s(self) -> float:
        return self.sounded_s + self.wall_offset_s


@dataclass(slots=True)
class _Reply:
    """When a reply's parts were there, ideally and truly."""

    revision: int
    start_s: float
    sounded_s: float | None = None
    token: tuple[float, float] | None = None
    clause: tuple[float, float] | None = None
    speech: tuple[float, float] | None = None


@dataclass(slots=True)
class CriticalPaths:
    """Feed it one session's records in order; `turns` holds an entry for each reply to a turn that was heard."""

    wall_offset_s: float
    turns: list[ServerTurn] = field(default_factory=list)
    _cause_s: float = 0.0
    _asked_s: dict[int, float] = field(default_factory=dict)
    _replies: dict[int, _Reply] = field(default_factory=dict)
    _ended: TurnEnded | None = None
    _ended_s: float = 0.0
    _fall: Waterfall | None = None
    _falls: Waterfalls = field(init=False)

    def __post_init__(self) -> None:
        self._falls = Waterfalls(self._fell)

    def read(self, record: Record) -> None:
        self._falls.read(record)
        event, at_s = record.event, record.at_s
        if isinstance(event, INPUTS):
            self._cause_s = self._ideal(event, at_s)
        match event:
            case FinalRequested(pause=pause):
                self._asked_s[pause] = self._cause_s
            case TurnEnded():
                self._ended, self._ended_s = event, self._cause_s
            case ReplyStarted(reply=reply, turn=turn, revision=revision) if turn:
                self._replies[reply] = _Reply(revision, self._cause_s)
            case FirstToken() | FirstClause() | FirstSpeech():
                self._made(event, at_s)
            case FirstAudioPlayed(reply=reply, opener=True) if reply in self._replies:
                self._replies[reply].sounded_s = at_s
            case FirstAudioPlayed(reply=reply) | FirstContentPlayed(reply=reply):
                self._played(reply, at_s)

    def _ideal(self, event: Event, at_s: float) -> float:
        """When this input could have been known at the soonest; never later than it was."""
        match event:
            case SpeechStopped(at_s=end_s, after_s=after_s):
                return min(at_s, end_s + after_s)
            case TranscriptRevised(pause=pause, took_s=took_s) if pause in self._asked_s:
                return min(at_s, self._asked_s[pause] + took_s)
            case EndpointScored(pause=pause, took_s=took_s) if pause in self._asked_s:
                return min(at_s, self._asked_s[pause] + took_s)
            case TimerFired(due_s=due_s):
                return min(at_s, due_s)
        return at_s

    def _made(self, event: FirstToken | FirstClause | FirstSpeech, at_s: float) -> None:
        reply = self._replies.get(event.reply)
        if reply is None:
            return
        match event:
            case FirstToken(took_s=took_s):
                reply.token = (min(at_s, reply.start_s + took_s), at_s)
            case FirstClause() if reply.token is not None:
                ideal_s, token_s = reply.token
                reply.clause = (ideal_s + at_s - token_s, at_s)
            case FirstSpeech(took_s=took_s) if reply.clause is not None:
                reply.speech = (min(at_s, reply.clause[0] + took_s), at_s)

    def _played(self, number: int, at_s: float) -> None:
        reply, ended, fall = self._replies.get(number), self._ended, self._fall
        self._fall = None
        if reply is None or ended is None or fall is None or reply.speech is None:
            return
        path_s = max(reply.speech[0], self._ended_s) - ended.speech_end_s
        sounded_s = at_s if reply.sounded_s is None else reply.sounded_s
        self.turns.append(
            ServerTurn(
                number,
                reply.revision,
                ended.speech_end_s,
                sounded_s,
                reply.speech[1],
                at_s,
                path_s,
                self.wall_offset_s,
                dict(fall.stages_ms),
            )
        )
        self._replies.clear()
        self._ended = None

    def _fell(self, fall: Waterfall) -> None:
        self._fall = fall


def wall_offset_s(records: Sequence[Record]) -> float:
    """Wall time minus media time. Decisions carry the time of their cause, so the quickest record tells."""
    return min((record.wall_s - record.at_s for record in records), default=0.0)


def critical_paths(records: Sequence[Record]) -> list[ServerTurn]:
    """The answered turns of one session's journal, in order."""
    paths = CriticalPaths(wall_offset_s(records))
    for record in records:
        paths.read(record)
    return paths.turns
