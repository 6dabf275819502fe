"""Live recognition with models that hear a whole piece of audio at once: decode again as the audio grows.

One `RedecodingStream` per caller holds the audio of the current turn. While it grows, a quick pass over all of it
gives partials, one at a time, further apart when the machine is busy; `final` gives the best pass. Turns longer
than `LONGEST_S` are cut at a quiet place: what lies before is decoded once, settled, and its audio forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ, Words
from visavis.hear.quiet import quiet_place
from visavis.kernel.errors import ProviderError
from visavis.kernel.media import Pcm
from visavis.models.scheduler import Preempted, Priority

LONGEST_S = 18.0
"""Audio decoded in one pass; the models are unsure of anything beyond some 20 s."""

CUT_AFTER_S = 8.0
CUT_BEFORE_END_S = 3.0
MOST_WAITING_S = 120.0
"""Audio kept when even the cutting cannot keep up; the oldest is dropped."""

BUSY_SHARE = 4.0
"""The next partial comes no sooner than this many times what the last one took."""

HURRY_FIRST_S = 0.5
"""Audio before the first partial in a hurry: some 0.3 s of speech behind the silence before its onset."""

HURRY_S = 0.1
"""Audio between partials in a hurry. The machine may be busy with them all the time, but only as a turn begins."""

HURRY_UNTIL_S = 1.6
"""Audio of a turn, the silence before its onset included, after which there is no more hurry."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one pass made of the first `samples` samples of a piece; `tokens` may help the next pass."""

    text: str
    samples: int
    tokens: tuple[int, ...] = ()


class Recogniser(Protocol):
    """Passes over one piece of audio (16 kHz, up to 20 s), run on the compute scheduler. `before`: the latest quick
    pass over the beginning of the same piece. Cancelling stops the work soon. Raise ProviderError, Preempted.
    """

    every_s: float

    async def quick(self, pcm: Pcm, language: str, before: Heard | None) -> Heard: ...

    async def best(self, pcm: Pcm, language: str, before: Heard | None, priority: Priority) -> Heard: ...


