"""`visavis bench barge-in`: what stops the agent's voice and what does not, measured at the caller's ear."""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from visavis.bench.barge_in_call import Outcome, OverlapCall
from visavis.bench.barge_in_sounds import KINDS, Overlap, overlaps
from visavis.bench.figures import percentiles
from visavis.bench.loop_server import Door, Setup, open_server
from visavis.kernel.virtual_time import VirtualTimeLoop

HARMLESS = ("backchannel", "cough", "keyboard", "noise")
_Z95 = 1.96

_OPENING = "There is a lot to tell about its houses, its people and the sea, so let me begin at the harbour. " * 30
_AGENT = f"""
name = "Guide"
greeting = "Welcome to the tour of the old town. {_OPENING}"
instructions = "You tell stories."
[stack]
llm = "visavis.bench.barge_in_talker:Talker"
tts = "visavis.bench.barge_in_talker:PilotVoice"
"""
_TIMED = 'asr = "visavis.bench.barge_in_talker:TimedAsr"\n'


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: data, events (of each kind), transport, seed, callers.

    `door` has no network and a virtual clock: it runs as fast as the models do, and whatever else the machine does
    changes nothing.
    """
    events = await overlaps(options.data, options.events, options.seed)
    if options.transport == "webrtc":
        outcomes = await _outcomes("webrtc", _AGENT, events, options)
    else:
        outcomes = await asyncio.to_thread(_virtually, events, options)
    return figures(outcomes)


def _virtually(events: Sequence[Overlap], options: argparse.Namespace) -> list[Outcome]:
    loop = VirtualTimeLoop()
    try:
        return loop.run_until_complete(_outcomes("file", _AGENT + _TIMED, events, options))
    finally:
        loop.close()


async def _outcomes(
    transport: Literal["webrtc", "file"], agent: str, events: Sequence[Overlap], options: argparse.Namespace
) -> list[Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "guide.toml"
        path.write_text(agent, encoding="utf-8")
        async with open_server(transport, Setup(Path(folder), str(path))) as door:
            shared = _told(events)
            async with asyncio.TaskGroup() as group:
                calls = [
                    group.create_task(_call(door, shared, options.seed + n), name=f"caller-{n}")
                    for n in range(options.callers)
                ]
    return [outcome for call in calls for outcome in call.result()]


def _told(events: Sequence[Overlap]) -> Iterator[Overlap]:
    """One iterator for all callers, which tells how far they are."""
    for number, event in enumerate(events):
        if number % 20 == 0:
            print(f"  {number} of {len(events)} sounds", file=sys.stderr, flush=True)
        yield event


async def _call(door: Door, events: Iterator[Overlap], seed: int) -> list[Outcome]:
    async with door.call(loss=0.0, seed=seed) as line:
        call = OverlapCall(line.caller, events, seed)
        await call.hold()
    return call.outcomes


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Shares are fractions with Wilson's 95 % intervals."""
    interruptions = [o for o in outcomes if o.overlap.kind == "interruption"]
    harmless = [o for o in outcomes if o.overlap.kind in HARMLESS]
    return {
        "n": len(outcomes),
        "duck_ms": percentiles(_known(o.duck_ms for o in interruptions), 50, 95),
        "stop_ms": percentiles(_known(o.stop_ms for o in interruptions if o.taken), 50, 95),
        "wrongly_stopped": _share(sum(_stopped(o) for o in harmless), len(harmless))[0],
        "wrongly_ignored": _share(sum(not o.taken for o in interruptions), len(interruptions))[0],
        "rows": [
            _row(kind, source, [o for o in outcomes if o.overlap.kind == kind and o.overlap.source == source])
            for kind in KINDS
            for source in ("data", "synthesised")
            if any(o.overlap.kind == kind and o.overlap.source == source for o in outcomes)
        ],
    }


def _row(kind: str, source: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    ducks = _known(o.duck_ms for o in outcomes)
    stopped, stopped_ci = _share(sum(_stopped(o) for o in outcomes), len(outcomes))
    gave_up, gave_up_ci = _share(sum(o.taken for o in outcomes), len(outcomes))
    return {
        "class": kind,
        "source": source,
        "n": len(outcomes),
        "ducked": round(len(ducks) / len(outcomes), 4),
        "duck_ms": percentiles(ducks, 50, 95),
        "stop_ms": percentiles(_known(o.stop_ms for o in outcomes), 50, 95),
        "silenced": stopped,
        "silenced_ci95": stopped_ci,
        "gave_up": gave_up,
        "gave_up_ci95": gave_up_ci,
    }


def _stopped(outcome: Outcome) -> bool:
    """Silent for a while, or for good: a pause before the voice goes on is one too."""
    return outcome.stop_ms >= 0 or outcome.taken


def _known(values: Iterator[float] | Any) -> list[float]:
    return [value for value in values if value >= 0]


def _share(hits: int, count: int) -> tuple[float, list[float]]:
    """The share of `count`, and its Wilson 95 % interval; -1 for none."""
    if not count:
        return -1.0, [-1.0, -1.0]
    p, z2 = hits / count, _Z95**2
    middle = p + z2 / (2 * count)
    spread = _Z95 * math.sqrt(p * (1 - p) / count + z2 / (4 * count**2))
    low, high = (middle - spread) / (1 + z2 / count), (middle + spread) / (1 + z2 / count)
    return round(p, 4), [round(max(0.0, low), 4), round(min(1.0, high), 4)]
