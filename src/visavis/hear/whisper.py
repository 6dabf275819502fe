"""Recognition in many languages with Whisper base: faster-whisper (CTranslate2), int8, local files only.

Slow on two cores (most of a second a pass, however short the audio, because Whisper always looks at 30 s), so
partials come further apart than Moonshine's. Needs the extra `visavis[whisper]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ, AsrStream, Words
from visavis.hear.quiet import speech_only
from visavis.hear.redecode import Heard, RedecodingStream
from visavis.kernel.errors import ConfigError, ModelError, ProviderError
from visavis.kernel.media import Pcm
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler, Preempted, Priority, Yield

TOKENS_PER_S = 12.0
"""More tokens a second than anybody speaks, in any script; beyond, the decoder has lost its way."""

_SPARE_TOKENS = 8

BEAM = 5
"""Width of the search for a final: a few per cent better than 1 for some 50 ms more."""


class WhisperAsr:
    """The shared engine; stateless. As a `Recogniser` it serves every stream."""

    name = "whisper"
    every_s = 1.0

    def __init__(self, model: Any, scheduler: ComputeScheduler) -> None:
        self._model = model
        self._scheduler = scheduler

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Raises ConfigError when the extra is not installed, ModelError when files are missing or damaged."""
        model = await asyncio.to_thread(_open, context)
        asr = cls(model, context.scheduler)
        noise = np.random.default_rng(0).integers(-300, 300, HEAR_RATE_HZ).astype(np.int16)
        await asr.best(noise, "en", None, Priority.FINAL)
        return asr

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream:
        """`language`: a BCP 47 tag; its region is ignored. Raises ConfigError when Whisper does not know it."""
        spoken = language.split("-")[0].lower()
        if spoken not in self._model.supported_languages:
            raise ConfigError(
                f"whisper does not know the language '{language}'", hint="a tag such as 'es', 'fr' or 'de-CH'"
            )
        return RedecodingStream(self, language, on_partial)

    async def quick(self, pcm: Pcm, language: str, before: Heard | None) -> Heard:
        return await self._hear(pcm, language, Priority.PARTIAL)

    async def best(self, pcm: Pcm, language: str, before: Heard | None, priority: Priority) -> Heard:
        return await self._hear(pcm, language, priority)

    async def _hear(self, pcm: Pcm, language: str, priority: Priority) -> Heard:
        text = await self._scheduler.run_yielding(
            priority, lambda give_way: self._transcribe(pcm, language, priority, give_way)
        )
        return Heard(text, len(pcm))

    def _transcribe(self, pcm: Pcm, language: str, priority: Priority, give_way: Yield) -> str:
        samples = speech_only(pcm)
        if not len(samples):
            return ""
        if give_way.cancelled or (priority >= Priority.PARTIAL and give_way.wanted):
            raise Preempted  # once begun, a pass cannot be cut short
        try:
            segments, _ = self._model.transcribe(
                samples,
                language=language.split("-")[0].lower(),
                beam_size=1 if priority >= Priority.PARTIAL else BEAM,
                temperature=0.0,
                condition_on_previous_text=False,
                without_timestamps=True,
                max_new_tokens=int(len(samples) / HEAR_RATE_HZ * TOKENS_PER_S) + _SPARE_TOKENS,
            )
            return "".join(segment.text for segment in segments).strip()
        except (RuntimeError, ValueError) as error:
            raise ProviderError(f"speech recognition failed: {error}", stage="hear") from error


def _open(context: EngineContext) -> Any:
    try:
        from faster_whisper import WhisperModel  # an extra: imported only where it is used
    except ImportError as error:
        raise ConfigError(
            f"recognition in other languages than English needs faster-whisper: {error}",
            hint="pip install 'visavis[whisper]'",
        ) from error
    directory = context.store.path("whisper-base")
    try:
        return WhisperModel(
            str(directory), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(
            f"whisper-base could not be loaded: {error}", stage="setup", hint="visavis models pull whisper-base"
        ) from error
