"""Memory at the call page: a box that is there only for somebody, and taking it back in the call."""

from __future__ import annotations

import pytest
from page_driver import allowed_and_taken_back, caller

pytestmark = pytest.mark.e2e

BOX = "Memory: Ada may remember"


async def test_memory_is_allowed_by_a_tick_and_taken_back_under_devices() -> None:
    async with caller() as person:
        person.server.url += "?person=jo.signed"
        await allowed_and_taken_back(person, BOX, "Remember me for next time", "memory")


async def test_without_a_person_there_is_no_box() -> None:
    async with caller() as person:
        await person.open()
        assert await person.page.get_by_role("button", name="Agree and join").is_visible()
        assert not await person.page.get_by_label(BOX).is_visible()
