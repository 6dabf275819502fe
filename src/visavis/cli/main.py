"""`visavis`: parses the command line and runs one command. Each command's module is imported when it is used."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from visavis.kernel.errors import ConfigError, ModelError, UsageError, VisavisError

EXIT_USAGE = 2
EXIT_FAILED = 1

_COMMANDS = {
    "demo": "everything from nothing: models, server, and a synthetic caller through real WebRTC",
    "serve": "serve calls: the call page, WebRTC and /ws/audio",
    "call": "play a media file as the caller and record the conversation",
    "doctor": "what this machine has, lacks, and how to add it",
    "models": "list, fetch and verify model files",
    "knowledge": "add, list, remove and search the documents that agents answer from",
    "journal": "list, show, export and replay recorded sessions",
    "memory": "what is remembered of whom: list, correct, forget",
    "bench": "measure: voice-to-voice, loss, crash",
}

_EPILOG = """\
Start with:
  visavis demo                         see and hear it work on this machine
  visavis serve --agent my_agent.toml  serve your own agent
  visavis COMMAND --help               what a command does, with examples
"""


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser; only `command`'s own options are filled in (all commands' when it is None)."""
    top = argparse.ArgumentParser(
        prog="visavis",
        description="visavis: a video AI agent that joins a call, hears, sees, thinks and answers face to face.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print the version and leave")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        if command is None or name == command:
            importlib.import_module(f"visavis.cli.{name}").add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 used or set up wrongly."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    logging.basicConfig(level=os.environ.get("VISAVIS_LOG", "WARNING").upper(), format="%(name)s: %(message)s")
    arguments = list(sys.argv[1:] if argv is None else argv)
    named = next((word for word in arguments if not word.startswith("-")), None)
    top = parser(named if named in _COMMANDS else "none")
    options = top.parse_args(arguments)
    if options.version:
        from visavis import __version__

        print(__version__)
        return 0
    if options.command is None:
        top.print_help()
        return EXIT_USAGE
    try:
        code: int = options.run(options)
        return code
    except (ConfigError, UsageError, ModelError) as error:
        print(f"visavis: {error}", file=sys.stderr)
        return EXIT_USAGE
    except VisavisError as error:
        print(f"visavis: {error.stage}: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
