"""Memory at the call page: a box that is there only for somebody, and taking it back in the call."""

from __future__ import annotations

import pytest
from page_driver import caller, until

pytestmark = pytest.mark.e2e

BOX = "Memory: Ada may remember"


async def test_memory_is_allowed_by_a_tick_and_taken_back_under_devices() -> None:
    async with caller() as person:
        person.server.url += "?person=jo.signed"
        await person.open()
        box = person.page.get_by_label(BOX)
        assert not await box.is_checked()
        await box.check()
        await person.agree()
        await person.page.get_by_role("button", name="Join the call").click()
        await person.connected()
        await until(lambda: len(person.peer.received) >= 4)
        assert person.peer.received[0]["purposes"] == ["listen", "camera", "screen", "memory"]
        await person.page.locator("#controls").get_by_role("button", name="Devices").click()
        await person.page.get_by_label("Remember me for next time").uncheck()
        await until(lambda: len(person.server.received("consent")) == 2)
        assert person.server.received("consent")[1] == {"type": "consent", "given": False, "purposes": ["memory"]}


async def test_without_a_person_there_is_no_box() -> None:
    async with caller() as person:
        await person.open()
        assert await person.page.get_by_role("button", name="Agree and join").is_visible()
        assert not await person.page.get_by_label(BOX).is_visible()
