"""End-of-turn scores by smart-turn v3.2 (Daily, BSD-2), int8 on onnxruntime, some 50 ms a call.

Input: the log-mel picture of the turn's last 8 s, shape (1, 80, 800), padded before. It scores intonation, not
meaning: alone it calls a third of the sentences cut after a function word complete, so the floor weighs it against
the words. Source: model file in pipecat-ai 1.14.0 (read 2026-11-22).
"""

from __future__ import annotations

import asyncio
from typing import Any, Self

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ
from visavis.hear.log_mel import log_mel
from visavis.kernel.errors import ProviderError
from visavis.kernel.media import Samples
from visavis.models.engines import EngineContext
from visavis.models.onnx import ORT_ERRORS, model_file, open_session
from visavis.models.scheduler import ComputeScheduler, Priority

SECONDS = 8


class SmartTurn:
    """The shared scorer; stateless."""

    def __init__(self, session: Any, scheduler: ComputeScheduler) -> None:
        self._session = session
        self._scheduler = scheduler

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Raises ModelError when the file is missing or damaged."""
        scorer = cls(await asyncio.to_thread(_open, context), context.scheduler)
        await scorer.p_complete(np.zeros(HEAR_RATE_HZ, np.float32))
        return scorer

    async def p_complete(self, samples: Samples) -> float:
        """See `Endpoint`. Best asked some 200 ms into a pause. Nothing heard counts as not complete (0)."""
        if not len(samples):
            return 0.0
        return await self._scheduler.run(Priority.FINAL, lambda: self._score(samples))

    def _score(self, samples: Samples) -> float:
        features = log_mel(samples, SECONDS)[None]
        try:
            (scores,) = self._session.run(None, {"input_features": features})
        except ORT_ERRORS as error:
            raise ProviderError(f"end-of-turn scoring failed: {error}", stage="hear") from error
        return float(np.clip(scores[0, 0], 0, 1))


def _open(context: EngineContext) -> Any:
    return open_session(model_file(context.store.path("smart-turn"), "smart-turn-v3.2-cpu"))
