"""Stores and exports: what is kept, what comes back, what survives a killed process."""

from __future__ import annotations

import io
import os
import signal
import sqlite3
import subprocess
import sys
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.journal.export import read_jsonl, write_jsonl
from visavis.journal.memory import MemoryStore
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.errors import JournalError, UsageError
from visavis.kernel.events import (
    AnyEvent,
    Event,
    Record,
    SessionEnded,
    SessionJoined,
    SessionStarted,
    TurnEnded,
    decode_event,
    encode_event,
)
from visavis.kernel.settings import TurnSettings
from visavis.kernel.shown import AnyShown, Card, Choices, Field, Form, Highlight, Source

KINDS: tuple[type[Event], ...] = typing.get_args(AnyEvent)

numbers = st.floats(-1e6, 1e6, allow_nan=False)
values = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), numbers, st.text(max_size=8))
FIELDS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(0, 2**40),
    float: numbers,
    bool: st.booleans(),
    TurnSettings: st.just(TurnSettings()),
    tuple[str, ...]: st.lists(st.text(max_size=8), max_size=3).map(tuple),
    tuple[int, ...]: st.lists(st.integers(0, 2**40), max_size=3).map(tuple),
    dict[str, str]: st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    dict[str, int]: st.dictionaries(st.text(max_size=8), st.integers(0, 2**40), max_size=3),
    dict[str, float]: st.dictionaries(st.text(max_size=8), numbers, max_size=3),
    list[str]: st.lists(st.text(max_size=8), max_size=3),
    list[Source]: st.lists(st.builds(Source, st.text(max_size=8), st.text(max_size=8)), max_size=3),
    AnyShown: st.sampled_from(
        [
            Card("Flight", "On time.", [("Gate", "B 12")], ["Call back"]),
            Choices("When?", ["Tuesday", "Friday"]),
            Form("Address", [Field("street", "Street")]),
            Highlight("Gate"),
        ]
    ),
    dict[str, Any]: st.dictionaries(st.text(max_size=8), st.one_of(values, st.lists(values, max_size=2)), max_size=3),
}


