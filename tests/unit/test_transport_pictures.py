"""How often the camera is looked at: as usual, or closely while visual cues are read."""

from __future__ import annotations

import av
import numpy as np
import pytest

from visavis.kernel.media import VideoSource
from visavis.transport.base import Adjustable
from visavis.transport.webrtc import WebRtcTransport
from visavis.transport.webrtc_video import Pictures

PICTURE = av.VideoFrame.from_ndarray(np.zeros((4, 6, 3), np.uint8), "rgb24")


def taken(pictures: Pictures, source: VideoSource) -> int:
    """Pictures handed over out of two seconds at 30 a second."""
    mid = {"camera": "1", "screen": "2"}[source]
    frames = [pictures.take(mid, ["1", "2"], PICTURE, n / 30) for n in range(60)]
    return sum(frame is not None for frame in frames)


@pytest.mark.parametrize(("source", "closely"), [("camera", 20), ("screen", 10)])
def test_only_the_camera_is_looked_at_closely(source: VideoSource, closely: int) -> None:
    assert taken(Pictures(5.0), source) == 10
    pictures = Pictures(5.0)
    pictures.camera_fps = 12.0
    assert taken(pictures, source) == pytest.approx(closely, abs=4)
    assert source == "camera" or taken(Pictures(5.0), source) == 10


def test_the_webrtc_door_can_be_asked_to() -> None:
    door: object = WebRtcTransport()
    assert isinstance(door, Adjustable)
