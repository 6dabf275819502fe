"""Hearing that may fail: a caller's ears, kept at work, and the person told when their words did not arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from visavis.kernel.clock import MediaClock
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import Event, ProviderFailed
from visavis.session.ears import Ears

DEAF_TOLD_EVERY_S = 20.0
"""While voice activity detection keeps failing, the person is told this often."""

RETRY_S = 1.0


class Hearing:
    """`note` writes a fact down; `sorry` apologises for words that were lost. `asr` names the recogniser."""

    def __init__(
        self,
        ears: Ears,
        asr: str,
        media: MediaClock,
        note: Callable[[Event], object],
        sorry: Callable[[ProviderError], None],
    ) -> None:
        self._ears = ears
        self._asr = asr
        self._media = media
        self._note = note
        self._sorry = sorry

    async def run(self) -> None:
        """Hears until cancelled; after a failure it begins again."""
        told_s = -DEAF_TOLD_EVERY_S
        try:
            while True:
                try:
                    await self._ears.run()
                except ProviderError as error:
                    self._failed("vad", "vad", error)
                    self._ears.forget()
                    if self._media.now() - told_s >= DEAF_TOLD_EVERY_S:
                        told_s = self._media.now()
                        self._sorry(error)
                    await asyncio.sleep(RETRY_S)
        finally:
            await asyncio.shield(self._ears.close())

    async def recognise(self, pause: int, missed: Callable[[], bool]) -> str:
        """The full pass over the words before `pause`, and the words; '' when it fails: if they are `missed`, the
        person is told."""
        try:
            return await self._ears.recognise(pause)
        except ProviderError as error:
            self._failed("asr", self._asr, error)
            self._ears.forget()
            if missed():
                self._sorry(error)
            return ""

    async def score(self, pause: int) -> None:
        """Whether the turn sounds over; without an answer, silence decides."""
        try:
            await self._ears.score(pause)
        except ProviderError as error:
            self._failed("endpoint", "endpoint", error)

    def _failed(self, layer: str, provider: str, error: ProviderError) -> None:
        self._note(ProviderFailed.of(layer, provider, error))
