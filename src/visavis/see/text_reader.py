"""From a frame to its text: the whole frame, or the page in it, laid flat and turned upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from visavis.kernel.media import VideoFrame
from visavis.see.aside import aside
from visavis.see.base import Image
from visavis.see.documents import on_page, shows_words
from visavis.see.page import Corners, find_page, flattened
from visavis.see.picture import fault, inked, turned
from visavis.see.reading import Line, laid_out, sureness

SURE = 0.72
"""A page read with less is tried the other ways up: half a turn, then the quarters. If that does not help it is too
small or blurred, and what was read is mostly wrong."""

UNREADABLE = "A page that is too small or blurred to be read."


class LineReader(Protocol):
    """Text recognition that tells where the words stand."""

    name: str

    async def read(self, image: Image) -> list[Line]: ...


@dataclass(frozen=True, slots=True)
class FrameText:
    """`text` of the frame, and of the page in it: '' for none; how `sure` the page's words are on average, 0–1."""

    text: str
    page: str
    sure: float = 1.0


async def read_frame(frame: VideoFrame, reader: LineReader) -> FrameText:
    """A page held to the camera is cut out and laid flat first; a screen is read as it is. Raises ProviderError."""
    image = frame.image
    corners = await aside(lambda: None if fault(image) else find_page(image))
    if corners is not None and frame.source == "camera":
        lines = await _read_page(image, corners, reader)
        if shows_words(lines):
            if sureness(lines) < SURE:
                return FrameText(UNREADABLE, "")
            text = laid_out(lines)
            return FrameText(text, text, sureness(lines))
    lines = await reader.read(image)
    inner = on_page(lines, corners) if corners is not None and frame.source == "screen" else []
    page = laid_out(inner) if shows_words(inner) else ""
    return FrameText(laid_out(lines), page, sureness(inner))


async def _read_page(image: Image, corners: Corners, reader: LineReader) -> list[Line]:
    page = await aside(lambda: flattened(image, corners))
    if not await aside(lambda: inked(page)):
        return []
    best = await reader.read(page)
    for quarters in (2, 1, 3):
        if shows_words(best) and sureness(best) >= SURE:
            break
        other = await reader.read(await aside(lambda turn=quarters: turned(page, turn)))  # type: ignore[misc]
        best = max(best, other, key=_weight)
    return best


def _weight(lines: list[Line]) -> float:
    return sum(word.sure * len(word.text) for line in lines for word in line.words) * sureness(lines)
