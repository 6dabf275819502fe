"""A TensorFlow Lite network on LiteRT, one thread: pictures in, tensors out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.errors import ModelError

Floats = NDArray[np.float32]


class Network:
    """Blocking and not thread-safe. `begins`: the network's first byte in its file. Raises ModelError when the file
    is missing or damaged.
    """

    def __init__(self, path: Path, begins: int = 0) -> None:
        from ai_edge_litert.interpreter import Interpreter  # a native library, wanted only once a camera is on

        try:
            source = {"model_content": path.read_bytes()[begins:]} if begins else {"model_path": str(path)}
            self._interpreter: Any = Interpreter(**source, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError, OSError) as error:
            raise ModelError(
                f"the model file {path.name} could not be loaded: {error}",
                stage="setup",
                hint="visavis models verify checks the files, visavis models pull fetches them again",
            ) from error
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def __call__(self, image: Floats) -> list[Floats]:
        """The outputs for `image`, shape (height, width, 3), in the network's order."""
        self._interpreter.set_tensor(self._input, image[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index)[0] for index in self._outputs]


def overlap(one: Floats, other: Floats) -> float:
    """Intersection over union of two boxes, given as rows (centre, size, …)."""
    low = np.maximum(one[0] - one[1] / 2, other[0] - other[1] / 2)
    high = np.minimum(one[0] + one[1] / 2, other[0] + other[1] / 2)
    shared = float(np.prod(np.clip(high - low, 0, None)))
    return shared / max(float(np.prod(one[1]) + np.prod(other[1])) - shared, 1e-9)


def detections(
    found: list[Floats], places: Floats, pixels: int, *, least_logit: float, most_overlap: float
) -> list[Floats]:
    """What a detector has `found`, surest first, once each: rows (centre, size, keypoints …) as shares of its input
    of `pixels`. `places` are its anchors; of boxes that overlap by `most_overlap` or more the surest stays.
    """
    boxes, logits = found
    sure = np.flatnonzero(logits[:, 0] > least_logit)
    sure = sure[np.argsort(-logits[sure, 0])]
    points = boxes[sure].reshape(-1, boxes.shape[-1] // 2, 2) / pixels
    points[:, 0] += places[sure]
    points[:, 2:] += places[sure][:, None]
    return once_each(points, most_overlap)


def once_each(boxes: Iterable[Floats], most_overlap: float) -> list[Floats]:
    """Of `boxes`, surest first, those that overlap no surer one by `most_overlap` or more."""
    kept: list[Floats] = []
    for one in boxes:
        if all(overlap(one, other) < most_overlap for other in kept):
            kept.append(one)
    return kept


def anchors(*grids: tuple[int, int]) -> Floats:
    """Centres of anchors, as shares of the picture: for each (side, count), `count` at side×side places."""
    rows = []
    for side, count in grids:
        centres = (np.arange(side, dtype=np.float32) + 0.5) / side
        x, y = np.meshgrid(centres, centres)
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0))
    return np.concatenate(rows)
