"""Kokoro-82M: the better-sounding, slower voice; English and Spanish, 24 kHz.

Source: the ONNX export's inputs, read 2026-11-22: `tokens` int64 (1, n) with 0 at both ends, `style` float32
(1, 256) (row n of the voice's table), `speed` float32 (1,); `audio` float32 (samples,) comes out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.errors import ModelError, ProviderError, Rejected
from visavis.kernel.media import Samples
from visavis.models.engines import EngineContext
from visavis.models.onnx import ORT_ERRORS, open_session
from visavis.models.scheduler import ComputeScheduler, Preempted, Priority
from visavis.speak import spanish_g2p
from visavis.speak.base import Speech
from visavis.speak.english import EnglishG2p, joined, phoneme_ids
from visavis.speak.piece import make_piece
from visavis.speak.visemes import PhoneWord

T = TypeVar("T")

DEFAULT_VOICES = {"en": "af_heart", "es": "ef_dora"}
_LANGUAGE_OF = {"a": "en", "b": "en", "e": "es"}
_MAX_PART = 45
"""Phonemes computed at a time: sound starts earlier and a stop takes effect sooner."""

_FAILURES: tuple[type[Exception], ...] = (*ORT_ERRORS, Preempted)
_LOAD_FAILURES: tuple[type[Exception], ...] = (*ORT_ERRORS, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model's session, style tables by voice name, and the English front ends by "is it British?"."""

    session: Any
    voices: dict[str, NDArray[np.float32]]
    g2p: dict[bool, EnglishG2p]


class KokoroTts:
    """One model for all sessions; each piece is a part of a sentence, cut at a pause.

    Raises Rejected for a voice or language it does not have, ProviderError when the model fails. Closing the
    stream stops after the part that is being computed.
    """

    name = "kokoro"
    rate_hz = 24_000

    def __init__(self, loaded: Loaded, scheduler: ComputeScheduler) -> None:
        self._loaded = loaded
        self._scheduler = scheduler

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Loads model, voices and lexicons (some seconds). Raises ModelError when files are missing or damaged."""

        def work() -> Loaded:
            return _load(context.store.path("kokoro"))

        return cls(await asyncio.to_thread(work), context.scheduler)

    @property
    def voices(self) -> list[str]:
        return sorted(self._loaded.voices)

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        """Speech for `text`, piece by piece, int16 mono at 24 kHz."""
        voice = self._voice(voice, language)
        utterances = await self._compute(Priority.REPLY, lambda: list(self._utterances(text, voice)))
        priority = Priority.REPLY
        for words in utterances:
            speech = await self._compute(priority, lambda words=words: self._speak(words, voice))  # type: ignore[misc]
            if speech is not None:
                yield speech
                priority = Priority.SPEECH

    async def close(self) -> None:
        """Nothing to stop: work belongs to the scheduler."""

    def _voice(self, voice: str, language: str) -> str:
        base = language.split("-")[0].lower()
        if base not in DEFAULT_VOICES:
            known = ", ".join(DEFAULT_VOICES)
            raise Rejected(f"kokoro does not speak '{language}' here", stage="speak", hint=f"languages: {known}")
        voice = voice or ("bf_emma" if language.lower() == "en-gb" else DEFAULT_VOICES[base])
        if voice not in self._loaded.voices:
            raise Rejected(f"kokoro has no voice '{voice}'", stage="speak", hint=f"voices: {', '.join(self.voices)}")
        if _LANGUAGE_OF.get(voice[0]) != base:
            raise Rejected(f"the voice '{voice}' does not speak '{language}'", stage="speak", hint="choose another")
        return voice

    def _utterances(self, text: str, voice: str) -> Sequence[list[PhoneWord]]:
        if voice.startswith("e"):
            found = spanish_g2p.utterances(text)
        else:
            found = self._loaded.g2p[voice.startswith("b")].utterances(text)
        return [part for words in found for part in _parts(words)]

    def _speak(self, words: list[PhoneWord], voice: str) -> Speech | None:
        ids = phoneme_ids(joined(words))
        table = self._loaded.voices[voice]
        feed = {
            "tokens": np.asarray([[0, *ids, 0]], np.int64),
            "style": table[min(len(ids), len(table) - 1)][None],
            "speed": np.ones(1, np.float32),
        }
        samples: Samples = self._loaded.session.run(None, feed)[0].reshape(-1)
        return make_piece(samples, self.rate_hz, words)

    async def _compute(self, priority: Priority, work: Callable[[], T]) -> T:
        try:
            return await self._scheduler.run(priority, work)
        except _FAILURES as error:
            raise ProviderError(f"the voice failed: {error}", stage="speak") from error


def _load(directory: Path) -> Loaded:
    try:
        session = open_session(directory / "model_quantized.onnx")
        tables = {file.stem: np.fromfile(file, np.float32) for file in sorted((directory / "voices").glob("*.bin"))}
        voices = {name: table.reshape(-1, 256) for name, table in tables.items()}
    except _LOAD_FAILURES as error:
        raise ModelError(f"kokoro does not load: {error}", stage="speak", hint="visavis models verify") from error
    return Loaded(session, voices, {british: EnglishG2p(british=british) for british in (False, True)})


def _parts(words: list[PhoneWord]) -> list[list[PhoneWord]]:
    """A sentence in parts that end at a pause mark, each of `_MAX_PART` phonemes or a little more."""
    parts: list[list[PhoneWord]] = [[]]
    length = 0
    for index, word in enumerate(words):
        parts[-1].append(word)
        length += len(word.phonemes) + 1
        left = sum(len(later.phonemes) + 1 for later in words[index + 1 :])
        if word.phonemes.endswith((",", ";", ":", "—")) and length + left > _MAX_PART and length > 12 and left > 12:
            parts.append([])
            length = 0
    return [part for part in parts if part]
