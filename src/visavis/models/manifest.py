"""The manifest: which models there are, whose they are, and the hash that every file must have.

`manifest.toml` beside this module is data; this module reads and checks it. A file's SHA-256 is the trust anchor:
no source, not even a local one, can make a file "verified" with other bytes.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from visavis.kernel.errors import ConfigError

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
RelativeName = Annotated[str, Meta(pattern=r"^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./+-]*$")]


class Package(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One archive at a registry, pinned. `size` in bytes; `platform` is the wheel's tag, if it has one, and `python`
    the version of Python that it was built for.
    """

    kind: Literal["wheel", "npm"] = "wheel"
    name: str = ""
    version: str
    sha256: Sha256
    size: Annotated[int, Meta(gt=0)]
    platform: str = ""
    python: str = ""


class Part(Struct, frozen=True):
    """`member` of the archive `package`, as it is named in the archive."""

    package: Package
    member: str

    def __str__(self) -> str:
        return f"{self.package.name}=={self.package.version}:{self.member}"


class ModelFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"alternatives": "from"}):
    """One file of a model. `alternatives` are lists of "package:member", in order of preference."""

    name: RelativeName
    size: Annotated[int, Meta(gt=0)]
    sha256: Sha256
    hub: str = ""
    alternatives: list[list[str]] = field(default_factory=list)
    converted: bool = False


class Model(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model: a directory of files. `default` models are those that the embedded English demo needs."""

    name: RelativeName
    role: str
    licence: str
    publisher: str
    upstream: str
    default: bool = False
    convert: Literal["", "moonshine-int8"] = ""
    extra: str = ""
    files: Annotated[list[ModelFile], Meta(min_length=1)]
    ingredients: list[ModelFile] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes on disk once it is there."""
        return sum(file.size for file in self.files)

    @property
    def fetched(self) -> list[ModelFile]:
        """The files that come from a source: those to keep and those that a conversion starts from."""
        return self.ingredients + [file for file in self.files if not file.converted]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    models: list[Model]
    packages: dict[str, Package] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Model]:
        return iter(self.models)

    def model(self, name: str) -> Model:
        """The model of that name. Raises ConfigError, naming those that exist."""
        for model in self.models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models)
        raise ConfigError(f"unknown model '{name}'", where="models", hint=f"one of: {known}")

    def parts(self, file: ModelFile) -> list[list[Part]]:
        """The file's alternatives, each a list of parts to be joined in order."""
        return [[self._part(text) for text in alternative] for alternative in file.alternatives]

    def _part(self, text: str) -> Part:
        name, _, member = text.partition(":")
        package = self.packages.get(name)
        if package is None or not member:
            raise ConfigError(f"'{text}' names no package of the manifest", where="manifest.toml")
        return Part(msgspec.structs.replace(package, name=name), member)


def parse_manifest(text: str) -> Manifest:
    """Read a manifest and check that it holds together. Raises ConfigError."""
    try:
        manifest = msgspec.convert(tomllib.loads(text), Manifest)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(error), where="manifest.toml") from error
    names = [model.name for model in manifest.models]
    if len(set(names)) != len(names):
        raise ConfigError("two models have the same name", where="manifest.toml")
    for model in manifest.models:
        for file in model.fetched:
            if not manifest.parts(file) and not file.hub:
                raise ConfigError(f"{model.name}: {file.name} has no source", where="manifest.toml")
    return manifest


@functools.cache
def load_manifest() -> Manifest:
    """The manifest that ships with this package."""
    return parse_manifest(resources.files("visavis.models").joinpath("manifest.toml").read_text("utf-8"))
