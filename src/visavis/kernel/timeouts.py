"""How long a call to a provider may take: four limits, the same in every layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self


class Timed(Protocol):
    """A section of the settings that has them."""

    @property
    def connect_timeout_s(self) -> float: ...
    @property
    def first_timeout_s(self) -> float: ...
    @property
    def idle_timeout_s(self) -> float: ...
    @property
    def total_timeout_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, to the first result, between results, for the whole call.

    The session keeps the last three, whatever an engine does; connecting is a network adapter's own to limit
    (`models/waits.py` does it for those that speak HTTP), and is part of the wait for the first result.
    """

    connect_s: float = 5.0
    first_s: float = 12.0
    idle_s: float = 8.0
    total_s: float = 45.0

    @classmethod
    def of(cls, section: Timed) -> Self:
        return cls(
            section.connect_timeout_s, section.first_timeout_s, section.idle_timeout_s, section.total_timeout_s
        )

    @classmethod
    def all_within(cls, total_s: float) -> Self:
        """One limit for everything."""
        return cls(total_s, total_s, total_s, total_s)
