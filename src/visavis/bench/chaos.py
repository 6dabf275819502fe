"""`visavis bench chaos`: providers that fail, at every layer and moment. Who answers, how soon, what is twice."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from visavis.bench import chaos_http
from visavis.bench.chaos_calls import Row, aside_rows, cases
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.testing.faulty import FAULTS

WITHIN_S = 2.0
"""So soon after the deadline the person hears something sensible."""


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Calls on the virtual clock first, then HTTP in real time (some 15 s)."""
    rows = await asyncio.to_thread(played_rows)
    rows += await chaos_http.rows()
    return {"rows": [asdict(row) for row in rows]}


def played_rows() -> list[Row]:
    """All on the virtual clock: the same figures on every machine."""
    return [case.row() for case in cases()] + asides()


def asides() -> list[Row]:
    loop = VirtualTimeLoop()
    try:
        return loop.run_until_complete(aside_rows())
    finally:
        loop.close()


def cell(row: Row) -> str:
    """What the table of docs/failures.md says of a case."""
    if row.duplicates:
        return f"{row.duplicates} twice"
    return f"{row.heard_within_s:.2f}" if row.answered else "not answered"


def place(row: Row) -> tuple[str, str]:
    """Line and column of a case in that table."""
    fault = next(fault for fault in FAULTS if row.fault.startswith(fault))
    return f"{row.layer} {row.fault.removeprefix(fault).strip()}".strip(), fault


def table(rows: Sequence[Row]) -> str:
    """A line for each layer and moment, a column for each fault."""
    cells = {place(row): cell(row) for row in rows}
    lines = list(dict.fromkeys(line for line, _ in cells))
    head = f"| layer and moment | {' | '.join(FAULTS)} |\n|---|{'---|' * len(FAULTS)}"
    body = [f"| {line} | {' | '.join(cells.get((line, fault), '') for fault in FAULTS)} |" for line in lines]
    return "\n".join([head, *body])
