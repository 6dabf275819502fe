"""Reading the text in pictures with Tesseract: words with their boxes, and text that keeps the layout.

One reader for all calls of the process, one picture at a time. Source: Tesseract's manual page and TSV output, read
2026-11-23.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self

from visavis.kernel.errors import ModelError, ProviderError, ProviderTimeout
from visavis.kernel.virtual_time import holding
from visavis.models.engines import EngineContext
from visavis.models.store import ModelStore
from visavis.see.aside import aside
from visavis.see.base import Image
from visavis.see.ocr_process import LANGUAGE, ChildReader, ProgramReader, Reader
from visavis.see.picture import Grey, bounded, fault, grey, scaled
from visavis.see.reading import Line, laid_out, read_tsv

MODEL = "tesseract-eng"

LONGEST_PIXELS = 2_000
"""A larger picture is reduced: letters of a readable page are large enough then, and the time stays bounded."""

ENLARGED = 1.5
ENLARGE_BELOW_PIXELS = 1_100
"""Pictures up to this height are enlarged: letters of a screen at 720 lines are smaller than Tesseract was taught."""

DPI = 110
READ_S = 12.0


class TesseractOcr:
    """A describer. `read` gives the lines with their boxes in pixels of the picture."""

    name = "tesseract"

    def __init__(self, reader: Reader, *, read_s: float = READ_S) -> None:
        self._reader = reader
        self._read_s = read_s
        self._turn = asyncio.Lock()

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """With `tesserocr` and the data of the machine's own Tesseract (on most systems the faster kind) or of the
        store, else with the machine's own program. Raises ModelError.
        """
        program = shutil.which("tesseract")
        directory = await asyncio.to_thread(_data, program, context.store)
        if directory is not None and importlib.util.find_spec("tesserocr") is not None:
            return cls(ChildReader(directory))
        if program is not None:
            return cls(ProgramReader(program))
        raise ModelError(
            "there is nothing to read text with",
            stage="setup",
            hint=f"visavis models pull {MODEL}, with tesserocr installed; or install the program tesseract",
        )

    async def describe(self, image: Image, *, question: str = "") -> str:
        return laid_out(await self.read(image))

    async def read(self, image: Image) -> list[Line]:
        """Raises ProviderError for what is no picture, ProviderTimeout. Cancelling kills the process that reads."""
        async with self._turn:
            if why := fault(image):
                if why == "blank":
                    return []
                raise ProviderError(f"not a picture to read: {why}", stage="vision")
            picture, scale = await aside(lambda: _prepared(image))
            try:
                with holding():
                    async with asyncio.timeout(self._read_s):
                        return read_tsv(await self._reader.read(picture, round(DPI * max(1.0, scale))), scale)
            except TimeoutError as error:
                raise ProviderTimeout(f"no text within {self._read_s:g} s", which="total", stage="vision") from error
            except ValueError as error:
                raise ProviderError(f"the text reader's answer is not its format: {error}", stage="vision") from error

    async def close(self) -> None:
        """Ends the process that reads."""
        await self._reader.close()


def _data(program: str | None, store: ModelStore) -> Path | None:
    """The directory with the English data, unless there is none; blocking."""
    with suppress(ModelError):
        if store.state(MODEL).state == "own":
            return store.path(MODEL)
    if program is not None and (own := _data_of(program)) is not None:
        return own
    with suppress(ModelError):
        return store.path(MODEL)
    return None


def _data_of(program: str) -> Path | None:
    """Where the machine's own Tesseract keeps its data: it says so when it lists its languages."""
    try:
        listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    named = re.search(r'"(.+)"', listed.stdout + listed.stderr)
    directory = Path(named[1]) if named else None
    return directory if directory is not None and (directory / f"{LANGUAGE}.traineddata").is_file() else None


def _prepared(image: Image) -> tuple[Grey, float]:
    """The picture as the reader likes it, and how many times as large it is."""
    height, width = image.shape[:2]
    if max(height, width) > LONGEST_PIXELS:
        fitting = bounded(image, LONGEST_PIXELS)
        return grey(fitting), fitting.shape[1] / width
    if height <= ENLARGE_BELOW_PIXELS:
        factor = min(ENLARGED, LONGEST_PIXELS / max(height, width))
        fitting = scaled(image, round(width * factor), round(height * factor))
        return grey(fitting), fitting.shape[1] / width
    return grey(image), 1.0
