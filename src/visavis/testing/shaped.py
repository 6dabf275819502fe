"""Doubles of vendor stages: they answer after the times that vendors' stages are published to take.

| stage | p50 | p95 | drawn from |
|---|---|---|---|
| recognition: true end of speech → final transcript | 247 ms | 298 ms | log-normal |
| language model, fast: request → first token | 98 ms | 217 ms | log-normal, then 60–100 tokens a second |
| language model, slow: request → first token | 536 ms | 1,771 ms | log-normal, then 60–100 tokens a second |
| voice: text → first audio | 120 ms | 120 ms | constant |

The four pairs are the vendor figures that this project's latency goals are set against (2026); each log-normal is
fitted to its p50 and p95. Draws come from one generator a stage, seeded by the script, so that a run can be repeated.
The recogniser does not recognise: it is told what the caller will say (`shaped_script.py`). Use them by import path,
`asr = "visavis.testing.shaped:ShapedAsr"` and so on, with `llm.model` naming the script's file.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ, Words
from visavis.kernel.errors import ConfigError
from visavis.kernel.media import Pcm, to_pcm
from visavis.models.engines import EngineContext
from visavis.speak.base import Speech, WordMark
from visavis.testing.shaped_script import FRAME_S, Breath, Place, ShapedScript, voiced_frames
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolSpec, Usage

_Z95 = 1.6448536269514722
PARTIAL_LAG_S = 0.15
PARTIAL_EVERY_S = 0.1
PARTIAL_SLACK_S = 0.06
TTS_FIRST_S = 0.12
TOKENS_PER_S = (60.0, 100.0)
TOKENS_A_WORD = 1.3

ANSWERS = (
    "We are open Monday to Friday from nine to six, and on Saturday from ten to two.",
    "A basic service costs sixty euros and takes one day.",
    "Yes, that is no problem at all, you can simply drop by.",
    "The workshop is on Mill Street, right next to the station.",
    "Every repair comes with a warranty of six months.",
    "Sure, a flat tire is repaired while you wait, for fifteen euros.",
    "A full service takes three days and costs one hundred and twenty euros.",
    "I am not sure about that, but I can take a message for the owner.",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A log-normal distribution by its median and 95th percentile, in seconds."""

    p50_s: float
    p95_s: float

    def draw(self, random: np.random.Generator) -> float:
        sigma = math.log(self.p95_s / self.p50_s) / _Z95
        return float(self.p50_s * math.exp(sigma * random.standard_normal()))


ASR_FINAL = Shape(0.247, 0.298)
LLM_FIRST = {"fast": Shape(0.098, 0.217), "slow": Shape(0.536, 1.771)}


def _script(context: EngineContext) -> ShapedScript:
    return ShapedScript.load(context.settings.llm.model)


class ShapedAsr:
    """A streaming recogniser: partials trail the sound, a final is there a drawn time after the last sound."""

    name = "shaped"

    def __init__(self, script: ShapedScript) -> None:
        self._script = script
        self._calls = iter(script.calls)
        self._random = np.random.default_rng([script.seed, 1])

    @classmethod
    async def load(cls, context: EngineContext) -> ShapedAsr:
        """Raises ConfigError without a script."""
        return cls(await asyncio.to_thread(_script, context))

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> ShapedAsrStream:
        """Calls take the script's calls in order; one too many has nothing to say."""
        return ShapedAsrStream(next(self._calls, []), language, on_partial, lambda: ASR_FINAL.draw(self._random))


