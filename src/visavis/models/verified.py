"""Is a model's directory complete and are its bytes right? With a stamp, so that an unchanged file is hashed once.

`.verified.json` in the directory remembers size, modification time and SHA-256 of each file as last hashed.
`conversion.json` records what a conversion was made from and with, and the hashes of what came out.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct, field

from visavis.models.archive import hash_file
from visavis.models.manifest import Model, ModelFile

STAMP = ".verified.json"
CONVERSION = "conversion.json"

T = TypeVar("T", bound=Struct)

FileState = Literal["present", "missing", "damaged"]


class Hashed(Struct, frozen=True):
    """A file as it was when it was last hashed; `mtime_ns` in nanoseconds."""

    size: int
    mtime_ns: int
    sha256: str


class Stamp(Struct, frozen=True):
    files: dict[str, Hashed] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


class Conversion(Struct, frozen=True):
    """`ingredients` and `outputs` are file name → SHA-256; `versions` is converter → its version."""

    recipe: str
    versions: dict[str, str]
    ingredients: dict[str, str]
    outputs: dict[str, str]


def expected_hash(model: Model, file: ModelFile, directory: Path) -> str:
    """The SHA-256 that the file must have.

    The manifest's, except for a converted file whose recorded conversion began with exactly the manifest's
    ingredients: other versions of the converter may write other bytes, and then the record holds.
    """
    if not file.converted:
        return file.sha256
    record = read_record(directory / CONVERSION, Conversion)
    ingredients = {item.name: item.sha256 for item in model.ingredients}
    if record is None or record.recipe != model.convert or record.ingredients != ingredients:
        return file.sha256
    return record.outputs.get(file.name, file.sha256)


def check_files(
    model: Model, directory: Path, *, rehash: bool = False, keep_stamp: bool = True
) -> dict[str, FileState]:
    """Each file's state; `rehash` reads every byte, otherwise the stamp is believed for files it still describes.

    With `keep_stamp` false nothing is written to the directory.
    """
    stamp = read_record(directory / STAMP, Stamp) or Stamp()
    seen: dict[str, Hashed] = {}
    states: dict[str, FileState] = {}
    for file in model.files:
        path = directory / file.name
        if not path.is_file():
            states[file.name] = "missing"
            continue
        hashed = seen[file.name] = _hashed(path, None if rehash else stamp.files.get(file.name))
        states[file.name] = "present" if hashed.sha256 == expected_hash(model, file, directory) else "damaged"
    if keep_stamp and seen and seen != stamp.files:
        write_record(directory / STAMP, Stamp(seen, stamp.sources))
    return states


def write_stamp(model: Model, directory: Path, sources: dict[str, str]) -> None:
    """Remember that these files were hashed a moment ago, and where they came from."""
    known = read_record(directory / STAMP, Stamp) or Stamp()
    files = {}
    for file in model.files:
        status = (directory / file.name).stat()
        files[file.name] = Hashed(status.st_size, status.st_mtime_ns, expected_hash(model, file, directory))
    write_record(directory / STAMP, Stamp(files, {**known.sources, **sources}))


def read_sources(directory: Path) -> dict[str, str]:
    """File name → the source that served it, as far as it is known."""
    stamp = read_record(directory / STAMP, Stamp)
    return stamp.sources if stamp is not None else {}


def _hashed(path: Path, known: Hashed | None) -> Hashed:
    status = path.stat()
    if known is not None and (known.size, known.mtime_ns) == (status.st_size, status.st_mtime_ns):
        return known
    return Hashed(status.st_size, status.st_mtime_ns, hash_file(path))


def read_record(path: Path, kind: type[T]) -> T | None:
    """The record in this JSON file, or None when there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None


def write_record(path: Path, record: Struct) -> None:
    """Best effort: a read-only cache works too, only slower, as its files are hashed each time."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        fresh.replace(path)
