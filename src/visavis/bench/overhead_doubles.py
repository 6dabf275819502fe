"""Models that answer at once and compute nothing, so that what is left is the loop's own work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

import numpy as np

from visavis.hear.base import Words
from visavis.kernel.media import Pcm, Samples
from visavis.speak.base import Speech, WordMark
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolSpec, Usage

HEARD = "hello there friend"
ANSWER = "Sure thing. I can help you with that right away, please hold on."
WORD_S = 0.3


class InstantAsr:
    """Hears the same words in everything."""

    name = "instant"

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> _InstantAsrStream:
        return _InstantAsrStream(language)


class _InstantAsrStream:
    def __init__(self, language: str) -> None:
        self._words = Words(HEARD, language, 0.0)

    def push(self, pcm: Pcm) -> None:
        """Nothing is kept."""

    async def final(self) -> Words:
        return self._words

    def hurry(self, on: bool) -> None:
        """Partials come as they come."""

    def commit(self) -> None:
        """Nothing to forget."""

    async def close(self) -> None:
        """Nothing to release."""


class InstantEndpoint:
    """Every pause is the end."""

    async def p_complete(self, samples: Samples) -> float:
        return 0.99


class InstantLlm:
    """Thirteen tokens without a wait."""

    name = "instant"
    tells_ends = False
    model = "double"

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        tokens = ANSWER.split()
        for number, token in enumerate(tokens):
            yield TextDelta(token if number == 0 else f" {token}")
        yield Finished("stop", Usage(10, len(tokens)))

    async def prefill(self, request: LlmRequest) -> None:
        """Nothing to prepare."""

    async def p_ends(self, request: LlmRequest) -> float | None:
        """It cannot tell."""
        return None

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Nothing to warm."""

    async def close(self) -> None:
        """Nothing to release."""


class InstantTts:
    """A steady tone, `WORD_S` for each word, one piece for each text, at the door's own rate."""

    name = "instant"
    rate_hz = 24_000

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        words = text.split()
        marks = tuple(WordMark(word, n * WORD_S, (n + 1) * WORD_S) for n, word in enumerate(words))
        pcm = np.full(round(len(words) * WORD_S * self.rate_hz), 0x2010, np.int16)
        yield Speech(pcm, self.rate_hz, marks, tuple((mark.start_s, "aa") for mark in marks))

    async def close(self) -> None:
        """Nothing to release."""


def speech_of(seconds: float) -> str:
    """A text that `InstantTts` speaks for at least `seconds`, in sentences of 2.4 s."""
    sentence = "This is what the agent says just now."
    return " ".join([sentence] * (int(seconds / (len(sentence.split()) * WORD_S)) + 1))
