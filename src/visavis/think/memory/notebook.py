"""What is remembered in one call: a reader of its journal that says which facts of memory follow from a record.

Pure: it is fed records in order, those that it led to included, and holds what they add up to. Fed the records of an
earlier process of the same call, it goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable

from visavis.kernel.events import (
    ConsentRevoked,
    DocumentRead,
    Event,
    MemoryForgotten,
    MemoryNoted,
    MemoryRecalled,
    PlaybackStarted,
    Record,
    ReplyEnded,
    ToolCalled,
    TurnEnded,
)
from visavis.think.memory.targets import Entry, Exchange, corrected_entry, meant
from visavis.think.memory.words import correction, facts, forget_request, keeps, promises
from visavis.think.remembered import Remembered

TITLE_CHARS = 120


class Notebook:
    def __init__(self, language: str, past: Iterable[Record] = ()) -> None:
        self._language = language
        self._entries: dict[int, Entry] = {}
        self._gone: set[int] = set()
        self._exchanges: list[Exchange] = []
        self._lined: set[int] = set()
        self._agent_said = ""
        self._turn = 0
        self._answered = True
        self._forgot = ""
        for record in past:
            self.read(record)

    @property
    def recalled(self) -> list[Remembered]:
        """From earlier calls, oldest first."""
        return [Remembered(entry.kind, entry.text, 0, entry.date) for entry in self._entries.values() if entry.date]

    @property
    def noted(self) -> list[Remembered]:
        """In this call, in the order told."""
        own = sorted((entry for entry in self._entries.values() if not entry.date), key=lambda one: one.source_seq)
        return [Remembered(entry.kind, entry.text, entry.source_seq) for entry in own]

    @property
    def unlined(self) -> list[Exchange]:
        """Exchanges that are over and have no line yet, oldest first."""
        over = self._exchanges[:-1] if self._exchanges and not self._exchanges[-1].answer else self._exchanges
        return [one for one in over if one.seq not in self._lined and one.seq not in self._gone]

    def lined(self, seq: int) -> None:
        """The exchange needs no line any more: it has one, or there was nothing worth one."""
        self._lined.add(seq)

    @property
    def entries(self) -> list[Entry]:
        """All that counts."""
        return list(self._entries.values())

    def entry(self, seq: int) -> Entry | None:
        """What the record `seq` noted or recalled, if it still counts."""
        return self._entries.get(seq)

    def would_forget(self, text: str) -> bool:
        """Whether a turn of these words asks to forget something that is there, or was until it asked."""
        if text == self._forgot:
            return True
        asked = forget_request(text, self._language)
        return asked is not None and bool(meant(asked, self.entries, self._before(), self._language))

    def read(self, record: Record) -> list[Event]:
        """Takes the record in; returns the facts that follow from it, to be noted at once, in this order."""
        match record.event:
            case MemoryNoted(kind=kind, text=text, source_seq=source_seq, key=key):
                self._entries[record.seq] = Entry(record.seq, kind, text, key, source_seq)
                if kind == "line":
                    self._lined.add(source_seq)
            case MemoryRecalled(item=item, kind=kind, text=text, key=key, date=date):
                self._entries[record.seq] = Entry(record.seq, kind, text, key, 0, date, item)
            case MemoryForgotten(seqs=seqs):
                self._gone |= set(seqs)
                self._entries = {seq: entry for seq, entry in self._entries.items() if seq not in self._gone}
            case TurnEnded(turn=turn, text=text):
                return self._heard(record.seq, turn, text)
            case PlaybackStarted() | ToolCalled():
                self._answered = True
            case ReplyEnded(text=text) if text:
                return self._spoke(record.seq, text)
            case DocumentRead(document=number, text=text, source=source):
                title = " ".join(text.split())[:TITLE_CHARS]
                noted = MemoryNoted("document", f"Document {number}: {title}", record.seq, f"{source} {number}")
                return _instead(noted, record.seq, self.entries)
            case ConsentRevoked(purposes=purposes):
                return self._withdrawn(set(purposes))
        return []

    def _before(self) -> list[Exchange]:
        """The exchanges before a turn that comes now; the last has only begun."""
        return [*self._exchanges[-3:], Exchange(0, self._agent_said, "")]

    def _heard(self, seq: int, turn: int, text: str) -> list[Event]:
        followed: list[Event] = []
        if not self._answered and turn == self._turn and self._exchanges:
            # The turn went on before an answer was heard: what it said so far is said again in it.
            cut = self._exchanges.pop().seq
            if old := [entry.seq for entry in self.entries if entry.source_seq == cut and not entry.date]:
                followed.append(MemoryForgotten(tuple(old), "resaid", seq))
        self._turn, self._answered = turn, False
        before = self._before()
        self._exchanges.append(Exchange(seq, self._agent_said, text))
        gone = {old for event in followed if isinstance(event, MemoryForgotten) for old in event.seqs}
        known = [entry for entry in self.entries if entry.seq not in gone]
        return followed + self._follow(seq, text, known, before)

    def _follow(self, seq: int, text: str, known: list[Entry], before: list[Exchange]) -> list[Event]:
        if asked := forget_request(text, self._language):
            targets = meant(asked, known, before, self._language)
            self._forgot = text if targets else ""
            return [MemoryForgotten(tuple(targets), "asked", seq)] if targets else []
        if right := correction(text, self._language):
            found = corrected_entry(right, known, before, self._language)
            if found is not None:
                old, as_it_is = found
                return [MemoryForgotten((old.seq,), "corrected", seq), MemoryNoted("fact", as_it_is, seq, old.key)]
        followed: list[Event] = []
        for told in facts(text, self._language):
            if not any(entry.text.lower() == told.text.lower() for entry in known):
                followed += _instead(MemoryNoted("fact", told.text, seq, told.key), seq, known)
        followed += [MemoryNoted("promise", f'the person: "{one}"', seq) for one in promises(text, self._language)]
        return followed

    def _spoke(self, seq: int, text: str) -> list[Event]:
        self._answered, self._agent_said, self._forgot = True, text, ""
        if self._exchanges and not self._exchanges[-1].answer:
            last = self._exchanges[-1]
            self._exchanges[-1] = Exchange(last.seq, last.before, last.said, text)
        done = [one.seq for one in self.entries if one.kind == "promise" and keeps(text, one.text, self._language)]
        followed: list[Event] = [MemoryForgotten(tuple(done), "kept", seq)] if done else []
        return followed + [MemoryNoted("promise", f'you: "{one}"', seq) for one in promises(text, self._language)]

    def _withdrawn(self, purposes: set[str]) -> list[Event]:
        gone = [entry.seq for entry in self.entries if entry.date and "memory" in purposes]
        gone += [entry.seq for entry in self.entries if entry.kind == "document" and entry.key.split()[0] in purposes]
        return [MemoryForgotten(tuple(gone), "withdrawn")] if gone else []


def _instead(noted: MemoryNoted, seq: int, known: list[Entry]) -> list[Event]:
    """`noted`, and what it replaces gone."""
    old = [entry.seq for entry in known if entry.key and (entry.key, entry.kind) == (noted.key, noted.kind)]
    return [*([MemoryForgotten(tuple(old), "newer", seq)] if old else []), noted]
