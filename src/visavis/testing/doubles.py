"""Scripted engines: they hear, think and speak by script, with delays of your choice, and compute nothing.

Scripted speech is audio whose samples all hold the same number: utterance *k* of the script sounds like the constant
`LEVEL * k`. So the doubles need no side channel: how audio is cut into chunks changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import ClassVar

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ, Words
from visavis.kernel.media import Pcm, Samples
from visavis.models.engines import EngineContext
from visavis.speak.base import Speech, WordMark
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolCall, ToolSpec, Usage

LEVEL = 100
WORD_S = 0.3
"""How long a word takes to say, for the caller of a scenario and for `ScriptedTts`."""


def sound(utterance: int, seconds: float, rate_hz: int = HEAR_RATE_HZ) -> Pcm:
    """Scripted speech: utterance number `utterance` (from 1), or silence for 0."""
    return np.full(round(seconds * rate_hz), utterance * LEVEL, np.int16)


class ScriptedVad:
    """Speech wherever there is sound."""

    window: ClassVar[int] = 512

    @classmethod
    async def load(cls, context: EngineContext) -> ScriptedVad:
        return cls()

    def stream(self) -> ScriptedVad:
        return self

    async def push(self, window: Pcm) -> float:
        return 0.98 if np.count_nonzero(window) * 2 >= len(window) else 0.01

    async def push_run(self, windows: Pcm) -> Sequence[float]:
        return [await self.push(window) for window in windows.reshape(-1, self.window)]


class ScriptedAsr:
    """Recognises scripted speech: word by word for partials, in full after `final_s`.

    `texts[k - 1]` are the words of utterance k; `fails` holds the numbers (from 1) of `final` calls that raise.
    """

    name = "scripted"

    def __init__(
        self,
        texts: Sequence[str],
        *,
        final_s: float = 0.1,
        partial_every_s: float = 0.5,
        fails: dict[int, Exception] | None = None,
    ) -> None:
        self.texts = list(texts)
        self.final_s = final_s
        self.partial_every_s = partial_every_s
        self.fails = fails or {}
        self.finals = 0

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> _ScriptedAsrStream:
        return _ScriptedAsrStream(self, language, on_partial)


class _ScriptedAsrStream:
    def __init__(self, asr: ScriptedAsr, language: str, on_partial: Callable[[Words], None]) -> None:
        self._asr = asr
        self._language = language
        self._on_partial = on_partial
        self._samples: dict[int, int] = {}
        self._since_partial = 0

    def push(self, pcm: Pcm) -> None:
        numbers, counts = np.unique(pcm // LEVEL, return_counts=True)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            if number:
                self._samples[number] = self._samples.get(number, 0) + count
        self._since_partial += len(pcm)
        if self._since_partial >= self._asr.partial_every_s * HEAR_RATE_HZ:
            self._since_partial = 0
            self._on_partial(Words(self._text(), self._language, 0.0))

    def _text(self) -> str:
        said: list[str] = []
        for number, samples in sorted(self._samples.items()):
            words = self._asr.texts[number - 1].split() if number <= len(self._asr.texts) else []
            said += words[: round(samples / HEAR_RATE_HZ / WORD_S)]
        return " ".join(said)

    async def final(self) -> Words:
        self._asr.finals += 1
        await asyncio.sleep(self._asr.final_s)
        if (failure := self._asr.fails.get(self._asr.finals)) is not None:
            raise failure
        return Words(self._text(), self._language, self._asr.final_s)

    def hurry(self, on: bool) -> None:
        """Partials come as they come."""

    def commit(self) -> None:
        self._samples.clear()
        self._since_partial = 0

    async def close(self) -> None:
        self.commit()


class ScriptedEndpoint:
    """Scores by script, then `default`."""

    def __init__(self, scores: Sequence[float] = (), *, default: float = 0.95, takes_s: float = 0.05) -> None:
        self._scores = list(scores)
        self._default = default
        self._takes_s = takes_s

    async def p_complete(self, samples: Samples) -> float:
        await asyncio.sleep(self._takes_s)
        return self._scores.pop(0) if self._scores else self._default


class ScriptedLlm:
    """Answers by script: each entry is a text, a list of tool calls, or an exception to raise.

    The last entry repeats. `requests` keeps what was asked.
    """

    name = "scripted"
    tells_ends = False
    model = "script"

    def __init__(
        self,
        answers: Sequence[str | list[ToolCall] | Exception] = ("All right.",),
        *,
        first_s: float = 0.2,
        token_s: float = 0.02,
    ) -> None:
        self._answers = list(answers)
        self._first_s = first_s
        self._token_s = token_s
        self.requests: list[LlmRequest] = []
        self.prefills = 0
        self.ends: dict[str, float] = {}
        """Words → P(they are complete), for `p_ends`; others cannot be told."""

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        await asyncio.sleep(self._first_s)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, list):
            for call in answer:
                yield call
            yield Finished("tools", Usage(10, 5))
            return
        for number, token in enumerate(answer.split(" ")):
            yield TextDelta(token if number == 0 else f" {token}")
            await asyncio.sleep(self._token_s)
        yield Finished("stop", Usage(10, len(answer.split())))

    async def prefill(self, request: LlmRequest) -> None:
        self.prefills += 1

    async def p_ends(self, request: LlmRequest) -> float | None:
        await asyncio.sleep(0.1)
        return self.ends.get(request.messages[-1].text)

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Nothing to warm."""

    async def close(self) -> None:
        """Nothing to release."""


class ScriptedTts:
    """Says each word in `WORD_S`, as a constant level; the first piece of every call takes `first_s`."""

    name = "scripted"
    rate_hz = 24_000

    def __init__(self, *, first_s: float = 0.05, fails: bool = False) -> None:
        self._first_s = first_s
        self.fails = fails
        self.texts: list[str] = []

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        await asyncio.sleep(self._first_s)
        if self.fails:
            raise RuntimeError("the voice is broken")
        self.texts.append(text)
        words = text.split()
        marks = tuple(WordMark(word, n * WORD_S, (n + 1) * WORD_S) for n, word in enumerate(words))
        visemes = tuple((n * WORD_S, "aa") for n in range(len(words)))
        yield Speech(sound(1, len(words) * WORD_S, self.rate_hz), self.rate_hz, marks, visemes)

    async def close(self) -> None:
        """Nothing to release."""
