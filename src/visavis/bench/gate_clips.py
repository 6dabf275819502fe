"""Real clips of a data directory for `visavis bench gate`: where they lie, and what is seen in them, by the second.

Looked at by eye, frame by frame around each change; `slack_s` says how exact the times are. The clips themselves are
not part of this repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from visavis.bench.gate_takes import BEGINNING, Label
from visavis.kernel.errors import UsageError
from visavis.kernel.media import VideoSource
from visavis.see.base import Image
from visavis.see.offline import pictures

SLACK_S = 0.3
SCREEN_FPS, CAMERA_FPS = 5.0, 12.0


@dataclass(frozen=True, slots=True)
class Clip:
    kind: str
    source: VideoSource
    path: Path
    labels: Sequence[Label]
    slack_s: float = SLACK_S

    def frames(self) -> Iterator[tuple[float, Image]]:
        return pictures(self.path, SCREEN_FPS if self.source == "screen" else CAMERA_FPS)


_PRESENTER = (
    (10.6, "number entered"),
    (16.8, "call on, greeting"),
    (24.8, "line"),
    (29.2, "line"),
    (38.8, "line"),
    (44.4, "lines"),
    (48.8, "line"),
    (50.6, "failed"),
    (60.6, "lines"),
    (63.0, "verified"),
    (69.8, "disconnected"),
)
"""Pictures that move beside the text, and the presenter, who shows a telephone in a bubble, do not count."""
_BOTTLES = (
    (7.2, "left gone"),
    (13.7, "all there"),
    (18.2, "right alone"),
    (24.8, "left gone"),
    (29.3, "all there"),
    (32.3, "right gone"),
    (36.9, "all there"),
)
_AT_FIRST = {"scene/bottles.mp4": "all there"}

_LABELLED: dict[str, tuple[str, VideoSource, Sequence[tuple[float, str]]]] = {
    "screen/pipecat_sms_demo.mp4": ("presenter with screen", "screen", _PRESENTER),
    "scene/bottles.mp4": ("bottles on a table", "camera", _BOTTLES),
}
_TALKING = "talking_head"


def clips(folder: str) -> list[Clip]:
    """The labelled clips below `folder`, and all of `talking_head/`, in which nothing happens. Raises UsageError when
    there are none.
    """
    root = Path(folder)
    found = [
        Clip(kind, source, root / name, _labels(events, _AT_FIRST.get(name, "")))
        for name, (kind, source, events) in _LABELLED.items()
        if (root / name).is_file()
    ]
    found += [Clip("talking heads, real", "camera", path, []) for path in sorted((root / _TALKING).glob("*.mp4"))]
    if not found:
        raise UsageError(f"{folder} holds none of the clips that docs/benchmarks.md names", stage="vision")
    return found


def _labels(events: Sequence[tuple[float, str]], at_first: str) -> list[Label]:
    """Where a clip names what is in view at first, the same names stand for the same view."""
    seen, labels = {at_first}, []
    for at_s, what in events:
        shows = (BEGINNING if what == at_first else what) if at_first else f"{what} at {at_s}"
        labels.append(Label(at_s, what, shows, again=bool(at_first) and what in seen))
        seen.add(what)
    return labels
