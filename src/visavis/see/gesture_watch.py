"""Watches one person's camera for gestures: the newest picture only, seldom, for at most a tenth of a core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from visavis.kernel.cleared import Cleared
from visavis.kernel.errors import ProviderError, ProviderTimeout
from visavis.kernel.events import GestureSeen
from visavis.kernel.media import VideoFrame
from visavis.see.base import GestureEngine, Sign
from visavis.see.signs import Holds

MOST_FPS = 5.0
SHARE = 0.1
"""Looks take at most this share of the time: after one that took 30 ms the next comes 300 ms after it began."""

LOOK_S = 2.0
"""Longest wait for a look."""
MOST_FAILURES = 3
"""After so many failures in a row this call goes on without gestures."""
REST_S = 5.0


class GestureWatch:
    """`told` takes what is held, `failed` each failure, on the event loop; `now_s` is media time."""

    def __init__(
        self,
        engine: GestureEngine,
        now_s: Callable[[], float],
        told: Callable[[GestureSeen], object],
        failed: Callable[[ProviderError], object],
    ) -> None:
        self._engine = engine
        self._now_s = now_s
        self._told = told
        self._failed = failed
        self._holds = Holds()
        self._frame: VideoFrame | None = None
        self._arrived = asyncio.Event()
        self._failures = 0

    def see(self, frame: Cleared[VideoFrame]) -> None:
        """Take a picture of the camera; never blocks. A picture that was not looked at yet is replaced."""
        if self._failures < MOST_FAILURES:
            self._frame = frame.value
            self._arrived.set()

    def forget(self) -> None:
        """Consent was withdrawn, or the camera is off: nothing is known, and a look under way counts for nothing."""
        self._frame = None
        self._holds = Holds()

    async def run(self) -> None:
        """Looks until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            frame, self._frame = self._frame, None
            if frame is None or self._failures >= MOST_FAILURES:
                continue
            began_s, holds = self._now_s(), self._holds
            try:
                seen = await self._signs(frame)
            except ProviderError as error:
                self._failures += 1
                self._failed(error)
                await asyncio.sleep(REST_S)
                continue
            self._failures = 0
            if holds is self._holds:  # else consent went meanwhile
                self._push(frame, seen)
            took_s = self._now_s() - began_s
            await asyncio.sleep(max(1 / MOST_FPS, took_s / SHARE) - took_s)

    def _push(self, frame: VideoFrame, seen: list[Sign]) -> None:
        for gesture in self._holds.push(frame.at_s, seen):
            self._told(GestureSeen(gesture, frame.source, frame.at_s))

    async def _signs(self, frame: VideoFrame) -> list[Sign]:
        try:
            async with asyncio.timeout(LOOK_S):
                return await self._engine.look(frame.image)
        except TimeoutError as error:
            raise ProviderTimeout("looking for hands took too long", which="total", stage="vision") from error
