"""`visavis models`: list, pull and verify the model files in the cache."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from visavis.cli.options import Subparsers, add_config
from visavis.kernel.errors import ModelError
from visavis.kernel.settings import ModelSettings
from visavis.kernel.toml import load_settings
from visavis.models.manifest import Model
from visavis.models.store import ModelState, ModelStore

OnBytes = Callable[[str, int, int], None]

STYLES = {"present": "green", "own": "green", "missing": "yellow", "damaged": "red"}
INTERRUPTED = 130

DESCRIPTION = """\
The models that the embedded agent runs on. Each file is pinned by its SHA-256, whichever source it comes from:
a path of your own (models.local), a model hub (models.hub), or packages at the registries that pip and npm are
set to use."""
EXAMPLES = """\
examples:
  visavis models list                  what there is, and what is on this machine
  visavis models pull                  all that the English demo needs (about 1.3 GB)
  visavis models pull kokoro           one more
  visavis models verify                read every byte again"""


def add_parser(subparsers: Subparsers) -> None:
    """Register `models` and its three commands."""
    parser = subparsers.add_parser(
        "models",
        help="list, fetch and verify model files",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="models_command", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="every model: role, size, licence, state, source")
    listing.set_defaults(run=run_list)

    pull = commands.add_parser(
        "pull",
        help="fetch what is missing; goes on where an interrupted pull stopped",
        description="Fetch what is missing or damaged, verify it, and put it in the cache. Without names: --default.",
    )
    which = pull.add_mutually_exclusive_group()
    which.add_argument("names", nargs="*", metavar="NAME", default=[], help="models to fetch")
    which.add_argument("--default", action="store_true", help="what the embedded English demo needs")
    which.add_argument("--all", action="store_true", help="every model")
    pull.set_defaults(run=run_pull)

    verify = commands.add_parser(
        "verify",
        help="hash every file again; exit code 1 if one is damaged",
        description="Hash every file again. Exit code 1 if a file is damaged, or a model named here is missing.",
    )
    verify.add_argument("names", nargs="*", metavar="NAME", help="models to verify; without names: all")
    verify.set_defaults(run=run_verify)
    for command in (listing, pull, verify):
        add_config(command)
        command.add_argument("--json", action="store_true", help="print one JSON document instead")


def run_list(args: argparse.Namespace) -> int:
    store = _store(args)
    rows = [(model, store.state(model.name)) for model in store.manifest]
    if args.json:
        _print_json({"cache": str(store.cache), "models": [_described(model, state) for model, state in rows]})
        return 0
    table = Table("name", "role", "size", "licence", "state", "source", box=None, pad_edge=False)
    table.columns[2].justify = "right"
    for model, state in rows:
        mark = "" if model.default else " (optional)"
        shown = f"[{STYLES[state.state]}]{state.state}[/]"
        table.add_row(model.name, model.role + mark, _size(model.size), model.licence, shown, _kinds(state))
    console = Console()
    console.print(table)
    console.print(f"\ncache: {store.cache}", soft_wrap=True)
    return 0


def run_pull(args: argparse.Namespace) -> int:
    store = _store(args)
    names = _chosen(store, args)
    results: list[dict[str, Any]] = []
    try:
        with _progress(quiet=args.json) as on_bytes:
            for name in names:
                results.append(_pull_one(store, name, on_bytes))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on where it stopped", file=sys.stderr)
        return INTERRUPTED
    if args.json:
        _print_json({"cache": str(store.cache), "models": results})
    for result in results:
        if result["ok"] and not args.json:
            print(f"{result['name']}: verified, in {result['path']}")
        elif not result["ok"]:
            print(f"visavis: {result['error']}", file=sys.stderr)
    return 0 if all(result["ok"] for result in results) else 1


def pull_default(settings: ModelSettings) -> int:
    """Fetch what the embedded English demo needs and lacks, with progress; returns an exit code.

    Blocking; errors are printed, except ConfigError, which is raised.
    """
    store = ModelStore(settings)
    missing = [name for name in _default_names(store) if store.state(name).state in ("missing", "damaged")]
    with _progress(quiet=False) as on_bytes:
        results = [_pull_one(store, name, on_bytes) for name in missing]
    failed = [result for result in results if not result["ok"]]
    for result in failed:
        print(f"visavis: {result['error']}", file=sys.stderr)
    return 1 if failed else 0


def run_verify(args: argparse.Namespace) -> int:
    store = _store(args)
    names = args.names or [model.name for model in store.manifest]
    states = [store.state(name, rehash=True) for name in names]
    bad = {"damaged", "missing"} if args.names else {"damaged"}
    ok = not any(state.state in bad for state in states)
    if args.json:
        _print_json({"ok": ok, "models": [msgspec.to_builtins(state) for state in states]})
        return 0 if ok else 1
    console = Console()
    for state in states:
        shown = f"[{STYLES[state.state]}]{state.state}[/]"
        console.print(f"{state.name:<20} {shown}  {escape(_verdict(state))}", soft_wrap=True)
    return 0 if ok else 1


def _store(args: argparse.Namespace) -> ModelStore:
    return ModelStore(load_settings(args.config).models)


def _chosen(store: ModelStore, args: argparse.Namespace) -> list[str]:
    if args.all:
        return [model.name for model in store.manifest]
    if args.names:
        return [store.manifest.model(name).name for name in dict.fromkeys(args.names)]
    return _default_names(store)


def _default_names(store: ModelStore) -> list[str]:
    chosen = store.default_names()
    for model in store.manifest:
        if model.default and model.name not in chosen:
            print(f"{model.name} is left out: {store.lacking(model)}", file=sys.stderr)
    return chosen


def _pull_one(store: ModelStore, name: str, on_bytes: OnBytes) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "path": str(store.pull(name, on_bytes))}
    except ModelError as error:
        return {"name": name, "ok": False, "code": error.code, "error": str(error)}


@contextmanager
def _progress(*, quiet: bool) -> Iterator[OnBytes]:
    """Bars on standard error where that is a terminal, else a line for each model."""
    columns = (TextColumn("{task.description:<20}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    bars = console.is_terminal and not quiet
    with Progress(*columns, console=console, disable=not bars) as progress:
        tasks: dict[str, TaskID] = {}

        def on_bytes(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
                if not bars and not quiet and done < total:
                    print(f"fetching {name}, {_size(total)}", file=sys.stderr, flush=True)
            progress.update(tasks[name], completed=done, total=total)

        yield on_bytes


def _described(model: Model, state: ModelState) -> dict[str, Any]:
    about = {
        "role": model.role,
        "licence": model.licence,
        "publisher": model.publisher,
        "upstream": model.upstream,
        "size_bytes": model.size,
        "default": model.default,
    }
    return {**msgspec.to_builtins(state), **about}


def _verdict(state: ModelState) -> str:
    if state.state == "damaged":
        return f"{state.detail}; visavis models pull {state.name}"
    if state.state == "own":
        return f"{state.path}: your own files, other than the manifest's"
    return state.detail if state.state == "missing" else state.path


def _kinds(state: ModelState) -> str:
    """Which kinds of source served the model: local, hub, installed, registry."""
    return ", ".join(dict.fromkeys(source.split()[0] for source in state.source.split("; ") if source))


def _size(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _print_json(document: dict[str, Any]) -> None:
    print(msgspec.json.encode(document).decode())
