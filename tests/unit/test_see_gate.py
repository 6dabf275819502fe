"""The gate of frames: what counts as a change, what is sent, and that every frame has its reason."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.bench.gate_draw import canvas, cursor, rectangle, words, write
from visavis.kernel.events import Event, FramesDropped, FrameSent
from visavis.kernel.media import VideoFrame
from visavis.see.asking import needs_eyes
from visavis.see.base import Decision, Image
from visavis.see.budget import Budget, Limits
from visavis.see.camera_change import CameraChange
from visavis.see.gate import REASONS, FrameGate
from visavis.see.ledger import FrameLedger
from visavis.see.luma import luma, wide
from visavis.see.novelty import relevance
from visavis.see.screen_change import ScreenChange
from visavis.see.sharpest import Sharpest
from visavis.see.sizes import fitted, shrunk

INK = (30, 30, 30)
FPS = 5.0


def page(seed: int = 1, lines: int = 12) -> Image:
    draw, image = np.random.default_rng(seed), canvas(1280, 720, (245, 245, 245))
    for row in range(lines):
        write(image, 60, 40 + 40 * row, words(draw, 6), INK, 3)
    return image


def changes(images: list[Image], fps: float = FPS) -> list[tuple[int, str]]:
    """(index of the picture, kind) of what a screen's detector tells after the first picture."""
    detector = ScreenChange()
    found = [detector.push(VideoFrame(image, "screen", index / fps)) for index, image in enumerate(images)]
    assert found[0] is not None
    return [(index, one.kind) for index, one in enumerate(found) if one is not None][1:]


def test_an_added_word_is_told_once_when_it_has_settled() -> None:
    before, after = page(), page()
    write(after, 700, 560, "overdue", INK, 3)
    [(index, kind)] = changes([before] * 10 + [after] * 20)
    assert kind == "text"
    assert 2 <= index - 10 <= 5


def test_another_window_is_told_as_one() -> None:
    other = canvas(1280, 720, (40, 44, 60))
    assert [kind for _, kind in changes([page()] * 8 + [other] * 10)] == ["window"]


def test_a_pointer_and_a_clock_do_not_count() -> None:
    images = []
    for index in range(60):
        image = page()
        cursor(image, 100 + 15 * index, 600 - 7 * index)
        write(image, 1190, 690, f"10:0{index // 20}", INK, 3)
        images.append(image)
    assert changes(images) == []


def test_a_film_in_a_corner_does_not_count_but_a_slide_beside_it_does() -> None:
    noise, images = np.random.default_rng(3), []
    for index in range(100):
        image = page(1 if index < 60 else 2)
        image[500:680, 960:1240] = noise.integers(0, 255, (9, 14, 1), np.uint8).repeat(20, 0).repeat(20, 1)
        images.append(image)
    told = [index for index, _ in changes(images) if index > 20]
    assert [60 < index < 70 for index in told] == [True]


def test_a_stream_that_changes_its_resolution_shows_the_same() -> None:
    large = page()
    assert changes([large] * 6 + [shrunk(large, 640)] * 6 + [large] * 6) == []


@pytest.mark.parametrize("shape", [(0, 0, 3), (1, 1, 3), (29, 400, 3)])
def test_pictures_too_small_to_tell_anything_are_dropped(shape: tuple[int, ...]) -> None:
    gate = FrameGate("camera", Budget())
    assert gate.take(VideoFrame(np.zeros(shape, np.uint8), "camera", 0.0)) == Decision(False, "too_small")


def test_huge_and_upright_pictures_have_small_grids() -> None:
    for height, width in ((2160, 3840), (1920, 1080), (4000, 700)):
        grid = luma(np.full((height, width, 3), 90, np.uint8))
        assert grid is not None
        assert max(grid.shape) <= 360
        assert np.allclose(grid, 90, atol=0.5)


