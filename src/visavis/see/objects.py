"""Naming the objects in frames of one call's camera: the newest frame only, apart from everybody else who looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from visavis.kernel.errors import ProtocolViolation, ProviderTimeout
from visavis.kernel.media import VideoFrame
from visavis.see.base import Describer, Sight

HOW = "objects"
"""Whose note it is, whichever engine looks."""

LOOK_S = 3.0
"""Longest wait for a look."""
MOST_FAILURES = 3
"""After so many failures in a row this call goes on without objects."""

NONE = "No object is recognised any more."


class ObjectNamer:
    """`told` takes a frame, when it was sent, and what is in it ('' for nothing); `failed` each failure; both on the
    event loop.
    """

    def __init__(
        self,
        engine: Describer,
        told: Callable[[VideoFrame, float, str], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self._engine = engine
        self._told = told
        self._failed = failed
        self._waiting: tuple[VideoFrame, float] | None = None
        self._looks = False
        self._arrived = asyncio.Event()
        self._failures = 0
        self._agreed = object()

    @property
    def busy(self) -> bool:
        """Whether a frame waits or is being looked at."""
        return self._looks or self._waiting is not None

    def take(self, frame: VideoFrame, sent_s: float) -> None:
        """Take a frame of the camera that was sent at `sent_s`; never blocks. One that still waits goes for it."""
        if self._failures < MOST_FAILURES:
            self._waiting = frame, sent_s
            self._arrived.set()

    def forget(self) -> None:
        """Consent was withdrawn: a frame that waits is not looked at, and a look under way counts for nothing."""
        self._waiting = None
        self._agreed = object()

    async def run(self) -> None:
        """Looks until cancelled, or left alone after failures."""
        while self._failures < MOST_FAILURES:
            await self._arrived.wait()
            self._arrived.clear()
            if self._waiting is not None:
                (frame, sent_s), self._waiting = self._waiting, None
                await self._look(frame, sent_s)
        self._waiting = None

    async def _look(self, frame: VideoFrame, sent_s: float) -> None:
        agreed, named, failure = self._agreed, "", None
        self._looks = True
        try:
            named = await self._named(frame)
        except Exception as error:  # noqa: BLE001 - an engine may be anybody's; the call goes on
            failure = error
        finally:
            self._looks = False
        self._failures = self._failures + 1 if failure else 0
        if failure is not None:
            self._failed(failure)
        elif agreed is self._agreed:
            self._told(frame, sent_s, named)

    async def _named(self, frame: VideoFrame) -> str:
        try:
            async with asyncio.timeout(LOOK_S):
                named = await self._engine.describe(frame.image)
        except TimeoutError as error:
            raise ProviderTimeout("looking for objects took too long", which="total", stage="vision") from error
        if not isinstance(named, str):
            raise ProtocolViolation(f"{self._engine.name} did not answer in words", stage="vision")
        return named


def noted(named: str, before: Sight | None) -> str:
    """The note's text. That nothing is in view any more is said only to whom something was told: what stands in a
    prompt holds until a note tells otherwise.
    """
    if named:
        return f"Objects: {named}"
    return NONE if before is not None and before.text else ""
