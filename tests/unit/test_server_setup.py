"""Where the journal lies, and what a browser is told about ICE."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.journal.memory import MemoryStore
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.errors import ConfigError, JournalError
from visavis.kernel.settings import JournalSettings, WebRtcSettings
from visavis.server.ice import browser_ice_servers
from visavis.server.worker import journal_path, open_journal


def test_the_journal_lies_in_the_users_data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert journal_path(JournalSettings()) == str(tmp_path / "visavis" / "journal.db")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert journal_path(JournalSettings()) == str(tmp_path / ".local" / "share" / "visavis" / "journal.db")
    assert journal_path(JournalSettings(path="~/mine.db")) == str(tmp_path / "mine.db")


def test_the_store_is_the_one_that_is_named(tmp_path: Path) -> None:
    journal = open_journal(JournalSettings(path=str(tmp_path / "j.db"), batch_s=0.5))
    assert isinstance(journal.store, SqliteStore)
    journal.store.close()
    assert isinstance(open_journal(JournalSettings(store="memory")).store, MemoryStore)
    own = open_journal(JournalSettings(store="visavis.journal.memory:MemoryStore"))
    assert isinstance(own.store, MemoryStore)


def test_a_store_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown store provider 'sqlit'") as told:
        open_journal(JournalSettings(store="sqlit"))
    assert "did you mean 'sqlite'" in told.value.hint
    with pytest.raises(JournalError, match="cannot open"):
        open_journal(JournalSettings(path=str(tmp_path)))


def test_the_password_of_a_turn_server_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TURN", "secret")
    settings = WebRtcSettings(
        ice_servers=["stun:a:3478", "turn:b:3478?transport=udp"], turn_username="ada", turn_password_env="MY_TURN"
    )
    assert browser_ice_servers(settings) == [
        {"urls": "stun:a:3478"},
        {"urls": "turn:b:3478?transport=udp", "username": "ada", "credential": "secret"},
    ]
    assert browser_ice_servers(WebRtcSettings()) == []
