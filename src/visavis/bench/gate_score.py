"""Scores of the gate: events found, frames that were for nothing, tokens and time, against simpler ways."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visavis.bench.gate_takes import BEGINNING, Label
from visavis.kernel.media import VideoFrame, VideoSource
from visavis.see.base import FaceObservation, Image
from visavis.see.budget import Budget
from visavis.see.gate import FrameGate
from visavis.see.luma import luma
from visavis.see.sizes import SCENE_PX, TEXT_PX, fitted
from visavis.see.tokens import cost

WITHIN_S = 2.0
WITH_FACES = ", faces looked for"
MODEL = "gpt-4o"
"""Whose tokens and list price are told."""
BLOCK = 20
DIFFERENCE = 4.0
"""The simplest gate by content: a frame goes when a block of 20×20 cells has another mean than in the last one."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A decision other than `unchanged`, at `at_s`; `frame_at_s` is the frame sent, or the one it is like."""

    at_s: float
    why: str
    send: bool
    frame_at_s: float
    tokens: int


@dataclass(slots=True)
class Log:
    """All that was decided over one take."""

    kind: str
    source: VideoSource
    labels: Sequence[Label]
    slack_s: float = 0.0
    faces: bool = False
    seconds: float = 0.0
    frames: int = 0
    cpu_s: float = 0.0
    clock_tokens: int = 0
    told: list[Told] = field(default_factory=list)
    by_clock: list[Told] = field(default_factory=list)
    by_difference: list[Told] = field(default_factory=list)

    @property
    def changes(self) -> list[Told]:
        """Change detection alone: each change is sent."""
        return [Told(one.at_s, one.why, True, one.at_s, one.tokens) for one in self.told]


def follow(
    kind: str,
    source: VideoSource,
    pictures: Iterable[tuple[float, Image]],
    labels: Sequence[Label],
    slack_s: float = 0.0,
    look: Callable[[Image], FaceObservation | None] | None = None,
) -> Log:
    """Shows a gate all `pictures` and logs what it decides. `slack_s`: how exact the labels' times are. `look` finds
    the faces that the gate is told of, too late for the picture itself as in a call.
    """
    log, gate, simple = (
        Log(kind, source, labels, slack_s, look is not None),
        FrameGate(source, Budget(), MODEL),
        _Simple(),
    )
    for at_s, image in pictures:
        frame = VideoFrame(image, source, at_s)
        began_s = time.process_time()
        decision = gate.take(frame)
        log.cpu_s += time.process_time() - began_s
        if look is not None:
            gate.face(at_s, look(image))
        log.frames += 1
        log.seconds = at_s
        sent, tokens = decision.frame or frame, _clock_tokens(image, source)
        if decision.why != "unchanged":
            cost = _tokens(sent.image, decision.why, source) if decision.send else 0
            shown_s = sent.at_s if decision.like_s is None else decision.like_s
            log.told.append(Told(at_s, decision.why, decision.send, shown_s, cost or tokens))
        if len(log.by_clock) <= at_s:
            log.by_clock.append(Told(at_s, "clock", True, at_s, tokens))
            log.clock_tokens += tokens
        if simple.differs(image):
            log.by_difference.append(Told(at_s, "difference", True, at_s, tokens))
    return log


class _Simple:
    def __init__(self) -> None:
        self._sent: Any = None

    def differs(self, image: Image) -> bool:
        grid = luma(image)
        if grid is None:
            return False
        rows, columns = grid.shape[0] // BLOCK * BLOCK, grid.shape[1] // BLOCK * BLOCK
        used = grid[:rows, :columns]
        if self._sent is not None and self._sent.shape == used.shape:
            blocks = np.abs(used - self._sent).reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK).mean((1, 3))
            if not (blocks > DIFFERENCE).any():
                return False
        self._sent = used
        return True


def _clock_tokens(image: Image, source: VideoSource) -> int:
    return _tokens(image, "clock", source)


def _tokens(image: Image, why: str, source: VideoSource) -> int:
    """What the gate counts too: a full picture of a screen and of what is held up, a small one of a scene."""
    height, width = image.shape[:2]
    full = source == "screen" or why == "held_up"
    return cost(MODEL, *fitted(width, height, TEXT_PX if full else SCENE_PX)).tokens


def _usd_per_hour(tokens: int, minutes: float) -> float:
    million = cost(MODEL, 1024, 1024)
    return round(tokens * million.usd / million.tokens / minutes * 60, 3) if minutes else 0.0


