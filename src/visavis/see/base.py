"""The contracts of seeing faces, hands and frames.

Engines are loaded once per process and shared; a tracker is one caller's state.

Pictures are RGB uint8, shape (height, width, 3). Computation runs on the compute scheduler at `Priority.VISION`,
never on the event loop. What comes out are a few numbers about how a face moves: no identity, no age, no emotion.
Errors: `ModelError` when an engine cannot load, `ProviderError` when a look fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.events.see import Gesture
from visavis.kernel.media import VideoFrame

Image = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class FaceObservation:
    """The nearest face of one picture.

    `box` is (x, y, width, height) as shares of the picture's width and height. `mouth` is the gap between the lips as
    a share of the mouth's width. `yaw_deg` is the head's turn to the side, `pitch_deg` up and down, both as estimated
    from a mesh whose depth is itself an estimate: 0 is about straight into the camera. `nose_y` is the height of the
    tip of the nose in the picture, in face heights, downwards.
    """

    faces: int
    box: tuple[float, float, float, float]
    mouth: float
    yaw_deg: float
    pitch_deg: float
    nose_y: float


class FaceTracker(Protocol):
    """One caller's camera. Look at pictures in order: where the face was tells where it is."""

    async def look(self, image: Image) -> FaceObservation | None:
        """The nearest face in `image`, or None when there is none. Cancelling abandons the look."""
        ...


class FaceEngine(Protocol):
    name: str

    @classmethod
    async def load(cls, context: Any) -> FaceEngine:
        """Checks that the model files are there; may put off the loading itself to the first look."""
        ...

    def tracker(self) -> FaceTracker: ...


@dataclass(frozen=True, slots=True)
class Sign:
    """A hand that shows `gesture` in one picture. Its middle (`x`, `y`) and its `size`, wrist to fingertips, are
    shares of the picture's longer side.
    """

    gesture: Gesture
    x: float
    y: float
    size: float


class GestureEngine(Protocol):
    name: str

    @classmethod
    async def load(cls, context: Any) -> GestureEngine:
        """Checks that the model files are there; may put off the loading itself to the first look."""
        ...

    async def look(self, image: Image) -> list[Sign]:
        """The signs in this one picture; cancelling abandons the look. Raises ProviderError."""
        ...


ChangeKind = Literal["text", "layout", "window", "scene", "person", "held_up", "gesture", "motion"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that matters has changed since the last of these. `box` is (x, y, width, height) in pixels of the
    frame, `share` the changed part of it (0–1). `settled` is False where the picture did not come to rest in time.
    """

    kind: ChangeKind
    at_s: float
    box: tuple[int, int, int, int]
    share: float
    settled: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a frame, and `why`: one of the reasons in docs/vision.md. `frame` is the one to send.

    `like_s` is the media time of a frame sent earlier that shows the same: whoever was told of that one may be told
    that it is in view again.
    """

    send: bool
    why: str
    frame: VideoFrame | None = None
    like_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """One note of the vision worker: what `how` (a describer's name) read or saw in a frame of `source` that was
    captured at `frame_at_s`, `width` by `height` pixels. `took_s` counts from the frame's sending to the note.
    """

    source: str
    frame_at_s: float
    width: int
    height: int
    text: str
    how: str
    took_s: float


class Describer(Protocol):
    """Tells in words what a picture shows: text recognition, vision-language models, and doubles."""

    name: str

    async def describe(self, image: Image, *, question: str = "") -> str:
        """What `image` shows, '' for nothing; where it can, with `question` in mind. Cancelling ends the work.
        Raises ProviderError when it cannot tell.
        """
        ...
