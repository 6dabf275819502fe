"""What `vision.blur` asks for, done to a picture before it leaves the process. Who cannot cover does not send.

Faces are looked for in this one picture and forgotten; that needs no consent to cues, for it takes away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from visavis.kernel.errors import ProviderError
from visavis.see.aside import aside
from visavis.see.base import Image
from visavis.see.page import find_page, flattened
from visavis.see.picture import inked
from visavis.see.privacy import bystanders, filled, only, person, personal_boxes, squared
from visavis.see.reading import Box, Line


@runtime_checkable
class FaceFinder(Protocol):
    async def boxes(self, image: Image) -> list[Box]:
        """All faces, largest first. Raises ProviderError."""
        ...


class Covers:
    """`wanted`: background, bystanders, personal."""

    def __init__(self, wanted: Sequence[str], faces: FaceFinder | None) -> None:
        self._wanted = frozenset(wanted)
        self._faces = faces

    @property
    def need_text(self) -> bool:
        """Whether the text must be read first."""
        return "personal" in self._wanted

    async def cover(self, image: Image, source: str, lines: Sequence[Line] | None) -> Image:
        """`lines` is the text of the picture, None when it could not be read. A screen has no background.

        Raises ProviderError when what should be covered cannot be looked for.
        """
        if self.need_text:
            if lines is None:
                raise ProviderError("personal data could not be looked for", stage="vision")
            image = await aside(lambda: filled(image, personal_boxes(lines)))
        if source == "screen" and "background" in self._wanted:
            return await self._covered(image, background=False)
        return await self._covered(image, background="background" in self._wanted)

    async def _covered(self, image: Image, *, background: bool) -> Image:
        if not background and "bystanders" not in self._wanted:
            return image
        if self._faces is None:
            raise ProviderError("faces could not be looked for", stage="vision")
        faces = await self._faces.boxes(image)
        hide = bystanders(faces) if "bystanders" in self._wanted else []
        return await aside(lambda: squared(_foreground(image, faces) if background else image, hide))


def _foreground(image: Image, faces: Sequence[Box]) -> Image:
    """The nearest person, and a page that is held up; the rest is coarse."""
    height, width = image.shape[:2]
    kept = [person(faces[0], width, height)] if faces else []
    corners = find_page(image)
    if corners is not None and inked(flattened(image, corners)):
        low, high = corners.min(axis=0).astype(int), corners.max(axis=0).astype(int)
        kept.append((int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])))
    return only(image, kept)
