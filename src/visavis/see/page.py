"""Finding a page in a picture (a sheet held to the camera, a document lying in view) and laying it flat. Pure.

A page is the largest light area with straight sides that stands out from what is around it. Numpy only; the search
runs on a copy of 160 pixels across.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.see.base import Image
from visavis.see.picture import bounded

Corners = NDArray[np.float32]
"""Shape (4, 2), x and y in pixels: top left, top right, bottom right, bottom left."""

SEARCH_PIXELS = 160
LEAST_SHARE = 0.06
MOST_SHARE = 0.97
LEAST_FILL = 0.86
"""A page fills its own four corners; a window, a wall or a shirt does not."""

LEAST_CONTRAST = 24
"""A page is so much lighter (of 255) than the picture around it."""

LEAST_LIGHT = 110

MOST_LEAN = 1.7
"""Opposite sides of a page that anybody can read are not more unequal."""

LONGEST_SHAPE = 4.0
"""Longest side by shortest: a till receipt, not a lath."""

LONGEST_PIXELS = 1_400

STRIP_ROWS = 32
"""Worked on at a time: so much stays in the processor's cache, which halves the time."""


def find_page(image: Image) -> Corners | None:
    """The corners of the page in `image`, or None; also for a page that fills the picture: it needs no cutting."""
    small = bounded(image, SEARCH_PIXELS)
    luma = _smooth(small.mean(axis=2, dtype=np.float32))
    split = _otsu(luma)
    for level in (split, (split + float(luma.max())) / 2):
        area = _largest(luma > level)
        if area is None:
            continue
        corners = _corners(area)
        if _is_page(area, corners, luma):
            scale = np.array([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]], np.float32)
            found: Corners = ((corners + 0.5) * scale - 0.5).astype(np.float32)
            return found
    return None


def flattened(image: Image, corners: Corners) -> Image:
    """The page alone, upright as it lies in the picture, its perspective taken out."""
    top, bottom = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3])
    left, right = np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1])
    # Enlarged, because letters of a page held to a camera are small; a page half lost in the turn is not.
    across, down = float(max(top, bottom)), float(max(left, right))
    factor = min(2.0, LONGEST_PIXELS / max(across, down))
    width, height = max(1, round(factor * across)), max(1, round(factor * down))
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    back = _homography(square, corners.astype(np.float64)).astype(np.float32)
    flat = np.ascontiguousarray(image).reshape(-1, 3)
    page = np.empty((height, width, 3), np.uint8)
    for start in range(0, height, STRIP_ROWS):
        strip = page[start : start + STRIP_ROWS]
        y, x = np.mgrid[start : start + len(strip), 0:width].astype(np.float32) + np.float32(0.5)
        depth = back[2, 0] * x + back[2, 1] * y + back[2, 2]
        at_x = (back[0, 0] * x + back[0, 1] * y + back[0, 2]) / depth - 0.5
        at_y = (back[1, 0] * x + back[1, 1] * y + back[1, 2]) / depth - 0.5
        strip[:] = _sampled(flat, image.shape[1], image.shape[0], at_x, at_y)
    return page


def _sampled(flat: Image, width: int, height: int, x: NDArray[np.float32], y: NDArray[np.float32]) -> Image:
    """Bilinear, out of a picture whose pixels are the rows of `flat`."""
    x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    at = top * width + left
    upper = flat.take(at, axis=0) * (1 - fx) + flat.take(at + 1, axis=0) * fx
    lower = flat.take(at + width, axis=0) * (1 - fx) + flat.take(at + width + 1, axis=0) * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.uint8)


def _homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 3×3 matrix that takes four points to four others."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solved = np.linalg.solve(np.array(rows), np.array(values))
    return np.append(solved, 1.0).reshape(3, 3)


def _smooth(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lightest of 3×3, twice, and then the darkest: text on a page closes, the page's outline stays."""
    for step in (np.maximum, np.maximum, np.minimum, np.minimum):
        for axis in (0, 1):
            before, after = np.roll(luma, 1, axis), np.roll(luma, -1, axis)
            luma = step(step(luma, before), after)
    return luma


def _otsu(luma: NDArray[np.float32]) -> float:
    """The level that parts light from dark best."""
    counts, edges = np.histogram(luma, bins=64, range=(0, 256))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[int(np.nanargmax(np.nan_to_num(apart))) + 1])


def _largest(light: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """The largest connected light area, with its holes filled; None for none."""
    left = light.copy()
    best: NDArray[np.bool_] | None = None
    for _ in range(6):
        if not left.any():
            break
        heights = np.cumsum(left, axis=0)
        seed = np.unravel_index(int(np.argmax(np.where(left, heights, -1))), left.shape)
        area = np.zeros_like(left)
        area[seed] = True
        area = _grown(area, left)
        left &= ~area
        if best is None or area.sum() > best.sum():
            best = area
    if best is None:
        return None
    outside = np.zeros_like(best)
    outside[[0, -1], :], outside[:, [0, -1]] = ~best[[0, -1], :], ~best[:, [0, -1]]
    return ~_grown(outside, ~best)


def _grown(area: NDArray[np.bool_], within: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """`area`, grown through `within` as far as it goes: along whole runs of rows and columns at a time."""
    size = -1
    while (count := int(area.sum())) != size:
        size = count
        for axis in (0, 1):
            runs = np.cumsum(~within, axis=axis)
            lines = np.arange(area.shape[1 - axis]) * (area.shape[axis] + 1)
            keys = runs + np.expand_dims(lines, axis)
            reached = np.zeros(area.size + area.shape[1 - axis] + 1, np.bool_)
            reached[keys[area]] = True
            area = within & reached[keys]
    return area


def _corners(area: NDArray[np.bool_]) -> Corners:
    """The points farthest out: along the diagonals, or, for an area turned by more, along the axes."""
    y, x = np.nonzero(area)
    points = np.stack([x, y], axis=1).astype(np.float32)
    sums, differences = points.sum(axis=1), points[:, 0] - points[:, 1]
    straight = points[[sums.argmin(), differences.argmax(), sums.argmax(), differences.argmin()]]
    tilted = points[[y.argmin(), x.argmax(), y.argmax(), x.argmin()]]
    corners = straight if _size(straight) >= _size(tilted) else tilted
    rightward = np.roll(corners[:, 0], -1) - corners[:, 0]
    return np.roll(corners, -int(np.argmax(rightward)), axis=0)


def _size(corners: Corners) -> float:
    x, y = corners[:, 0], corners[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _is_page(area: NDArray[np.bool_], corners: Corners, luma: NDArray[np.float32]) -> bool:
    size, pixels = _size(corners), float(area.sum())
    share = pixels / area.size
    if not LEAST_SHARE < share < MOST_SHARE or size <= 0 or not LEAST_FILL < pixels / size < 1 / LEAST_FILL:
        return False
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1) + 1.0
    opposite = np.maximum(sides[:2], sides[2:]) / np.minimum(sides[:2], sides[2:])
    if opposite.max() > MOST_LEAN or sides.max() > LONGEST_SHAPE * sides.min():
        return False
    inside, outside = float(np.median(luma[area])), luma[~area]
    return inside > LEAST_LIGHT and bool(outside.size) and inside - float(np.median(outside)) > LEAST_CONTRAST
