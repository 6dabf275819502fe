"""`visavis memory`: what is remembered of whom across calls; correct and forget it."""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime

from visavis.cli.options import Subparsers, add_config
from visavis.kernel.errors import UsageError
from visavis.kernel.settings import MemorySettings
from visavis.kernel.toml import load_settings
from visavis.think.memory.base import Item, MemoryStore

LONGEST_CHARS = 400

_HELP = """\
With their consent, a person's calls remember what they told for their next ones.

  visavis memory list                       whom anything is remembered of
  visavis memory list PERSON                what, with numbers, dates and the call it was told in
  visavis memory forget PERSON --item 12    delete one thing, and make sure that it is gone
  visavis memory forget PERSON --all        delete all of it
  visavis memory correct PERSON --item 12 --text "my name is Jordan"
  visavis memory token PERSON               the signed token that a door takes as person=…
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "memory",
        help="what is remembered of whom: list, correct, forget",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_config(parser)
    parser.add_argument("action", choices=("list", "forget", "correct", "token"))
    parser.add_argument("person", nargs="?", help="the id that the builder's system gave")
    parser.add_argument("--item", type=int, action="append", default=[], help="number of a thing remembered")
    parser.add_argument("--all", action="store_true", help="forget: everything of this person")
    parser.add_argument("--text", default="", help="correct: what is right")
    parser.add_argument("--json", action="store_true", help="list: one JSON line")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from visavis.server.persons import open_memory

    settings = load_settings(options.config).memory
    if options.action != "list" and not options.person:
        raise UsageError(f"memory {options.action} needs a person", hint="visavis memory list shows them")
    if options.action == "token":
        return _token(settings, options.person)
    store = open_memory(settings)
    try:
        if options.action == "list":
            return _list(store, options.person, as_json=options.json)
        items = _chosen(store, options)
        return _forget(store, items) if options.action == "forget" else _correct(store, items, options.text)
    finally:
        store.close()


def _token(settings: MemorySettings, person: str) -> int:
    from visavis.trust.persons import token

    print(token(person, os.environ.get(settings.secret_env, "")))
    return 0


def _list(store: MemoryStore, person: str | None, *, as_json: bool) -> int:
    if person is None:
        known = store.persons()
        if as_json:
            print(json.dumps({"persons": [{"person": one, "items": count} for one, count in known]}))
        for one, count in [] if as_json else known:
            print(f"{count:5}  {one}")
        return 0
    items = _of(store, person)
    if as_json:
        print(json.dumps({"items": [_row(item) for item in items]}, ensure_ascii=False))
        return 0
    for item in items:
        print(f"{item.number:5}  {_day(item)}  {item.kind:8}  {item.text}  (call {item.session[:8]})")
    return 0


def _of(store: MemoryStore, person: str) -> list[Item]:
    items = store.items(person)
    if not items:
        raise UsageError(f"nothing is remembered of '{person}'", hint="visavis memory list shows of whom")
    return items


def _chosen(store: MemoryStore, options: argparse.Namespace) -> list[Item]:
    items = _of(store, options.person)
    if options.all == bool(options.item):
        raise UsageError(f"memory {options.action} needs --item NUMBER, or for forget --all, not both")
    missing = set(options.item) - {item.number for item in items}
    if missing:
        numbers = ", ".join(str(number) for number in sorted(missing))
        raise UsageError(f"'{options.person}' has no item {numbers}", hint=f"visavis memory list {options.person}")
    return items if options.all else [item for item in items if item.number in options.item]


def _forget(store: MemoryStore, items: list[Item]) -> int:
    gone = store.forget([item.number for item in items])
    print(f"forgotten: {gone}, and nothing of it is in the store's file any more")
    return 0


def _correct(store: MemoryStore, items: list[Item], text: str) -> int:
    right = " ".join(text.split())
    if len(items) != 1:
        raise UsageError("correct one item at a time: --item NUMBER --text TEXT")
    if not right or len(right) > LONGEST_CHARS:
        raise UsageError(f"--text must hold 1-{LONGEST_CHARS} characters")
    store.correct(items[0].number, right)
    print(f"{items[0].number}: {right}")
    return 0


def _day(item: Item) -> str:
    return datetime.fromtimestamp(item.told_s, UTC).strftime("%Y-%m-%d")


def _row(item: Item) -> dict[str, object]:
    return {
        "number": item.number,
        "kind": item.kind,
        "text": item.text,
        "told_s": item.told_s,
        "session": item.session,
        "source_seq": item.source_seq,
    }
