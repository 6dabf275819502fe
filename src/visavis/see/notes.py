"""What was seen, as the next turn is told it: the newest note of each source and describer. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from visavis.see.base import Sight

KEPT_S = 90.0
"""An older note says too little about now."""

MOST_CHARS = 2_400

AGES_S = (2, 5, 10, 20, 40, KEPT_S)
"""Ages are told in these steps: a prompt that says the same for some seconds can be computed ahead."""

KEPT_NOTES = 12
"""Of each source and describer, to be told again when what they tell of comes back into view."""

InView = Callable[[Sight], bool]
"""Whether what a note tells of is in view now: no picture has taken the place of its frame."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing for a prompt. `key` names what it is about: the newest row of a key holds; '' holds for one turn.
    `same` is the text that tells whether it was told already: no age, nothing left out. `frame_at_s` is media time.
    """

    key: str
    source: str
    text: str
    same: str
    frame_at_s: float = 0.0
    how: str = ""


class Notes:
    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], Sight] = {}
        self._kept: deque[Sight] = deque(maxlen=KEPT_NOTES)

    def add(self, sight: Sight) -> bool:
        """False for a note of an older frame than the one known: it came too late to count."""
        known = self._newest.get((sight.source, sight.how))
        if known is not None and known.frame_at_s > sight.frame_at_s:
            return False
        self._newest[sight.source, sight.how] = sight
        self._kept.append(sight)
        return True

    def again(self, source: str, frame_at_s: float) -> bool:
        """The picture of `frame_at_s` is in view again: its notes hold, not newer ones. False when none is kept."""
        found = {sight.how: sight for sight in self._kept if (sight.source, sight.frame_at_s) == (source, frame_at_s)}
        self._newest |= {(source, how): sight for how, sight in found.items()}
        return bool(found)

    def forget(self, source: str) -> None:
        """Consent was withdrawn, or the track has ended."""
        self._kept = deque((sight for sight in self._kept if sight.source != source), KEPT_NOTES)
        self._newest = {key: sight for key, sight in self._newest.items() if key[0] != source}

    def since(self, at_s: float) -> list[Sight]:
        """Notes of frames captured at `at_s` or later, oldest first."""
        return sorted(
            (one for one in self._newest.values() if one.frame_at_s >= at_s), key=lambda one: one.frame_at_s
        )

    def newest(self, source: str, how: str) -> Sight | None:
        return self._newest.get((source, how))

    def tells(self, source: str, how: str, since_s: float) -> bool:
        """Whether `how` has told of a frame captured at `since_s` or later."""
        return any((one.source, one.how) == (source, how) and one.frame_at_s >= since_s for one in self._kept)

    def rows(self, now_s: float, in_view: InView, most_chars: int = MOST_CHARS) -> list[Row]:
        """Those that a turn at `now_s` is told, oldest first, each with the beginning of its text. What is in view
        has no age: it is so until another note tells otherwise.
        """
        told = [sight for sight in self.since(float("-inf")) if sight.text]
        found: list[Row] = []
        for sight in told:
            if not (seen := in_view(sight)) and now_s - sight.frame_at_s > KEPT_S:
                continue
            cut = len(sight.text) > most_chars
            text = f"{where(sight)}: {sight.text[:most_chars]}" + " …" * cut + ("" if seen else age(sight, now_s))
            key = f"{sight.source} {sight.how}"
            found.append(Row(key, sight.source, text, sight.text, sight.frame_at_s, sight.how))
        return found


def row(sight: Sight, now_s: float) -> str:
    """One note as a line: where, what, how old."""
    return f"{where(sight)}: {sight.text[:MOST_CHARS]}{age(sight, now_s)}"


def where(sight: Sight) -> str:
    return "Screen" if sight.source == "screen" else "Camera"


def age(sight: Sight, now_s: float) -> str:
    age_s = next((step for step in AGES_S if now_s - sight.frame_at_s <= step), KEPT_S)
    return f" (seen at most {age_s:g} s ago)"
