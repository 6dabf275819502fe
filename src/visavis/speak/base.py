"""The contract of a voice.

Text of one clause or sentence goes in; `Speech` pieces come out, each playable at once, in order. Word marks and
visemes are in seconds from the start of their own piece. Leading silence is trimmed. Closing the stream stops
the work. Errors: `ProviderError`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from visavis.kernel.media import Pcm

Viseme = tuple[float, str]
"""`(start_s, shape)`; shapes are those of `kernel.messages.VisemeTrack`."""


@dataclass(frozen=True, slots=True)
class WordMark:
    """A word as written, and when it is spoken, in seconds from the start of its piece."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of the agent's voice: int16 mono at `rate_hz`."""

    pcm: Pcm
    rate_hz: int
    words: tuple[WordMark, ...]
    visemes: tuple[Viseme, ...] = ()
    took_s: float = 0.0
    """Seconds it took to make, where the voice knows; else 0."""
    opener: bool = False
    """The piece is an opener: words that fill the time until the reply's content."""
    protected: bool = False
    """The piece is said to its end, whoever speaks."""

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / self.rate_hz


class Tts(Protocol):
    name: str
    rate_hz: int

    def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]: ...

    async def close(self) -> None: ...
