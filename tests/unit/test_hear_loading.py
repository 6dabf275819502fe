"""What a person reads when an engine cannot be loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from visavis.hear.moonshine import MoonshineAsr
from visavis.hear.silero import SileroVad
from visavis.hear.smart_turn import SmartTurn
from visavis.hear.whisper import WhisperAsr
from visavis.kernel.errors import ConfigError, ModelError
from visavis.kernel.settings import Settings
from visavis.models.engines import EngineContext
from visavis.models.onnx import model_file, open_session
from visavis.models.scheduler import ComputeScheduler


class EmptyStore:
    """Every model's directory is there, with nothing of use in it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, name: str) -> Path:
        (self._root / name).mkdir(exist_ok=True)
        return self._root / name


@pytest.fixture
def context(tmp_path: Path) -> Iterator[EngineContext]:
    store: Any = EmptyStore(tmp_path)
    scheduler = ComputeScheduler(1)
    yield EngineContext(Settings(), store, scheduler)
    scheduler.close()


@pytest.mark.parametrize(
    ("engine", "model"), [(SileroVad, "silero-vad"), (SmartTurn, "smart-turn"), (MoonshineAsr, "moonshine-tiny")]
)
async def test_missing_files_are_named_with_the_command_that_fetches_them(
    context: EngineContext, engine: Any, model: str
) -> None:
    with pytest.raises(ModelError, match=f"visavis models pull {model}"):
        await engine.load(context)


def test_a_damaged_file_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "encoder.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"encoder\.onnx could not be loaded"):
        open_session(model_file(tmp_path, "encoder"))


def test_either_format_of_a_model_is_found(tmp_path: Path) -> None:
    (tmp_path / "encoder.ort").touch()
    assert model_file(tmp_path, "encoder").name == "encoder.ort"
    (tmp_path / "encoder.onnx").touch()
    assert model_file(tmp_path, "encoder").name == "encoder.onnx"


async def test_whisper_without_its_extra_says_how_to_get_it(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(ConfigError, match=r"pip install 'visavis\[whisper\]'"):
        await WhisperAsr.load(context)


async def test_whisper_with_damaged_files_is_a_model_error(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(path: str, **options: Any) -> None:
        assert options["local_files_only"]
        raise RuntimeError(f"Unable to open file 'model.bin' in {path}")

    monkeypatch.setitem(sys.modules, "faster_whisper", SimpleNamespace(WhisperModel=refuses))
    with pytest.raises(ModelError, match="visavis models pull whisper-base"):
        await WhisperAsr.load(context)
