"""What a camera's changes are told from: colour, what is new and what has moved, faces, and what was seen before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from visavis.bench.gate_draw import canvas, ellipse, rectangle, words, write
from visavis.kernel.media import VideoFrame
from visavis.see.base import FaceObservation, Image
from visavis.see.budget import Budget
from visavis.see.camera_change import CameraChange
from visavis.see.gate import FrameGate
from visavis.see.luma import cell_px, luma
from visavis.see.presence import Presence
from visavis.see.screen_change import ScreenChange
from visavis.see.view import new_blocks, same_view, view

FPS = 10.0
SHIRT, SKIN, WALL = (60, 70, 120), (200, 160, 140), (120, 130, 125)


def room(lean: int = 0, *, page: int | None = None, person: bool = True, wall: tuple[int, int, int] = WALL) -> Image:
    """A person who leans `lean` px to the side, and a page of so many lines held up."""
    image = canvas(640, 360, wall)
    rectangle(image, 20, 40, 90, 60, (60, 80, 110))
    if person:
        ellipse(image, 320 + lean, 360, 150, 130, SHIRT)
        ellipse(image, 320 + lean, 150, 60, 80, SKIN)
        rectangle(image, 300 + lean, 175, 40, 12, (120, 45, 45))
    if page is not None:
        rectangle(image, 380, 120, 150, 190, (240, 240, 235))
        draw = np.random.default_rng(page)
        for row in range(10):
            write(image, 390, 130 + 17 * row, words(draw, 2)[:12], (40, 40, 46), 2)
    return image


def told(images: list[Image], presence: Presence | None = None) -> Sequence[tuple[int, str]]:
    detector = CameraChange(presence)
    found = [detector.push(VideoFrame(image, "camera", index / FPS)) for index, image in enumerate(images)]
    return [(index, one.kind) for index, one in enumerate(found) if one is not None][1:]


def whys(gate: FrameGate, image: Image, since_s: float, seconds: float = 2.0) -> list[str]:
    found = [
        gate.take(VideoFrame(image, "camera", since_s + index / FPS)).why for index in range(round(seconds * FPS))
    ]
    return [why for why in found if why != "unchanged"]


def leaning(by: int) -> list[Image]:
    return [room(round(by * min(1.0, step / 8))) for step in range(9)]


def test_who_shifts_in_the_chair_has_only_moved() -> None:
    assert told([room()] * 20 + leaning(36) + [room(36)] * 40) == []


def test_a_page_counts_also_where_its_holder_moves() -> None:
    before, after = [room(), room(4)] * 15, [room(24, page=1), room(28, page=1)] * 15
    found = told(before + leaning(24) + after)
    assert [kind for _, kind in found] == ["held_up"]


def test_who_leaves_counts_though_the_wall_was_close_by() -> None:
    assert len(told([room()] * 20 + [room(person=False)] * 30)) == 1


def test_another_colour_of_the_same_brightness_counts() -> None:
    green, red = (90, 150, 90), (176, 109, 90)
    one, other = room(wall=green), room(wall=red)
    grids = luma(one), luma(other)
    assert grids[0] is not None
    assert grids[1] is not None
    assert float(np.abs(grids[0] - grids[1]).max()) < 2
    assert [kind for _, kind in told([one] * 20 + [other] * 30)] == ["scene"]


def test_what_has_moved_is_not_new_and_what_is_new_has_not_moved() -> None:
    still, moved, held = (small(image) for image in (room(), room(24), room(page=1)))
    everywhere = np.ones((18, 32), bool)
    assert new_blocks(still, still, everywhere).sum() == 0
    assert new_blocks(still, moved, everywhere).sum() <= 2
    assert new_blocks(still, held, everywhere).sum() > 40
    assert new_blocks(held, still, everywhere).sum() > 40
    assert same_view(still, moved)
    assert not same_view(still, held)


def small(image: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    grid = luma(image)
    assert grid is not None
    return view(image, grid)


def test_a_page_that_is_put_down_is_not_sent_but_who_comes_back_is() -> None:
    gate = FrameGate("camera", Budget())
    assert whys(gate, room(), 0.0) == ["first_frame"]
    assert whys(gate, room(page=1), 2.0) == ["held_up"]
    assert whys(gate, room(), 4.0) == ["already_sent"]
    gate = FrameGate("camera", Budget())
    alive = [room(shift) for shift in (0, 4)]
    for index in range(30):
        gate.take(VideoFrame(alive[index % 2], "camera", index / FPS))
    assert whys(gate, room(person=False), 3.0, 3.0) == ["person_changed"]
    back = [gate.take(VideoFrame(alive[index % 2], "camera", 6 + index / FPS)).why for index in range(25)]
    assert [why for why in back if why != "unchanged"] == ["person_changed"]


def test_two_pages_after_each_other_are_two_events() -> None:
    gate = FrameGate("camera", Budget())
    whys(gate, room(), 0.0)
    assert whys(gate, room(page=1), 2.0) == ["held_up"]
    assert whys(gate, room(), 4.0) == ["already_sent"]
    assert whys(gate, room(page=2), 6.0) == ["held_up"]


def face(faces: int = 1, x: float = 0.4) -> FaceObservation:
    return FaceObservation(faces, (x, 0.2, 0.2, 0.45), 0.1, 0.0, 0.0, 0.5)


def grimace(open_px: int) -> Image:
    """A face that fills the picture and changes more than it moves."""
    image = canvas(640, 360, WALL)
    ellipse(image, 320, 180, 110, 150, SKIN)
    ellipse(image, 320, 180, 60, open_px, (60, 20, 20))
    return image


def test_what_moves_with_a_face_does_not_count_where_faces_are_looked_for() -> None:
    images = [grimace(2)] * 20 + [grimace(75)] * 30
    assert len(told(images)) == 1
    presence, found = Presence(), []
    detector = CameraChange(presence)
    for index, image in enumerate(images):
        found.append(detector.push(VideoFrame(image, "camera", index / FPS)))
        presence.push(index / FPS, face())
    assert [one for one in found[1:] if one is not None] == []


@pytest.mark.parametrize("lost", [True, False])
def test_a_page_before_the_face_counts(lost: bool) -> None:
    presence, found = Presence(), []
    detector = CameraChange(presence)
    for index, image in enumerate([room()] * 20 + [room(page=1)] * 30):
        found.append(detector.push(VideoFrame(image, "camera", index / FPS)))
        presence.push(index / FPS, None if lost and index >= 20 else face())
    assert len([one for one in found[1:] if one is not None]) == 1


def test_another_number_of_faces_counts_once_and_when_it_lasts() -> None:
    presence, found = Presence(), []
    detector = CameraChange(presence)
    for index in range(80):
        found.append(detector.push(VideoFrame(room(), "camera", index / FPS)))
        presence.push(index / FPS, face(2 if index in (20, 21, 22) or index >= 40 else 1))
    assert [(index, one.kind) for index, one in enumerate(found[1:], 1) if one is not None] == [(53, "person")]


def test_old_looks_at_faces_tell_nothing() -> None:
    presence = Presence()
    presence.push(0.0, face())
    assert presence.heads(0.5, 18, 32).any()
    assert not presence.heads(2.0, 18, 32).any()
    presence.push(0.0, None)  # not newer
    assert presence.heads(0.5, 18, 32).any()


@pytest.mark.parametrize(("side", "cell"), [(176, 1), (480, 2), (512, 2), (640, 2), (1280, 4), (1366, 4), (1920, 6)])
def test_a_cell_is_about_the_same_share_of_any_picture(side: int, cell: int) -> None:
    assert cell_px(np.zeros((side * 9 // 16, side, 3), np.uint8)) == cell


def test_text_beside_a_film_is_told_and_the_cuts_of_the_film_are_not() -> None:
    """The film moves in its middle; its still parts change at its cuts alone. A panel lies below it."""
    detector, found = ScreenChange(), []
    for index in range(200):
        image = canvas(1280, 720, (30, 34, 48))
        shade = (index // 24) % 2 * 90 + 60
        rectangle(image, 480, 160, 320, 200, (shade, shade, shade))
        ellipse(image, 640 + 10 * np.sin(index), 260, 40, 50, SKIN)
        for row in range(2 + (index >= 134) + (index >= 180)):
            write(image, 420, 400 + 40 * row, f"line {row} of the report is ready", (220, 220, 220), 4)
        if detector.push(VideoFrame(image, "screen", index / 5)) is not None and index > 60:
            found.append(index)
    assert len(found) == 2
    assert all(0 < index - since <= 10 for index, since in zip(found, (134, 180), strict=True)), found
