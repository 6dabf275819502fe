"""What may be spent on frames: per minute and per call, in frames, tokens and money. Pure: media time in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Self

from visavis.kernel.events import FrameSent, Record
from visavis.kernel.settings import VisionSettings

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """0 is no limit. `asked_share` of each limit of a minute is kept for frames that somebody asked for."""

    frames_per_minute: int = 20
    frames_per_call: int = 0
    tokens_per_minute: int = 20_000
    tokens_per_call: int = 0
    usd_per_minute: float = 0.0
    usd_per_call: float = 0.0
    asked_share: float = 0.25

    @classmethod
    def of(cls, settings: VisionSettings) -> Self:
        return cls(
            frames_per_minute=settings.frames_per_min,
            frames_per_call=settings.frames_per_call,
            tokens_per_minute=settings.tokens_per_min,
            tokens_per_call=settings.tokens_per_call,
            usd_per_minute=settings.usd_per_min,
            usd_per_call=settings.usd_per_call,
        )


@dataclass(frozen=True, slots=True)
class _Spent:
    at_s: float
    tokens: int
    usd: float


class Budget:
    """One call's; its sources share it."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.frames, self.tokens, self.usd = 0, 0, 0.0
        self._minute: deque[_Spent] = deque()

    def read(self, record: Record) -> None:
        """A record of an earlier process of this call: what was sent then counts."""
        if isinstance(record.event, FrameSent):
            self.spend(record.at_s, record.event.tokens, record.event.price_usd)

    def allows(self, at_s: float, tokens: int, usd: float = 0.0, *, asked: bool = False) -> bool:
        """Whether a frame of so many tokens may be sent at `at_s`."""
        return self.room(at_s, tokens, usd, asked=asked) >= 0

    def room(self, at_s: float, tokens: int = 0, usd: float = 0.0, *, asked: bool = False) -> float:
        """The share of the scarcest limit that would be left after such a frame: negative when it is too much."""
        while self._minute and at_s - self._minute[0].at_s >= MINUTE_S:
            self._minute.popleft()
        limits, usable = self.limits, 1.0 if asked else 1 - self.limits.asked_share
        minute_tokens = sum(spent.tokens for spent in self._minute)
        minute_usd = sum(spent.usd for spent in self._minute)
        return min(
            _left(usable * limits.frames_per_minute, len(self._minute) + 1),
            _left(usable * limits.tokens_per_minute, minute_tokens + tokens),
            _left(usable * limits.usd_per_minute, minute_usd + usd),
            _left(limits.frames_per_call, self.frames + 1),
            _left(limits.tokens_per_call, self.tokens + tokens),
            _left(limits.usd_per_call, self.usd + usd),
        )

    def spend(self, at_s: float, tokens: int, usd: float = 0.0) -> None:
        self._minute.append(_Spent(at_s, tokens, usd))
        self.frames += 1
        self.tokens += tokens
        self.usd += usd

    def unspent(self, tokens: int, usd: float = 0.0) -> None:
        """A frame of this price was not sent after all. It still counts as one: it was read."""
        for place, spent in enumerate(self._minute):
            if (spent.tokens, spent.usd) == (tokens, usd):
                self._minute[place] = _Spent(spent.at_s, 0, 0.0)
                break
        self.tokens -= tokens
        self.usd -= usd


def _left(limit: float, used: float) -> float:
    return 1 - used / limit if limit else 1.0
