"""The page for everyone: names, contrast, keyboard, screen readers, small screens, little motion."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from page_driver import SCREEN, Caller, caller
from page_server import canned

from visavis.kernel import messages as m

pytestmark = pytest.mark.e2e

CHECKS = Path(__file__).with_name("page_checks.js").read_text()


async def _tour(person: Caller) -> AsyncIterator[str]:
    """Walks through everything the page can show; stops at each view."""
    page = person.page
    person.server.greet = canned
    await person.open(SCREEN)
    await page.get_by_role("button", name="Agree and join").wait_for()
    yield "consent"
    await person.agree()
    await page.locator("#join:enabled").wait_for()
    yield "setup"
    await page.locator("#join").click()
    await person.connected()
    await person.shows("I have Tuesday at ten")
    if await page.locator("#share").is_visible():
        await page.locator("#share").click()
    person.peer.send(m.Transcript("user", "Wait, what about", False, 9))
    person.peer.send(m.State("thinking"))
    person.peer.send(m.Problem("provider", "I lost my thread. Please say that again."))
    await person.shows("I lost my thread")
    await page.wait_for_timeout(400)
    yield "call"
    await page.locator("#open-latency").click()
    await page.wait_for_timeout(400)
    yield "latency"
    await page.keyboard.press("Escape")
    await page.locator("#open-devices").click()
    yield "devices"
    await page.locator("#close-devices").click()
    await page.locator("#leave").click()
    await person.shows("You left the call")
    yield "end"


async def _look(check: str, **context: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    async with caller(**context) as person:
        async for view in _tour(person):
            if wrong := await person.page.evaluate(f"{CHECKS}.{check}()"):
                found[view] = wrong
    return found


async def test_every_control_has_a_name() -> None:
    assert await _look("nameless") == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_has_contrast(scheme: str) -> None:
    assert await _look("faint", color_scheme=scheme) == {}


async def test_a_phone_needs_no_sideways_scroll_and_targets_can_be_hit() -> None:
    phone = {"width": 360, "height": 640}
    assert await _look("wide", viewport=phone) == {}
    assert await _look("small", viewport=phone) == {}


async def test_a_phone_shows_face_captions_text_box_and_controls_at_once() -> None:
    async with caller(viewport={"width": 360, "height": 640}) as person:
        person.server.greet = canned
        await person.join()
        for part in ("#face", "#captions", "#say", "#mute", "#leave"):
            box = await person.page.locator(part).bounding_box()
            assert box is not None
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360, part
            assert box["y"] >= 0 and box["y"] + box["height"] <= 640, part
            assert box["height"] > 30, part


async def test_everything_is_reached_by_tab_with_a_visible_focus() -> None:
    async with caller() as person:
        await person.join()
        seen = []
        for _ in range(12):
            await person.page.keyboard.press("Tab")
            name, outline = await person.page.evaluate(
                "[document.activeElement.id, parseFloat(getComputedStyle(document.activeElement).outlineWidth)]"
            )
            seen.append(name)
            if name:
                assert outline >= 2, name
        wanted = {"open-latency", "mute", "camera", "share", "open-devices", "leave", "captions", "say"}
        assert wanted <= set(seen)


async def press_when_reached(person: Caller, button: str) -> None:
    for _ in range(8):
        await person.page.keyboard.press("Tab")
        if await person.page.evaluate("document.activeElement.id") == button:
            break
    await person.page.keyboard.press("Enter")


async def test_the_page_joins_and_leaves_by_keyboard_alone() -> None:
    async with caller() as person:
        await person.open()
        await person.page.get_by_role("button", name="Agree and join").wait_for()
        await press_when_reached(person, "agree")  # the box for visual cues comes before it
        await person.page.locator("#join:enabled").wait_for()
        await press_when_reached(person, "join")
        await person.connected()
        await person.page.locator("#leave").focus()
        await person.page.keyboard.press("Enter")
        await person.shows("You left the call")
        assert await person.page.evaluate("document.activeElement.id") == "end-title"


async def test_little_motion_keeps_the_head_still_and_the_lips_moving() -> None:
    async with caller(reduced_motion="reduce") as person:
        await person.join()
        person.peer.send(m.State("listening"))
        await person.becomes("s.face.state === 'listening'")
        head = "document.querySelector('#head').getAttribute('transform')"
        await person.page.wait_for_timeout(200)
        before = await person.page.evaluate(head)
        await person.page.wait_for_timeout(700)
        assert await person.page.evaluate(head) == before
        person.peer.send(m.VisemeTrack([(0, "aa")], 5_000))
        await person.becomes("s.face.open > 25")


async def test_the_page_has_landmarks_and_one_title() -> None:
    async with caller() as person:
        await person.join()
        count = "(what) => [...document.querySelectorAll(what)].filter((one) => one.checkVisibility()).length"
        assert await person.page.evaluate(count, "main") == 1
        assert await person.page.evaluate(count, "h1") == 1
        assert await person.page.title() == "Ada · visavis"
        assert await person.page.locator("#announce").get_attribute("aria-live") == "polite"
        assert await person.page.locator("#captions").get_attribute("aria-live") is None
