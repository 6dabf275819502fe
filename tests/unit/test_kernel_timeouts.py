"""Four timeouts in each layer's settings, and what was written before there were all of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import SECTIONS, Settings
from visavis.kernel.timeouts import Timed, Timeouts
from visavis.kernel.toml import load_settings

LAYERS = ("asr", "llm", "tts", "vision", "knowledge")


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_all_four(layer: str) -> None:
    section: Timed = getattr(Settings(), layer)
    limits = Timeouts.of(section)
    assert 0 < limits.connect_s <= limits.total_s
    assert 0 < limits.first_s <= limits.total_s
    assert 0 < limits.idle_s <= limits.total_s


def test_they_mean_the_same_everywhere() -> None:
    told: dict[str, set[str]] = {}
    for section in SECTIONS.values():
        kind = inspect.type_info(section)
        assert isinstance(kind, inspect.StructType)
        for setting in kind.fields:
            if setting.name.endswith("_timeout_s"):
                assert isinstance(setting.type, inspect.Metadata)
                told.setdefault(setting.name, set()).add(str(setting.type.extra_json_schema))
    assert set(told) == {f"{which}_timeout_s" for which in ("connect", "first", "idle", "total")}
    assert all(len(meanings) == 1 for meanings in told.values())


def test_a_file_of_before_still_reads(tmp_path: Path) -> None:
    file = tmp_path / "visavis.toml"
    file.write_text(
        "[asr]\nconnect_timeout_s = 1.5\nidle_timeout_s = 4.0\n[tts]\ntotal_timeout_s = 9\n"
        '[vision]\ndeadline_s = 3.0\n[knowledge]\ndeadline_s = 0.2\n[fallback]\nhedge = ["llm", "tts"]\n'
    )
    settings = load_settings(file)
    assert Timeouts.of(settings.asr) == Timeouts(1.5, 2.0, 4.0, 12.0)
    assert Timeouts.of(settings.tts).total_s == 9
    assert Timeouts.of(settings.vision).total_s == 3.0
    assert (settings.knowledge.deadline_s, settings.fallback.hedge) == (0.2, ["llm", "tts"])


def test_a_journal_of_before_still_reads() -> None:
    """It holds sections without what has come since."""
    written = msgspec.to_builtins(Settings())
    for name in ("connect_timeout_s", "first_timeout_s", "idle_timeout_s"):
        del written["vision"][name], written["knowledge"][name]
    del written["knowledge"]["total_timeout_s"]
    assert msgspec.json.decode(msgspec.json.encode(written), type=Settings) == Settings()


def test_a_layer_that_has_no_list_cannot_be_hedged(tmp_path: Path) -> None:
    file = tmp_path / "visavis.toml"
    file.write_text('[fallback]\nhedge = ["vad"]\n')
    with pytest.raises(ConfigError, match="vad"):
        load_settings(file)
