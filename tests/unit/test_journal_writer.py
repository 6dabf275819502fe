"""The journal: batches in the background, commits that mean durable, failures that nobody can overlook."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from visavis.journal import journal as journal_module
from visavis.journal.journal import Journal, SessionLog
from visavis.journal.memory import MemoryStore
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.clock import ManualClock, MediaClock
from visavis.kernel.errors import JournalError
from visavis.kernel.events import Event, Record, SessionJoined, TurnEnded
from visavis.trust.consent import Consent
from visavis.trust.gate import Gate

GATE = Gate(Consent("given", frozenset({"listen"})))


def turn(number: int, text: str = "hello") -> TurnEnded:
    return TurnEnded(number, number, text, 1.0, "complete")


def note(log: SessionLog, *events: Event) -> None:
    for event in events:
        log.append(GATE.clear(event))


def opened(journal: Journal, session: str = "s", clock: ManualClock | None = None) -> SessionLog:
    return journal.open(session, MediaClock(clock or ManualClock()))


class CountingStore(MemoryStore):
    """Keeps the size of each batch; while `broken`, writes nothing and says so."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.broken = False

    def append(self, records: Sequence[Record]) -> None:
        if self.broken:
            raise JournalError("cannot write: the disk is full", stage="journal")
        self.batches.append(len(records))
        super().append(records)


class SlowStore(CountingStore):
    """Writes in a thread, as SQLite does."""

    instant: ClassVar[bool] = False


async def test_facts_are_written_in_batches() -> None:
    store = CountingStore()
    async with Journal(store, batch_s=0.01) as journal:
        note(opened(journal), *(turn(number) for number in range(1, 51)))
        assert store.batches == [], "appending does not wait for the store"
        await asyncio.sleep(0.1)
        assert store.batches == [50]


async def test_a_commit_does_not_wait_for_the_batch_to_fill() -> None:
    store = CountingStore()
    async with Journal(store, batch_s=3600) as journal:
        log = opened(journal)
        note(log, turn(1), turn(2))
        assert await asyncio.wait_for(log.commit(), 5) == 2
        assert len(store.read("s")) == 2


async def test_leaving_the_journal_writes_what_waits() -> None:
    store = CountingStore()
    async with Journal(store, batch_s=3600) as journal:
        note(opened(journal), turn(1), turn(2))
    assert len(store.read("s")) == 2


@pytest.mark.parametrize("commits", [1, 20])
async def test_committed_records_are_seen_by_another_connection(tmp_path: Path, commits: int) -> None:
    path = str(tmp_path / "deep" / "journal.db")
    async with Journal(SqliteStore(path), batch_s=3600) as journal:
        log = opened(journal)
        for number in range(1, commits + 1):
            note(log, turn(number, "¿qué tal? 🙂"))
            seq = await log.commit()
            other = SqliteStore(path)
            assert [record.seq for record in other.read("s")] == list(range(1, seq + 1))
            other.close()


async def test_records_carry_media_time_wall_time_and_a_count_without_gaps() -> None:
    clock, store = ManualClock(now_s=100.0, wall_s=5000.0), MemoryStore()
    async with Journal(store) as journal:
        one, two = opened(journal, "one", clock), opened(journal, "two", clock)
        clock.advance(1.23456)
        note(one, turn(1))
        note(two, turn(1))
        note(one, turn(2))
        one.append(GATE.clear(turn(3)), at_s=0.5)
    assert [(r.seq, r.at_s, r.wall_s) for r in store.read("one")] == [
        (1, 1.2346, 5001.235),
        (2, 1.2346, 5001.235),
        (3, 0.5, 5001.235),
    ]
    assert [record.seq for record in store.read("two")] == [1]


async def test_readers_see_each_record_once_and_in_order() -> None:
    seen: list[int] = []
    async with Journal(MemoryStore()) as journal:
        log = opened(journal)
        log.readers.append(lambda record: seen.append(record.seq))
        note(log, turn(1), turn(2), turn(3))
        assert seen == [1, 2, 3]


async def test_a_resumed_session_goes_on_counting_and_its_time_goes_on(tmp_path: Path) -> None:
    path, clock = str(tmp_path / "journal.db"), ManualClock()
    async with Journal(SqliteStore(path)) as journal:
        log = opened(journal, "s", clock)
        clock.advance(7.5)
        note(log, SessionJoined("webrtc", "Ada"), turn(1))
    later = ManualClock(now_s=1.0)
    async with Journal(SqliteStore(path)) as journal:
        log = await journal.resume("s", lambda start_s: MediaClock(later, start_s=start_s))
        assert [type(record.event) for record in log.past] == [SessionJoined, TurnEnded]
        later.advance(2.0)
        note(log, turn(2))
        await log.commit()
        assert [(record.seq, record.at_s) for record in await journal.read("s")][-1] == (3, 9.5)


