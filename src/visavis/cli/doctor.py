"""`visavis doctor`: is everything here that a call needs, and what would add the rest?"""

from __future__ import annotations

import argparse

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visavis.cli.checks import Check, run_checks
from visavis.cli.options import Subparsers, add_config
from visavis.kernel.toml import load_settings
from visavis.models.store import ModelStore

STYLES = {"ok": "green", "missing": "bold red", "optional": "yellow"}

DESCRIPTION = """\
Look at this machine and say what is there, what is needed and missing, and what is optional, each with the
command that adds it. Exit code 1 only if something needed is missing. Changes nothing."""


def add_parser(subparsers: Subparsers) -> None:
    """Register `doctor`."""
    parser = subparsers.add_parser("doctor", help="check this machine for what a call needs", description=DESCRIPTION)
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    settings = load_settings(args.config)
    checks = list(run_checks(settings, ModelStore(settings.models)))
    missing = [check for check in checks if check.state == "missing"]
    if args.json:
        document = {"ok": not missing, "checks": [msgspec.to_builtins(check) for check in checks]}
        print(msgspec.json.encode(document).decode())
    else:
        _show(checks, len(missing))
    return 1 if missing else 0


def _show(checks: list[Check], missing: int) -> None:
    table = Table("what", "state", "detail", "to add it", box=None, pad_edge=False)
    for check in checks:
        state = f"[{STYLES[check.state]}]{check.state}[/]"
        table.add_row(escape(check.name), state, escape(check.detail), escape(check.fix))
    console = Console()
    console.print(table)
    console.print()
    console.print(
        "ready" if not missing else f"{missing} needed {'thing is' if missing == 1 else 'things are'} missing"
    )
