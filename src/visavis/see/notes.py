"""What was seen, as the next turn is told it: the newest note of each source and describer, with its age. Pure."""

from __future__ import annotations

from visavis.see.base import Sight

KEPT_S = 90.0
"""An older note says too little about now."""

MOST_CHARS = 2_400

AGES_S = (2, 5, 10, 20, 40, KEPT_S)
"""Ages are told in these steps: a prompt that says the same for some seconds can be computed ahead."""


class Notes:
    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], Sight] = {}

    def add(self, sight: Sight) -> bool:
        """False for a note of an older frame than the one known: it came too late to count."""
        known = self._newest.get((sight.source, sight.how))
        if known is not None and known.frame_at_s > sight.frame_at_s:
            return False
        self._newest[sight.source, sight.how] = sight
        return True

    def forget(self, source: str) -> None:
        """Consent was withdrawn, or the track has ended."""
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
        known = self.newest(source, how)
        return known is not None and known.frame_at_s >= since_s

    def current(self, now_s: float) -> list[Sight]:
        """Those that a turn at `now_s` is told, oldest first."""
        return [sight for sight in self.since(now_s - KEPT_S) if sight.text]


def row(sight: Sight, now_s: float) -> str:
    """One note: where, what, how old. The age stands last, for it changes most."""
    where = "Screen" if sight.source == "screen" else "Camera"
    age_s = next((step for step in AGES_S if now_s - sight.frame_at_s <= step), KEPT_S)
    return f"{where}: {sight.text[:MOST_CHARS]} (seen at most {age_s:g} s ago)"
