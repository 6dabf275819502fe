"""What the camera shows the floor: who speaks to whom, and nods that answer; pure."""

from __future__ import annotations

from visavis.kernel.events import FaceCue

NOD = "(nods)"
"""What a nod says, as the words of a turn."""

NOD_WITHIN_S = 4.0
"""A nod this long after the agent's question still answers it."""


class Seen:
    """One person's camera, and what they were asked last. Without a camera everything is for the agent."""

    def __init__(self) -> None:
        self.face = FaceCue()
        self.asked = ""
        """What the agent said last."""
        self.for_us = False
        """During some of what was said last the person did not look away."""
        self._asked_s = -NOD_WITHIN_S

    def spoke(self, *, goes_on: bool) -> None:
        """The person begins to make a sound, which may go on with what they were saying."""
        self.for_us = self._here or (self.for_us and goes_on)

    def speaking(self) -> None:
        """The person is making a sound."""
        self.for_us = self.for_us or self._here

    def agent_stopped(self, at_s: float) -> None:
        self._asked_s = at_s

    def nod_answers(self, at_s: float) -> bool:
        """Whether a nod now answers the agent's question; one question is answered once."""
        answers = self.asked.rstrip().endswith("?") and at_s - self._asked_s < NOD_WITHIN_S
        if answers:
            self.asked = ""
        return answers

    @property
    def _here(self) -> bool:
        return self.face.facing != "away"
