"""An embedding model by its name at a model hub (`models.hub`), fetched once into the model cache."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from pathlib import Path

from visavis.kernel.errors import ConfigError, ModelError
from visavis.models.engines import EngineContext
from visavis.models.store import cache_directory

_FILES = ("tokenizer.json", "onnx/model.onnx")
_OPTIONAL = ("1_Pooling/config.json",)
_TIMEOUT_S = 60.0


def hub_directory(context: EngineContext, name: str) -> Path:
    """The directory with the model `owner/name`. Blocking. Raises ConfigError, ModelError.

    What a hub serves under a name may change: these files are not pinned, as those of the manifest are.
    """
    owner, slash, model = name.partition("/")
    if not slash or not owner or not model or "/" in model or ".." in name:
        raise ConfigError(
            f"'{name}' is no embedder, directory or owner/name at a hub",
            where="knowledge.embedder",
            hint="use 'minilm', 'openai', a directory with an ONNX model, or owner/name with models.hub set",
        )
    directory = cache_directory(context.settings.models) / "embedders" / owner / model
    if all((directory / file).is_file() for file in _FILES):
        return directory
    hub = context.settings.models.hub
    if not hub:
        raise ConfigError(
            f"the embedder {name} is not here", where="models.hub", hint="set models.hub, or use a path"
        )
    staged = directory.with_name(f".{model}.part")
    shutil.rmtree(staged, ignore_errors=True)
    for file in (*_FILES, *_OPTIONAL):
        _fetch(f"{hub.rstrip('/')}/{name}/resolve/main/{file}", staged / file, optional=file in _OPTIONAL)
    shutil.rmtree(directory, ignore_errors=True)
    staged.replace(directory)
    return directory


def _fetch(address: str, path: Path, *, optional: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer, path.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except (OSError, ValueError) as error:
        path.unlink(missing_ok=True)
        if optional and isinstance(error, urllib.error.HTTPError) and error.code == 404:
            return
        raise ModelError(f"{address} could not be fetched: {error}", stage="setup", hint="see models.hub") from error