async def test_a_session_nobody_knows_resumes_as_new() -> None:
    async with Journal(MemoryStore()) as journal:
        log = await journal.resume("unknown", lambda start_s: MediaClock(ManualClock(), start_s=start_s))
        assert (log.past, log.seq, log.media.now()) == ([], 0, 0.0)


# Failure.


@pytest.mark.parametrize("kind", [CountingStore, SlowStore])
async def test_a_failure_is_told_sticks_and_can_be_recovered_without_loss(kind: type[CountingStore]) -> None:
    store = kind()
    async with Journal(store, batch_s=3600) as journal:
        log = opened(journal)
        note(log, turn(1))
        await log.commit()
        store.broken = True
        note(log, turn(2), turn(3))
        with pytest.raises(JournalError, match="disk is full"):
            await log.commit()
        assert journal.failure is not None
        with pytest.raises(JournalError, match="disk is full"):
            note(log, turn(4))
        with pytest.raises(JournalError, match="disk is full"):
            await log.commit()
        with pytest.raises(JournalError, match="disk is full"):
            await journal.recover()
        store.broken = False
        with pytest.raises(JournalError):
            note(log, turn(4))
        await journal.recover()
        assert journal.failure is None
        note(log, turn(4))
        await log.commit()
    turns = [record.event.turn for record in store.read("s") if isinstance(record.event, TurnEnded)]
    assert turns == [1, 2, 3, 4]
    assert [record.seq for record in store.read("s")] == [1, 2, 3, 4], "a refused append leaves no gap"


async def test_a_failure_without_a_commit_is_noticed_too() -> None:
    store = CountingStore()
    async with Journal(store, batch_s=0.01) as journal:
        store.broken = True
        note(opened(journal), turn(1))
        await asyncio.sleep(0.1)
        assert journal.failure is not None
        store.broken = False


async def test_all_who_wait_for_a_commit_hear_of_the_failure() -> None:
    store = SlowStore()
    async with Journal(store, batch_s=3600) as journal:
        store.broken = True
        logs = [opened(journal, f"s{number}") for number in range(5)]
        for log in logs:
            note(log, turn(1))
        told = await asyncio.gather(*(log.commit() for log in logs), return_exceptions=True)
        assert [type(error) for error in told] == [JournalError] * 5
        store.broken = False


async def test_a_cancelled_commit_harms_nobody() -> None:
    store = SlowStore()
    async with Journal(store, batch_s=3600) as journal:
        log = opened(journal)
        note(log, turn(1))
        waiting = asyncio.ensure_future(log.commit())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        note(log, turn(2))
        assert await log.commit() == 2
    assert len(store.read("s")) == 2


async def test_a_full_disk_fails_the_commit_and_loses_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "journal.db")
    store = SqliteStore(path)
    limit = store._db.execute("PRAGMA page_count").fetchone()[0] + 2
    async with Journal(store, batch_s=3600) as journal:
        log = opened(journal)
        note(log, turn(1))
        await log.commit()
        store._db.execute(f"PRAGMA max_page_count = {limit}")
        note(log, *(turn(number, "x" * 1000) for number in range(2, 40)))
        with pytest.raises(JournalError, match="full") as told:
            await log.commit()
        assert "free disk space" in told.value.hint
        assert [record.seq for record in SqliteStore(path).read("s")] == [1], "all of a batch or nothing"
        store._db.execute("PRAGMA max_page_count = 100000")
        await journal.recover()
        assert [record.seq for record in await journal.read("s")] == list(range(1, 40))


async def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_WAITING", 5)
    store = CountingStore()
    async with Journal(store, batch_s=3600) as journal:
        log = opened(journal)
        note(log, *(turn(number) for number in range(1, 6)))
        with pytest.raises(JournalError, match="cannot keep up"):
            note(log, turn(6))
        assert log.seq == 5
        await log.commit()
        note(log, turn(6))
    assert [record.seq for record in store.read("s")] == [1, 2, 3, 4, 5, 6]


async def test_half_a_character_from_a_model_does_not_stop_the_journal(tmp_path: Path) -> None:
    async with Journal(SqliteStore(str(tmp_path / "journal.db"))) as journal:
        log = opened(journal)
        note(log, turn(1, "half \ud83d a smile"), turn(2))
        await log.commit()
        assert [record.event.text for record in await journal.read("s")] == ["half � a smile", "hello"]  # type: ignore[attr-defined]
