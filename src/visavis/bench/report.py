"""From a call's turns to the figures that are printed."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from visavis.bench.conversation import CallReport, TurnReport
from visavis.bench.figures import percentiles, word_error_rate

STAGES = ("endpoint", "asr", "llm_first_token", "first_clause", "tts", "transport")
LOOP_STAGES = ("inbound", *STAGES[:-1], "release", "outbound", "transport")
"""Where the server's journal is at hand, too."""


def stage_medians(turns: Sequence[TurnReport], stages: Sequence[str] = STAGES) -> dict[str, float]:
    """Median milliseconds of each stage over the turns that have it."""
    values = {name: [t.stages_ms[name] for t in turns if name in t.stages_ms] for name in stages}
    return {name: round(median(found)) if found else -1.0 for name, found in values.items()}


def wer(turns: Sequence[TurnReport]) -> float:
    return round(word_error_rate([(turn.line.reference, turn.heard_as) for turn in turns]), 4)


def content_ms(turns: Sequence[TurnReport]) -> list[float]:
    """Voice to voice up to the first content, of the turns that were answered."""
    return [turn.content_ms for turn in turns if turn.v2v_ms >= 0]


def demo_figures(report: CallReport, cpu_ms_per_s: float, rss_mb: float) -> dict[str, Any]:
    """The demo's JSON line."""
    turns = report.turns
    return {
        "turns": len(turns),
        "interruptions": sum(turn.line.interrupts for turn in turns),
        "wer_of_caller": wer(turns),
        "v2v_ms": percentiles(content_ms(turns), 50, 95),
        "first_sound_ms": percentiles([turn.v2v_ms for turn in turns if turn.v2v_ms >= 0], 50)["p50"],
        "stages_ms": stage_medians(turns),
        "cpu_ms_per_s": round(cpu_ms_per_s, 1),
        "rss_mb": round(rss_mb, 1),
        "errors": report.errors,
    }
