"""What was found in documents for the person's words."""

from __future__ import annotations

from typing import ClassVar

from visavis.kernel.events.base import Event


class PassagesFound(Event, frozen=True):
    """Passages for the answer to turn `turn`, by id, best first; none when nothing is evidence enough. The answer
    waited `took_s` for them. `late`: the search was not over by then, or had failed, and these are of the words
    before.
    """

    content: ClassVar[bool] = True
    turn: int
    ids: list[str]
    took_s: float = 0.0
    late: bool = False
