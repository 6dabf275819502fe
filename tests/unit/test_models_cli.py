"""`visavis models` and `visavis doctor`: what they print and how they exit."""

from __future__ import annotations

import argparse
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from models_fakes import Bench

from visavis.cli import checks, doctor, models
from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import ServerSettings, Settings
from visavis.models.store import ModelStore

Command = Callable[..., int]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "cache", [b"first ", b"second"])


@pytest.fixture
def command(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr(models, "_store", lambda args: bench.store)
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    models.add_parser(subparsers)
    doctor.add_parser(subparsers)

    def run(*words: str) -> int:
        args = parser.parse_args(words)
        code: int = args.run(args)
        return code

    return run


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_list_tells_state_and_licence(command: Command, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("models", "list", "--json") == 0
    (row,) = printed(capsys)["models"]
    assert (row["name"], row["state"], row["licence"]) == ("tiny", "missing", "MIT")
    assert row["size_bytes"] == len(bench.big) + len(bench.small)
    bench.store.pull("tiny")
    assert command("models", "list") == 0
    out = capsys.readouterr().out
    assert "tiny" in out and "present" in out and "registry" in out


def test_pull_without_names_takes_the_default_models(
    command: Command, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("models", "pull", "--json") == 0
    assert printed(capsys)["models"] == [{"name": "tiny", "ok": True, "path": str(bench.cache / "tiny")}]


def test_a_pull_that_fails_says_why_and_exits_with_1(
    command: Command, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.registry.wheels.clear()
    assert command("models", "pull", "tiny") == 1
    assert "no source could serve big.bin" in capsys.readouterr().err
    assert command("models", "pull", "tiny", "--json") == 1
    (result,) = printed(capsys)["models"]
    assert result["ok"] is False and result["code"] == "model"


def test_an_interrupted_pull_says_that_it_can_go_on(
    command: Command, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(name: str) -> None:
        raise KeyboardInterrupt

    bench.registry.before = interrupt
    assert command("models", "pull") == 130
    assert "goes on where it stopped" in capsys.readouterr().err


def test_pull_refuses_an_unknown_name_before_it_fetches_anything(command: Command, bench: Bench) -> None:
    with pytest.raises(ConfigError, match="unknown model 'tyni'"):
        command("models", "pull", "tiny", "tyni")
    assert bench.registry.asked == []


def test_verify_exits_with_1_for_damage_and_for_a_named_model_that_is_missing(
    command: Command, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("models", "verify") == 0
    assert command("models", "verify", "tiny") == 1
    directory = bench.store.pull("tiny")
    assert command("models", "verify", "tiny") == 0
    (directory / "big.bin").write_bytes(b"damaged")
    capsys.readouterr()
    assert command("models", "verify", "--json") == 1
    document = printed(capsys)
    assert document["ok"] is False
    assert document["models"][0]["detail"].startswith("big.bin (damaged)")


def test_pull_default_fetches_only_what_is_not_there(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "ModelStore", lambda settings: bench.store)
    assert models.pull_default(bench.settings) == 0
    assert capsys.readouterr().err == "fetching tiny, 0 MB\n"
    assert models.pull_default(bench.settings) == 0
    assert capsys.readouterr().err == ""
    assert bench.registry.asked == ["p1", "p2"]


def test_pull_default_that_fails_says_why(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "ModelStore", lambda settings: bench.store)
    bench.registry.wheels.clear()
    assert models.pull_default(bench.settings) == 1
    assert "no source could serve big.bin" in capsys.readouterr().err


# -- doctor ----------------------------------------------------------------------------------------------------


def test_doctor_exits_with_1_only_when_something_needed_is_missing(
    command: Command, bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "ModelStore", lambda settings: bench.store)
    monkeypatch.setattr(doctor, "load_settings", lambda path: Settings(server=ServerSettings(port=0)))
    monkeypatch.setattr(checks, "llm_runtime", lambda: checks.Check("xllamacpp", "ok", ""))
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert command("doctor", "--json") == 1
    document = printed(capsys)
    missing = [check for check in document["checks"] if check["state"] == "missing"]
    assert [(check["name"], check["fix"]) for check in missing] == [("tiny", "visavis models pull tiny")]
    optional = {check["name"]: check["fix"] for check in document["checks"] if check["state"] == "optional"}
    assert optional["chromium"] == "apt-get install chromium"
    assert optional["coturn"] == "apt-get install coturn"

    bench.store.pull("tiny")
    assert command("doctor") == 0
    assert "ready" in capsys.readouterr().out


def test_doctor_sees_a_busy_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        check = checks.port("127.0.0.1", number)
    assert check.state == "missing" and "server.port" in check.fix
    assert checks.port("127.0.0.1", number).state == "ok"


def test_doctor_sees_too_little_disk_space_only_for_what_is_still_to_fetch(bench: Bench) -> None:
    assert checks.disk(bench.store, 1000).state == "missing"
    assert checks.disk(bench.store, 300_000_000).state == "ok"


def test_doctor_tells_why_the_language_model_runtime_does_not_import(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "xllamacpp.py").write_text("raise ImportError('built for another processor')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check = checks.llm_runtime()
    assert check.state == "missing"
    assert "built for another processor" in check.detail


def test_doctor_names_the_extra_before_a_model_that_needs_converting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.models.convert.CONVERTERS", ("no_such_converter",))
    settings = bench.settings
    fixes = {check.name: (check.state, check.fix) for check in checks.models(ModelStore(settings))}
    assert fixes["moonshine-base"] == (
        "optional",
        "pip install 'visavis[convert]' && visavis models pull moonshine-base",
    )
    assert fixes["silero-vad"] == ("missing", "visavis models pull silero-vad")
