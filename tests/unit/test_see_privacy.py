"""What is covered before a picture leaves the process is gone."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.kernel.errors import ProviderError
from visavis.see.base import Image
from visavis.see.covers import Covers
from visavis.see.privacy import bystanders, filled, only, personal, personal_boxes, squared
from visavis.see.reading import Box, Line, Word

NOISE: Image = np.random.default_rng(3).integers(0, 255, (240, 320, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "text",
    [
        "anna.meier+x@example.co.uk",
        "+49 30 901820",
        "(555) 010-4477",
        "0170 1234567",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
    ],
)
def test_personal_data_is_known(text: str) -> None:
    [(start, end)] = personal(f"Call {text} now")
    assert f"Call {text} now"[start:end].strip() == text


@pytest.mark.parametrize(
    "text",
    [
        "$4,812,907.00",
        "2026-11-14",
        "14.11.2026",
        "Order 10492",
        "Total 228.76",
        "room 17 at 9:30",
        "4111 1111 1111 1112 7",
    ],
)
def test_amounts_dates_and_numbers_are_left(text: str) -> None:
    assert personal(text) == []


def test_the_words_of_personal_data_are_found_by_their_boxes() -> None:
    words = [Word("Call", (0, 0, 40, 10)), Word("+49", (50, 0, 30, 10)), Word("30", (90, 0, 20, 10))]
    words += [Word("901820", (120, 0, 60, 10)), Word("today", (190, 0, 50, 10))]
    assert personal_boxes([Line(tuple(words))]) == [word.box for word in words[1:4]]


def test_covered_parts_are_gone_and_the_rest_is_untouched() -> None:
    box = (40, 30, 60, 60)
    for covered in (squared(NOISE, [box]), filled(NOISE, [box])):
        inside, before = covered[30:90, 40:100], NOISE[30:90, 40:100]
        assert len(np.unique(inside.reshape(-1, 3), axis=0)) <= 36
        assert abs(np.corrcoef(inside.ravel(), before.ravel())[0, 1]) < 0.35 or inside.std() == 0
        assert (covered[120:] == NOISE[120:]).all()
    kept = only(NOISE, [box])
    assert (kept[30:90, 40:100] == NOISE[30:90, 40:100]).all()
    assert kept[:, 120:].std() < 0.4 * NOISE.std()


def test_boxes_beyond_the_picture_do_no_harm() -> None:
    for box in ((-50, -50, 20, 20), (310, 230, 90, 90), (0, 0, 0, 0), (500, 500, 5, 5)):
        for cover in (squared, filled):
            assert cover(NOISE, [box]).shape == NOISE.shape


def test_all_faces_but_the_largest_are_bystanders() -> None:
    assert bystanders([(0, 0, 10, 10), (0, 0, 40, 40), (0, 0, 20, 20)]) == [(0, 0, 20, 20), (0, 0, 10, 10)]
    assert bystanders([]) == []


class Faces:
    def __init__(self, *found: Box) -> None:
        self.found = found

    async def boxes(self, image: Image) -> list[Box]:
        return list(self.found)


async def test_bystanders_are_covered_and_the_nearest_is_not() -> None:
    covers = Covers(["bystanders"], Faces((100, 50, 80, 80), (10, 10, 40, 40)))
    covered = await covers.cover(NOISE, "camera", None)
    assert (covered[50:130, 100:180] == NOISE[50:130, 100:180]).all()
    assert covered[10:50, 10:50].std() < 0.5 * NOISE.std()


async def test_background_keeps_the_person_and_on_a_screen_does_nothing() -> None:
    covers = Covers(["background"], Faces((140, 60, 40, 40)))
    covered = await covers.cover(NOISE, "camera", None)
    assert (covered[60:100, 140:180] == NOISE[60:100, 140:180]).all()
    assert covered[:, :90].std() < 0.4 * NOISE.std()
    assert (await covers.cover(NOISE, "screen", None) == NOISE).all()


@pytest.mark.parametrize("wanted", ["background", "bystanders", "personal"])
async def test_what_cannot_be_looked_for_is_not_sent(wanted: str) -> None:
    with pytest.raises(ProviderError):
        await Covers([wanted], None).cover(NOISE, "camera", None)
