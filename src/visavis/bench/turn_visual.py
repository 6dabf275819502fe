"""What the camera adds: clips with a speaking person, heard and seen, pause by pause.

Recordings of people who talk to a camera hold pauses but hardly any turn ends: the end of the last speech stands for
one where the clip shows the person for `SEEN_S` after it. What is told of ends is therefore told of few.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from visavis.bench.turn_detectors import WORDS_S
from visavis.bench.turn_hear import Listener, Pause
from visavis.bench.turn_sets import Track, Turn, read_audio
from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.errors import UsageError
from visavis.kernel.events import FaceCue
from visavis.kernel.settings import TurnSettings
from visavis.see.offline import cues_of
from visavis.turn.ending import ending

SEEN_S = 0.6
LOOK_S = 0.02
"""How finely the silence of a pause is gone through: cues change within it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A pause, and the cues around it: seconds from its beginning, in order, one or more before it."""

    pause: Pause
    cues: list[tuple[float, FaceCue]]

    def at(self, silence_s: float) -> FaceCue:
        index = bisect_right([at_s for at_s, _ in self.cues], silence_s)
        return self.cues[index - 1][1] if index else FaceCue()


async def seen_pauses(clips: Sequence[Path], models: Path, listener: Listener) -> list[Seen]:
    """The pauses of every clip that has both sound and pictures."""
    found: list[Seen] = []
    for clip in clips:
        try:
            pcm = read_audio(clip)
        except UsageError:
            continue
        spans, hint_s = await listener.speech(pcm)
        if not spans:
            continue
        faces = [(s, e) for s, e in await asyncio.to_thread(cues_of, clip, models) if isinstance(e, FaceCue)]
        ends = len(pcm) / HEAR_RATE_HZ - spans[-1][1] >= SEEN_S
        track = Track("video", clip.stem, pcm, (Turn(spans[0][0], spans[-1][1], ends=ends),))
        pauses = await listener.pauses(track, spans, hint_s)
        for pause in pauses:
            began_s = pause.began_s
            found.append(Seen(pause, [(at_s - began_s, cue) for at_s, cue in faces]))
    return found


def visual_figures(seen: Sequence[Seen], settings: TurnSettings) -> dict[str, Any]:
    """Decisions with and without the picture, at the settings' own patience."""
    holds, ends = [s for s in seen if not s.pause.is_end], [s for s in seen if s.pause.is_end]
    saved = [_over_s(one, settings, seeing=False) - _over_s(one, settings, seeing=True) for one in ends]
    return {
        "holds": len(holds),
        "ends": len(ends),
        "mouth_in_holds": dict(Counter(one.at(0.2).mouth for one in holds)),
        "mouth_at_ends": dict(Counter(one.at(0.2).mouth for one in ends)),
        "facing": dict(Counter(one.at(0.2).facing for one in seen)),
        "cut_off": {
            "audio": _cut(holds, settings, seeing=False),
            "audio+picture": _cut(holds, settings, seeing=True),
        },
        "saved_ms": round(1000 * sum(saved) / len(saved)) if saved else 0,
    }


def _cut(holds: Sequence[Seen], settings: TurnSettings, *, seeing: bool) -> int:
    return sum(_over_s(one, settings, seeing=seeing) < one.pause.silence_s for one in holds)


def _over_s(one: Seen, settings: TurnSettings, *, seeing: bool) -> float:
    """When the floor ends the turn, looking again as the cues change."""
    silence_s = one.pause.hint_s + WORDS_S
    while True:
        face = one.at(silence_s) if seeing else FaceCue()
        over_s = ending(replace(one.pause.cues, mouth=face.mouth, facing=face.facing), settings).over_s
        if silence_s >= over_s:
            return silence_s
        silence_s += LOOK_S