def events(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of this kind, every field set."""
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: _values(hints[field.name]) for field in msgspec.structs.fields(kind)})


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if typing.get_origin(hint) is typing.Literal:
        return st.sampled_from(typing.get_args(hint))
    return FIELDS[hint]


def subclasses(kind: type[Event]) -> set[type[Event]]:
    return {below for direct in kind.__subclasses__() for below in {direct, *subclasses(direct)}}


def test_every_kind_of_event_can_be_read_back() -> None:
    ours = {kind for kind in subclasses(Event) if kind.__module__.startswith("visavis.")}
    assert ours == set(KINDS)
    assert isinstance(AnyEvent, types.UnionType)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=10)
@given(data=st.data())
def test_an_event_comes_back_as_it_was(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(events(kind))
    assert decode_event(encode_event(event)) == event
    record = Record("s", 1, 1.5, 2.5, event)
    out = io.StringIO()
    assert write_jsonl([record], out) == 1
    assert list(read_jsonl(io.StringIO(out.getvalue()))) == [record]


@settings(max_examples=30)
@given(st.lists(st.sampled_from(KINDS).flatmap(events), max_size=20))
def test_stores_and_exports_keep_a_whole_session(facts: list[Event]) -> None:
    records = [Record("s", seq, seq / 10, 1e9 + seq, event) for seq, event in enumerate(facts, 1)]
    out = io.StringIO()
    write_jsonl(records, out)
    assert list(read_jsonl(io.StringIO(out.getvalue()))) == records
    memory = MemoryStore()
    memory.append(records)
    assert memory.read("s") == records


def test_content_and_bare_facts_are_told_apart() -> None:
    """Whatever holds text of the conversation says so, or trust would let it pass before consent."""
    spoken = {"text", "heard", "arguments", "result"}
    for kind in KINDS:
        has_words = bool({field.name for field in msgspec.structs.fields(kind)} & spoken)
        assert kind.content or not has_words, f"{kind.__name__} holds content"


def test_a_line_that_is_no_record_is_named() -> None:
    good = io.StringIO()
    write_jsonl([Record("s", 1, 0.0, 0.0, SessionJoined("file", "Ada"))], good)
    for bad in ("{}", "not json", good.getvalue().replace("session_joined", "session_flew")):
        with pytest.raises(UsageError, match=r"^call\.jsonl:3: not a journal record"):
            list(read_jsonl([good.getvalue(), "\n", bad], "call.jsonl"))


def some(session: str, count: int, *, ended: bool = False) -> list[Record]:
    facts: list[Event] = [TurnEnded(seq, seq, "hello", 1.0, "complete") for seq in range(1, count + 1)]
    if ended:
        facts[-1] = SessionEnded("left")
    return [Record(session, seq, seq / 10, 1000.0 + seq, fact) for seq, fact in enumerate(facts, 1)]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> typing.Iterator[MemoryStore | SqliteStore]:
    kept = MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "journal.db"))
    yield kept
    kept.close()


def test_stores_tell_sessions_apart(store: MemoryStore | SqliteStore) -> None:
    one, two = some("one", 3, ended=True), some("two", 2)
    store.append([one[0], two[0], one[1]])
    store.append([two[1], one[2]])
    assert store.read("one") == one
    assert store.read("two") == two
    assert store.read("three") == []
    told = {line.session: (line.records, line.ended, line.started_s, line.last_s) for line in store.sessions()}
    assert told == {"one": (3, True, 1001.0, 1003.0), "two": (2, False, 1001.0, 1002.0)}


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "journal.db"))
    records = some("s", 3)
    store.append(records[:1])
    with pytest.raises(JournalError, match="UNIQUE"):
        store.append([records[1], records[0]])
    assert store.read("s") == records[:1]
    store.append(records[1:])
    assert store.read("s") == records
    store.close()


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(JournalError, match=r"cannot open the journal .*journal\.db"):
        SqliteStore(str(path))


def test_a_damaged_record_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = str(tmp_path / "journal.db")
    store = SqliteStore(path)
    store.append(some("s", 2))
    other = sqlite3.connect(path)
    with other:
        other.execute("""UPDATE records SET event = '{"type":"nonsense"}' WHERE seq = 2""")
    other.close()
    with pytest.raises(JournalError, match="cannot read the journal"):
        store.read("s")
    store.close()


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalError, match="cannot open the journal") as told:
        SqliteStore(str(tmp_path / "file" / "journal.db"))
    assert "[journal] path" in told.value.hint


WRITER = """
import asyncio, sys
from visavis.journal.journal import Journal
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.events import TurnEnded
from visavis.trust.consent import Consent
from visavis.trust.gate import Gate

gate = Gate(Consent("given", frozenset({"listen"})))

async def main():
    async with Journal(SqliteStore(sys.argv[1]), batch_s=0.001) as journal:
        log = journal.open("s", MediaClock(LoopClock()))
        while True:
            for _ in range(7):
                log.append(gate.clear(TurnEnded(log.seq + 1, 1, "x" * 200, 0.0, "complete")))
            print(await log.commit(), flush=True)

asyncio.run(main())
"""


def test_a_killed_process_loses_no_committed_record(tmp_path: Path) -> None:
    path = str(tmp_path / "journal.db")
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    committed = 0
    for _ in range(20):
        committed = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.stdout.read().splitlines()
    writer.stdout.close()
    writer.wait(10)
    committed = int(rest[-1]) if rest and rest[-1].isdigit() else committed
    store = SqliteStore(path)
    kept = [record.event.turn for record in store.read("s") if isinstance(record.event, TurnEnded)]
    store.close()
    assert committed >= 140
    assert len(kept) >= committed
    assert kept == list(range(1, len(kept) + 1)), "no gap, no double"


def test_settings_that_are_gone_leave_a_journal_readable() -> None:
    started = SessionStarted("Ada", "en", {}, TurnSettings(), True)
    written = encode_event(started).replace(b'"turn":{', b'"turn":{"gone":1,')
    assert b"gone" in written
    assert decode_event(written) == started
