"""The store of memories: kept, corrected, and forgotten so that no byte of it is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from visavis.cli.main import main
from visavis.kernel.cleared import Cleared
from visavis.kernel.errors import ConsentMissing, UsageError
from visavis.kernel.events import Event, MemoryNoted
from visavis.think.memory.base import MOST_ITEMS, MemoryFailed
from visavis.think.memory.sqlite import SqliteMemory
from visavis.trust.consent import Consent
from visavis.trust.gate import Gate
from visavis.trust.persons import person_of, token


def noted(text: str, key: str = "", seq: int = 1) -> Cleared[Event]:
    consent = Consent()
    consent.give(["memory"])
    event: Event = MemoryNoted("fact", text, seq, key)
    return Gate(consent).clear(event, also="memory")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "memory.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteMemory]:
    made = SqliteMemory(str(path))
    yield made
    made.close()


def bytes_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_without_consent_nothing_can_be_given_to_it() -> None:
    consent = Consent()
    consent.give(["listen"])
    with pytest.raises(ConsentMissing, match="memory"):
        Gate(consent).clear(MemoryNoted("fact", "my name is Jordan", 1), also="memory")


def test_what_is_added_is_there_for_another_process(store: SqliteMemory, path: Path) -> None:
    item = store.add("jo", noted("my name is Jordan", "name"), "call-1", 1.7e9)
    other = SqliteMemory(str(path))
    assert other.items("jo") == [item]
    assert other.persons() == [("jo", 1)]
    other.close()
    assert path.stat().st_mode & 0o077 == 0, "nobody else may read it"


def test_adding_the_same_again_changes_nothing(store: SqliteMemory) -> None:
    first = store.add("jo", noted("I like jazz"), "call-1", 1.7e9)
    assert store.add("jo", noted("I like jazz"), "call-1", 1.7e9) == first
    assert len(store.items("jo")) == 1


def test_the_same_key_replaces_and_the_old_text_is_gone(store: SqliteMemory, path: Path) -> None:
    store.add("jo", noted("my code is 447199", "code"), "call-1", 1.7e9)
    store.add("jo", noted("my code is 500000", "code", 2), "call-1", 1.7e9)
    assert [item.text for item in store.items("jo")] == ["my code is 500000"]
    assert b"447199" not in bytes_on_disk(path)


def test_forgotten_text_is_in_no_file(store: SqliteMemory, path: Path) -> None:
    items = [store.add("jo", noted(f"secret number {n} is {n * 7919}", seq=n), "call-1", 1.7e9) for n in range(40)]
    assert b"secret number 17 is 134623" in bytes_on_disk(path)
    assert store.forget([item.number for item in items[:39]]) == 39
    assert [item.number for item in store.items("jo")] == [items[39].number]
    for n in range(39):
        assert f"secret number {n} is {n * 7919}".encode() not in bytes_on_disk(path)


def test_a_text_that_stays_in_the_file_is_an_error(store: SqliteMemory, path: Path) -> None:
    item = store.add("jo", noted("my code is 447199"), "call-1", 1.7e9)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM items").fetchall()  # keeps the write-ahead log from being emptied
    store._db.execute("PRAGMA busy_timeout=50")
    with pytest.raises(MemoryFailed, match="can still be found"):
        store.forget([item.number])
    reader.execute("COMMIT")
    reader.close()


def test_a_call_is_forgotten_alone(store: SqliteMemory) -> None:
    store.add("jo", noted("I like jazz"), "one", 1.7e9)
    store.add("jo", noted("I like rock"), "two", 1.7e9)
    store.add("sam", noted("I like folk"), "two", 1.7e9)
    assert store.forget_call("jo", "two") == 1
    assert store.persons() == [("jo", 1), ("sam", 1)]


def test_the_oldest_make_room(store: SqliteMemory) -> None:
    for n in range(MOST_ITEMS + 3):
        store.add("jo", noted(f"fact number {n}", seq=n + 1), "one", 1.7e9)
    kept = store.items("jo")
    assert len(kept) == MOST_ITEMS
    assert kept[0].text == "fact number 3"


def test_a_file_that_is_no_store_is_told_of(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database, at all, whatever its name" * 40)
    with pytest.raises(MemoryFailed, match="cannot open"):
        SqliteMemory(str(path))


# Who is calling.


def test_a_token_is_its_persons_alone() -> None:
    signed = token("jo@example.com", "s3cret")
    assert person_of(signed, "signed", "s3cret") == "jo@example.com"
    assert person_of(signed, "signed", "another") == ""
    assert person_of(signed.replace("jo", "sam"), "signed", "s3cret") == ""
    assert person_of("jo@example.com", "signed", "s3cret") == ""
    assert person_of(signed, "signed", "") == ""
    assert person_of(signed, "off", "s3cret") == ""
    assert person_of("jo", "plain", "") == "jo"
    assert person_of("", "plain", "") == person_of("a b", "plain", "") == person_of("x" * 200, "plain", "") == ""
    with pytest.raises(UsageError):
        token("a b", "s3cret")
    with pytest.raises(UsageError, match="secret"):
        token("jo", "")


# The command.


@pytest.fixture
def config(tmp_path: Path, path: Path) -> str:
    file = tmp_path / "visavis.toml"
    file.write_text(f'[memory]\npath = "{path}"\n')
    return str(file)


def test_the_command_lists_corrects_and_forgets(
    store: SqliteMemory, config: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = store.add("jo", noted("my code is 447199", "code"), "call-1", 1_767_225_600.0)
    two = store.add("jo", noted("I like jazz", seq=2), "call-1", 1_767_225_600.0)
    assert main(["memory", "--config", config, "list"]) == 0
    assert "2  jo" in capsys.readouterr().out
    assert main(["memory", "--config", config, "list", "jo"]) == 0
    assert "2026-01-01  fact      my code is 447199" in capsys.readouterr().out
    assert (
        main(["memory", "--config", config, "correct", "jo", "--item", str(one.number), "--text", "my code is 5"])
        == 0
    )
    assert [item.text for item in store.items("jo")] == ["my code is 5", "I like jazz"]
    assert b"447199" not in bytes_on_disk(path)
    assert main(["memory", "--config", config, "forget", "jo", "--item", str(two.number)]) == 0
    assert main(["memory", "--config", config, "forget", "jo", "--all"]) == 0
    assert store.persons() == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["forget"], "needs a person"),
        (["list", "nobody"], "nothing is remembered of 'nobody'"),
        (["forget", "jo"], "--item NUMBER"),
        (["forget", "jo", "--item", "1", "--all"], "not both"),
        (["forget", "jo", "--item", "99"], "no item 99"),
        (["correct", "jo", "--item", "1"], "--text"),
        (["correct", "jo"], "--item"),
        (["token", "jo"], "secret"),
    ],
)
def test_wrong_use_of_the_command_is_explained(
    words: list[str], told: str, store: SqliteMemory, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store.add("jo", noted("I like jazz"), "one", 1.7e9)
    assert main(["memory", "--config", config, *words]) == 2
    assert told in capsys.readouterr().err
