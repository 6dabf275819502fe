"""What the agent sees, what tools show, and the sources of an answer, at the call page; by keyboard and by name."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_driver import Caller, caller, until

from visavis.kernel import messages as m
from visavis.kernel.shown import Card, Choices, Field, Form, Source
from visavis.see.picture import to_jpeg

pytestmark = pytest.mark.e2e

CHECKS = Path(__file__).with_name("page_checks.js").read_text()
PHONE = {"width": 360, "height": 640}
RESTS = """document.getAnimations().every(
  (one) => one.playState !== "running" || one.effect.getComputedTiming().iterations === Infinity)"""
"""Colours have faded in."""
LONG = "Invoice 2291. Heating service, two hours. Valve 12.00. Travel 8.00. Total 42.50 euros. " + "Many thanks! " * 4


def picture() -> str:
    """A small JPEG, as the server makes them."""
    return base64.b64encode(to_jpeg(np.full((90, 160, 3), 120, np.uint8))).decode()


def look(peer: Any) -> None:
    peer.send(m.Frame("camera", 3.0, "first_frame", 512, 288, 255, 0.00005, 0.3, "gpt-4o", picture()))
    peer.send(m.Sight("screen", 12.5, LONG, "ocr"))  # reading may be quicker than making the small picture
    peer.send(m.Frame("screen", 12.5, "asked", 1280, 720, age_s=0.2))
    peer.send(m.Sight("screen", 12.5, "Invoice 2291", "", 2))
    peer.send(m.SightTotals(1843, 2, {"unchanged": 1753, "over_budget": 88}, 255, 0.00005, 0.9869))


def plain(text: str) -> str:
    """Without what the machine's speed decides."""
    return re.sub(r"\b(now|\d+ s ago)\b", "AGE", re.sub(r"\s+", " ", text))


async def text(person: Caller, selector: str) -> str:
    return plain(await person.page.locator(selector).inner_text())


async def looked(person: Caller) -> None:
    """`look`, and all of it is on the page."""
    look(person.peer)
    await person.holds("document.querySelector('#seen-why').textContent !== ''")


async def focused(person: Caller) -> str:
    return str(await person.page.evaluate("document.activeElement.textContent || document.activeElement.name"))


async def test_nothing_is_shown_of_what_is_seen_until_a_frame_was_looked_at() -> None:
    async with caller() as person:
        await person.join()
        assert not await person.page.locator("#seen").is_visible()
        await looked(person)
        frames = await person.page.locator("#seen-frames > li").all_inner_texts()
        assert [plain(frame) for frame in frames] == [
            "You asked about it AGE Your screen · stayed on the server · 1280 × 720 "
            "Read: Invoice 2291. Heating service, two hours. Valve 12.00. Travel 8.00. Total 42.50 euros. Man… "
            "Kept as document 2: Invoice 2291",
            "First look AGE Your camera · went to gpt-4o · 512 × 288 · 255 tokens · $0.00005",
        ]
        totals = "Frames 1,843 Looked at 2 Tokens 255 Price $0.00005 Saved 98 %"
        assert await text(person, "#seen-totals") == totals
        assert await text(person, "#seen-why") == "Not looked at: 1,753 nothing new, 88 budget used up."
        image = person.page.get_by_role("img", name="A frame of your camera")
        await image.evaluate("one => one.decode()")
        assert await image.evaluate("one => one.naturalWidth") == 160


async def test_what_was_read_opens_in_full_and_ages_are_told() -> None:
    async with caller() as person:
        await person.join()
        look(person.peer)
        await person.page.locator("summary", has_text="Read: ").click()
        await person.page.get_by_text(LONG.strip(), exact=True).wait_for()
        await person.holds("document.querySelector('#seen .age').textContent.endsWith(' s ago')")


async def test_on_a_phone_the_panel_is_closed_and_opens_by_its_key() -> None:
    async with caller(viewport=PHONE) as person:
        await person.join()
        await looked(person)
        assert not await person.page.locator("#seen-body").is_visible()
        assert "2 of 1,843" in await text(person, "#seen > summary")
        await person.page.keyboard.press("e")
        await person.page.get_by_role("region", name="What the agent sees").wait_for()
        assert await person.page.evaluate("document.activeElement.closest('details').id") == "seen"
        await person.page.keyboard.press("Enter")
        await person.page.locator("#seen-body").wait_for(state="hidden")


async def test_a_frame_that_is_shown_again_keeps_what_was_read_and_told() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Frame("screen", 12.5, "text_changed", 1280, 720, provider="moondream"))
        person.peer.send(m.Sight("screen", 12.5, "Gate 14", "tesseract"))
        person.peer.send(m.Frame("screen", 12.5, "text_changed", 1280, 720, provider="gpt-4o"))
        person.peer.send(m.Sight("screen", 12.5, "A board of departures.", "gpt-4o"))
        person.peer.send(m.Sight("screen", 12.5, "A board of late departures.", "gpt-4o"))
        await person.shows("A board of late departures.")
        (frame,) = await person.page.locator("#seen-frames > li").all_inner_texts()
        words = "Read: Gate 14 Told by gpt-4o: A board of late departures."
        assert plain(frame).endswith(f"went to gpt-4o · 1280 × 720 {words}")


