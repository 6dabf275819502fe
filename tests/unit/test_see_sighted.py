"""Who describes frames, as `[vision]` names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import ModelSettings, Settings, VisionSettings
from visavis.models.engines import Engines
from visavis.see.sighted import load_sighted
from visavis.testing.faces import ScriptedFace


async def test_without_a_reader_calls_go_on_without_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    engines = Engines.of(Settings(models=ModelSettings(cache=str(tmp_path))))
    try:
        sighted = await load_sighted(engines, VisionSettings(), None)
    finally:
        await engines.close()
    assert sighted.reader is None and sighted.describer is None and sighted.covers is None
    assert "without text recognition" in caplog.text


async def test_a_provider_that_was_asked_for_must_be_there() -> None:
    engines = Engines.of(Settings())
    try:
        with pytest.raises(ConfigError, match=r"vision\.model"):
            await load_sighted(engines, VisionSettings(provider="openai"), None)
        with pytest.raises(ConfigError, match="unknown vision provider"):
            await load_sighted(engines, VisionSettings(provider="opeenai"), None)
    finally:
        await engines.close()


async def test_a_servers_describer_is_remote_and_gets_covered_pictures() -> None:
    vision = VisionSettings(provider="openai", model="m", base_url="http://127.0.0.1:9", ocr="", blur=["bystanders"])
    engines = Engines.of(Settings(vision=vision))
    try:
        sighted = await load_sighted(engines, vision, ScriptedFace())
        assert sighted.describer is not None and sighted.describer.name == "openai"
        assert sighted.remote and sighted.covers is not None
    finally:
        await engines.close()
