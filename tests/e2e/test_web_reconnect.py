"""The line drops: the page comes back by itself, keeps what was said, and gives up with a word of advice."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest
from page_driver import WAIT_S, Caller, caller, chromium, until
from page_server import PageServer

from visavis.kernel import messages as m

pytestmark = pytest.mark.e2e

SERVER = Path(__file__).with_name("page_server.py")


async def test_a_dropped_line_comes_back_with_the_same_conversation() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Transcript("agent", "Where were we?", True, 1))
        await person.shows("Where were we?")
        session = (await person.snapshot())["session"]
        await person.server.drop()
        await until(lambda: len(person.server.peers) == 2 and len(person.peer.received) >= 4)
        assert person.server.offers[1]["session"] == session
        await person.shows("Back — we kept our conversation")
        # The old lines stay, and the ids go on.
        person.peer.send(m.Transcript("agent", "Ah yes, here.", True, 2))
        await person.shows("Ah yes, here.")
        await person.shows("Where were we?")
        # A restarted server may count its lines anew, or say the old ones again: neither harms what was said.
        person.peer.send(m.Transcript("agent", "Where were we?", True, 1))
        person.peer.send(m.Transcript("agent", "Number one again.", True, 1))
        await person.shows("Number one again.")
        lines = await person.page.locator("#captions .line p").all_inner_texts()
        assert lines == ["Where were we?", "Ah yes, here.", "Number one again."]
        # A new connection learns at once what was agreed to and what is on.
        assert [message["type"] for message in person.peer.received[:4]] == ["consent", "track", "track", "track"]
        mid = (await person.snapshot())["mids"]["microphone"]
        await until(lambda: person.peer.frames.get(mid, 0) > 3)


async def test_reconnecting_is_said_and_waits_for_the_server() -> None:
    async with caller() as person:
        await person.join()
        person.server.deaf = True
        await person.server.drop()
        await person.shows("Reconnecting…")
        await person.page.keyboard.press("t")
        await person.page.keyboard.type("Are you there?")
        await person.page.keyboard.press("Enter")
        await person.shows("Not sent: the line is down")
        person.server.deaf = False
        await person.connected()
        await person.page.keyboard.press("Enter")
        await until(lambda: person.server.received("say") == [{"type": "say", "text": "Are you there?"}])


async def test_a_server_that_answers_late_gets_one_offer_only() -> None:
    """A request given up too early would still be answered, and leave two callers of one."""
    async with caller() as person:
        await person.join()
        person.server.hold_s = 11
        await person.server.drop()
        await until(lambda: len(person.server.peers) == 2)
        await person.connected()
        assert len(person.server.offers) == 2


async def test_mute_survives_a_reconnection() -> None:
    async with caller() as person:
        await person.join()
        await person.page.keyboard.press("m")
        await until(lambda: not person.server.received("track")[-1]["on"])
        await person.server.drop()
        await until(lambda: len(person.server.peers) == 2 and len(person.peer.received) >= 4)
        assert person.peer.received[1] == {"type": "track", "kind": "microphone", "on": False, "mid": "0"}
        assert await person.pressed("Mute")


async def test_giving_up_says_so_and_offers_to_start_again() -> None:
    async with caller() as person:
        person.server.reconnect_s = 1.5
        await person.join()
        person.server.deaf = True
        await person.server.drop()
        await person.shows("The call was lost")
        assert set((await person.snapshot())["devices"].values()) == {None}
        person.server.deaf = False
        await person.page.get_by_role("button", name="Start again").click()
        await person.page.get_by_role("button", name="Agree and join").wait_for()


async def test_a_page_reloaded_while_the_line_is_down_returns() -> None:
    async with caller() as person:
        await person.join()
        session = (await person.snapshot())["session"]
        await person.page.route("**/api/offer", lambda route: route.abort())
        await person.server.drop()
        await person.shows("Reconnecting…")
        await person.page.unroute("**/api/offer")
        await person.page.reload()
        await person.shows("You have an open conversation here")
        assert await person.page.evaluate("asked.length") == 0
        await person.agree()
        await person.page.get_by_role("button", name="Join the call").click()
        await person.connected()
        assert person.server.offers[-1]["session"] == session
        await person.shows("Back — we kept our conversation")


async def _serve(port: int = 0) -> tuple[Process, str]:
    process = await asyncio.create_subprocess_exec(sys.executable, str(SERVER), "--port", str(port), stdout=PIPE)
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), WAIT_S)
    return process, json.loads(line)["url"]


async def test_a_killed_server_is_noticed_soon_and_its_successor_found() -> None:
    """Nothing closes the line here: the process is just gone, and another one takes its port."""
    process, url = await _serve()
    try:
        async with chromium() as (browser, page):
            server = PageServer()
            server.url = url
            person = Caller(page, server, browser)
            await person.open()
            await person.agree()
            await page.get_by_role("button", name="Join the call").click()
            await person.connected()
            await person.shows("I have Tuesday at ten")
            loop = asyncio.get_running_loop()
            await asyncio.sleep(1)
            killed_at = loop.time()
            process.send_signal(signal.SIGKILL)
            await process.wait()
            await person.shows("Reconnecting…")
            assert loop.time() - killed_at < 5, "ICE alone takes longer"
            process, _ = await _serve(int(url.rsplit(":", 1)[1].strip("/")))
            await person.connected()
            # This stand-in keeps no journal: the page owns up to it and keeps what was said on screen.
            await person.shows("could not find our conversation")
            await person.page.locator("#captions").get_by_text("I have Tuesday at ten").first.wait_for()
            assert person.errors == []
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
