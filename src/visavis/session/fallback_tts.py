"""Several voices as one: a piece of text that breaks off is gone on with by the next voice, at the word."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from visavis.kernel.errors import ProtocolViolation, ProviderError
from visavis.kernel.resample import Resampler
from visavis.session.fallback import Member, Pool, Watch, guarded
from visavis.session.in_turn import in_turn
from visavis.session.providers import KeepsTime
from visavis.speak.base import Speech, Tts

WORDS_PER_S = 2.6
"""Of a voice that does not mark its words."""


@dataclass(slots=True)
class _Piece:
    """A text, and how many of its words have been spoken."""

    text: str
    voice: str
    language: str
    spoken: int = 0

    @property
    def rest(self) -> str:
        return self.text if not self.spoken else " ".join(self.text.split()[self.spoken :])


class FallbackTts(KeepsTime):
    """A `Tts` at the first voice's rate. `of` gives a session's own view; `name` is that of who spoke last there. The
    voice that an agent names is one of the first provider; the others speak with their own."""

    def __init__(self, pool: Pool[Tts], watch: Watch | None = None) -> None:
        self.pool = pool
        self.rate_hz = pool.first.engine.rate_hz
        self._watch = watch or Watch()
        self.name = pool.first.name

    def of(self, watch: Watch) -> FallbackTts:
        return FallbackTts(self.pool, watch)

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        """Raises ProviderError when the last voice fails, too: then there is none."""
        piece = _Piece(text, voice, language)
        try:
            async with aclosing(in_turn(self.pool, self._watch, partial(self._speak, piece))) as speeches:
                async for member, (speech, words) in speeches:
                    self.name = member.name
                    piece.spoken += words
                    yield self._at_our_rate(speech)
        except ProviderError as error:
            self._watch.ladder.down("captions_only", error.code)
            raise
        self._watch.ladder.up("captions_only")

    async def _speak(self, piece: _Piece, member: Member[Tts]) -> AsyncGenerator[tuple[Speech, int], None]:
        """Pieces of `member`'s voice, each with how many words of the text it has. First its words of the ladder."""
        self.name = member.name
        if member is not self.pool.first and (words := self._watch.ladder.words("other_voice")):
            async with aclosing(self._voiced(words, piece, member)) as speeches:
                async for speech in speeches:
                    yield speech, 0
        if rest := piece.rest:
            async with aclosing(self._voiced(rest, piece, member)) as speeches:
                async for speech in speeches:
                    yield speech, len(speech.words) or round(speech.duration_s * WORDS_PER_S)

    async def _voiced(self, text: str, piece: _Piece, member: Member[Tts]) -> AsyncGenerator[Speech, None]:
        voice = member.voice or (piece.voice if member is self.pool.first else "")
        stream = guarded(self.pool, member, member.engine.stream(text, voice=voice, language=piece.language))
        silent = any(char.isalnum() for char in text) and len(self.pool.members) > 1
        async with aclosing(stream) as speeches:
            async for speech in speeches:
                if not isinstance(speech, Speech):
                    raise ProtocolViolation("the voice gave what is no sound", stage="speak")
                if len(speech.pcm):
                    silent = False
                    yield speech
        if silent:
            raise ProtocolViolation("the voice made no sound", stage="speak")

    def _at_our_rate(self, speech: Speech) -> Speech:
        if speech.rate_hz == self.rate_hz:
            return speech
        resampler = Resampler(speech.rate_hz, self.rate_hz)
        pcm = np.concatenate((resampler.push(speech.pcm), resampler.flush()))
        return replace(speech, pcm=pcm, rate_hz=self.rate_hz)

    async def close(self) -> None:
        """Nothing: the engines belong to the process."""
