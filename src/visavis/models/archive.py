"""Getting one pinned archive from a package registry, as data: it is unzipped, never imported or installed.

Which registry, through which proxy and with which certificates is the user's own pip and npm configuration.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import IO, Protocol

from visavis.kernel.errors import ModelError
from visavis.models.manifest import Package
from visavis.models.npm import fetch_without_npm, pack_command

OnBytes = Callable[[int], None]
"""Called with the bytes of the archive that have arrived so far."""

POLL_S = 0.25


class Fetcher(Protocol):
    """Puts a package's archive into a directory."""

    def fetch(self, package: Package, into: Path, on_bytes: OnBytes) -> Path:
        """The archive's path; its hash is the caller's to check. Blocking. Raises ModelError saying why it cannot."""
        ...


class RegistryFetcher:
    """Wheels with `pip download`, npm packages with `npm pack`."""

    def __init__(self, pip_arguments: tuple[str, ...] = ()) -> None:
        self._pip_arguments = pip_arguments

    def fetch(self, package: Package, into: Path, on_bytes: OnBytes) -> Path:
        into.mkdir(parents=True, exist_ok=True)
        if package.kind == "wheel":
            _run("pip", [*_pip_command(package, into), *self._pip_arguments], into, on_bytes)
        elif (command := pack_command(package, into)) is not None:
            _run("npm", command, into, on_bytes)
        else:
            fetch_without_npm(package, into, on_bytes)
        arrived = [path for path in into.iterdir() if path.suffix in (".whl", ".tgz")]
        if len(arrived) != 1:
            raise ModelError(f"{package.name}: the registry's client left no archive", stage="setup")
        return arrived[0]


def hash_file(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def open_member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    """One member of a wheel or tarball, for reading. Raises ModelError when it is not there or cannot be read."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as source:
                yield source
        else:
            with tarfile.open(archive) as tarball, _plain_file(tarball, member) as source:
                yield source
    except (KeyError, EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, tarfile.TarError) as error:
        raise ModelError(f"{archive.name}: cannot read {member}: {error}", stage="setup") from error


def _plain_file(tarball: tarfile.TarFile, member: str) -> IO[bytes]:
    found = tarball.extractfile(member)
    if found is None:
        raise tarfile.TarError("not a plain file")
    return found


def installed_member(package: Package, member: str) -> Path | None:
    """The member's file where exactly this version is installed here already (found by its records, not imported)."""
    if package.kind != "wheel":
        return None
    try:
        distribution = metadata.distribution(package.name)
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(distribution.locate_file(member)))
    return path if distribution.version == package.version and path.is_file() else None


def _pip_command(package: Package, into: Path) -> list[str]:
    requirement = into / "requirement.txt"
    requirement.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    command = [
        *_pip(), "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir",
        "--no-deps", "--require-hashes", "--only-binary=:all:", "--ignore-requires-python",
        "--dest", str(into), "--requirement", str(requirement),
    ]  # fmt: skip
    # The files are data: a wheel built for another machine serves as well.
    if package.platform:
        command += ["--platform", package.platform]
    return [*command, "--python-version", package.python] if package.python else command


def _pip() -> list[str]:
    if _has_module("pip"):
        return [sys.executable, "-m", "pip"]
    if _has_module("ensurepip"):
        import ensurepip

        bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
        if bundled:  # an environment made without pip: the copy that ships with Python runs from its archive
            return [sys.executable, str(bundled[-1] / "pip")]
    found = shutil.which("pip") or shutil.which("pip3")
    if found is None:
        raise ModelError("pip is not there", stage="setup", hint="python -m ensurepip")
    return [found]


def _has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _run(client_name: str, command: list[str], into: Path, on_bytes: OnBytes) -> None:
    """Run a registry client; its temporary files stay below `into`, where their growth shows the progress."""
    scratch = into / "tmp"
    scratch.mkdir(exist_ok=True)
    log = into / "client.log"
    with log.open("wb") as output:
        client = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=into,
            env={**os.environ, "TMPDIR": str(scratch)},
        )  # fmt: skip
        try:
            while True:
                try:
                    code = client.wait(timeout=POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    on_bytes(_largest(scratch))
        except BaseException:
            client.kill()
            client.wait()
            raise
    if code != 0:
        raise ModelError(_reason(log.read_text("utf-8", "replace"), client_name), stage="setup")


def _largest(directory: Path) -> int:
    sizes = [0]
    for root, _, names in os.walk(directory):
        for name in names:
            try:
                sizes.append((Path(root) / name).stat().st_size)
            except FileNotFoundError:  # the client has just moved it
                continue
    return max(sizes)


def _reason(log: str, client: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines or ["failed without a message"]
    return f"{client}: {telling[-1].removeprefix('ERROR: ')[:300]}"
