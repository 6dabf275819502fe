"""The breaker of one provider: whether calls go to it. Pure: time comes in with every call, in seconds of any clock.

```
closed ── failures in a row ──► open ── wait is over, a probe begins ──► half open ── the probe works ──► closed
                                 ▲                                          │
                                 └───── the probe fails: twice the wait ────┘
```

Only a probe closes an open breaker: what calls that were begun earlier come to meanwhile changes nothing. A probe is
cheap and may be wrong: until a real call has worked, one failure opens the breaker again, for twice the wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class Breaker:
    """`failures` in a row open it; the first probe is due `retry_s` later, each further one after twice the wait
    before, at most `retry_most_s`."""

    failures: int = 2
    retry_s: float = 2.0
    retry_most_s: float = 60.0
    state: State = "closed"
    due_s: float = 0.0
    """When the next probe may begin, while it is open."""
    wait_s: float = field(default=0.0, init=False)
    """How long it stays open; 0 when a call has worked since."""
    _in_a_row: int = field(default=0, init=False)

    @property
    def usable(self) -> bool:
        return self.state == "closed"

    def failed(self, now_s: float, *, weight: int = 1) -> bool:
        """A call failed; it counts `weight` times. True when that opened the breaker."""
        if self.state != "closed":
            return False
        self._in_a_row += weight
        if self._in_a_row < self.failures and not self.wait_s:
            return False
        self._open(now_s)
        return True

    def worked(self) -> None:
        """A call came to its end."""
        if self.state == "closed":
            self._in_a_row, self.wait_s = 0, 0.0

    def begin_probe(self, now_s: float) -> bool:
        """True when a probe is due and nobody else makes one: then it is the caller's, who must tell its end."""
        if self.state != "open" or now_s < self.due_s:
            return False
        self.state = "half_open"
        return True

    def probe_worked(self) -> None:
        """Calls go to the provider again."""
        self._ends("closed")
        self._in_a_row = 0

    def probe_failed(self, now_s: float) -> None:
        self._ends("open")
        self._open(now_s)

    def probe_abandoned(self, now_s: float) -> None:
        """Who made it went away before it ended: the next one may be made at once."""
        self._ends("open")
        self.due_s = now_s

    def _ends(self, state: State) -> None:
        if self.state != "half_open":
            raise ValueError(f"no probe is under way: the breaker is {self.state}")
        self.state = state

    def _open(self, now_s: float) -> None:
        self.state, self.wait_s = "open", min(2 * self.wait_s or self.retry_s, self.retry_most_s)
        self.due_s = now_s + self.wait_s
