"""`visavis bench loop`: voice-to-voice over many turns, measured at the caller's ear."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from visavis.bench.conversation import Conversation, Line, TurnReport
from visavis.bench.figures import percentiles
from visavis.bench.legs import add_legs
from visavis.bench.lines import LINES
from visavis.bench.loop_server import Door, Setup, open_server
from visavis.bench.loop_video import Video, interleaved, twice
from visavis.bench.report import LOOP_STAGES, stage_medians, wer
from visavis.bench.shaping import script_of
from visavis.kernel.errors import UsageError

TURNS_A_CALL = 8


def calls_of(turns: int) -> list[list[Line]]:
    """`turns` lines in calls of a few."""
    lines = list(islice(cycle(LINES), turns))
    return [lines[start : start + TURNS_A_CALL] for start in range(0, turns, TURNS_A_CALL)]


async def loop_turns(
    door: Door,
    calls: Sequence[Sequence[Line]],
    tell: Callable[[str], None],
    *,
    voices: str,
    loss: float,
    seed: int,
    video: Video = "card",
) -> list[TurnReport]:
    """Every line of every call, with `loss` (share of packets, both ways)."""
    done: list[TurnReport] = []
    for number, lines in enumerate(calls):
        async with door.call(loss=loss, seed=seed + number, video=video) as line:
            conversation = Conversation(line.caller, tell, voices=voices)
            await conversation.begin()
            turns = (await conversation.hold(lines)).turns
        wall_offset_s = time.time() - asyncio.get_running_loop().time()
        add_legs(turns, await door.journal(line.session), wall_offset_s)
        done += turns
    return done


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: turns, loss, agent, transport, stack, llm, openers, voices, seed, video."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    calls = calls_of(options.turns)
    rounds = [0.0, options.loss] if options.loss else [0.0]
    both = options.video == "interleaved"
    if both and options.loss:
        raise UsageError("one comparison at a time", hint="leave --loss or --video out")
    with tempfile.TemporaryDirectory() as folder:
        script = None
        if options.stack == "shaped":
            script = await script_of(
                twice(calls) if both else calls * len(rounds), options.voices, llm=options.llm, seed=options.seed
            )
        setup = Setup(Path(folder), options.agent, options.openers, script)
        figures = []
        async with open_server(options.transport, setup) as door:

            async def hold(lines: Sequence[Line], video: Video, number: int) -> list[TurnReport]:
                tell(f"\nvideo {video}:\n")
                seed = options.seed + number
                return await loop_turns(door, [lines], tell, voices=options.voices, loss=0.0, seed=seed, video=video)

            if both:
                return await interleaved(hold, calls, loop_figures)
            for loss in rounds:
                if loss:
                    tell(f"\nand with {loss:.0%} of the packets lost, both ways:\n")
                turns = await loop_turns(
                    door,
                    calls,
                    tell,
                    voices=options.voices,
                    loss=loss,
                    seed=options.seed,
                    video=options.video,
                )
                figures.append(loop_figures(turns))
    return compare_loss(figures[0], figures[1], options.loss) if options.loss else figures[0]


def loop_figures(turns: Sequence[TurnReport]) -> dict[str, Any]:
    """Milliseconds unless said; shares are fractions of the turns. A turn that was cut off has no latency."""
    answered = [turn for turn in turns if turn.v2v_ms >= 0]
    timed = [turn for turn in answered if not turn.cut_off]
    count = max(1, len(turns))
    return {
        "turns": len(turns),
        "answered": len(answered),
        "first_content_ms": percentiles([turn.content_ms for turn in timed], 50, 95, 99),
        "first_sound_ms": percentiles([turn.v2v_ms for turn in timed], 50, 95),
        "false_cutoffs": round(sum(turn.cut_off for turn in turns) / count, 4),
        "early_closes": round(sum(turn.closed_early for turn in turns) / count, 4),
        "wer": wer(turns),
        "critical_path_ms": percentiles([turn.path_ms for turn in timed if turn.path_ms >= 0], 50, 95),
        "added_ms": percentiles([turn.added_ms for turn in timed if turn.added_ms is not None], 50, 95),
        "stages_ms": stage_medians(
            timed, LOOP_STAGES + (("opener",) if any("opener" in t.stages_ms for t in timed) else ())
        ),
    }


def compare_loss(clean: dict[str, Any], lossy: dict[str, Any], loss: float) -> dict[str, Any]:
    """The lossy run's figures, and what the loss cost against the clean run beside it."""
    return {
        **lossy,
        "loss": loss,
        "wer_clean": clean["wer"],
        "wer_worse_points": round((lossy["wer"] - clean["wer"]) * 100, 2),
        "first_content_clean_ms": clean["first_content_ms"],
        "added_delay_ms": lossy["first_content_ms"]["p50"] - clean["first_content_ms"]["p50"],
    }
