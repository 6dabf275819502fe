"""`visavis bench loop`: voice-to-voice over many turns, measured at the caller's ear."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

from visavis.bench.conversation import Conversation, Line, TurnReport
from visavis.bench.figures import percentiles
from visavis.bench.report import answered, stage_medians, wer
from visavis.bench.server_process import ServerProcess
from visavis.testing.rtc_caller import RtcCaller

TURNS_A_CALL = 8

QUESTIONS = (
    Line("What are your opening hours on Monday?", "low"),
    Line("How much does a basic service cost?", "high"),
    Line("I would like to know | whether I need an appointment.", "middle"),
    Line("Where is your workshop?", "high"),
    Line("Do you give a warranty on repairs?", "low"),
    Line("My front wheel is bent, and | I need it before Saturday.", "middle"),
    Line("How long does a full service take?", "low"),
    Line("Can you fix a flat tire while I wait?", "high"),
    Line("Is the workshop open on Sunday?", "middle"),
    Line("What does it cost to repair a flat tire?", "low"),
    Line("Could you tell me how | I get there from the station?", "high"),
    Line("Are you busy today?", "middle"),
)


async def loop_turns(server: ServerProcess, turns: int, loss: float, tell: Callable[[str], None]) -> list[TurnReport]:
    """`turns` turns in calls of a few, with `loss` (share of packets, both ways)."""
    lines = list(islice(cycle(QUESTIONS), turns))
    done: list[TurnReport] = []
    for number, start in enumerate(range(0, turns, TURNS_A_CALL)):
        caller = RtcCaller(video=True, loss=loss, seed=number)
        await caller.join(server.url)
        try:
            conversation = Conversation(caller, tell)
            await conversation.begin()
            report = await conversation.hold(lines[start : start + TURNS_A_CALL])
            done += report.turns
        finally:
            await caller.leave()
    return done


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: turns, loss, agent."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    async with ServerProcess(agent=options.agent) as server:
        clean = loop_figures(await loop_turns(server, options.turns, 0.0, tell))
        if not options.loss:
            return clean
        tell(f"\nand with {options.loss:.0%} of the packets lost, both ways:\n")
        lossy = loop_figures(await loop_turns(server, options.turns, options.loss, tell))
        return compare_loss(clean, lossy, options.loss)


def loop_figures(turns: Sequence[TurnReport]) -> dict[str, Any]:
    """Milliseconds unless said; shares are fractions of the turns."""
    content = percentiles(answered(turns), 50, 95, 99)
    count = max(1, len(turns))
    return {
        "turns": len(turns),
        "answered": len(answered(turns)),
        "first_content_ms": content,
        "first_sound_ms": {name: content[name] for name in ("p50", "p95")},
        "false_cutoffs": round(sum(turn.cut_off for turn in turns) / count, 4),
        "early_closes": round(sum(turn.closed_early for turn in turns) / count, 4),
        "wer": wer(turns),
        "stages_ms": stage_medians(turns),
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
