"""One file from a model hub over HTTP, continued where an earlier attempt stopped.

The request is `GET {base}/{file.hub}` with `Range: bytes=N-` (RFC 9110 §14); a hub that ignores ranges is read from
the start again.
"""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from visavis.kernel.errors import ModelError
from visavis.models.manifest import ModelFile

TIMEOUT_S = 30.0
CHUNK = 1 << 18


def fetch_from_hub(base: str, file: ModelFile, partial: Path, on_bytes: Callable[[int], None]) -> None:
    """Fill `partial` up to `file.size` bytes. Blocking.

    A connection that breaks is taken up again as long as each attempt brings something. Raises ModelError saying
    why; what has arrived stays in `partial`. The hash is the caller's to check.
    """
    if not base.startswith(("http://", "https://")):
        raise ModelError(f"models.hub is '{base}', not an http address", stage="setup")
    address = f"{base.rstrip('/')}/{file.hub}"
    while (have := _length(partial)) < file.size:
        try:
            _continue(address, file, partial, have, on_bytes)
        except (http.client.HTTPException, OSError) as error:  # URLError and timeouts are OSErrors
            if isinstance(error, urllib.error.HTTPError) or _length(partial) <= have:
                raise ModelError(f"{address}: {error}", stage="setup") from error
        else:
            if _length(partial) <= have:
                raise ModelError(f"{address}: ended after {have} of {file.size} bytes", stage="setup")


def _continue(address: str, file: ModelFile, partial: Path, have: int, on_bytes: Callable[[int], None]) -> None:
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        start = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        resumed = response.status == 206 and start is not None and int(start[1]) == have
        with partial.open("ab" if resumed else "wb") as output:
            done = have if resumed else 0
            while chunk := response.read(CHUNK):
                done += len(chunk)
                if done > file.size:
                    partial.unlink()
                    raise ModelError(f"{address}: longer than the expected {file.size} bytes", stage="setup")
                output.write(chunk)
                on_bytes(done)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
