"""Finding hands and their 21 points with two of MediaPipe's networks, on LiteRT, one thread.

Networks and their use: `palm_detection_full.tflite` and `hand_landmark_lite.tflite` of mediapipe 0.10.21, and that
package's calculator options for anchors, regions and thresholds (read 2026-11-23). Every picture is looked at by
itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visavis.see.base import Image
from visavis.see.network import Floats, Network, anchors, detections
from visavis.see.region import Region

PALM_FILE = "palm_detection_full.tflite"
HAND_FILE = "hand_landmark_lite.tflite"

PALM_PIXELS = 192
HAND_PIXELS = 224
SURE = 0.5
"""Of both networks, the least probability that counts."""

SAME_PALM_OVERLAP = 0.3
MOST_HANDS = 4
HAND_BY_PALM = 2.6
"""A hand's region is so much larger than its palm, and lies half a palm further towards the fingers."""

HANGING_DEG = 100.0
"""A hand whose knuckles are turned so far from above the wrist hangs: its points are not looked for."""

WRIST, MIDDLE_KNUCKLE = 0, 9


@dataclass(frozen=True, slots=True)
class Hand:
    """`points`: pixels of the picture, shape (21, 2). `shape`: the same in metres around the hand's middle, with an
    estimated depth, shape (21, 3). Numbered as in MediaPipe: wrist 0, then four for each finger from the thumb on.
    """

    points: Floats
    shape: Floats


class HandFinder:
    """Blocking and not thread-safe: one look at a time. Raises ModelError when a file is missing or damaged."""

    def __init__(self, directory: Path) -> None:
        self._palms = Network(directory / PALM_FILE)
        self._points = Network(directory / HAND_FILE)
        self._anchors = anchors((24, 2), (12, 6))

    def find(self, image: Image) -> list[Hand]:
        """Hands in `image` that do not hang, those first whose palm is surest."""
        regions = self._regions(image)[:MOST_HANDS]
        upright = [region for region in regions if abs(math.degrees(region.angle)) <= HANGING_DEG]
        return [hand for region in upright if (hand := self._measured(image, region)) is not None]

    def _regions(self, image: Image) -> list[Region]:
        height, width = image.shape[:2]
        whole = Region(width / 2, height / 2, max(width, height))
        cut: Floats = whole.cut(image, PALM_PIXELS).astype(np.float32) / np.float32(255)
        palms = detections(
            self._palms(cut),
            self._anchors,
            PALM_PIXELS,
            least_logit=math.log(SURE / (1 - SURE)),
            most_overlap=SAME_PALM_OVERLAP,
        )
        return [_region(palm, whole) for palm in palms]

    def _measured(self, image: Image, region: Region) -> Hand | None:
        cut: Floats = region.cut(image, HAND_PIXELS).astype(np.float32) / np.float32(255)
        points, is_hand, _, shape = self._points(cut)  # the third is which hand it is
        if float(is_hand[0]) < SURE:
            return None
        flat: Floats = points.reshape(21, 3)[:, :2] / np.float32(HAND_PIXELS)
        return Hand(region.back(flat).astype(np.float32), shape.reshape(21, 3))


def _region(palm: Floats, whole: Region) -> Region:
    """Around the hand of a palm (centre, size, wrist, three knuckles, …), turned so that its fingers point up."""
    centre, wrist, knuckle = whole.back(palm[[0, 2, 4]])
    size = float(palm[1].max()) * whole.side
    angle = math.atan2(float(knuckle[0] - wrist[0]), float(wrist[1] - knuckle[1]))
    x, y = float(centre[0]) + math.sin(angle) * size / 2, float(centre[1]) - math.cos(angle) * size / 2
    return Region(x, y, HAND_BY_PALM * size, angle)
