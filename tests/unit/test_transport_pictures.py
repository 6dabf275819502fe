"""How often the camera is looked at: as usual, or closely while visual cues are read."""

from __future__ import annotations

import av
import numpy as np
import pytest

from visavis.kernel.media import VideoSource
from visavis.kernel.messages import Track
from visavis.transport.base import Adjustable
from visavis.transport.webrtc import WebRtcTransport
from visavis.transport.webrtc_video import Pictures, to_rgb

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


def test_two_lines_are_never_one_source() -> None:
    pictures = Pictures(5.0)
    pictures.heard(Track("screen", True, "1"), ["1", "2"])
    assert taken(pictures, "camera") == 10, "the first line, which is the screen now"
    assert taken(pictures, "screen") == 0, "the second line, which nobody has named"
    pictures.heard(Track("camera", True, "2"), ["1", "2"])
    frame = pictures.take("2", ["1", "2"], PICTURE, 9.0)
    assert frame is not None and frame.source == "camera"


@pytest.mark.parametrize(("width", "height"), [(1, 1), (5000, 1), (5000, 3), (1281, 721)])
def test_pictures_of_any_size_can_be_taken(width: int, height: int) -> None:
    image = to_rgb(av.VideoFrame(width, height, "yuv420p"))
    assert min(image.shape[:2]) >= 2 and max(image.shape[:2]) <= 1280
