"""`visavis bench`: the table of benches; each is an async function `measure(options) -> figures`, imported on use."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from visavis.cli.options import Subparsers


@dataclass(frozen=True, slots=True)
class Bench:
    """`measure` is `module:function` below `visavis.bench`; `options` are argparse's, by flag."""

    help: str
    measure: str
    example: str = ""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


BENCHES: dict[str, Bench] = {
    "loop": Bench(
        "voice-to-voice over many turns, at the caller's ear, stage by stage",
        "loop:measure",
        "--turns 24",
        {
            "--turns": {"type": int, "default": 12, "help": "turns to measure (default 12)"},
            "--loss": {"type": float, "default": 0.0, "help": "share of packets lost, both ways, such as 0.05"},
            "--agent": {"default": "", "metavar": "FILE", "help": "agent file (default: the demo agent)"},
            "--transport": {"choices": ("webrtc", "file"), "default": "webrtc", "help": "file: without a network"},
            "--stack": {
                "choices": ("embedded", "shaped"),
                "default": "embedded",
                "help": "shaped: doubles that take as long as vendors' stages are published to",
            },
            "--llm": {"choices": ("fast", "slow"), "default": "fast", "help": "which shaped language model"},
            "--openers": {"choices": ("off", "auto", "on"), "default": "", "help": "default: as the settings say"},
            "--voices": {
                "choices": ("pitched", "kokoro"),
                "default": "pitched",
                "help": "the caller's: the embedded voice at other pitches, or Kokoro's (slow the first time)",
            },
            "--seed": {"type": int, "default": 1, "help": "of the shaped times and of the lost packets"},
            "--video": {
                "choices": ("card", "off", "on", "interleaved"),
                "default": "card",
                "help": "on: camera (15 a second) and screen (5), 720p; interleaved: off and on in turn",
            },
        },
    ),
    "turn": Bench(
        "when is somebody done? silence, smart-turn, words and all together, on the same pauses",
        "turn:measure",
        "--data DIR",
        {
            "--data": {"default": "", "metavar": "DIR", "help": "recorded calls and utterances (default: made here)"},
            "--seed": {"type": int, "default": 1, "help": "of the joined turns and of the bootstrap"},
        },
    ),
    "noise": Bench(
        "noise, quiet callers and echo: with and without gain, noise suppression and echo cancellation",
        "noise:measure",
        "--clips 10",
        {
            "--data": {
                "default": "",
                "metavar": "DIR",
                "help": "recorded speech, noises, rooms (default: made here)",
            },
            "--clips": {"type": int, "default": 6, "help": "sentences for each figure (default 6)"},
            "--seed": {"type": int, "default": 1, "help": "of the choice of sentences and noise"},
        },
    ),
    "barge-in": Bench(
        "what stops the agent's voice and what does not: interruptions, backchannels, noises, at the caller's ear",
        "barge_in:measure",
        "--data DIR",
        {
            "--data": {"default": "", "metavar": "DIR", "help": "recordings (default: synthesised sounds only)"},
            "--events": {"type": int, "default": 100, "help": "sounds of each kind (default 100)"},
            "--transport": {
                "choices": ["webrtc", "door"],
                "default": "webrtc",
                "help": "door: no network, one process",
            },
            "--seed": {
                "type": int,
                "default": 1,
                "help": "what is drawn; odd and even take other halves of the data",
            },
            "--callers": {"type": int, "default": 4, "help": "calls at one time, at most 4 (default 4)"},
        },
    ),
    "face": Bench(
        "visual cues of recorded clips: the mouth against the sound, facing, nods, CPU",
        "face:measure",
        "--data DIR",
        {
            "--data": {"required": True, "metavar": "DIR", "help": "directory with video clips, of one person each"},
            "--crop": {
                "action": "append",
                "default": [],
                "metavar": "NAME=L,T,W,H",
                "help": "part of a clip to look at, as shares of its picture; may be repeated",
            },
        },
    ),
    "gate": Bench(
        "what is sent of screens and cameras: events found, tokens saved, CPU, stage by stage",
        "gate:measure",
        "",
        {
            "dir": {"nargs": "?", "default": "", "metavar": "DIR", "help": "real clips to add (default: none)"},
            "--seed": {"type": int, "default": 101, "help": "of the drawn pictures and their events (default 101)"},
        },
    ),
    "gestures": Bench(
        "raised hands: how many are told, and what else is, on drawn people and on clips",
        "gestures:measure",
        "",
        {
            "dir": {"nargs": "?", "default": "", "metavar": "DIR", "help": "real clips to add (default: none)"},
            "--seed": {"type": int, "default": 101, "help": "of the drawn people (default 101)"},
        },
    ),
    "objects": Bench(
        "objects before the camera: which are told, and which for nothing, drawn, in photographs and in clips",
        "objects:measure",
        "",
        {
            "dir": {"nargs": "?", "default": "", "metavar": "DIR", "help": "real clips to add (default: none)"},
            "--photos": {"default": "", "metavar": "DIR", "help": "skimage/data of an unpacked scikit-image wheel"},
            "--half": {
                "choices": ("all", "choose", "report"),
                "default": "all",
                "help": "every other picture: those to choose thresholds on, or the rest (default: all)",
            },
            "--seed": {"type": int, "default": 101, "help": "of what is drawn, and where it is put (default 101)"},
        },
    ),
    "overhead": Bench(
        "the loop's own CPU, latency and memory with instant models, for many sessions; peers beside it",
        "overhead:measure",
        "--sessions 1,10,30,100",
        {
            "--sessions": {"default": "1,10,30,100", "help": "sessions in one process (default 1,10,30,100)"},
            "--peers": {"default": "", "help": "others to measure in the same run: pipecat,livekit (default none)"},
            "--peer-sessions": {"default": "", "help": "their numbers of sessions (default: as ours)"},
            "--seconds": {"type": float, "default": 15.0, "help": "seconds to measure CPU time over (default 15)"},
            "--turns": {"type": int, "default": 20, "help": "turns to measure latency over (default 20)"},
            "--cores": {"type": int, "default": 0, "help": "bind each process to so many cores (default: all)"},
        },
    ),
    "chaos": Bench(
        "providers that fail by script, at every layer and moment: who answers, how soon, what is done twice",
        "chaos:measure",
    ),
    "llm": Bench(
        "what the adapters of language models add to the first token, in each wire format",
        "llm:measure",
        "",
        {"--requests": {"type": int, "default": 200, "help": "requests in each format, each way (default 200)"}},
    ),
    "retrieval": Bench(
        "passages for questions: are they found, how fast among 100,000, is what no document tells declined",
        "retrieval:measure",
        "--data DIR",
        {
            "--data": {"default": "", "metavar": "DIR", "help": "directory with kb/ (default: a corpus of our own)"},
            "--sets": {"default": "", "help": "which sets of --data (default: medical,banking)"},
            "--embedder": {"default": "minilm", "help": "minilm, a directory, or owner/name at the hub"},
            "--questions": {
                "type": int,
                "default": 40,
                "help": "asked of the embedded language model, with and without an answer (default 40; 0: none)",
            },
            "--padded": {"type": int, "default": 100_000, "help": "chunks that latency is measured among; 0: not"},
            "--keep": {"default": "", "metavar": "DIR", "help": "keep the indexes there for the next run"},
            "--seed": {"type": int, "default": 1, "help": "of samples and padding"},
        },
    ),
    "tools": Bench(
        "calls of tools: right, wrong and refused by the embedded model; a scripted model that breaks every rule",
        "tools:measure",
        "--data DIR",
        {
            "--data": {"default": "", "metavar": "DIR", "help": "directory with BFCL files (default: our own)"},
            "--sets": {
                "default": "simple,multiple,irrelevance,adversarial",
                "help": "which sets (default: simple,multiple,irrelevance,adversarial)",
            },
            "--cases": {"type": int, "default": 60, "help": "requests of each set (default 60)"},
            "--seed": {"type": int, "default": 1, "help": "of the sample and of the attacks"},
        },
    ),
    "cost": Bench("CPU of one call, silent and speaking; memory of a second", "cost:measure"),
    "crash": Bench("kill -9 of the serving process in mid-call: what is lost, who comes back", "crash:measure"),
}


