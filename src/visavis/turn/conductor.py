"""From the floor's decisions to what replies must do; pure, so that replay covers replies as well."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.kernel.events import Event, TurnEnded, TurnMaybeOver, TurnResumed


@dataclass(frozen=True, slots=True)
class Start:
    """Begin an unheard reply to `text`. `turn` is the number the turn will have if it ends now; `cut`: the person was
    cut short, and may still be speaking."""

    revision: int
    turn: int
    text: str
    cut: bool = False


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
        self._reopenable: int | None = None
        """The revision whose turn is over but not yet heard: it may turn out not to be over."""
        self._audible = 0

    def feed(self, decision: Event) -> list[Action]:
        match decision:
            case TurnMaybeOver(revision=revision, text=text):
                if revision == self._reopenable:
                    self._turns, self._reopenable = self._turns - 1, None
                if self._live == revision:
                    return [Hold(revision)]
                return [*self._drop("superseded"), self._start(revision, text)]
            case TurnResumed(revision=revision):
                return self._drop("resumed") if self._live == revision else []
            case TurnEnded():
                return self._end(decision)
        return []

    def started(self, reply: int) -> None:
        """Reply `reply` became audible: it can no longer be discarded, only interrupted."""
        self._audible = reply
        self._live = self._reopenable = None

    def stopped(self, reply: int) -> bool:
        """Reply `reply` is over. True when it was never audible, only shown: it too can no longer be discarded."""
        if reply == self._audible:
            return False
        self._live = self._reopenable = None
        return True

    def forget(self) -> None:
        """Something other than the floor took the live reply's place."""
        self._live = None

    def _end(self, ended: TurnEnded) -> list[Action]:
        actions: list[Action] = []
        if self._live != ended.revision:
            actions = self._drop("superseded")
            self._turns = ended.turn - 1
            actions.append(self._start(ended.revision, ended.text, cut=ended.why == "limit"))
        self._turns = ended.turn
        self._reopenable = None if ended.typed or ended.why == "limit" else ended.revision
        return [*actions, Release(ended.revision)]

    def _start(self, revision: int, text: str, *, cut: bool = False) -> Start:
        self._live = revision
        return Start(revision, self._turns + 1, text, cut)

    def _drop(self, why: str) -> list[Action]:
        if self._live is None:
            return []
        live, self._live = self._live, None
        return [Discard(live, why)]
