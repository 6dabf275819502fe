"""Captions of a recorded call, read from its journal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from visavis.kernel.events import PlaybackStarted, Record, ReplyEnded, SpeechStarted, TurnEnded


def write_captions(records: Iterable[Record], path: Path) -> None:
    """A WebVTT file with a cue per turn and reply, speakers as voice tags."""
    cues: list[tuple[float, float, str, str]] = []
    person_s = agent_s = None
    for record in records:
        match record.event:
            case SpeechStarted(at_s=at_s):
                person_s = at_s if person_s is None else person_s
            case TurnEnded(text=text, speech_end_s=end_s):
                cues.append((end_s if person_s is None else person_s, end_s, "Caller", text))
                person_s = None
            case PlaybackStarted():
                agent_s = record.at_s
            case ReplyEnded(text=text) if text:
                cues.append((record.at_s if agent_s is None else agent_s, record.at_s, "Agent", text))
    lines = ["WEBVTT", ""]
    for start_s, end_s, who, text in sorted(cues):
        lines += [f"{_time(start_s)} --> {_time(max(end_s, start_s + 0.1))}", f"<v {who}>{_escaped(text)}", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _time(at_s: float) -> str:
    ms = max(0, round(at_s * 1000))
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
