"""`visavis bench turn`: when is somebody done? Detectors of turn ends compared on the same pauses of real speech."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from visavis.bench.turn_detectors import (
    Outcome,
    Truth,
    dead_air_s,
    detectors,
    false_cutoffs,
    outcome,
    roc,
    saving,
)
from visavis.bench.turn_hear import Listener, Pause, Usage
from visavis.bench.turn_joined import PauseLengths, joined
from visavis.bench.turn_sets import Track, call_turns, labelled, read_audio, utterances
from visavis.bench.turn_spoken import spoken_turns
from visavis.bench.turn_visual import seen_pauses, visual_figures
from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines
from visavis.turn.ending import ending

ROUNDS = 2
"""How often each utterance is joined into a turn."""

ROC_CUTS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Raises ConfigError when the folder holds nothing to measure on."""
    engines = Engines.of(Settings())
    try:
        listener = Listener(
            await engines.get("vad", "silero"),
            await engines.get("asr", "moonshine"),
            await engines.get("endpoint", "smart-turn"),
            await engines.get("llm", "embedded"),
            Settings().turn,
        )
        rng = np.random.default_rng(options.seed)
        pauses = await (_from(Path(options.data), listener, rng) if options.data else _synthetic(listener))
        usage = replace(listener.usage)
        clips = _clips(Path(options.data)) if options.data else []
        seen = await seen_pauses(clips, engines.context.store.path("face-landmarks"), listener) if clips else []
    finally:
        await engines.close()
    if not any(pause.is_end for pause in pauses) or all(pause.is_end for pause in pauses):
        raise ConfigError("no pauses inside turns, or no turn ends, to measure on", hint="see docs/benchmarks.md")
    return {**figures(pauses, usage, options.seed), "visual": visual_figures(seen, Settings().turn)}


def _clips(folder: Path) -> list[Path]:
    return sorted((folder / "video" / "talking_head").glob("*.mp4"))


async def _synthetic(listener: Listener) -> list[Pause]:
    return [pause for track in await spoken_turns() for pause in await _heard(track, listener)]


async def _from(folder: Path, listener: Listener, rng: np.random.Generator) -> list[Pause]:
    """Calls first: their pauses tell how long those of the joined utterances should be."""
    pauses: list[Pause] = []
    for track in labelled(folder):
        pauses += await _heard(track, listener)
    for agent in sorted((folder / "calls").glob("*_agent.wav")):
        caller = agent.with_name(agent.name.replace("_agent.wav", "_caller.wav"))
        if caller.is_file():
            pauses += await _call(agent, caller, listener)
    for track in joined(list(utterances(folder, ("en",))), PauseLengths.of(pauses), rng, ROUNDS):
        pauses += await _heard(track, listener)
    return pauses


async def _heard(track: Track, listener: Listener) -> list[Pause]:
    print(f"  {track.source}: {track.voice}", file=sys.stderr)
    spans, hint_s = await listener.speech(track.pcm)
    return await listener.pauses(track, spans, hint_s) if spans else []


async def _call(agent: Path, caller: Path, listener: Listener) -> list[Pause]:
    """Both parties of a call; what each is asked is what the other has just said."""
    sides = [(path, read_audio(path)) for path in (agent, caller)]
    speech = [await listener.speech(pcm) for _, pcm in sides]
    pauses: list[Pause] = []
    for own, other in ((0, 1), (1, 0)):
        turns = call_turns(speech[own][0], speech[other][0])
        theirs = call_turns(speech[other][0], speech[own][0])
        other_track = Track("calls", "", sides[other][1], tuple(theirs))
        asked = []
        for turn in turns:
            before = [one for one in theirs if one.start_s < turn.start_s]
            text = await listener.text(other_track, before[-1]) if before else ""
            asked.append(replace(turn, asked=text))
        track = Track("calls", sides[own][0].stem, sides[own][1], tuple(asked))
        print(f"  calls: {track.voice}", file=sys.stderr)
        pauses += await listener.pauses(track, *speech[own])
    return pauses