def found(log: Log, told: Sequence[Told]) -> tuple[list[Label], list[Told]]:
    """The events that were found, each within 2 s and by a picture of it, and the frames sent for nothing."""
    used: set[int] = set()
    seen = []
    ends = [*(label.at_s for label in log.labels), math.inf][1:]
    for label, ends_s in zip(log.labels, ends, strict=True):
        for index, one in enumerate(told):
            if index not in used and _shows(log, one, label, ends_s):
                used.add(index)
                seen.append(label)
                break
    false = [one for index, one in enumerate(told) if one.send and index not in used and one.why != "first_frame"]
    return seen, false


def _shows(log: Log, one: Told, label: Label, ends_s: float) -> bool:
    if not label.at_s - log.slack_s <= one.at_s <= label.at_s + WITHIN_S + log.slack_s:
        return False
    if one.send:
        return label.at_s - log.slack_s <= one.frame_at_s < ends_s
    return one.why == "already_sent" and label.again and _in_view(log.labels, one.frame_at_s) == label.shows


def _in_view(labels: Sequence[Label], at_s: float) -> str:
    return next((label.shows for label in reversed(labels) if label.at_s <= at_s), BEGINNING)


def row(log: Log) -> Row:
    seen, false = found(log, log.told)
    sent = [one for one in log.told if one.send]
    return {
        "kind": log.kind + (WITH_FACES if log.faces else ""),
        "source": log.source,
        "minutes": round(log.seconds / 60, 2),
        "frames_seen": log.frames,
        "frames_sent": len(sent),
        "tokens_saved": _saved(sent, log.clock_tokens),
        "events": len(log.labels),
        "event_recall": round(len(seen) / len(log.labels), 3) if log.labels else 1.0,
        "false_sends_per_min": round(60 * len(false) / log.seconds, 2) if log.seconds else 0.0,
        "cpu_ms_per_frame": round(1000 * log.cpu_s / log.frames, 2) if log.frames else 0.0,
        "missed": [f"{label.what} at {label.at_s:.1f}" for label in log.labels if label not in seen],
        "why": dict(Counter(one.why for one in log.told)),
    }


def _saved(sent: Sequence[Told], clock_tokens: int) -> float:
    return round(1 - sum(one.tokens for one in sent) / clock_tokens, 4) if clock_tokens else 0.0


def total(logs: Sequence[Log]) -> Row:
    events = sum(len(log.labels) for log in logs)
    rows = {source: _sums([log for log in logs if log.source == source]) for source in ("screen", "camera")}
    minutes = sum(log.seconds for log in logs) / 60
    sent = sum(one.tokens for log in logs for one in log.told if one.send)
    clock = sum(log.clock_tokens for log in logs)
    return {
        "minutes": round(minutes, 1),
        "kinds": len({log.kind for log in logs}),
        "events": events,
        "events_per_min": round(events / minutes, 2) if minutes else 0.0,
        **_sums(logs),
        **rows,
        "usd_per_hour": _usd_per_hour(sent, minutes),
        "clock_usd_per_hour": _usd_per_hour(clock, minutes),
    }


def _sums(logs: Sequence[Log]) -> Row:
    return {
        "frames_seen": (frames := sum(log.frames for log in logs)),
        "cpu_ms_per_frame": round(1000 * sum(log.cpu_s for log in logs) / frames, 2) if frames else 0.0,
        **_way(logs, [log.told for log in logs]),
    }


def ablation(logs: Sequence[Log]) -> list[Row]:
    """The same pictures, stage by stage."""
    ways = {
        "clock": [log.by_clock for log in logs],
        "difference": [log.by_difference for log in logs],
        "change": [log.changes for log in logs],
        "change+novelty": [[_unbudgeted(one) for one in log.told] for log in logs],
        "change+novelty+budget": [log.told for log in logs],
    }
    return [{"stage": stage, **_way(logs, told)} for stage, told in ways.items()]


def _unbudgeted(one: Told) -> Told:
    return Told(one.at_s, one.why, True, one.at_s, one.tokens) if one.why == "over_budget" else one


def _way(logs: Sequence[Log], told: Sequence[Sequence[Told]]) -> Row:
    scored = [found(log, one) for log, one in zip(logs, told, strict=True)]
    sent = [one for each in told for one in each if one.send]
    events, seconds = sum(len(log.labels) for log in logs), sum(log.seconds for log in logs)
    false = sum(len(wrong) for _, wrong in scored)
    return {
        "frames_sent": len(sent),
        "tokens_saved": _saved(sent, sum(log.clock_tokens for log in logs)),
        "event_recall": round(sum(len(seen) for seen, _ in scored) / events, 3) if events else 1.0,
        "false_sends_per_min": round(60 * false / seconds, 2) if seconds else 0.0,
    }
