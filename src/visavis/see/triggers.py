"""What an agent acts on when it sees it. Pure: seen things and media time in, facts and words out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from visavis.kernel.agent import Trigger
from visavis.kernel.events import GestureSeen, SightTriggered
from visavis.kernel.media import VideoSource
from visavis.see.notes import Row

_TOLD = {
    "document": "A document was just shown; its text is among the documents.",
    "people": "Two or more people are in view now.",
    "raised_hand": "The person has raised a hand.",
    "thumb_up": "The person gives a thumbs-up.",
}

TELL_FOR_S = 30.0
"""So long a trigger's words wait for a turn."""


class Triggers:
    def __init__(self, declared: Sequence[Trigger]) -> None:
        self._declared = {trigger.on: trigger for trigger in declared}
        self._last_s: dict[str, float] = {}
        self._faces = 0
        self._due: list[tuple[float, VideoSource, str]] = []

    def document(self, source: VideoSource, at_s: float) -> list[SightTriggered]:
        """A page that was not known yet has been read."""
        return self._pull("document", source, at_s)

    def people(self, faces: int, at_s: float) -> list[SightTriggered]:
        """So many faces are in the camera's view."""
        more = faces >= 2 > self._faces
        self._faces = faces
        return self._pull("people", "camera", at_s) if more else []

    def gesture(self, seen: GestureSeen) -> list[SightTriggered]:
        """A hand has been held up."""
        return self._pull(seen.gesture, seen.source, seen.frame_at_s)

    def due(self, now_s: float) -> list[Row]:
        """What the next turn is to be told; until `told`, and not for ever."""
        self._due = [due for due in self._due if now_s - due[0] <= TELL_FOR_S]
        return [Row("", source, text, text) for _, source, text in self._due]

    def told(self, texts: Collection[str]) -> None:
        """A turn was told these, and its answer was heard."""
        self._due = [due for due in self._due if due[2] not in texts]

    def forget(self, source: str) -> None:
        """Consent to `source` was withdrawn."""
        self._due = [due for due in self._due if due[1] != source]

    def _pull(self, on: str, source: VideoSource, at_s: float) -> list[SightTriggered]:
        trigger = self._declared.get(on)  # type: ignore[call-overload]
        if trigger is None or at_s - self._last_s.get(on, float("-inf")) < trigger.cooldown_s:
            return []
        self._last_s[on] = at_s
        self._due.append((at_s, source, trigger.tell or _TOLD[on]))
        return [SightTriggered(on, source, at_s)]
