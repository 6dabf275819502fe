"""MediaPipe's face networks as an engine: one per process, loaded when the first camera is looked at.

A look costs some 2 ms of one core (640×480). Looks of all callers run one after the other on one thread of the
compute scheduler, behind everything that has to do with the voice.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

from visavis.kernel.errors import ConfigError, ModelError, ProviderError
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler, Preempted, Priority
from visavis.see.base import FaceObservation, FaceTracker, Image
from visavis.see.mesh import FaceMesh, Track

MODEL = "face-landmarks"


class MediapipeFace:
    """The shared engine: the networks, and whose turn it is."""

    name = "mediapipe"

    def __init__(self, directory: Path, scheduler: ComputeScheduler) -> None:
        self._directory = directory
        self._scheduler = scheduler
        self._mesh: FaceMesh | None = None
        self._turn = asyncio.Lock()

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Checks the files only. Raises ModelError when one is missing or damaged."""
        return cls(await asyncio.to_thread(context.store.path, MODEL), context.scheduler)

    def tracker(self) -> FaceTracker:
        return MediapipeTracker(self)

    async def look(self, image: Image, track: Track) -> FaceObservation | None:
        """Raises ProviderError when the networks cannot load or fail, or when more urgent work takes their place."""
        async with self._turn:
            try:
                return await self._scheduler.run(Priority.VISION, lambda: self._look(image, track))
            except (ModelError, ConfigError, ImportError, ValueError, RuntimeError, Preempted) as error:
                raise ProviderError(f"face tracking failed: {error}", stage="vision") from error

    async def boxes(self, image: Image) -> list[tuple[int, int, int, int]]:
        """Where all faces are, in pixels, largest first. Raises as `look` does."""
        async with self._turn:
            try:
                return await self._scheduler.run(Priority.VISION, lambda: self._loaded().boxes(image))
            except (ModelError, ConfigError, ImportError, ValueError, RuntimeError, Preempted) as error:
                raise ProviderError(f"finding faces failed: {error}", stage="vision") from error

    def _look(self, image: Image, track: Track) -> FaceObservation | None:
        return self._loaded().look(image, track)

    def _loaded(self) -> FaceMesh:
        if self._mesh is None:
            self._mesh = FaceMesh(self._directory)
        return self._mesh


class MediapipeTracker:
    """One caller's camera."""

    def __init__(self, engine: MediapipeFace) -> None:
        self._engine = engine
        self._track = Track()

    async def look(self, image: Image) -> FaceObservation | None:
        return await self._engine.look(image, self._track)