class _Turn:
    """The audio of one turn, and what is known of it so far."""

    def __init__(self) -> None:
        self.pushed = 0  # samples in all, ever
        self.length = 0  # samples that are not settled yet
        self.settled = ""
        self.latest: Heard | None = None
        self.told = ""
        self.final: Words | None = None
        self._chunks: list[Pcm] = []

    def add(self, pcm: Pcm) -> None:
        self._chunks.append(pcm)
        self.pushed += len(pcm)
        self.length += len(pcm)
        self.final = None
        if self.length > MOST_WAITING_S * HEAR_RATE_HZ:
            self.drop(self.length // 2)

    def audio(self) -> Pcm:
        if len(self._chunks) != 1:
            self._chunks = [np.concatenate(self._chunks)] if self._chunks else [np.empty(0, np.int16)]
        return self._chunks[0]

    def drop(self, samples: int) -> None:
        self._chunks = [self.audio()[samples:].copy()]
        self.length -= samples
        self.latest = None

    @property
    def too_long(self) -> bool:
        return self.length > LONGEST_S * HEAR_RATE_HZ


class RedecodingStream:
    """One caller's `AsrStream` on top of a `Recogniser`."""

    def __init__(self, recogniser: Recogniser, language: str, on_partial: Callable[[Words], None]) -> None:
        self._recogniser = recogniser
        self._language = language
        self._on_partial = on_partial
        self._every = int(recogniser.every_s * HEAR_RATE_HZ)
        self._one_final = asyncio.Lock()
        self._finals = 0  # asked for and not answered
        self._look_task: asyncio.Task[None] | None = None
        self._closed = False
        self._turn = _Turn()
        self._hurried = False
        self._look_at = self._every  # samples pushed at which the next partial is due

    def push(self, pcm: Pcm) -> None:
        """Audio of the current turn, any length. Returns at once; may start a partial."""
        if not len(pcm):
            return
        self._turn.add(pcm)
        idle = self._look_task is None and not self._finals and not self._closed
        if idle and self._turn.pushed >= self._look_at:
            self._look_at = self._turn.pushed + self._step
            self._look_task = asyncio.create_task(self._look(self._turn), name="asr-partial")
            self._look_task.add_done_callback(self._looked)

    def hurry(self, on: bool) -> None:
        self._hurried = on
        if on:
            self._look_at = min(self._look_at, max(self._first, self._turn.pushed))

    @property
    def _first(self) -> int:
        """Samples of a turn before its first partial."""
        return min(self._every, round(HURRY_FIRST_S * HEAR_RATE_HZ)) if self._hurried else self._every

    @property
    def _step(self) -> int:
        """Samples from one partial to the next."""
        hurried = self._hurried and self._turn.pushed < HURRY_UNTIL_S * HEAR_RATE_HZ
        return round(HURRY_S * HEAR_RATE_HZ) if hurried else self._every

    async def final(self) -> Words:
        """The best text of the turn so far. Asked again without new audio, answers at once.

        Raises ProviderError when the model fails, AtCapacity when the machine is too busy to begin.
        """
        turn = self._turn
        self._finals += 1
        try:
            async with self._one_final:
                if turn.final is not None:
                    return turn.final
                await self._stop_looking()
                pushed = turn.pushed
                words = await self._hear_all(turn)
                if turn.pushed == pushed:
                    turn.final = words
                return words
        finally:
            self._finals -= 1

    def commit(self) -> None:
        """Forget the turn's audio; a partial in flight is stopped and never told."""
        if self._look_task is not None:
            self._look_task.cancel()
        self._turn = _Turn()
        self._look_at = self._first

    async def close(self) -> None:
        self._closed = True
        await self._stop_looking()

    async def _stop_looking(self) -> None:
        if self._look_task is not None:
            self._look_task.cancel()
            await asyncio.wait([self._look_task])

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._look_task = None
        if task.cancelled() or (error := task.exception()) is None:
            return
        # The same failure meets `final`, whose awaiter can act on it; a missing partial harms nobody.
        if not isinstance(error, ProviderError | Preempted):
            raise error
        self._look_at = self._turn.pushed + 2 * self._every

    async def _look(self, turn: _Turn) -> None:
        """One partial; first of all, of a turn that has grown too long, settle what is old."""
        clock = asyncio.get_running_loop()
        began_s = clock.time()
        while turn.too_long:
            await self._settle(turn, Priority.PARTIAL)
        heard = await self._recogniser.quick(turn.audio(), self._language, turn.latest)
        took_s = clock.time() - began_s
        turn.latest = heard
        # Audio that came in meanwhile counts: half a second after the last partial began, unless that took long.
        share = 1.0 if self._step < self._every else BUSY_SHARE
        self._look_at += max(0, int(share * took_s * HEAR_RATE_HZ) - self._step)
        text = _joined(turn.settled, heard.text)
        if text and text != turn.told:
            turn.told = text
            self._on_partial(Words(text, self._language, took_s))

    async def _hear_all(self, turn: _Turn) -> Words:
        clock = asyncio.get_running_loop()
        began_s = clock.time()
        while turn.too_long:
            await self._settle(turn, Priority.FINAL)
        text = turn.settled
        if turn.length:
            heard = await self._recogniser.best(turn.audio(), self._language, turn.latest, Priority.FINAL)
            text = _joined(text, heard.text)
        return Words(text, self._language, clock.time() - began_s)

    async def _settle(self, turn: _Turn, priority: Priority) -> None:
        """Decode the audio before a quiet place, for good, and forget it."""
        audio = turn.audio()
        cut = quiet_place(audio, CUT_AFTER_S, LONGEST_S - CUT_BEFORE_END_S)
        heard = await self._recogniser.best(audio[:cut], self._language, turn.latest, priority)
        turn.settled = _joined(turn.settled, heard.text)
        turn.drop(cut)


def _joined(settled: str, text: str) -> str:
    return f"{settled} {text}".strip()