def room(page_at: tuple[int, int] | None = None, light: float = 1.0, sway: int = 0) -> Image:
    image = canvas(640, 360, (120, 130, 125))
    rectangle(image, 260 + sway, 80, 110, 140, (200, 160, 140))
    rectangle(image, 210 + sway // 2, 220, 210, 140, (60, 70, 120))
    if page_at is not None:
        rectangle(image, *page_at, 150, 190, (240, 240, 235))
    lit: Image = np.clip(image * light, 0, 255).astype(np.uint8)
    return lit


def camera_changes(images: list[Image]) -> list[tuple[int, str]]:
    detector = CameraChange()
    found = [detector.push(VideoFrame(image, "camera", index / 10)) for index, image in enumerate(images)]
    return [(index, one.kind) for index, one in enumerate(found) if one is not None][1:]


def test_a_page_held_up_and_held_still_is_told() -> None:
    still = [room()] * 20
    raised = [room((300, 300 - 25 * step)) for step in range(8)]
    [(index, kind)] = camera_changes(still + raised + [room((300, 100))] * 20)
    assert kind == "held_up"
    assert 28 <= index <= 40


def test_swaying_and_automatic_exposure_do_not_count() -> None:
    images = [room(sway=round(10 * np.sin(i / 4)), light=1 + 0.12 * np.sin(i / 12)) for i in range(200)]
    assert camera_changes(images) == []


def test_a_switched_light_counts() -> None:
    assert [kind for _, kind in camera_changes([room()] * 20 + [room(light=0.5)] * 20)] == ["scene"]


def decisions(gate: FrameGate, images: list[Image], since_s: float = 0.0) -> list[str]:
    return [gate.take(VideoFrame(image, "screen", since_s + index / FPS)).why for index, image in enumerate(images)]


def test_what_was_sent_before_is_not_sent_again_but_named() -> None:
    gate = FrameGate("screen", Budget())
    one, other = page(1), page(2)
    assert "layout_changed" in (whys := decisions(gate, [one] * 8 + [other] * 8)) or "text_changed" in whys
    again = [gate.take(VideoFrame(one, "screen", 10 + index / FPS)) for index in range(8)]
    [found] = [decision for decision in again if decision.why != "unchanged"]
    assert (found.send, found.why, found.like_s) == (False, "already_sent", 0.0)


def test_a_question_sends_the_best_fresh_frame_at_once_or_the_next_one() -> None:
    gate = FrameGate("screen", Budget())
    decisions(gate, [page()] * 8)
    now = gate.ask(1.5)
    assert now.send
    assert now.why == "asked"
    assert now.frame is not None
    assert now.frame.at_s == pytest.approx(1.4)
    assert not gate.ask(20.0).send  # nothing fresh
    assert decisions(gate, [page()] * 3, since_s=20.5) == ["asked", "unchanged", "unchanged"]


def test_the_budget_keeps_room_for_questions_and_makes_up_for_what_it_held_back() -> None:
    gate = FrameGate("screen", Budget(Limits(frames_per_minute=2, asked_share=0.5)))
    assert decisions(gate, [page(1)] * 8)[0] == "first_frame"
    assert Counter(decisions(gate, [page(2)] * 8, since_s=50.0))["over_budget"] == 1
    assert gate.ask(52.0).send
    late = decisions(gate, [page(3)] * 80, since_s=53.0)
    assert "over_budget" in late
    assert decisions(gate, [page(3)] * 5, since_s=112.5).count("text_changed") <= 1


@given(st.lists(st.tuples(st.floats(0, 300), st.integers(0, 3000), st.booleans()), max_size=60))
def test_no_minute_spends_more_than_its_limits(asked: list[tuple[float, int, bool]]) -> None:
    limits, spent = Limits(frames_per_minute=5, tokens_per_minute=6000, tokens_per_call=20_000), []
    budget = Budget(limits)
    for at_s, tokens, forced in sorted(asked):
        if budget.allows(at_s, tokens, asked=forced):
            budget.spend(at_s, tokens)
            spent.append((at_s, tokens))
        minute = [count for when_s, count in spent if at_s - when_s < 60]
        assert len(minute) <= 5
        assert sum(minute) <= 6000
    assert sum(count for _, count in spent) <= 20_000


@given(st.lists(st.tuples(st.floats(0.01, 2), st.integers(0, 3)), min_size=1, max_size=30))
def test_every_frame_has_one_known_reason_and_is_on_the_ledger(steps: list[tuple[float, int]]) -> None:
    told: list[Event] = []
    gate, ledger, at_s = FrameGate("screen", Budget()), FrameLedger(told.append), 0.0
    for passed_s, which in steps:
        at_s += passed_s
        frame = VideoFrame(PAGES[which], "screen", at_s)
        decision = gate.take(frame)
        assert decision.why in REASONS
        assert decision.send == (decision.frame is not None)
        ledger.decided(frame, decision)
        if decision.send and decision.frame is not None:
            ledger.sent(decision.frame, decision.why, at_s, longest=2048, model="gpt-4o")
    ledger.flush()
    dropped = sum(sum(fact.counts.values()) for fact in told if isinstance(fact, FramesDropped))
    sent = [fact for fact in told if isinstance(fact, FrameSent)]
    assert dropped + len(sent) == len(steps)
    assert all(fact.tokens > 0 and fact.price_usd > 0 and fact.age_s >= 0 for fact in sent)


PAGES = [np.ascontiguousarray(page(seed)[::2, ::2]) for seed in range(4)]


def test_the_sharpest_of_the_recent_frames_is_taken() -> None:
    sharp, recent = page(), Sharpest()
    blurred = np.stack([np.roll(sharp, k, 1) for k in range(12)]).mean(0).astype(np.uint8)
    for index, image in enumerate([blurred, sharp, blurred, blurred]):
        recent.push(VideoFrame(image, "camera", index * 0.2))
    best = recent.best(0.0, 0.6)
    assert best is not None
    assert best.at_s == 0.2
    assert recent.best(0.3, 0.6) is not None
    assert recent.best(5.0, 6.0) is None


def test_text_keeps_its_size_and_scenes_are_small() -> None:
    assert fitted(1280, 720, 512) == (512, 288)
    assert fitted(1280, 720, 2048) == (1280, 720)
    assert shrunk(page(), 512).shape == (288, 512, 3)


def test_known_words_are_nothing_new_and_a_tight_budget_asks_for_relevance() -> None:
    gate = FrameGate("screen", Budget(Limits(frames_per_minute=4)))
    assert gate.second_look("Invoice 4711, total 80 euros", [], 0.0, forced=False).send
    assert gate.second_look("total: 80 EUROS; invoice 4711", [], 1.0, forced=False).why == "nothing_new"
    assert gate.second_look("total: 80 EUROS; invoice 4711", [], 1.0, forced=True).send
    decisions(gate, [page()])
    assert gate.second_look("weather tomorrow", ["the invoices please"], 2.0, forced=False).why == "not_relevant"
    assert gate.second_look("invoice overdue", ["the invoices please"], 2.0, forced=False).send
    assert relevance("anything", []) == 0


def test_pictures_that_mean_the_same_are_nothing_new() -> None:
    gate, vector = FrameGate("camera", Budget()), np.array([0.1, 0.9, 0.2])
    assert gate.second_look("", [], 0.0, forced=False, vector=vector).send
    assert gate.second_look("", [], 1.0, forced=False, vector=vector * 1.01).why == "nothing_new"
    assert gate.second_look("", [], 2.0, forced=False, vector=np.array([0.9, 0.1, 0.0])).send


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "What does it say here?"),
        ("en", "Can you see this?"),
        ("en-GB", "could you read that for me"),
        ("en", "Take a look at my screen."),
        ("en", "What am I holding?"),
        ("en", "How many fingers am I holding up?"),
        ("en", "What's written on the label?"),
        ("en", "look at this letter"),
        ("en", "Can you tell me the total on this invoice?"),
        ("es", "¿Cuál es el total de esta factura?"),
        ("es", "¿Qué pone aquí?"),
        ("es-MX", "¿Puedes ver esto?"),
        ("es", "mira esto"),
        ("es", "¿Qué tengo en la mano?"),
        ("es", "¿De qué color es?"),
    ],
)
def test_questions_that_need_eyes(language: str, text: str) -> None:
    assert needs_eyes(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I see."),
        ("en", "See you later!"),
        ("en", "Let's see what we can do."),
        ("en", "What does the contract cost?"),
        ("en", "Can you see why I am angry?"),
        ("en", "I look forward to it"),
        ("en", "How much is on my bill?"),
        ("en", ""),
        ("es", "A ver, déjame pensar."),
        ("es", "Nos vemos mañana."),
        ("es", "¿Qué hora es?"),
        ("de", "Was steht hier?"),
    ],
)
def test_figures_of_speech_need_none(language: str, text: str) -> None:
    assert not needs_eyes(text, language)


@given(st.integers(2, 12), st.integers(0, 30), st.integers(0, 30))
def test_only_runs_of_the_width_are_wide(run: int, begins: int, length: int) -> None:
    mask = np.zeros((3, 64), bool)
    mask[1, begins : begins + length] = True
    assert wide(mask, run).any() == (length >= run)
