"""A scripted face: pictures that say themselves what is seen in them, and an engine that reads it off them."""

from __future__ import annotations

from typing import Any

import numpy as np

from visavis.kernel.errors import ProviderError
from visavis.kernel.media import VideoFrame
from visavis.see.base import FaceObservation, Image

_BROKEN = 255


def picture(
    at_s: float, *, mouth: float = 0.0, yaw_deg: float = 0.0, nose: float = 0.0, faces: int = 1, broken: bool = False
) -> VideoFrame:
    """A camera's picture with `faces` faces; `mouth` 0–1 and `nose` 0–1 in steps of 0.01, `yaw_deg` in −90…90."""
    image = np.zeros((4, 6, 3), np.uint8)
    image[0, 0] = (_BROKEN if broken else faces, round(mouth * 100), round(yaw_deg) + 90)
    image[0, 1, 0] = round(nose * 100)
    return VideoFrame(image, "camera", at_s)


class ScriptedFace:
    """Sees what `picture` has put into a picture. `looks` counts the pictures that were looked at."""

    name = "scripted"

    def __init__(self) -> None:
        self.looks = 0

    @classmethod
    async def load(cls, context: Any) -> ScriptedFace:
        return cls()

    def tracker(self) -> ScriptedFace:
        return self

    async def look(self, image: Image) -> FaceObservation | None:
        self.looks += 1
        faces, mouth, yaw = (int(value) for value in image[0, 0])
        if faces == _BROKEN:
            raise ProviderError("the picture is broken", stage="vision")
        if not faces:
            return None
        return FaceObservation(faces, (0.3, 0.3, 0.4, 0.4), mouth / 100, yaw - 90.0, 0.0, int(image[0, 1, 0]) / 100)
