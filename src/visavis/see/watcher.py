"""Watches one person's camera for visual cues: the newest picture only, one look at a time, never before sound.

While a page computes cues itself (`told`), pictures are left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from visavis.kernel.cleared import Cleared
from visavis.kernel.clock import MediaClock
from visavis.kernel.errors import ProviderError
from visavis.kernel.events.base import Event
from visavis.kernel.events.see import FaceCue
from visavis.kernel.media import VideoFrame
from visavis.see.base import FaceObservation, Image
from visavis.see.cues import CueReader

MOST_FPS = 15.0
LAPSE_S = 1.5
"""Without a new picture or message for so long, what was seen is no longer known."""

PAGE_HOLDS_S = 5.0
REST_S = 5.0
MOST_FAILURES = 3
"""After so many failures in a row this call goes on without cues."""

Look = Callable[[Image], Awaitable[FaceObservation | None]]


class Watcher:
    """`look` is one tracker's, and raises only ProviderError; None where no engine is loaded: then only the page's
    cues count. `tell` takes the facts, on the event loop; `failed` each failure; `looked` each look, with the media
    time of its picture in seconds.
    """

    def __init__(
        self,
        look: Look | None,
        media: MediaClock,
        tell: Callable[[Event], object],
        failed: Callable[[ProviderError], object],
        looked: Callable[[float, FaceObservation | None], object] = lambda at_s, seen: None,
    ) -> None:
        self._look = look
        self._media = media
        self._tell = tell
        self._failed = failed
        self._looked = looked
        self._reader = CueReader()
        self._frame: VideoFrame | None = None
        self._arrived = asyncio.Event()
        self._taken_s = self._page_s = float("-inf")
        self._failures = 0

    def see(self, frame: Cleared[VideoFrame]) -> None:
        """Take a picture of the camera; never blocks. A picture that was not looked at yet is replaced."""
        at_s = frame.value.at_s
        too_soon = 0 <= at_s - self._taken_s < 0.95 / MOST_FPS
        if self._look is None or too_soon or self._failures >= MOST_FAILURES or self._by_page():
            return
        self._taken_s, self._frame = at_s, frame.value
        self._arrived.set()

    def told(self, cue: FaceCue, *, nodded: bool) -> None:
        """The person's page has looked for itself."""
        self._page_s = self._media.now()
        self._frame = None
        self._arrived.set()
        self._facts(self._reader.told(self._page_s, cue, nodded=nodded))

    def stop(self) -> None:
        """Consent was withdrawn: forget the picture and what was seen, and tell nothing."""
        self._frame = None
        self._reader = CueReader()

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LAPSE_S if self._reader.cue != FaceCue() else None):
                    await self._arrived.wait()
            except TimeoutError:
                self._facts(self._reader.lapse())
                continue
            self._arrived.clear()
            frame, self._frame = self._frame, None
            if frame is not None and self._look is not None:
                await self._look_at(frame, self._look)

    async def _look_at(self, frame: VideoFrame, look: Look) -> None:
        reader = self._reader
        try:
            seen = await look(frame.image)
        except ProviderError as error:
            self._failures += 1
            self._failed(error)
            self._facts(self._reader.lapse())
            await asyncio.sleep(REST_S)
            return
        self._failures = 0
        if reader is self._reader and not self._by_page():  # else consent went, or the page took over, meanwhile
            self._looked(frame.at_s, seen)
            self._facts(reader.push(frame.at_s, seen))

    def _by_page(self) -> bool:
        return self._media.now() - self._page_s < PAGE_HOLDS_S

    def _facts(self, events: Iterable[Event]) -> None:
        for event in events:
            self._tell(event)
