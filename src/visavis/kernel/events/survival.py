"""Facts about going on when providers fail: breakers, hedges, and the rungs of the ladder."""

from __future__ import annotations

from typing import Literal

from visavis.kernel.events.base import Event

Rung = Literal["vision_off", "smaller_model", "other_voice", "captions_only", "text_chat", "handoff", "call_back"]
"""What a call does without, mildest first; several may hold at one time."""


class BreakerOpened(Event, frozen=True):
    """Calls go past this provider for `for_s` seconds, then a probe asks whether it works again. `why` is an error's
    code, or "probe" when it did not."""

    layer: str
    provider: str
    why: str
    for_s: float


class BreakerClosed(Event, frozen=True):
    """A probe worked: calls go to this provider again."""

    layer: str
    provider: str


class Hedged(Event, frozen=True):
    """`provider` had not begun to answer within its p95, `after_s`, so `second` was asked too; `winner` was sooner,
    and the other one was stopped."""

    layer: str
    provider: str
    second: str
    after_s: float
    winner: str


class Degraded(Event, frozen=True):
    """The call goes on with less. `why` is an error's code."""

    rung: Rung
    why: str = ""


class Recovered(Event, frozen=True):
    """What `rung` went without is there again."""

    rung: Rung


class HandoffRequested(Event, frozen=True):
    """A person is wanted to take over, because of `why`: an error's code."""

    why: str
