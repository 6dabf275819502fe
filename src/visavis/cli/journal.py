"""`visavis journal`: list, show, export and replay recorded sessions."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from visavis.cli.options import Subparsers, add_config
from visavis.journal.base import Store
from visavis.journal.export import read_jsonl, write_jsonl
from visavis.kernel.errors import UsageError
from visavis.kernel.events import Record
from visavis.kernel.registry import resolve
from visavis.kernel.toml import load_settings, read

_HELP = """\
Every session is recorded as typed facts. These commands read that record.

  visavis journal list                     sessions, oldest first
  visavis journal show SESSION             its facts, a line each
  visavis journal export SESSION > s.jsonl one JSON object a line
  visavis journal replay SESSION           run the turn and reply decisions again; exit 1 if any differs
  visavis journal replay s.jsonl           the same from an export
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "journal",
        help="list, show, export and replay recorded sessions",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_config(parser)
    parser.add_argument("action", choices=("list", "show", "export", "replay"))
    parser.add_argument("session", nargs="?", help="a session's key (or its beginning), or an exported file")
    parser.add_argument("--json", action="store_true", help="list: one JSON line")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    store = _store(options)
    try:
        if options.action == "list":
            return _list(store, as_json=options.json)
        if not options.session:
            raise UsageError(f"journal {options.action} needs a session", hint="visavis journal list shows them")
        records = _records(store, options.session)
    finally:
        store.close()
    if options.action == "export":
        write_jsonl(records, sys.stdout)
        return 0
    return _show(records) if options.action == "show" else _replay(records)


def _store(options: argparse.Namespace) -> Store:
    from visavis.server.worker import journal_path

    settings = load_settings(options.config).journal
    store: Store = resolve("store", settings.store)(journal_path(settings))
    return store


def _records(store: Store, wanted: str) -> list[Record]:
    if wanted.endswith(".jsonl"):
        return list(read_jsonl(read(Path(wanted)).split("\n"), wanted))
    found = [summary.session for summary in store.sessions() if summary.session.startswith(wanted)]
    if len(found) != 1:
        what = "no session" if not found else f"{len(found)} sessions"
        raise UsageError(f"{what} with a key that begins with '{wanted}'", hint="visavis journal list shows them")
    return store.read(found[0])


def _list(store: Store, *, as_json: bool) -> int:
    sessions = store.sessions()
    if as_json:
        rows = [
            {
                "session": s.session,
                "started_s": s.started_s,
                "last_s": s.last_s,
                "records": s.records,
                "ended": s.ended,
            }
            for s in sessions
        ]
        print(json.dumps({"sessions": rows}))
        return 0
    for s in sessions:
        began = datetime.fromtimestamp(s.started_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
        state = "ended" if s.ended else "open"
        print(f"{s.session}  {began} UTC  {s.last_s - s.started_s:7.1f} s  {s.records:5} facts  {state}")
    return 0


def _show(records: list[Record]) -> int:
    for record in records:
        print(f"{record.seq:6} {record.at_s:10.3f}  {record.event}")
    return 0


def _replay(records: list[Record]) -> int:
    from visavis.session.replay import replay

    result = replay(records)
    print(f"{result.inputs} inputs, {len(result.decided)} decisions: {'the same' if result.same else 'DIFFERENT'}")
    if not result.same:
        print(result.difference)
    return 0 if result.same else 1
