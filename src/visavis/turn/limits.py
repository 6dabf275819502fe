"""How long one turn of the person may take; pure.

Past `max_turn_s` the agent may take the floor at the person's next pause, and `GRACE_S` later in any case: a person
who talks for minutes wants to know that they were understood, and no model answers to minutes of speech well.
"""

from __future__ import annotations

GRACE_S = 10.0
"""How long the agent waits for a pause to jump in at."""

_ROUNDING_S = 1e-4


class TurnLimit:
    """One session's. A turn lasts from its first sound, pauses included, until it is `closed`."""

    def __init__(self, max_turn_s: float) -> None:
        self._max_turn_s = max_turn_s
        self._began_s: float | None = None

    def sound(self, at_s: float) -> None:
        """The person makes a sound: the first one since `closed` begins the turn."""
        if self._began_s is None:
            self._began_s = at_s

    def closed(self) -> None:
        """The agent is heard, or the sounds were nobody's turn."""
        self._began_s = None

    @property
    def cut_at_s(self) -> float | None:
        """When the turn is cut even in mid-word; None while there is no turn."""
        return None if self._began_s is None else self._began_s + self._max_turn_s + GRACE_S

    def reached(self, at_s: float) -> bool:
        """True when a pause at `at_s` is the last of the turn."""
        return self._began_s is not None and at_s >= self._began_s + self._max_turn_s - _ROUNDING_S

    def overdue(self, at_s: float) -> bool:
        """True when no pause is waited for any longer."""
        return self.cut_at_s is not None and at_s >= self.cut_at_s - _ROUNDING_S
