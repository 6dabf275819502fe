"""One caller who makes sounds over the agent's voice, and listens to what becomes of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.bench.barge_in_sounds import Overlap
from visavis.bench.barge_in_talker import PILOT, pilot_levels
from visavis.bench.conversation import Caller
from visavis.bench.speech import RATE_HZ, spoken
from visavis.kernel.messages import Notice, Transcript
from visavis.testing.ear import Heard

TALKING_S = 2.0
"""The agent talks for so long before the next sound comes."""

TALKS_WITHIN_S = 15.0
GO_ON = "Please tell me more about it."
SILENT_S = 0.3
"""From so long a silence on the agent counts as stopped."""

DUCK_DB = 12.0
DUCKED_FOR_S = 0.05
"""The level counts as fallen where it stays down for so long."""

SILENT_LEVEL = PILOT / 20

AFTER_S = 2.0
"""What happens up to so long after the sound is put down to it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Milliseconds from the sound's onset at the caller's mouth to what was heard at the ear; -1 for never."""

    overlap: Overlap
    duck_ms: float
    stop_ms: float
    taken: bool
    """The agent gave up its reply."""
    heard_as: str = ""

    def __str__(self) -> str:
        said, fate = self.overlap, "gives up" if self.taken else "goes on"
        times = f"duck {self.duck_ms:5.0f}  silent {self.stop_ms:5.0f}"
        return f"{said.kind:12} {times}  {fate}  {said.text!r} heard as {self.heard_as!r}"


class OverlapCall:
    """Holds one call: one sound after another. An interrupted reply's last caption ends with a dash."""

    def __init__(self, caller: Caller, events: Iterator[Overlap], seed: int) -> None:
        self._caller = caller
        self._events = events
        self._rng = np.random.default_rng(seed)
        self._loop = asyncio.get_running_loop()
        self.outcomes: list[Outcome] = []
        self.unheard = 0
        """Sounds that could not be tried because the agent said nothing for too long."""

    async def hold(self) -> None:
        await self._caller.wait_for(Notice)
        self._caller.give_consent()
        for overlap in self._events:
            if not await self._until_talking():
                self.unheard += 1
                continue
            await asyncio.sleep(self._rng.uniform(0.0, 0.8))
            if (outcome := await self._try(overlap)) is None:
                self.unheard += 1
                continue
            self.outcomes.append(outcome)
            print(f"  {outcome}", file=sys.stderr, flush=True)

    async def _until_talking(self) -> bool:
        """Until the agent has been talking for a while; asks it to if it does not begin by itself."""
        deadline_s = self._loop.time() + TALKS_WITHIN_S
        while self._loop.time() < deadline_s:
            now_s = self._loop.time()
            if _quiet_from(self._levels(now_s - TALKING_S, now_s), PILOT / 2, SILENT_S) is None:
                return True
            await asyncio.sleep(0.3)
        await self._caller.say(await spoken(GO_ON))
        return False

    async def _try(self, overlap: Overlap) -> Outcome | None:
        """None when the agent had come to the end of what it had to say by itself."""
        before_s = self._loop.time()
        end_s = await self._caller.say(overlap.pcm)
        onset_s = end_s - len(overlap.pcm) / RATE_HZ + overlap.onset_s
        until_s = onset_s + overlap.end_s - overlap.onset_s + AFTER_S
        await asyncio.sleep(max(0.0, until_s - self._loop.time()))
        reference = float(np.median(self._levels(before_s - TALKING_S, before_s)))
        levels = self._levels(onset_s, until_s)
        ducked = _quiet_from(levels, reference * 10 ** (-DUCK_DB / 20), DUCKED_FOR_S)
        silent = _quiet_from(levels, SILENT_LEVEL, SILENT_S)
        captions = [m for at_s, m in self._caller.messages if at_s >= onset_s and isinstance(m, Transcript)]
        ends = [m.text.endswith("—") for m in captions if m.role == "agent" and m.final]
        if ends and not ends[0]:
            return None
        heard_as = " / ".join(dict.fromkeys(m.text for m in captions if m.role == "user"))
        return Outcome(overlap, _ms(ducked), _ms(silent), bool(ends), heard_as)

    def _levels(self, from_s: float, to_s: float) -> NDArray[np.float64]:
        """Level of the agent's pilot tone in each 10 ms at the ear; 0 where nothing came."""
        levels = np.zeros(max(0, round((to_s - from_s) * 100)))
        for piece in _since(self._caller.ear.heard, from_s):
            for number, level in enumerate(pilot_levels(piece.pcm)):
                at = round((piece.at_s - from_s) * 100) + number
                if 0 <= at < len(levels):
                    levels[at] = level
        return _smooth(levels)


def _smooth(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of five: a sharp consonant sounds like the tone for a moment."""
    if len(levels) < 5:
        return levels
    middle: NDArray[np.float64] = np.median(np.lib.stride_tricks.sliding_window_view(levels, 5), axis=1)
    return np.concatenate((levels[:2], middle, levels[-2:]))


def _since(heard: list[Heard], from_s: float) -> Iterator[Heard]:
    """Newest first: calls are long and only their end is looked at."""
    for piece in reversed(heard):
        if piece.end_s < from_s:
            return
        yield piece


def _quiet_from(levels: NDArray[np.float64], below: float, for_s: float) -> int | None:
    """The first 10 ms from which on the level stays `below` for `for_s`; None for never."""
    run = 0
    for number, level in enumerate(levels):
        run = run + 1 if level < below else 0
        if run >= round(for_s * 100):
            return number - run + 1
    return None


def _ms(steps: int | None) -> float:
    return -1.0 if steps is None else steps * 10.0
