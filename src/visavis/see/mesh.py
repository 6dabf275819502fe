"""Finding a face and its 468 points with two of MediaPipe's networks, on LiteRT, one thread.

Networks and their use: `face_detection_short_range.tflite` and `face_landmark.tflite` of mediapipe 0.10.21, and that
package's calculator options for anchors, regions and thresholds (read 2026-11-23). Nothing else of MediaPipe runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visavis.see.base import FaceObservation, Image
from visavis.see.network import Floats, Network, anchors, detections
from visavis.see.region import Region

DETECTOR_FILE = "face_detection_short_range.tflite"
LANDMARK_FILE = "face_landmark.tflite"

DETECTOR_PIXELS = 128
LANDMARK_PIXELS = 192
SURE_LOGIT = 0.0
"""Both networks' scores are logits: above 0 is more likely a face than not."""

FACE_MARGIN = 1.5
"""The region around a face is this much larger than the face."""

SAME_FACE_OVERLAP = 0.3
COUNT_EVERY = 12
"""While a face is followed from picture to picture, every 12th picture is searched for others."""

FOREHEAD, CHIN, NOSE = 10, 152, 1
RIGHT_CHEEK, LEFT_CHEEK = 234, 454
RIGHT_EYE, LEFT_EYE = 33, 263
UPPER_LIP, LOWER_LIP, MOUTH_RIGHT, MOUTH_LEFT = 13, 14, 78, 308


@dataclass(slots=True)
class Track:
    """What is remembered of one camera between pictures."""

    region: Region | None = None
    faces: int = 0
    since_count: int = 0


class FaceMesh:
    """Blocking and not thread-safe: one look at a time. Raises ModelError when a file is missing or damaged."""

    def __init__(self, directory: Path) -> None:
        self._detector = Network(directory / DETECTOR_FILE)
        self._landmarks = Network(directory / LANDMARK_FILE)
        self._anchors = anchors((16, 2), (8, 6))

    def look(self, image: Image, track: Track) -> FaceObservation | None:
        """The nearest face in `image`; updates `track`. A face that was lost is searched for in the same picture."""
        track.since_count += 1
        region = track.region
        if region is None or track.since_count >= COUNT_EVERY:
            found = self._detect(image)
            track.faces, track.since_count = len(found), 0
            region = region or (found[0] if found else None)
        observation, track.region = self._measure(image, region, track) if region else (None, None)
        if observation is None and track.since_count:
            track.region = None
            return self.look(image, track)
        return observation

    def boxes(self, image: Image) -> list[tuple[int, int, int, int]]:
        """x, y, width, height in pixels of all faces, largest first, a little larger than the faces are."""
        found = []
        for region in self._detect(image):
            side = round(region.side)
            found.append((round(region.x - side / 2), round(region.y - side / 2), side, side))
        return found

    def _detect(self, image: Image) -> list[Region]:
        """The regions of all faces, largest first."""
        height, width = image.shape[:2]
        whole = Region(width / 2, height / 2, max(width, height))
        cut: Floats = whole.cut(image, DETECTOR_PIXELS).astype(np.float32) / np.float32(127.5) - np.float32(1)
        faces = detections(
            self._detector(cut),
            self._anchors,
            DETECTOR_PIXELS,
            least_logit=SURE_LOGIT,
            most_overlap=SAME_FACE_OVERLAP,
        )
        faces.sort(key=lambda face: -float(face[1].max()))
        return [self._region_of(face, whole) for face in faces]

    def _region_of(self, face: Floats, whole: Region) -> Region:
        """`face`: centre, size, right eye, left eye, …"""
        centre, right_eye, left_eye = whole.back(face[[0, 2, 3]])
        angle = math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
        side = FACE_MARGIN * float(face[1].max()) * whole.side
        return Region(float(centre[0]), float(centre[1]), side, angle)

    def _measure(
        self, image: Image, region: Region, track: Track
    ) -> tuple[FaceObservation, Region] | tuple[None, None]:
        cut: Floats = region.cut(image, LANDMARK_PIXELS).astype(np.float32) / np.float32(255)
        outputs = self._landmarks(cut)
        by_size = {output.size: output for output in outputs}
        if float(by_size[1].ravel()[0]) <= SURE_LOGIT:
            return None, None
        mesh: Floats = by_size[1404].reshape(468, 3) / np.float32(LANDMARK_PIXELS)
        points = region.back(mesh[:, :2])
        low, high = points.min(axis=0), points.max(axis=0)
        centre, size = (low + high) / 2, high - low
        eyes = points[LEFT_EYE] - points[RIGHT_EYE]
        angle = math.atan2(float(eyes[1]), float(eyes[0]))
        after = Region(float(centre[0]), float(centre[1]), FACE_MARGIN * float(size.max()), angle)
        height, width = image.shape[:2]
        across, down = mesh[LEFT_CHEEK] - mesh[RIGHT_CHEEK], mesh[CHIN] - mesh[FOREHEAD]
        face_height = float(np.linalg.norm(points[CHIN] - points[FOREHEAD]))
        observation = FaceObservation(
            faces=max(1, track.faces),
            box=(float(low[0] / width), float(low[1] / height), float(size[0] / width), float(size[1] / height)),
            mouth=_mouth(mesh),
            yaw_deg=math.degrees(math.atan2(float(across[2]), float(across[0]))),
            pitch_deg=math.degrees(math.atan2(float(down[2]), float(down[1]))),
            nose_y=float(points[NOSE][1]) / max(face_height, 1.0),
        )
        return observation, after


def _mouth(mesh: Floats) -> float:
    """Lip gap by mouth width, in the picture's plane."""
    gap = np.linalg.norm(mesh[LOWER_LIP, :2] - mesh[UPPER_LIP, :2])
    width = np.linalg.norm(mesh[MOUTH_LEFT, :2] - mesh[MOUTH_RIGHT, :2])
    return float(gap / max(float(width), 1e-6))
