"""Detectors of turn ends, each with its own free parameters, and how they fare on the same pauses."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from visavis.bench.turn_hear import BASELINE_STOPS_S, Pause
from visavis.kernel.settings import TurnSettings
from visavis.turn.ending import Cues, Habit, ending

SCORE_S = 0.055
"""What the end-of-turn model takes, measured on an idle machine; the baseline's decisions come so much later."""

WORDS_S = 0.1
"""What the full recognition pass takes after the hint of a pause; our decisions never come before it."""

LLM_S = 0.15
"""What the language model takes then to say what it thinks of the words; decisions with it come so much later."""

CUT_SHARE = 0.05
DEAD_AIR_S = 0.3

Floats = NDArray[np.float64]
Decide = Callable[[Pause], float]
"""The silence after which a detector ends the turn in this pause, if the person has not gone on by then."""


@dataclass(frozen=True, slots=True)
class Detector:
    """`settings`: every way of setting its free parameters that is tried."""

    name: str
    settings: Sequence[Decide]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One detector over all pauses: the silence at which each is ended, shape (settings, pauses)."""

    name: str
    silence_s: Floats


def vad_only() -> Detector:
    return Detector("vad", [_after(silence_s) for silence_s in np.arange(0.2, 4.0, 0.05)])


def smart_turn(thresholds: Sequence[float]) -> Detector:
    """Pipecat's rule: smart-turn is asked after `stop` of silence; above the threshold the turn is over, else a
    timeout must pass. Every combination of stop, threshold and timeout is tried."""
    timeouts = np.arange(0.3, 4.0, 0.05)
    tried = itertools.product(range(len(BASELINE_STOPS_S)), thresholds, timeouts)
    name = "vad+smart-turn" if len(thresholds) > 1 else "vad+smart-turn, P > 0.5"
    return Detector(name, [_smart_turn(*one) for one in tried])


def fused(name: str, cues: Callable[[Cues], Cues]) -> Detector:
    """The floor's own rule on what `cues` leaves of the evidence; only `turn.cutoff_p` is free."""
    odds = np.arange(-4.0, 12.0, 0.05)
    return Detector(name, [_fused(1 / (1 + float(np.exp(x))), cues) for x in odds])


def detectors() -> list[Detector]:
    """From silence alone to everything."""
    alone = Cues("")
    return [
        vad_only(),
        smart_turn([0.5]),
        smart_turn([0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 1.0]),
        fused("vad+text", lambda cues: replace(alone, text=cues.text, language=cues.language)),
        fused("vad+smart-turn+text", lambda cues: replace(cues, asked="", habit=Habit(), words_p=None)),
        fused(
            "vad+text+language model",
            lambda cues: replace(alone, text=cues.text, language=cues.language, words_p=cues.words_p),
        ),
        fused("fused", lambda cues: cues),
    ]


def outcome(detector: Detector, pauses: Sequence[Pause]) -> Outcome:
    silence_s = np.array([[decide(pause) for pause in pauses] for decide in detector.settings])
    return Outcome(detector.name, silence_s)


@dataclass(frozen=True, slots=True)
class Truth:
    """What the pauses were: `is_end`, and how long those that were none lasted; shapes (pauses,)."""

    is_end: NDArray[np.bool_]
    lasted_s: Floats

    @classmethod
    def of(cls, pauses: Sequence[Pause]) -> Truth:
        return cls(np.array([p.is_end for p in pauses]), np.array([p.silence_s for p in pauses]))


def roc(result: Outcome, truth: Truth, weight: Floats | None = None) -> tuple[Floats, Floats]:
    """For each setting: share of pauses inside turns that were cut off, and mean silence at ends, seconds.
    `weight`: how often each pause counts (bootstrap)."""
    weight = np.ones(len(truth.is_end)) if weight is None else weight
    end, hold = truth.is_end, ~truth.is_end
    cut_off = result.silence_s[:, hold] < truth.lasted_s[hold]
    cut = cut_off @ weight[hold] / max(weight[hold].sum(), 1e-9)
    dead_s = result.silence_s[:, end] @ weight[end] / max(weight[end].sum(), 1e-9)
    return cut, dead_s


def dead_air_s(result: Outcome, truth: Truth, weight: Floats | None = None) -> float:
    """The least mean silence at ends of all settings that cut off at most `CUT_SHARE`; inf when none does."""
    cut, dead_s = roc(result, truth, weight)
    return float(dead_s[cut <= CUT_SHARE + 1e-9].min(initial=np.inf))


def false_cutoffs(result: Outcome, truth: Truth) -> float:
    """The least share of cut-offs of all settings whose mean silence at ends is at most `DEAD_AIR_S`; 1 when none."""
    cut, dead_s = roc(result, truth)
    return float(cut[dead_s <= DEAD_AIR_S + 1e-9].min(initial=1.0))


def saving(
    ours: Outcome, theirs: Outcome, truth: Truth, groups: Sequence[str], seed: int, rounds: int = 1000
) -> tuple[float, float, float]:
    """How much less dead air `ours` leaves at the same share of cut-offs: the value and its 95 % bootstrap interval.

    Whole `groups` (turns) are drawn; in each draw both detectors are set anew, each as well as can be.
    """
    names = sorted(set(groups))
    index = np.array([names.index(group) for group in groups])
    rng = np.random.default_rng(seed)
    savings = []
    for _ in range(rounds):
        weight = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))[index].astype(float)
        if not (weight * truth.is_end).sum() or not (weight * ~truth.is_end).sum():
            continue
        theirs_s = dead_air_s(theirs, truth, weight)
        if np.isfinite(theirs_s):
            savings.append(1 - dead_air_s(ours, truth, weight) / theirs_s)
    low, high = np.percentile(savings, [2.5, 97.5])
    return 1 - dead_air_s(ours, truth) / dead_air_s(theirs, truth), float(low), float(high)


def _after(silence_s: float) -> Decide:
    return lambda pause: silence_s


def _smart_turn(stop: int, threshold: float, timeout_s: float) -> Decide:
    asked_s = BASELINE_STOPS_S[stop] + SCORE_S

    def decide(pause: Pause) -> float:
        if len(pause.baseline) <= stop:  # the person had gone on before it was asked
            return np.inf
        return asked_s if pause.baseline[stop] > threshold else max(asked_s, timeout_s)

    return decide


def _fused(cutoff_p: float, cues: Callable[[Cues], Cues]) -> Decide:
    settings = msgspec.structs.replace(TurnSettings(), cutoff_p=cutoff_p, patience_s=4.0)

    def decide(pause: Pause) -> float:
        """As the floor does: it does not wait for the language model when it is sure before that has answered."""
        known, words_in_s = cues(pause.cues), pause.hint_s + WORDS_S
        before_s = ending(replace(known, words_p=None), settings).over_s
        if known.words_p is None or before_s <= words_in_s + LLM_S:
            return max(before_s, words_in_s)
        return max(ending(known, settings).over_s, words_in_s + LLM_S)

    return decide
