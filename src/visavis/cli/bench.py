"""`visavis bench`"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Coroutine
from typing import Any

from visavis.cli.options import Subparsers

_HELP = """\
Measures on this machine, with a server in its own process and a caller through real WebRTC.

  visavis bench loop --turns 24 --json     voice-to-voice at the caller's ear, stage by stage
  visavis bench loop --loss 0.05 --json    the same with 5 % of the packets lost both ways, beside a clean run
  visavis bench cost --json                CPU of one call, silent and speaking; memory of a second
  visavis bench crash --json               kill -9 in mid-call: what is lost, who comes back
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "bench",
        help="measure: voice-to-voice, loss, cost, crash",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    loop = benches.add_parser("loop", help="voice-to-voice over many turns")
    loop.add_argument("--turns", type=int, default=12, help="turns to measure (default 12)")
    loop.add_argument("--loss", type=float, default=0.0, help="share of packets lost, both ways, such as 0.05")
    loop.add_argument("--agent", default="", metavar="FILE", help="agent file (default: the demo agent)")
    benches.add_parser("cost", help="CPU and memory of a call")
    benches.add_parser("crash", help="kill -9 of the serving process in mid-call")
    for bench in benches.choices.values():
        bench.add_argument("--json", action="store_true", help="one JSON line at the end")
        bench.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    figures = asyncio.run(_measure(options))
    if options.json:
        print(json.dumps(figures), flush=True)
    else:
        for name, value in figures.items():
            print(f"{name:24} {value}")
    return 0


def _measure(options: argparse.Namespace) -> Coroutine[Any, Any, dict[str, Any]]:
    if options.bench == "loop":
        return _loop(options)
    if options.bench == "cost":
        return _cost()
    from visavis.bench.crash import crash

    return crash()


async def _loop(options: argparse.Namespace) -> dict[str, Any]:
    from visavis.bench.loop import compare_loss, loop_figures, loop_turns
    from visavis.bench.server_process import ServerProcess

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    async with ServerProcess(agent=options.agent) as server:
        clean = loop_figures(await loop_turns(server, options.turns, 0.0, tell))
        if not options.loss:
            return clean
        tell(f"\nand with {options.loss:.0%} of the packets lost, both ways:\n")
        lossy = loop_figures(await loop_turns(server, options.turns, options.loss, tell))
        return compare_loss(clean, lossy, options.loss)


async def _cost() -> dict[str, Any]:
    from visavis.bench.cost import call_cost
    from visavis.bench.server_process import ServerProcess

    async with ServerProcess() as server:
        return await call_cost(server)