class ShapedAsrStream:
    """One call's. Times are the running loop's."""

    def __init__(
        self, breaths: Sequence[Breath], language: str, on_partial: Callable[[Words], None], draw: Callable[[], float]
    ) -> None:
        self._place = Place(breaths)
        self._language = language
        self._on_partial = on_partial
        self._draw = draw
        self._loop = asyncio.get_running_loop()
        self._from_s = 0.0
        self._rest: Pcm = np.zeros(0, np.int16)
        self._pushed: list[tuple[Pcm, float]] = []
        self._before: list[tuple[Pcm, float]] = []
        self._sound_at_s = self._loop.time()
        self._final_due_s = 0.0
        self._told_at_s = 0.0
        self._timers: set[asyncio.TimerHandle] = set()

    def push(self, pcm: Pcm) -> None:
        self._go_back(pcm)
        self._pushed.append((pcm, self._place.at_s))
        joined = np.concatenate((self._rest, pcm))
        size = round(HEAR_RATE_HZ * FRAME_S)
        whole = len(joined) // size * size
        voiced = voiced_frames(joined[:whole], HEAR_RATE_HZ)
        self._rest = joined[whole:]
        if voiced:
            self._place.moved(voiced * FRAME_S)
            self._sound_at_s = self._loop.time()
            self._final_due_s = 0.0
        if self._loop.time() - self._told_at_s >= PARTIAL_EVERY_S:
            self._told_at_s = self._loop.time()
            covers_s = sum(len(pushed) for pushed, _ in self._pushed) / HEAR_RATE_HZ
            self._later(self._place.words(self._from_s, slack_s=PARTIAL_SLACK_S), covers_s)

    def _go_back(self, pcm: Pcm) -> None:
        """After `commit`, speech under way is pushed once more from its onset: do not count it twice."""
        for earlier, at_s in self._before:
            if earlier is pcm:
                self._place.at_s = self._from_s = at_s
                break
        self._before = []

    def _later(self, text: str, covers_s: float) -> None:
        """A partial, known `PARTIAL_LAG_S` after its sound."""

        def tell() -> None:
            self._timers.discard(timer)
            if text:
                self._on_partial(Words(text, self._language, PARTIAL_LAG_S, covers_s))

        timer = self._loop.call_later(PARTIAL_LAG_S, tell)
        self._timers.add(timer)

    async def final(self) -> Words:
        """At once when the last sound lies back further than the drawn time. `took_s` is what was waited."""
        if not self._final_due_s:
            self._final_due_s = self._sound_at_s + self._draw()
        wait_s = max(0.0, self._final_due_s - self._loop.time())
        await asyncio.sleep(wait_s)
        self._forget_partials()
        self._place.settle()
        return Words(self._place.words(self._from_s), self._language, wait_s)

    def hurry(self, on: bool) -> None:
        """Partials come as they come."""

    def commit(self) -> None:
        self._forget_partials()
        self._place.settle()
        self._from_s = self._place.at_s
        self._before, self._pushed = self._pushed, []
        self._rest = self._rest[:0]

    async def close(self) -> None:
        self._forget_partials()

    def _forget_partials(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class ShapedLlm:
    """Writes canned answers: a drawn time to the first token, then a steady pace drawn for each reply."""

    name = "shaped"
    tells_ends = False

    def __init__(self, script: ShapedScript) -> None:
        if script.llm not in LLM_FIRST:
            raise ConfigError(f"no shape '{script.llm}' of a language model", hint=f"one of {', '.join(LLM_FIRST)}")
        self.model = script.llm
        self._first = LLM_FIRST[script.llm]
        self._random = np.random.default_rng([script.seed, 2])
        self._count = count()

    @classmethod
    async def load(cls, context: EngineContext) -> ShapedLlm:
        """Raises ConfigError without a script."""
        return cls(await asyncio.to_thread(_script, context))

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        first_s = self._first.draw(self._random)
        tokens_per_s = float(self._random.uniform(*TOKENS_PER_S))
        words = ANSWERS[next(self._count) % len(ANSWERS)].split()
        loop = asyncio.get_running_loop()
        due_s = loop.time() + first_s
        for number, word in enumerate(words):
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            yield TextDelta(f" {word}", 0.0) if number else TextDelta(word, first_s)
            due_s += TOKENS_A_WORD / tokens_per_s
        yield Finished("stop", Usage(300, round(len(words) * TOKENS_A_WORD)))

    async def prefill(self, request: LlmRequest) -> None:
        """A vendor's cache is the vendor's business."""

    async def p_ends(self, request: LlmRequest) -> float | None:
        """It cannot tell."""
        return None

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Nothing to warm."""

    async def close(self) -> None:
        """Nothing to release."""


class ShapedTts:
    """A voice-like tone, a syllable for each few letters, audible from its first sample."""

    name = "shaped"
    rate_hz = 24_000

    @classmethod
    async def load(cls, context: EngineContext) -> ShapedTts:
        return cls()

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        await asyncio.sleep(TTS_FIRST_S)
        ends = np.cumsum([0.12 + 0.045 * len(word) for word in text.split()])
        starts = [0.0, *ends[:-1].tolist()]
        spans = list(zip(text.split(), starts, ends.tolist(), strict=True))
        marks = tuple(WordMark(*span) for span in spans)
        yield Speech(
            _tone(ends.tolist(), self.rate_hz),
            self.rate_hz,
            marks,
            tuple((m.start_s, "aa") for m in marks),
            TTS_FIRST_S,
        )

    async def close(self) -> None:
        """Nothing to release."""


def _tone(ends_s: Sequence[float], rate_hz: int) -> Pcm:
    """Four harmonics of 140 Hz; each word starts at full level and ends with a dip of 30 ms."""
    at_s = np.arange(round(ends_s[-1] * rate_hz)) / rate_hz if ends_s else np.zeros(0)
    wave = sum(np.sin(2 * np.pi * 140 * k * at_s) / k for k in (1, 2, 3, 4))
    level = np.full(len(at_s), 0.25)
    for end_s in ends_s:
        level[(at_s > end_s - 0.03) & (at_s <= end_s)] = 0.08
    tone: Pcm = to_pcm((wave * level).astype(np.float32))
    return tone
