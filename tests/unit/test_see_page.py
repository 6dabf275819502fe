"""Pages held to a camera: found, laid flat, and not found where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.see.page import find_page, flattened
from visavis.testing.pages import held_up, invoice

PAGE = invoice()


@pytest.mark.parametrize("tilt_deg", [-25.0, -6.0, 0.0, 9.0, 30.0])
@pytest.mark.parametrize("size", [(1280, 720), (640, 480)])
def test_a_page_is_found_and_laid_flat(tilt_deg: float, size: tuple[int, int]) -> None:
    corners = find_page(held_up(PAGE, *size, tilt_deg=tilt_deg))
    assert corners is not None
    flat = flattened(held_up(PAGE, *size, tilt_deg=tilt_deg), corners)
    height, width = flat.shape[:2]
    assert abs(width / height - PAGE.shape[1] / PAGE.shape[0]) < 0.08, "its shape"
    edge = np.concatenate([flat[4, 4:-4], flat[-5, 4:-4]]).mean(axis=1)
    assert (edge > 170).mean() > 0.9, "paper up to its edges"


def test_where_there_is_no_page_none_is_found() -> None:
    room = held_up(PAGE)[:, :150]
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    black = np.zeros((480, 640, 3), np.uint8)
    y, x = np.mgrid[0:480, 0:640]
    lamp = np.where(((x - 300) ** 2 + (y - 200) ** 2 < 120**2)[..., None], 240, 60).astype(np.uint8).repeat(3, axis=2)
    for nothing in (room, noise, black, 255 - black, lamp, PAGE):
        assert find_page(nothing) is None


def test_a_page_of_a_few_pixels_does_no_harm() -> None:
    for shape in ((24, 24, 3), (1, 900, 3), (900, 1, 3)):
        find_page(np.full(shape, 200, np.uint8))
