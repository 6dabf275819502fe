"""English recognition with Moonshine: partials by the tiny model, finals by base (int8) where it is installed.

Base is clearly better, above all in noise, but sometimes returns nothing or repeats itself; the tiny model's words
tell when: if base is empty, or its word count differs by more than a third, tiny is right.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ, AsrStream, Words
from visavis.hear.moonshine_model import Decoding, MoonshineModel
from visavis.hear.quiet import speech_only
from visavis.hear.redecode import Heard, RedecodingStream
from visavis.kernel.errors import ConfigError, ModelError
from visavis.kernel.media import Pcm
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler, Priority, Yield

log = logging.getLogger(__name__)

WORDS_APART = 3
SHARE_APART = 0.35

NEARLY_ALL_S = 0.8
"""A partial that misses no more than this of the audio can vouch for the final's word count."""


class MoonshineAsr:
    """The shared engine: two stateless models. As a `Recogniser` it serves every stream."""

    name = "moonshine"
    every_s = 0.5

    def __init__(self, tiny: MoonshineModel, base: MoonshineModel | None, scheduler: ComputeScheduler) -> None:
        self._tiny = tiny
        self._base = base
        self._scheduler = scheduler

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Raises ModelError when the tiny model is missing; without base, tiny gives the finals too."""
        tiny, base = await asyncio.to_thread(_open, context)
        asr = cls(tiny, base, context.scheduler)
        for model in (tiny, base):
            if model is not None:
                await asr._decode(model, _hiss(), (), Priority.FINAL)
        return asr

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream:
        """Raises ConfigError for anything but English."""
        if not language.lower().startswith("en"):
            raise ConfigError(f"moonshine hears English only, not '{language}'", hint="asr = 'whisper'")
        return RedecodingStream(self, language, on_partial)

    async def quick(self, pcm: Pcm, language: str, before: Heard | None) -> Heard:
        draft = before.tokens if before else ()
        decoding = await self._decode(self._tiny, pcm, draft, Priority.PARTIAL)
        return _heard(decoding, pcm)

    async def best(self, pcm: Pcm, language: str, before: Heard | None, priority: Priority) -> Heard:
        draft = before.tokens if before else ()
        if self._base is None:
            return _heard(await self._decode(self._tiny, pcm, draft, priority), pcm)
        witness = before if before and abs(len(pcm) - before.samples) <= NEARLY_ALL_S * HEAR_RATE_HZ else None
        heard = _heard(await self._decode(self._base, pcm, draft, priority), pcm)
        if witness is not None and _plausible(heard.text, witness.text):
            return heard
        quick = _heard(await self._decode(self._tiny, pcm, draft or heard.tokens, priority), pcm)
        return heard if _plausible(heard.text, quick.text) else quick

    async def _decode(self, model: MoonshineModel, pcm: Pcm, draft: Sequence[int], priority: Priority) -> Decoding:
        """Gives way to more urgent work between tokens, then goes on where it was."""
        decoding: Decoding | None = None

        def work(give_way: Yield) -> bool:
            nonlocal decoding
            if decoding is None:
                decoding = model.decoding(speech_only(pcm), draft)
            return decoding.advance(give_way)

        while not await self._scheduler.run_yielding(priority, work):
            pass
        assert decoding is not None
        return decoding


def _heard(decoding: Decoding, pcm: Pcm) -> Heard:
    return Heard(decoding.text, len(pcm), tuple(decoding.tokens))


def _plausible(base: str, tiny: str) -> bool:
    """Is base's answer to be trusted, given tiny's?"""
    if not base:
        return not tiny
    words, expected = len(base.split()), len(tiny.split())
    return abs(words - expected) <= max(WORDS_APART, SHARE_APART * expected)


def _open(context: EngineContext) -> tuple[MoonshineModel, MoonshineModel | None]:
    tiny = MoonshineModel.open(context.store.path("moonshine-tiny"))
    try:
        return tiny, MoonshineModel.open(context.store.path("moonshine-base"))
    except ModelError as error:  # it is optional: not pulled, or not converted
        log.info("finals come from moonshine-tiny: %s", error.message)
        return tiny, None


def _hiss() -> Pcm:
    """A second of soft noise, so that the warm-up runs every part of a model."""
    noise: Pcm = np.random.default_rng(0).integers(-300, 300, HEAR_RATE_HZ).astype(np.int16)
    return noise
