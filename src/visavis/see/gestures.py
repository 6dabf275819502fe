"""MediaPipe's hand networks as an engine: one per process, loaded when the first camera is looked at.

A look runs on the pictures' own low-priority thread, as reading and encoding do, and never on the event loop. Faces
are looked for only where a hand is open and up, in that one picture, to tell where it is raised, and then forgotten.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

from visavis.kernel.errors import ConfigError, ModelError, ProviderError
from visavis.models.engines import EngineContext
from visavis.see.aside import aside
from visavis.see.base import Image, Sign
from visavis.see.hands import HandFinder
from visavis.see.mediapipe import MODEL as FACE_MODEL
from visavis.see.mesh import FaceMesh
from visavis.see.signs import could_be_raised, signs

MODEL = "hand-landmarks"


class MediapipeGestures:
    """The shared engine."""

    name = "mediapipe"

    def __init__(self, hands: Path, faces: Path) -> None:
        self._directories = hands, faces
        self._loaded: tuple[HandFinder, FaceMesh] | None = None

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Checks the files only. Raises ModelError when one is missing or damaged."""
        store = context.store
        return cls(await asyncio.to_thread(store.path, MODEL), await asyncio.to_thread(store.path, FACE_MODEL))

    async def look(self, image: Image) -> list[Sign]:
        """Raises ProviderError when the networks cannot load or fail."""
        try:
            return await aside(lambda: self.signs(image))
        except (ModelError, ConfigError, ImportError, ValueError, RuntimeError) as error:
            raise ProviderError(f"looking for hands failed: {error}", stage="vision") from error

    def signs(self, image: Image) -> list[Sign]:
        """The same, blocking; one at a time. Raises ModelError."""
        if self._loaded is None:
            hands, faces = self._directories
            self._loaded = HandFinder(hands), FaceMesh(faces)
        finder, mesh = self._loaded
        found = finder.find(image)
        near = mesh.boxes(image) if could_be_raised(found) else []
        return signs(found, near, image.shape[1], image.shape[0])
