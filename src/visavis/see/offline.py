"""Visual cues of a recorded file, for measurements: the same tracker and rules as in a call, without a call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from visavis.kernel.errors import UsageError
from visavis.kernel.events.base import Event
from visavis.see.base import FaceObservation, Image
from visavis.see.cues import CueReader
from visavis.see.mesh import FaceMesh, Track

FPS = 12.0

Crop = tuple[float, float, float, float]
"""Left, top, width, height as shares of the picture."""

WHOLE: Crop = (0.0, 0.0, 1.0, 1.0)
LONGEST_SIDE = 1280


def pictures(path: Path, fps: float = FPS, crop: Crop = WHOLE) -> Iterator[tuple[float, Image]]:
    """At most `fps` pictures a second, with their seconds from the file's beginning. Raises UsageError."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise UsageError(f"{path} has no pictures", stage="vision")
            due_s, start_s = 0.0, None
            for frame in container.decode(video=0):
                if start_s is None:
                    start_s = frame.time or 0.0
                at_s = (frame.time or 0.0) - start_s
                if at_s + 1e-3 >= due_s:
                    due_s = max(due_s + 1 / fps, at_s)
                    yield at_s, _cropped(frame, crop)
    except (av.FFmpegError, OSError) as error:
        raise UsageError(f"{path} cannot be read as video: {error}", stage="vision") from error


def observations(
    path: Path, models: Path, fps: float = FPS, crop: Crop = WHOLE
) -> Iterator[tuple[float, FaceObservation | None]]:
    """The nearest face of each picture. `models` is the directory of `face-landmarks`; blocking."""
    mesh, track = FaceMesh(models), Track()
    for at_s, image in pictures(path, fps, crop):
        yield at_s, mesh.look(image, track)


def cues_of(path: Path, models: Path, fps: float = FPS, crop: Crop = WHOLE) -> list[tuple[float, Event]]:
    """(seconds, FaceCue or Nodded) of a file, in order; blocking. `models` as in `observations`."""
    reader = CueReader()
    return [
        (at_s, event)
        for at_s, seen in observations(path, models, fps, crop)
        for event in reader.push(round(at_s, 4), seen)
    ]


def _cropped(frame: Any, crop: Crop) -> Image:
    shrink = max(1.0, max(frame.width * crop[2], frame.height * crop[3]) / LONGEST_SIDE)
    width, height = int(frame.width / shrink) & ~1, int(frame.height / shrink) & ~1
    image: Image = frame.reformat(width, height, "rgb24", threads=1).to_ndarray()
    left, top = round(crop[0] * width), round(crop[1] * height)
    return image[top : top + round(crop[3] * height), left : left + round(crop[2] * width)]
