"""The conversation so far, read from the journal: what was said, and of the agent's words only what was heard."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from visavis.kernel.events import (
    AudioHeard,
    ConsentRevoked,
    LookedAt,
    MemoryForgotten,
    MemoryNoted,
    MemoryRecalled,
    PageShown,
    PlaybackStarted,
    Record,
    ReplyEnded,
    ReplyStarted,
    SessionStarted,
    ToolCalled,
    ToolReturned,
    TurnEnded,
)
from visavis.kernel.media import VIDEO_SOURCES
from visavis.session.forgetting import Forgetting
from visavis.think.base import ToolCall
from visavis.think.context import Turn

UNSEEN = "What was seen is not known any more: the person has withdrawn their consent to it."


class History:
    """A reader: feed it records in order. `turns` is what the prompt is built from."""

    def __init__(self, past: Iterable[Record] = (), language: str = "en") -> None:
        self._turns: list[Turn] = []
        self._replaceable = self._typed = False
        self._turn = 0
        self._replies = 0
        self._speaking: tuple[int, str] | None = None
        self._running: dict[str, str] = {}
        self._shown: dict[int, str] = {}
        self._forgetting = Forgetting(language)
        for record in past:
            self.read(record)

    @property
    def turns(self) -> list[Turn]:
        """All turns; a reply that was cut off by a crash counts with what is known to have been heard."""
        if self._speaking is not None and self._speaking[1]:
            return [*self._turns, Turn("assistant", self._speaking[1], interrupted=True)]
        return list(self._turns)

    @property
    def replies(self) -> int:
        """Number of the last reply begun; a process that takes over goes on counting."""
        return self._replies

    @property
    def exchanged(self) -> int:
        """Turns the person has taken."""
        return sum(turn.role == "user" and not turn.page for turn in self._turns)

    def last_words(self) -> list[str]:
        """Of the last turns, for whoever wants to know what the talk is about."""
        return [turn.text for turn in self.turns[-4:]]

    def asking(self, text: str) -> list[Turn]:
        """The turns of a prompt that answers `text`, which may or may not have been recorded as a turn yet."""
        turns = self.turns
        said = turns and turns[-1].role == "user" and not turns[-1].page
        if said and ((self._replaceable and not self._typed) or turns[-1].text == text):
            turns.pop()
        return [*turns, Turn("user", text)]

    def read(self, record: Record) -> None:
        match record.event:
            case SessionStarted():
                self._begin_again()
            case TurnEnded(turn=turn, text=text, typed=typed):
                self._person(turn, text, record.seq)
                self._typed = typed
            case ReplyStarted(reply=reply):
                self._replies = reply
                self._speaking = self._speaking or (reply, "")
            case PlaybackStarted(reply=reply):
                self._replaceable = False
                self._speaking = (reply, "")
            case AudioHeard(reply=reply, text=text):
                self._speaking = (reply, text)
            case ReplyEnded(text=text, ok=ok):
                self._speaking = None
                self._abandon_tools()
                if text:
                    self._replaceable = False
                    self._turns.append(Turn("assistant", text, interrupted=not ok, seq=record.seq))
            case ToolCalled(call=call, name=name, arguments=arguments):
                self._replaceable = False
                asked = ToolCall(call, name, json.dumps(arguments, ensure_ascii=False))
                self._turns.append(Turn("assistant", "", tool_calls=(asked,), seq=record.seq))
                self._running[call] = name
            case ToolReturned(call=call, result=result):
                self._running.pop(call, None)
                self._returned(call, Turn("tool", result, tool_call_id=call, seq=record.seq))
            case PageShown(what=what):
                self._shown[record.seq] = getattr(what, "title", "") or getattr(what, "question", "")
            case LookedAt(show=show, source=source):
                self._page(f'The person opened "{self._shown.get(show) or source or "a card"}".', record.seq)
            case ConsentRevoked(purposes=purposes) if set(VIDEO_SOURCES).intersection(purposes):
                self._forget_looks()
            case MemoryNoted() | MemoryRecalled():
                self._forgetting.known(record)
            case MemoryForgotten(why="asked", seqs=seqs):
                self._turns = self._forgetting.applied(self._turns, seqs)

    def _returned(self, call: str, told: Turn) -> None:
        """Right behind its call: others may have begun meanwhile, or the person may have gone on."""
        for at in reversed(range(len(self._turns))):
            if any(asked.id == call for asked in self._turns[at].tool_calls):
                known = at + 1 < len(self._turns) and self._turns[at + 1].tool_call_id == call
                self._turns[at + 1 : at + 1 + known] = [told]
                return

    def _forget_looks(self) -> None:
        """What the tool `look` has told may be of either source: all of it goes."""
        looks = {call.id for turn in self._turns for call in turn.tool_calls if call.name == "look"}
        self._turns = [replace(turn, text=UNSEEN) if turn.tool_call_id in looks else turn for turn in self._turns]

    def _begin_again(self) -> None:
        """A process takes over after a crash: what was under way then is over."""
        self._abandon_tools()
        self._turns = self.turns
        self._speaking = None
        self._replaceable, self._turn = False, 0

    def _page(self, text: str, seq: int) -> None:
        """Before words that are not answered yet: what was done while they were said does not come after them."""
        noted = Turn("user", text, page=True, seq=seq)
        if self._replaceable and self._turns and self._turns[-1].role == "user":
            self._turns.insert(-1, noted)
        else:
            self._turns.append(noted)

    def _person(self, turn: int, text: str, seq: int) -> None:
        """A turn that went on before any answer was heard ends again, with the same number: it replaces itself."""
        self._abandon_tools()
        if self._replaceable and turn == self._turn:
            self._turns.pop()
        self._turns.append(Turn("user", text, seq=seq))
        self._replaceable, self._turn = True, turn

    def _abandon_tools(self) -> None:
        """Models refuse a conversation in which a call has no result; and this one's outcome is worth telling."""
        for call, name in self._running.items():
            told = f"{name} was cut short by the person; whether it took effect is not known."
            self._turns.append(Turn("tool", told, tool_call_id=call))
        self._running.clear()
