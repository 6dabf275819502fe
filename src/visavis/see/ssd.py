"""Finding things of known kinds with MediaPipe Objectron's detector, an SSD MobileNet v2, on LiteRT, one thread.

Network and its use: `objectron_solution_packed_assets.data` of the npm package @mediapipe/objectron 0.4.1675468480,
which begins with the kinds' names, and `object_detection_oid_v4_cpu.pbtxt` of MediaPipe for input, anchors and boxes
(read 2026-11-23).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from visavis.kernel.errors import ModelError
from visavis.see.base import Image
from visavis.see.network import Floats, Network, anchors, once_each
from visavis.see.picture import scaled

FILE = "objectron_solution_packed_assets.data"
NAMES_BYTES = 184
"""The names of the kinds, a line each, take so many bytes; the network follows."""

PIXELS = 300
"""The picture is stretched to a square: the network is used to that."""

SIDES = (19, 10, 5, 3, 2, 1)
LEAST_SCALE, MOST_SCALE = 0.2, 0.95
SHAPES = (1.0, 2.0, 0.5, 3.0, 1 / 3)
SMALLEST = ((0.1, 1.0), (0.2, 2.0), (0.2, 0.5))
"""Scale and shape of the finest grid's boxes; the other grids have one of each of `SHAPES`, and a larger square."""

CENTRE_STEPS, SIZE_STEPS = 10.0, 5.0
SAME_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Thing:
    """Of `kind`, in the model's words. `sure` is 0–1; `box` has two rows: centre and size, shares of the picture."""

    kind: str
    sure: float
    box: Floats


class ThingFinder:
    """Blocking and not thread-safe: one look at a time. Raises ModelError when the file is missing or damaged."""

    def __init__(self, directory: Path) -> None:
        path = directory / FILE
        self._network = Network(path, NAMES_BYTES)
        self.kinds = path.read_bytes()[:NAMES_BYTES].decode("ascii", "replace").splitlines()
        self._places = anchors(*((side, len(shapes)) for side, shapes in zip(SIDES, _shapes(), strict=True)))
        self._sizes = _sizes()
        if len(self.kinds) != 24:
            raise ModelError(f"the model file {FILE} does not begin with its kinds", stage="setup")

    def find(self, image: Image, least: Mapping[str, float]) -> list[Thing]:
        """Things of the kinds in `least` that are at least so sure, kind by kind, surest first, each once."""
        square: Floats = scaled(image, PIXELS, PIXELS).astype(np.float32) / np.float32(127.5) - np.float32(1)
        steps, logits = self._network(square)
        boxes = self._boxes(steps)
        return [
            thing
            for kind, at_least in least.items()
            for thing in _once(kind, boxes, logits[:, self.kinds.index(kind)], at_least)
        ]

    def _boxes(self, steps: Floats) -> Floats:
        """Shape (n, 2, 2): centre and size, x before y; the network has y first."""
        centres = self._places + steps[:, 1::-1] / CENTRE_STEPS * self._sizes
        return np.stack([centres, np.exp(steps[:, :1:-1] / SIZE_STEPS) * self._sizes], axis=1).astype(np.float32)


def _once(kind: str, boxes: Floats, logits: Floats, least: float) -> Iterator[Thing]:
    sure = 1 / (1 + np.exp(-logits))
    order = np.flatnonzero(sure >= least)
    order = order[np.argsort(-sure[order])]
    rows = np.concatenate([boxes[order], np.repeat(sure[order], 2).reshape(-1, 1, 2)], axis=1)
    for row in once_each(rows, SAME_OVERLAP):
        yield Thing(kind, float(row[2, 0]), row[:2])


def _shapes() -> list[list[tuple[float, float]]]:
    """For each grid, its boxes' scales and shapes (width by height)."""
    scales = [*np.linspace(LEAST_SCALE, MOST_SCALE, len(SIDES)).tolist(), 1.0]
    larger = [
        [*((scale, shape) for shape in SHAPES), (math.sqrt(scale * scales[index + 2]), 1.0)]
        for index, scale in enumerate(scales[1:-1])
    ]
    return [list(SMALLEST), *larger]


def _sizes() -> Floats:
    """Width and height of each anchor's box, in the order of the anchors."""
    rows = [
        np.tile([(scale * math.sqrt(shape), scale / math.sqrt(shape)) for scale, shape in shapes], (side * side, 1))
        for side, shapes in zip(SIDES, _shapes(), strict=True)
    ]
    return np.concatenate(rows).astype(np.float32)