def _help(benches: Mapping[str, Bench]) -> str:
    commands = [
        (f"visavis bench {name} {bench.example}".rstrip() + " --json", bench) for name, bench in benches.items()
    ]
    width = max(len(command) for command, _ in commands)
    listed = "\n".join(f"  {command:{width}}  {bench.help}" for command, bench in commands)
    return f"Measures on this machine.\n\n{listed}\n"


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "bench",
        help=f"measure: {', '.join(BENCHES)}",
        description=_help(BENCHES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    for name, bench in BENCHES.items():
        one = benches.add_parser(name, help=bench.help)
        for flag, argument in bench.options.items():
            one.add_argument(flag, **argument)
        one.add_argument("--json", action="store_true", help="one JSON line at the end")
        one.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    module, _, function = BENCHES[options.bench].measure.partition(":")
    measure = getattr(importlib.import_module(f"visavis.bench.{module}"), function)
    figures = asyncio.run(measure(options))
    if options.json:
        print(json.dumps(figures), flush=True)
    else:
        _print_table(figures)
    return 0


def _print_table(figures: Mapping[str, Any]) -> None:
    for name, value in figures.items():
        if isinstance(value, list):
            _print_rows(value)
        else:
            print(f"{name:24} {value}")


def _print_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """A table: a column for each key of the first row."""
    if not rows:
        return
    table = [[str(key) for key in rows[0]], *[[str(value) for value in row.values()] for row in rows]]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
