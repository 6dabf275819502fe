"""What is seen. Visual cues are noted only with consent to `cues`, and only when one changes; what a camera or a
screen shows, only with consent to that.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from visavis.kernel.events.base import Event
from visavis.kernel.media import VideoSource

MouthCue = Literal["moving", "still", "unknown"]
FacingCue = Literal["here", "away", "unknown"]
Gesture = Literal["raised_hand", "thumb_up"]


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


class SightNoted(Event, frozen=True):
    """A note of what a frame of `source`, captured at `frame_at_s`, shows: `text`, as `how` (a describer's name) told
    it `took_s` seconds after the frame was sent. It serves the next turn.
    """

    content: ClassVar[bool] = True
    source: VideoSource
    frame_at_s: float
    text: str
    how: str
    took_s: float


class DocumentRead(Event, frozen=True):
    """A page shown on the screen or held up to the camera was read: `text`, kept as document number `document`."""

    content: ClassVar[bool] = True
    document: int
    source: VideoSource
    frame_at_s: float
    text: str


class SightTriggered(Event, frozen=True):
    """Something in view that the agent had declared it would act on: `kind` is the trigger's, `source` where it was
    seen.
    """

    content: ClassVar[bool] = True
    kind: str
    source: VideoSource
    frame_at_s: float


class GestureSeen(Event, frozen=True):
    """The person before the camera has held a hand in this way for a while, up to the frame captured at
    `frame_at_s`. Told once for as long as it is held.
    """

    content: ClassVar[bool] = True
    gesture: Gesture
    source: VideoSource
    frame_at_s: float


class FloorYielded(Event, frozen=True):
    """The agent stopped reply `reply` of its own accord, where a word ended, to listen. `why`: the trigger's kind."""

    reply: int
    why: str


class FrameSent(Event, frozen=True):
    """A frame of `source`, captured at `frame_at_s` and `age_s` seconds old, went to the vision model of `provider`
    ('': it was only read here) in this size, for the reason `why`. `tokens` and `price_usd` are estimates by the rule
    of the provider's price list; what it counted itself is in `UsageCounted`.
    """

    source: VideoSource
    frame_at_s: float
    width: int
    height: int
    why: str
    provider: str = ""
    tokens: int = 0
    price_usd: float = 0.0
    age_s: float = 0.0


class FrameUsed(Event, frozen=True):
    """What `how` (a describer's name, or "document 2") told of the frame of `source` captured at `frame_at_s` stood
    in the prompt of reply `reply`; the frame was `age_s` seconds old when the reply became audible.
    """

    reply: int
    source: VideoSource
    frame_at_s: float
    how: str
    age_s: float


class FramesDropped(Event, frozen=True):
    """Frames of about the last second that did not go: how many, by reason."""

    source: VideoSource
    counts: dict[str, int]
