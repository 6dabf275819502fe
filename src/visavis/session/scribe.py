"""Writes facts down: through trust's gate, into the journal, and on to the floor when it reads them."""

from __future__ import annotations

from visavis.journal.journal import SessionLog
from visavis.kernel.events import Event, Record
from visavis.trust.gate import Gate


class Scribe:
    """One session's pen."""

    def __init__(self, log: SessionLog, gate: Gate) -> None:
        self.log = log
        self.gate = gate

    def note(self, event: Event, at_s: float | None = None) -> Record:
        """Record `event`, as of `at_s` media time (default: now). Raises ConsentMissing or JournalError."""
        return self.log.append(self.gate.clear(event), at_s)
