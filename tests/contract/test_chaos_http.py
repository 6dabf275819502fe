"""The real adapters before a server that fails by script: the next provider answers, and nothing is said twice."""

from __future__ import annotations

from visavis.bench import chaos_http
from visavis.testing.faulty import FAULTS


async def test_every_fault_of_a_server_is_gone_on_from() -> None:
    rows = await chaos_http.rows()
    assert len(rows) == 6 * len(FAULTS)
    assert not [row for row in rows if not row.answered or row.duplicates]
