"""The English default voice: hibari-tts, 24 kHz, about 30 ms for ten words on one core.

Source: hibari-tts 0.2.1 (Apache-2.0), read 2026-11-22. Model: `ids` int64 (1, n) and `speed` float32 (1,) in, a
spectrum out, from which the package makes the waveform.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Self

import numpy as np
from hibari import Hibari

from visavis.kernel.errors import ModelError, ProviderError, Rejected
from visavis.models.engines import EngineContext
from visavis.models.onnx import ORT_ERRORS
from visavis.models.scheduler import ComputeScheduler, Preempted, Priority
from visavis.speak.base import Speech
from visavis.speak.english import EnglishG2p, joined
from visavis.speak.piece import make_piece
from visavis.speak.visemes import PhoneWord

VOICE = "heart"

_FAILURES: tuple[type[Exception], ...] = (*ORT_ERRORS, Preempted)


class HibariTts:
    """One model for all sessions. `stream` yields one piece a sentence; the first is computed before others' speech.

    Raises Rejected for another voice or language, ProviderError when the model fails. Closing the stream drops
    what has not been computed; a sentence under way is finished (some tens of ms) and thrown away.
    """

    name = "hibari"
    rate_hz = 24_000

    def __init__(self, model: Any, g2p: EnglishG2p, scheduler: ComputeScheduler) -> None:
        self._model = model
        self._g2p = g2p
        self._scheduler = scheduler

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Loads model and lexicon (about 1 s) and speaks once. Raises ModelError when its files are missing."""

        def work() -> tuple[Any, EnglishG2p]:
            file = context.store.path("hibari") / "hibari.onnx"
            g2p = EnglishG2p()
            try:
                model = Hibari(model=str(file), threads=1, g2p=g2p)
                model.from_phonemes("wˈɔɹm ˈʌp.")
            except ORT_ERRORS as error:
                raise ModelError(f"hibari does not load: {error}", stage="speak") from error
            return model, g2p

        model, g2p = await asyncio.to_thread(work)
        return cls(model, g2p, context.scheduler)

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        """Speech for `text`, a piece a sentence, int16 mono at 24 kHz."""
        _check(voice, language)
        priority = Priority.REPLY
        for words in await self._compute(priority, lambda: list(self._g2p.utterances(text))):
            speech = await self._compute(priority, lambda words=words: self._speak(words))
            if speech is not None:
                yield speech
                priority = Priority.SPEECH

    async def close(self) -> None:
        """Nothing to stop: work belongs to the scheduler."""

    def _speak(self, words: list[PhoneWord]) -> Speech | None:
        samples = self._model.from_ids(self._model.ids(joined(words)), 1.0, np.random.default_rng(0))
        return make_piece(samples, self.rate_hz, words)

    async def _compute(self, priority: Priority, work: Any) -> Any:
        try:
            return await self._scheduler.run(priority, work)
        except _FAILURES as error:
            raise ProviderError(f"the voice failed: {error}", stage="speak") from error


def _check(voice: str, language: str) -> None:
    if voice not in ("", VOICE):
        raise Rejected(
            f"hibari has no voice '{voice}'", stage="speak", hint=f"use '{VOICE}', or the voice engine 'kokoro'"
        )
    if not language.lower().startswith("en"):
        raise Rejected(
            f"hibari speaks English, not '{language}'", stage="speak", hint="use the voice engine 'kokoro'"
        )