def figures(pauses: Sequence[Pause], usage: Usage, seed: int) -> dict[str, Any]:
    truth = Truth.of(pauses)
    results = [outcome(detector, pauses) for detector in detectors()]
    cpu = _cpu_ms_per_s(pauses, usage)
    by_name = {result.name: result for result in results}
    groups = [pause.group for pause in pauses]
    value, low, high = saving(by_name["fused"], by_name["vad+smart-turn"], truth, groups, seed)
    return {
        "data": _data(pauses),
        "pauses": {"ends": int(truth.is_end.sum()), "holds": int((~truth.is_end).sum())},
        "rows": [_row(result, truth, cpu) for result in results],
        "saving": {"value": round(value, 3), "low": round(low, 3), "high": round(high, 3)},
        "by_source": _by_source(pauses, by_name),
        "roc": {result.name: _points(result, truth) for result in results},
    }


def _row(result: Outcome, truth: Truth, cpu: dict[str, float]) -> dict[str, Any]:
    dead_s = dead_air_s(result, truth)
    return {
        "detectors": result.name,
        "false_cutoffs_at_300": round(false_cutoffs(result, truth), 3),
        "dead_air_at_5pct": _ms(dead_s),
        "cpu_ms_per_s": cpu[result.name],
    }


def _points(result: Outcome, truth: Truth) -> list[list[float]]:
    """Share of cut-offs allowed, and dead air (ms) then."""
    cut, dead_s = roc(result, truth)
    return [[share, _ms(float(dead_s[cut <= share + 1e-9].min(initial=np.inf)))] for share in ROC_CUTS]


def _ms(seconds: float) -> float:
    return -1.0 if np.isinf(seconds) else round(seconds * 1000)


def _data(pauses: Sequence[Pause]) -> dict[str, dict[str, int]]:
    counted = Counter((pause.source, "ends" if pause.is_end else "holds") for pause in pauses)
    return {
        source: {kind: counted[source, kind] for kind in ("ends", "holds")}
        for source in dict.fromkeys(pause.source for pause in pauses)
    }


def _by_source(pauses: Sequence[Pause], results: dict[str, Outcome]) -> dict[str, dict[str, float]]:
    """Dead air at 5 % of each set alone, with detectors set for that set."""
    told: dict[str, dict[str, float]] = {}
    for kind in ("calls", "joined"):
        chosen = np.array([pause.source.startswith(kind) for pause in pauses])
        if not chosen.any():
            continue
        truth = Truth.of([pause for pause in pauses if pause.source.startswith(kind)])
        told[kind] = {
            name: _ms(dead_air_s(Outcome(name, result.silence_s[:, chosen]), truth))
            for name, result in results.items()
        }
    return told


def _cpu_ms_per_s(pauses: Sequence[Pause], usage: Usage) -> dict[str, float]:
    """CPU milliseconds per second of audio. Recognition is counted where words are read, though a session needs it
    all the same; partials are not counted."""
    spent = (usage.vad_s, usage.asr_s, usage.endpoint_s, usage.words_s)
    vad, asr, score, llm = (1000 * seconds / usage.audio_s for seconds in spent)
    began = time.process_time()
    for pause in pauses:
        ending(pause.cues, Settings().turn)
    rule = 1000 * (time.process_time() - began) / usage.audio_s
    costs = {
        "vad": vad,
        "vad+smart-turn, P > 0.5": vad + score,
        "vad+smart-turn": vad + score,
        "vad+text": vad + asr + rule,
        "vad+smart-turn+text": vad + asr + score + rule,
        "vad+text+language model": vad + asr + llm + rule,
        "fused": vad + asr + score + llm + rule,
    }
    return {name: round(cost, 2) for name, cost in costs.items()}