async def test_objects_stand_beside_what_was_read_in_their_own_words() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Frame("camera", 12.5, "held_up", 1280, 720))
        person.peer.send(m.Sight("camera", 12.5, "Objects: a bottle", "objects"))
        person.peer.send(m.Sight("camera", 12.5, "Still water", "tesseract"))
        person.peer.send(m.Sight("camera", 12.5, "Objects: 2 bottles", "objects"))
        await person.shows("Objects: 2 bottles")
        (frame,) = await person.page.locator("#seen-frames > li").all_inner_texts()
        assert plain(frame).endswith("1280 × 720 Read: Still water Objects: 2 bottles")


async def test_a_broken_picture_and_unknown_reasons_do_no_harm() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Frame("screen", 1.0, "brand_new", 640, 360, thumbnail='x" onerror="alert(1)'))
        person.peer.send(m.Frame("screen", 2.0, "moving", 640, 360, thumbnail="AAAA"))
        person.peer.send(m.Sight("camera", 9.0, "of a frame that is not in the list", "ocr"))
        await person.shows("brand new")
        await person.holds("document.querySelectorAll('#seen .no-picture').length === 2")
        assert "not in the list" not in await text(person, "#seen")


async def test_another_conversation_begins_with_closed_eyes() -> None:
    async with caller() as person:
        await person.join()
        await looked(person)
        person.peer.send(m.Hello("another", "Ada", "en"))
        await person.page.locator("#seen").wait_for(state="hidden")
        assert await person.page.locator("#seen-frames > li").count() == 0


async def test_choices_are_made_by_keyboard_and_count_once() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.ShowChoices(7, Choices("Which suits you?", ["Tuesday at ten", "Wednesday at three"])))
        group = person.page.get_by_role("group", name="Which suits you?")
        await group.wait_for()
        await person.holds("document.querySelector('#announce').textContent.includes('2 choices')")
        await person.page.keyboard.press("c")
        assert await focused(person) == "Tuesday at ten"
        await person.page.keyboard.press("Tab")
        await person.page.keyboard.press("Enter")
        await until(lambda: bool(person.server.received("chosen")))
        assert person.server.received("chosen") == [{"type": "chosen", "show": 7, "options": ["Wednesday at three"]}]
        assert await group.get_by_role("button", name="Tuesday at ten").is_disabled()
        assert await focused(person) == "Which suits you?"
        # The server found that it does not fit: it can be chosen anew.
        person.peer.send(m.ShowChoices(7, Choices("Which suits you?", ["Tuesday at ten", "Wednesday at three"])))
        await person.holds("!document.querySelector('.choices button').disabled")
        assert await person.page.get_by_role("group", name="Which suits you?").count() == 1


async def test_several_options_are_ticked_and_none_is_not_sent() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(
            m.ShowChoices(8, Choices("What shall we check?", ["Radiators", "Boiler", "Thermostat"], True))
        )
        await person.page.get_by_role("button", name="Choose").click()
        await person.shows("Tick at least one")
        await person.page.get_by_label("Boiler").check()
        await person.page.get_by_label("Radiators").check()
        await person.page.get_by_role("button", name="Choose").click()
        await until(lambda: bool(person.server.received("chosen")))
        assert person.server.received("chosen")[0]["options"] == ["Radiators", "Boiler"]


FORM = Form(
    "Your receipt",
    [Field("name", "Name", value="Ada"), Field("mail", "E-mail", "email"), Field("more", "Remarks", "lines", False)],
)


async def test_a_form_is_filled_in_by_keyboard_and_says_what_is_missing() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.ShowForm(9, FORM))
        await person.page.get_by_role("form", name="Your receipt").wait_for()
        await person.page.keyboard.press("c")
        assert await focused(person) == "name"
        await person.page.keyboard.press("Tab")
        await person.page.keyboard.type("ada")
        await person.page.keyboard.press("Enter")
        mail = person.page.get_by_label("E-mail")
        assert not await mail.evaluate("one => one.checkValidity()")
        await person.page.keyboard.type("@example.org")
        await person.page.keyboard.press("Enter")
        await until(lambda: bool(person.server.received("filled")))
        told = {"type": "filled", "show": 9, "values": {"name": "Ada", "mail": "ada@example.org"}}
        assert person.server.received("filled") == [told]
        assert person.server.received("typing"), "nobody is asked whether they are still there while they write"
        assert await mail.is_disabled()


