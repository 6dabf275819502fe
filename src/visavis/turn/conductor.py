"""From the floor's decisions to what replies must do; pure, so that replay covers replies as well."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.kernel.events import Event, TurnEnded, TurnMaybeOver, TurnResumed


@dataclass(frozen=True, slots=True)
class Start:
    """Begin an unheard reply to `text`. `turn` is the number the turn will have if it ends now."""

    revision: int
    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Not to be heard yet (again)."""

    revision: int


@dataclass(frozen=True, slots=True)
class Release:
    """May be heard from now on."""

    revision: int


@dataclass(frozen=True, slots=True)
class Discard:
    revision: int
    why: str


Action = Start | Hold | Release | Discard


class Conductor:
    """Knows which revision is live and turns decisions into actions."""

    def __init__(self) -> None:
        self._live: int | None = None
        self._turns = 0

    def feed(self, decision: Event) -> list[Action]:
        match decision:
            case TurnMaybeOver(revision=revision, text=text):
                if self._live == revision:
                    return [Hold(revision)]
                return [*self._drop("superseded"), self._start(revision, text)]
            case TurnResumed(revision=revision):
                return self._drop("resumed") if self._live == revision else []
            case TurnEnded(revision=revision, text=text, turn=turn):
                self._turns = turn
                if self._live == revision:
                    return [Release(revision)]
                dropped = self._drop("superseded")
                self._turns = turn - 1
                started = self._start(revision, text)
                self._turns = turn
                return [*dropped, started, Release(revision)]
        return []

    def heard(self) -> None:
        """The live reply became audible: it can no longer be discarded, only interrupted."""
        self._live = None

    def _start(self, revision: int, text: str) -> Start:
        self._live = revision
        return Start(revision, self._turns + 1, text)

    def _drop(self, why: str) -> list[Action]:
        if self._live is None:
            return []
        live, self._live = self._live, None
        return [Discard(live, why)]
