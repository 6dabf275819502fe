"""Regions: what is cut out lies where `back` says it does."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visavis.see.region import Region

sides = st.floats(20, 400)
places = st.floats(0, 300)
angles = st.floats(-math.pi, math.pi)


@given(places, places, sides, angles, st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_a_pixel_of_the_cut_is_that_pixel_of_the_picture(
    x: float, y: float, side: float, angle: float, across: float, down: float
) -> None:
    rows, columns = np.mgrid[0:300, 0:300]
    image = np.stack([rows % 256, columns % 256, rows // 256 + 2 * (columns // 256) + 1], axis=2).astype(np.uint8)
    region, pixels = Region(x, y, side, angle), 64
    column, row = int(across * pixels), int(down * pixels)
    cut = region.cut(image, pixels)[row, column]
    at_x, at_y = region.back(np.array([[(column + 0.5) / pixels, (row + 0.5) / pixels]], np.float32))[0]
    inside = 1 <= at_x < 299 and 1 <= at_y < 299
    if inside:
        high = int(cut[2]) - 1
        assert abs(int(cut[0]) + 256 * (high % 2) - at_y) <= 1.01
        assert abs(int(cut[1]) + 256 * (high // 2) - at_x) <= 1.01
    elif min(at_x, at_y) < -1 or max(at_x, at_y) > 301:
        assert not cut.any(), "black outside"


def test_a_whole_picture_keeps_its_shape() -> None:
    image = np.full((40, 80, 3), 200, np.uint8)
    cut = Region(40, 20, 80).cut(image, 80)
    assert (cut[20:60] == 200).all()
    assert not cut[:19].any()
    assert not cut[61:].any()
