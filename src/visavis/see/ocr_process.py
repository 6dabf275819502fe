"""Running Tesseract: a long-lived process of `ocr_child`, or the machine's own program once for each picture.

A process of its own because reading a page takes half a second to two of a core: on a compute thread that would
stand before the voice, in this process a crash or a hang of it would be ours. It runs at a low priority and is killed
when it takes too long.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import numpy as np

from visavis.kernel.errors import ProviderError
from visavis.see.ocr_child import NICE, PAGE_MODE
from visavis.see.picture import Grey

LANGUAGE = "eng"
MOST_TSV_BYTES = 8 << 20
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1"}


class Reader(Protocol):
    """Blocking nobody: reads one picture at a time; cancelling kills the process that does it."""

    async def read(self, picture: Grey, dpi: int) -> str:
        """Tesseract's TSV. Raises ProviderError when the process cannot start, or dies."""
        ...

    async def close(self) -> None: ...


class ChildReader:
    """`directory` holds eng.traineddata. The process starts with the first picture, and anew after a failure."""

    def __init__(self, directory: Path) -> None:
        self._command = [
            sys.executable,
            "-P",
            str(Path(__file__).with_name("ocr_child.py")),
            str(directory),
            LANGUAGE,
        ]
        self._process: asyncio.subprocess.Process | None = None

    async def read(self, picture: Grey, dpi: int) -> str:
        process = self._process or await _started(self._command)
        self._process = None  # whatever interrupts the exchange leaves none that could be used again
        try:
            tsv = await _asked(process, picture, dpi)
        except BaseException:
            await _killed(process)
            raise
        self._process = process
        return tsv

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await _killed(process)


class ProgramReader:
    """The machine's own `tesseract`, with the data it brings."""

    def __init__(self, program: str) -> None:
        self._program = program

    async def read(self, picture: Grey, dpi: int) -> str:
        command = [
            self._program,
            "-",
            "-",
            "--oem",
            "1",
            "--psm",
            str(PAGE_MODE),
            "-l",
            LANGUAGE,
            "--dpi",
            str(dpi),
            "tsv",
        ]
        process = await _started(command)
        with suppress(OSError, AttributeError):  # it has ended already, or there are no priorities here
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        height, width = picture.shape
        try:
            out, _ = await process.communicate(b"P5 %d %d 255\n" % (width, height) + picture.tobytes())
        except BaseException:
            await _killed(process)
            raise
        if process.returncode:
            raise ProviderError(f"tesseract ended with code {process.returncode}", stage="vision")
        return out.decode("utf-8", "replace")

    async def close(self) -> None:
        """Nothing to do: no process outlives its picture."""


async def _started(command: list[str]) -> asyncio.subprocess.Process:
    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    environment = {**os.environ, **_ONE_THREAD}
    try:
        return await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=nowhere, env=environment, limit=1 << 20
        )
    except OSError as error:
        raise ProviderError(f"the text reader does not start: {error}", stage="vision") from error


async def _asked(process: asyncio.subprocess.Process, picture: Grey, dpi: int) -> str:
    assert process.stdin is not None and process.stdout is not None
    height, width = picture.shape
    try:
        process.stdin.write(b"%d %d %d\n" % (width, height, dpi) + np.ascontiguousarray(picture).tobytes())
        await process.stdin.drain()
        length = int(await process.stdout.readline() or b"-1")
        if not 0 <= length <= MOST_TSV_BYTES:
            raise ProviderError("the text reader died", stage="vision")
        return (await process.stdout.readexactly(length)).decode("utf-8", "replace")
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        raise ProviderError(f"the text reader died: {error}", stage="vision") from error


async def _killed(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await asyncio.shield(process.wait())
