"""`visavis demo`"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from visavis.cli.options import Subparsers, add_config
from visavis.kernel.toml import load_settings

_HELP = """\
Fetches the models that are missing, starts a server with the demo agent, and lets a synthetic caller join through
real WebRTC, with synthesised speech and a test card as its camera. The conversation and each turn's waterfall are
printed as they happen. Then the page's address stays on screen for you.

  visavis demo                the demo, then the page for a person
  visavis demo --once --json  only the call; one JSON line with the figures
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "demo",
        help="everything from nothing: models, server, and a synthetic caller through real WebRTC",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_config(parser)
    parser.add_argument("--once", action="store_true", help="end after the call")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON line at the end")
    parser.add_argument("--port", type=int, default=None, help="port of the page (default: 8080, or any free one)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from visavis.cli.models import pull_default

    if code := pull_default(load_settings(options.config).models):
        return code
    try:
        return asyncio.run(_demo(options))
    except KeyboardInterrupt:
        return 0


async def _demo(options: argparse.Namespace) -> int:
    from visavis.bench.demo import demo_call
    from visavis.bench.server_process import ServerProcess

    def tell(line: str) -> None:
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)

    port = options.port if options.port is not None else (0 if options.once else _free_port(8080))
    tell("Starting the server: loading the models and warming the prompt takes some seconds.")
    async with ServerProcess(config=options.config or "", port=port) as server:
        tell("A synthetic caller joins through WebRTC:\n")
        figures = await demo_call(server, tell)
        v2v = figures["v2v_ms"]
        tell(f"\n{figures['turns']} turns, voice to voice p50 {v2v['p50']:.0f} ms, p95 {v2v['p95']:.0f} ms.")
        if options.json:
            print(json.dumps(figures), flush=True)
        for error in figures["errors"]:
            tell(f"error: {error}")
        if not options.once:
            tell(f"\nNow you: open {server.url} in a browser on this machine. Ctrl-C ends the demo.")
            await asyncio.Event().wait()
    return 1 if figures["errors"] else 0


def _free_port(preferred: int) -> int:
    """`preferred` when nobody listens there, else 0 (any)."""
    import socket

    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            return 0
    return preferred
