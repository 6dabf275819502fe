"""Bytes of a document: a file on this machine, or an address. Whole or not at all, within limits of size and time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from visavis.kernel.errors import DocumentRefused
from visavis.think.knowledge.reading import MAX_BYTES, READERS, too_large

_CONNECT_S = 10.0
_TOTAL_S = 60.0
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Fetched:
    """`name` is the file's own; `media_type` what a server called it."""

    source: str
    name: str
    data: bytes
    media_type: str = ""


def is_address(entry: str) -> bool:
    return entry.startswith(("http://", "https://"))


def source_of(entry: str) -> str:
    """What a document is kept under: its address, or its absolute path."""
    return entry if is_address(entry) else str(path_of(entry).resolve())


def path_of(entry: str) -> Path:
    """Raises DocumentRefused for an empty one, which would be the directory that somebody happens to be in."""
    if not entry.strip():
        raise DocumentRefused("there is no path in ''", stage="think", hint="name a file, a directory or an address")
    return Path(entry).expanduser()


def files_below(path: Path) -> list[Path]:
    """The files of `path` that can be read, in order; a directory's hidden files are left out. Blocking.

    Raises DocumentRefused when there is nothing at `path`.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DocumentRefused(f"there is no file or directory {path}", stage="think", hint="check the path")
    found = (file for file in path.rglob("*") if file.suffix.lower() in READERS and file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))


def read_file(path: Path) -> Fetched:
    """Blocking. Raises DocumentRefused."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            refused = too_large(size)
            raise DocumentRefused(f"{path}: {refused.message}", stage="think", hint=refused.hint)
        return Fetched(str(path.resolve()), path.name, path.read_bytes())
    except OSError as error:
        raise DocumentRefused(f"{path}: {error.strerror or error}", stage="think") from error


async def fetch(address: str) -> Fetched:
    """What is at `address`. Raises DocumentRefused when it cannot be reached, is refused or too large."""
    timeout = aiohttp.ClientTimeout(total=_TOTAL_S, sock_connect=_CONNECT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(address, headers={"Accept": "text/html, text/*, application/*;q=0.8"}) as response,
        ):
            if response.status != 200:
                raise DocumentRefused(f"{address}: the server answered {response.status}", stage="think")
            data = await _limited(address, response)
            return Fetched(address, _name(address), data, response.content_type)
    except TimeoutError as error:
        raise DocumentRefused(f"{address} did not answer within {_TOTAL_S:g} s", stage="think") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise DocumentRefused(
            f"{address} cannot be reached: {error}", stage="think", hint="check the address and the network"
        ) from error


async def _limited(address: str, response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        data += chunk
        if len(data) > MAX_BYTES:
            raise DocumentRefused(f"{address}: {too_large(len(data)).message}", stage="think")
    return bytes(data)


def _name(address: str) -> str:
    parts = urlsplit(address)
    return parts.path.rstrip("/").rpartition("/")[2] or parts.netloc
