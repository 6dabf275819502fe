"""`visavis knowledge`: add, list, remove and search the documents that agents answer from."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visavis.cli.options import Subparsers, add_config
from visavis.kernel.errors import DocumentRefused, UsageError
from visavis.kernel.toml import load_settings
from visavis.models.engines import Engines
from visavis.session.agent_file import load_agent
from visavis.think.knowledge.base import Document
from visavis.think.knowledge.library import Added, Library
from visavis.think.knowledge.opening import DEFAULT, collection_of, open_library

DESCRIPTION = """\
The documents that agents answer from: Markdown, text, HTML, PDF, DOCX, CSV and JSON files, directories of them, and
addresses. Without --agent and --collection, the collection 'default' is meant."""
EXAMPLES = """\
examples:
  visavis knowledge add docs/ handbook.pdf            index them; what has not changed is left as it is
  visavis knowledge add https://example.org/faq.html
  visavis knowledge list
  visavis knowledge search "how long is the warranty"
  visavis knowledge remove handbook.pdf"""

Work = Callable[[argparse.Namespace, Library], Awaitable[int]]


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "knowledge",
        help="add, list, remove and search documents",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="knowledge_command", required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="index files, directories and addresses")
    add.add_argument("entries", nargs="+", metavar="PATH|URL", help="what to index")
    listing = commands.add_parser("list", help="every document: passages, title, source")
    remove = commands.add_parser("remove", help="forget documents, or all that came through a directory")
    remove.add_argument("entries", nargs="+", metavar="PATH|URL", help="what to forget")
    search = commands.add_parser("search", help="the passages found for a question")
    search.add_argument("question", nargs="+", metavar="WORD", help="the question")
    search.add_argument("--limit", type=int, default=5, help="passages to show (default 5)")
    for command, work in ((add, run_add), (listing, run_list), (remove, run_remove), (search, run_search)):
        add_config(command)
        command.add_argument("--agent", metavar="FILE", help="the collection that this agent answers from")
        command.add_argument("--collection", metavar="NAME", help="a collection by its name")
        command.add_argument("--json", action="store_true", help="print one JSON document instead")
        command.set_defaults(run=_runner(work))


def _runner(work: Work) -> Callable[[argparse.Namespace], int]:
    async def run(options: argparse.Namespace) -> int:
        async with _library(options) as library:
            return await work(options, library)

    return lambda options: asyncio.run(run(options))


@asynccontextmanager
async def _library(options: argparse.Namespace) -> AsyncIterator[Library]:
    settings = load_settings(options.config)
    if options.agent and options.collection:
        raise UsageError("--agent and --collection both name a collection", hint="use one of them")
    collection = options.collection or settings.knowledge.collection or DEFAULT
    if options.agent:
        agent = load_agent(options.agent)
        collection = collection_of(agent.name, agent.knowledge, settings.knowledge)
    engines = Engines.of(settings)
    try:
        library = await open_library(engines, collection)
        try:
            yield library
        finally:
            await library.close()
    finally:
        await engines.close()


async def run_add(options: argparse.Namespace, library: Library) -> int:
    """Exit code 1 when a document was refused; the others are in all the same."""
    result = Added()
    for entry in options.entries:
        try:
            one = await library.add(entry, None if options.json else lambda file: print(file, file=sys.stderr))
        except DocumentRefused as refused:
            result.refused.append(refused)
            continue
        result.added += one.added
        result.unchanged += one.unchanged
        result.removed += one.removed
        result.refused += one.refused
    if options.json:
        _print_json(
            {
                "added": [_described(document) for document in result.added],
                "unchanged": [document.source for document in result.unchanged],
                "removed": result.removed,
                "refused": [str(error) for error in result.refused],
            }
        )
    else:
        passages = sum(document.chunks for document in result.added)
        counts = f"{len(result.added)} documents added ({passages} passages), {len(result.unchanged)} unchanged"
        print(counts + (f", {len(result.removed)} gone" if result.removed else ""))
        for error in result.refused:
            print(f"visavis: {error}", file=sys.stderr)
    return 1 if result.refused else 0


async def run_list(options: argparse.Namespace, library: Library) -> int:
    documents = await library.store.documents()
    if options.json:
        _print_json({"documents": [_described(document) for document in documents]})
        return 0
    table = Table("passages", "title", "source", box=None, pad_edge=False)
    table.columns[0].justify = "right"
    for document in documents:
        table.add_row(str(document.chunks), escape(document.title), escape(document.source))
    Console().print(table if documents else "no documents; visavis knowledge add PATH")
    return 0


async def run_remove(options: argparse.Namespace, library: Library) -> int:
    """Exit code 1 when one of the entries is not in the collection."""
    removed = {entry: await library.remove(entry) for entry in options.entries}
    if options.json:
        _print_json({"removed": [source for sources in removed.values() for source in sources]})
    for entry, sources in removed.items():
        if not sources:
            print(f"visavis: {entry} is not in the collection; see visavis knowledge list", file=sys.stderr)
        elif not options.json:
            print(f"{entry}: {len(sources)} removed")
    return 0 if all(removed.values()) else 1


async def run_search(options: argparse.Namespace, library: Library) -> int:
    if options.limit < 1:
        raise UsageError("--limit must be at least 1")
    passages = await library.search(" ".join(options.question), options.limit)
    if options.json:
        rows = [
            {
                "id": passage.id, "heading": passage.heading, "source": passage.source, "text": passage.text,
                "cosine": passage.cosine, "coverage": passage.coverage,
            }
            for passage in passages
        ]  # fmt: skip
        _print_json({"passages": rows})
        return 0
    console = Console()
    for passage in passages:
        about = (
            f"{escape(passage.heading)}  [dim]{escape(passage.source)}  {passage.id}  cosine {passage.cosine:.2f}[/]"
        )
        console.print(f"[bold]{about}[/]", soft_wrap=True)
        console.print(escape(passage.text) + "\n", soft_wrap=True)
    if not passages:
        print("nothing found")
    return 0


def _described(document: Document) -> dict[str, Any]:
    return {"source": document.source, "title": document.title, "passages": document.chunks, "root": document.root}


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False))
