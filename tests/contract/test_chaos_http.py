"""The real adapters before a server that fails by script: the next provider answers, and nothing is said twice."""

from __future__ import annotations

from visavis.bench import chaos_http
from visavis.testing.faulty import FAULTS


async def broken() -> set[tuple[str, str]]:
    """Layers and faults that the call did not survive."""
    rows = await chaos_http.rows()
    assert len(rows) == 6 * len(FAULTS)
    return {(row.layer, row.fault) for row in rows if not row.answered or row.duplicates}


async def test_every_fault_of_a_server_is_gone_on_from() -> None:
    """In real time, where a busy machine may come too late with an answer: what breaks counts when it does twice."""
    lost = await broken()
    assert not (lost and lost & await broken())
