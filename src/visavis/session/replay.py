"""Replays a journal: the floor's inputs go through a fresh floor and conductor, and what comes out must be what was
decided then. No models, no clock: facts and their times are all there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from visavis.kernel.events import (
    Event,
    PlaybackStarted,
    PlaybackStopped,
    Record,
    ReplyDiscarded,
    ReplyReleased,
    ReplyStarted,
    SessionStarted,
)
from visavis.turn.conductor import Action, Conductor, Discard, Hold, Release, Start
from visavis.turn.facts import DECISIONS, INPUTS
from visavis.turn.floor import Floor

NOT_THE_FLOORS = ("overtaken", "peer_lost")
"""Why a reply was dropped without a decision of the floor: the agent had to say something else, the line went."""


@dataclass(slots=True)
class Replayed:
    """`decided` and `replayed` are the decisions then and now, one line each, reply decisions included."""

    inputs: int = 0
    decided: list[str] = field(default_factory=list)
    replayed: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        return self.decided == self.replayed

    @property
    def difference(self) -> str:
        """The first place where the two differ; '' when they do not."""
        for then, now in zip([*self.decided, "(nothing)"], [*self.replayed, "(nothing)"], strict=False):
            if then != now:
                return f"then: {then}\nnow:  {now}"
        return ""


def replay(records: Iterable[Record]) -> Replayed:
    """Deterministic; the same journal always gives the same result."""
    result = Replayed()
    floor: Floor | None = None
    conductor = Conductor()
    revisions: dict[int, int] = {}
    released: set[int] = set()
    for record in records:
        event = record.event
        if isinstance(event, SessionStarted):
            floor, conductor = Floor(event.turn, event.language), Conductor()
            revisions.clear()
            released.clear()
        if isinstance(event, ReplyDiscarded) and event.why in NOT_THE_FLOORS:
            conductor.forget()
            released.discard(revisions.get(event.reply, 0))
            continue
        if isinstance(event, DECISIONS):
            result.decided.append(_line(event, record.at_s))
        elif (told := _reply_line(event, revisions)) is not None:
            result.decided.append(told)
        if floor is None or not isinstance(event, INPUTS):
            continue
        result.inputs += 1
        if isinstance(event, PlaybackStarted):
            conductor.started(event.reply)
        elif isinstance(event, PlaybackStopped):
            conductor.stopped(event.reply)
        for decision in floor.feed(event, record.at_s):
            result.replayed.append(_line(decision, record.at_s))
            for action in conductor.feed(decision):
                result.replayed += _action_line(action, released)
    return result


def _line(event: Event, at_s: float) -> str:
    return f"{at_s:.4f} {event}"


def _reply_line(event: Event, revisions: dict[int, int]) -> str | None:
    """A reply's fact in the conductor's terms; None for facts that no decision of the floor led to."""
    match event:
        case ReplyStarted(reply=reply, turn=turn, revision=revision, kind="answer"):
            revisions[reply] = revision
            return f"start revision {revision} turn {turn}"
        case ReplyReleased(reply=reply) if reply in revisions:
            return f"release revision {revisions[reply]}"
        case ReplyDiscarded(reply=reply, why=why) if reply in revisions:
            return f"discard revision {revisions[reply]}: {why}"
    return None


def _action_line(action: Action, released: set[int]) -> list[str]:
    match action:
        case Start(revision=revision, turn=turn):
            return [f"start revision {revision} turn {turn}"]
        case Hold(revision=revision):
            released.discard(revision)
        case Release(revision=revision) if revision not in released:
            released.add(revision)
            return [f"release revision {revision}"]
        case Discard(revision=revision, why=why):
            return [f"discard revision {revision}: {why}"]
    return []
