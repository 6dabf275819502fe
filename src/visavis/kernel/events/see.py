"""What is seen of the person: visual cues. They are noted only with consent to `cues`, and only when one changes."""

from __future__ import annotations

from typing import ClassVar, Literal

from visavis.kernel.events.base import Event

MouthCue = Literal["moving", "still", "unknown"]
FacingCue = Literal["here", "away", "unknown"]


class FaceCue(Event, frozen=True):
    """How the person looks from now on, until the next of these. `mouth`: moving (as in talking), still, or unknown
    (also when it moves a little: some people talk so); `facing`: here (to the camera, or where this person usually
    looks), away, unknown; `faces` in view, 0–3.
    """

    content: ClassVar[bool] = True
    mouth: MouthCue = "unknown"
    facing: FacingCue = "unknown"
    faces: int = 0


class Nodded(Event, frozen=True):
    """The person nodded, with a still mouth."""

    content: ClassVar[bool] = True