async def test_a_card_tells_what_was_pressed_and_unfolds() -> None:
    async with caller() as person:
        await person.join()
        rows = [(f"Line {n}", f"{n} euros") for n in range(9)]
        person.peer.send(m.ShowCard(4, Card("Your bill", "All of March.", rows, ["Pay it", "Ask about it"])))
        await person.page.get_by_role("region", name="Your bill").wait_for()
        await person.page.get_by_role("button", name="Show all of Your bill").click()
        await until(lambda: person.server.received("looked") == [{"type": "looked", "show": 4, "source": ""}])
        await person.page.get_by_role("button", name="Ask about it").click()
        await until(lambda: bool(person.server.received("clicked")))
        assert person.server.received("clicked") == [{"type": "clicked", "show": 4, "button": "Ask about it"}]
        assert await person.page.get_by_role("button", name="Pay it").is_disabled()


async def test_a_highlight_is_on_one_part_only() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.ShowCard(4, Card("Flight", rows=[("Gate", "B 12"), ("Seat", "4 A")])))
        person.peer.send(m.ShowHighlight(4, "Gate"))
        await person.holds("document.querySelector('.lit')?.textContent === 'GateB 12'")
        await person.holds("document.querySelector('#announce').textContent === 'Ada points at Gate: B 12'")
        person.peer.send(m.ShowHighlight(4, "Seat"))
        await person.holds("document.querySelector('.lit')?.textContent === 'Seat4 A'")
        assert await person.page.locator("[aria-current]").count() == 1
        person.peer.send(m.ShowHighlight(99, "Seat"))
        await person.holds("!document.querySelector('.lit')")


async def test_sources_stand_under_the_caption_and_open_by_keyboard() -> None:
    sources = [Source("terms#4", "Terms of sale", "Within thirty days."), Source("faq#1", "Questions")]
    async with caller() as person:
        await person.join()
        person.peer.send(m.Transcript("agent", "Thirty days.", True, 1, sources))
        chips = person.page.get_by_role("group", name="Sources of this answer")
        await chips.get_by_role("button", name="Source 1: Terms of sale").focus()
        await person.holds("document.querySelector('#announce').textContent === 'Ada: Thirty days. (2 sources)'")
        assert not await person.page.get_by_text("Within thirty days.").is_visible()
        await person.page.keyboard.press("Enter")
        await person.shows("Within thirty days.")
        await until(lambda: person.server.received("looked") == [{"type": "looked", "show": 0, "source": "terms#4"}])
        await person.page.keyboard.press("Tab")
        await person.page.keyboard.press("Space")
        await person.shows("The passage itself is not at hand here.")
        assert not await person.page.get_by_text("Within thirty days.").is_visible()
        expanded = await chips.locator("button").evaluate_all("all => all.map((one) => one.ariaExpanded)")
        assert expanded == ["false", "true"]
        # The same line again, without sources: they go.
        person.peer.send(m.Transcript("agent", "Thirty days.", True, 1))
        await chips.wait_for(state="detached")
        assert await person.page.locator(".line.agent > p").all_inner_texts() == ["Thirty days."]


async def test_a_message_that_the_page_does_not_know_is_passed_over() -> None:
    async with caller() as person:
        await person.join()
        assert person.peer.channel is not None
        person.peer.channel.send('{"type":"hologram","show":1}')
        person.peer.send(m.Transcript("agent", "Still here.", True, 1))
        await person.shows("Still here.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 800}], ids=["phone", "desktop"])
async def test_names_contrast_and_width(scheme: str, viewport: dict[str, int]) -> None:
    async with caller(viewport=viewport, color_scheme=scheme) as person:
        await person.join()
        look(person.peer)
        person.peer.send(m.Transcript("agent", "Thirty days.", True, 1, [Source("a#1", "T" * 90, LONG)]))
        person.peer.send(m.ShowCard(4, Card("W" * 60, LONG * 3, [("Gate" * 9, "B" * 60)], ["Pay it"]), answered=True))
        person.peer.send(m.ShowChoices(5, Choices("Which?", ["A" * 80, "b"])))
        person.peer.send(m.ShowChoices(6, Choices("What?", ["Radiators", "Boiler"], True)))
        person.peer.send(m.ShowForm(7, FORM))
        person.peer.send(m.ShowHighlight(7, "Name"))
        await person.holds("document.querySelector('.lit')")
        await person.page.locator(".chip").click()
        if not await person.page.locator("#seen-body").is_visible():
            await person.page.keyboard.press("e")
        await person.holds(RESTS)
        for check in ("nameless", "faint", "wide", "small"):
            assert await person.page.evaluate(f"{CHECKS}.{check}()") == [], check
        boxes = "[...document.querySelectorAll('.shown, .seen, .sources')]"
        cut_off = f"{boxes}.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className)"
        assert await person.page.evaluate(cut_off) == []
