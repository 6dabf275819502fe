"""Settings from a file: what is wrong is said with its file, line and key, and how to mend it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import SECTIONS, Settings
from visavis.kernel.toml import load_settings, parse


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as told:
        parse(text, Settings, "visavis.toml")
    return told.value


def test_a_file_says_what_differs_from_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "visavis.toml"
    tables = ("[server]\nport = 9000\n", "[turn]\npatience_s = 0.5\n", '[models.local]\nsilero = "/models/silero"\n')
    path.write_text("\n".join(tables))
    settings = load_settings(path)
    assert settings.server.port == 9000
    assert settings.turn.patience_s == 0.5
    assert settings.models.local == {"silero": "/models/silero"}
    assert settings.llm == Settings().llm


def test_an_empty_file_is_all_defaults() -> None:
    assert parse("", Settings, "visavis.toml") == Settings()


def test_without_a_path_the_file_here_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(None) == Settings()
    (tmp_path / "visavis.toml").write_text("[server]\nport = 9001\n")
    assert load_settings(None).server.port == 9001


def test_an_unknown_setting_names_its_line_and_the_likely_one() -> None:
    error = refused('# ours\n\n[server]\nhost = "::1"\nmax_sesions = 3\n')
    assert error.where == "visavis.toml:5"
    assert "unknown setting 'server.max_sesions'" in error.message
    assert error.hint == "did you mean 'max_sessions'?"


def test_an_unknown_setting_that_looks_like_none_lists_them() -> None:
    error = refused("[server]\nqwertz = 3\n")
    assert error.where == "visavis.toml:2"
    assert "max_sessions" in error.hint


def test_an_unknown_section_names_its_line() -> None:
    error = refused("[server]\nport = 1\n\n[serverr]\nport = 2\n")
    assert error.where == "visavis.toml:4"
    assert "unknown setting 'serverr'" in error.message
    assert error.hint == "did you mean 'server'?"


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ('[server]\nport = "80"\n', ":2", "server.port: expected `int`, got `str`"),
        ("[server]\nport = 70000\n", ":2", "server.port: expected `int` <= 65535"),
        ("[turn]\npatience_s = 1\nvad_start = 1.5\n", ":3", "turn.vad_start: expected `float` < 1"),
        ('[server]\nconsent = "no"\n', ":2", "server.consent: invalid enum value 'no'"),
        ('[server]\nallowed_origins = ["a", 1]\n', ":2", "server.allowed_origins[1]: expected `str`"),
        ("[llm]\nmax_tokens = 0\n", ":2", "llm.max_tokens: expected `int` >= 1"),
        ("server = 3\n", ":1", "server: expected `object`, got `int`"),
        ("turn.patience_s = 0\n", ":1", "turn.patience_s: expected `float` > 0"),
    ],
)
def test_a_wrong_value_names_its_line_its_key_and_what_is_wanted(text: str, where: str, said: str) -> None:
    error = refused(text)
    assert error.where == f"visavis.toml{where}"
    assert said in error.message


@pytest.mark.parametrize(("text", "line"), [("[server\n", 1), ("[server]\nport = \n", 2), ("a = 1\na = 2\n", 2)])
def test_bad_toml_names_its_line(text: str, line: int) -> None:
    error = refused(text)
    assert error.where == f"visavis.toml:{line}"
    assert "not valid TOML" in error.message


def test_a_missing_file_and_an_unreadable_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file: .*nowhere"):
        load_settings(tmp_path / "nowhere.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(tmp_path / "binary.toml")
    with pytest.raises(ConfigError, match="cannot read"):
        load_settings(tmp_path)


def value_of(kind: type[msgspec.Struct], name: str) -> Any:
    return getattr(kind(), name)


@given(st.data())
def test_any_misspelt_key_is_found_on_its_line(data: st.DataObject) -> None:
    section = data.draw(st.sampled_from(sorted(SECTIONS)))
    names = [field.name for field in msgspec.structs.fields(SECTIONS[section])]
    name = data.draw(st.sampled_from(names))
    blank = data.draw(st.integers(0, 4))
    wrong = name + "x"
    if wrong in names:
        return
    error = refused("\n" * blank + f"[{section}]\n# {wrong} = 1\n{wrong} = 1\n")
    assert error.where == f"visavis.toml:{blank + 3}"
    assert f"did you mean '{name}'" in error.hint


@given(st.text(max_size=60))
def test_any_text_is_settings_or_a_config_error_with_its_place(text: str) -> None:
    try:
        parse(text, Settings, "visavis.toml")
    except ConfigError as error:
        assert re.match(r"visavis\.toml(:\d+)?$", error.where)
