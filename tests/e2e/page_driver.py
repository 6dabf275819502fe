"""A person at the call page: headless Chromium with fake devices, for the page's tests."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from page_server import PageServer, Peer, use_loopback
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--use-fake-device-for-media-stream", "--allow-loopback-in-peer-connection", "--no-sandbox"]
ALLOW = "--use-fake-ui-for-media-stream"
WAIT_S = 60.0

# Counts what the page asks of the browser's devices, from the first line of script on.
SPY = """
window.asked = [];
for (const name of ["getUserMedia", "getDisplayMedia"]) {
  const real = navigator.mediaDevices?.[name]?.bind(navigator.mediaDevices);
  if (real) navigator.mediaDevices[name] = (what) => (asked.push([name, what]), real(what));
}
"""
# A screen to share: headless Chromium has no picker.
SCREEN = """
navigator.mediaDevices.getDisplayMedia = async (what) => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 320, height: 180});
  const pen = canvas.getContext("2d");
  const draw = () => { pen.fillStyle = `hsl(${Date.now() % 360} 80% 50%)`; pen.fillRect(0, 0, 320, 180); };
  draw();
  setInterval(draw, 100);
  return (window.screenStream = canvas.captureStream(10));
};
"""


@dataclass
class Caller:
    """The page, the server it talks to, and what went wrong on the page."""

    page: Page
    server: PageServer
    browser: Browser
    errors: list[str] = field(default_factory=list)

    @property
    def peer(self) -> Peer:
        return self.server.peer

    async def open(self, script: str = "") -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        await self.page.add_init_script(SPY + script)
        await self.page.goto(self.server.url)

    async def agree(self) -> None:
        await self.page.get_by_role("button", name="Agree and join").click()

    async def join(self, script: str = "") -> None:
        """From nothing into the call."""
        await self.open(script)
        await self.agree()
        await self.page.get_by_role("button", name="Join the call").click()
        await self.connected()
        # The server has the whole introduction: consent and three devices.
        await until(lambda: len(self.peer.received) >= 4)

    async def connected(self) -> None:
        await self.becomes("s.connection === 'connected'")

    async def snapshot(self) -> dict[str, Any]:
        seen: dict[str, Any] = await self.page.evaluate("visavis.snapshot()")
        return seen

    async def shows(self, text: str) -> None:
        await self.page.get_by_text(text).locator("visible=true").first.wait_for(timeout=WAIT_S * 1000)

    async def becomes(self, condition: str) -> None:
        """Waits until a condition over the page's snapshot `s` holds."""
        await self.holds(f"(() => {{ const s = visavis.snapshot(); return {condition}; }})()")

    async def holds(self, expression: str) -> None:
        """Waits until an expression is true. Playwright's own way needs `eval`, which the page's policy forbids."""
        async with asyncio.timeout(WAIT_S):
            while not await self.page.evaluate(expression):  # noqa: ASYNC110 (as `until`)
                await asyncio.sleep(0.03)

    async def pressed(self, name: str) -> bool:
        button = self.page.locator("#controls").get_by_role("button", name=name, exact=True)
        return await button.get_attribute("aria-pressed") == "true"


async def until(done: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
    """Waits for something that this process sees; TimeoutError when it does not come."""
    async with asyncio.timeout(timeout_s):
        while not done():  # noqa: ASYNC110 (plain values of the stand-in server have no events)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def chromium(
    *, allow: bool = True, flags: tuple[str, ...] = (), **context: Any
) -> AsyncIterator[tuple[Browser, Page]]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *([ALLOW] if allow else []), *flags]
        )
        try:
            made = await browser.new_context(**context)
            made.set_default_timeout(WAIT_S * 1000)
            yield browser, await made.new_page()
        finally:
            await browser.close()


@asynccontextmanager
async def caller(*, allow: bool = True, flags: tuple[str, ...] = (), **context: Any) -> AsyncIterator[Caller]:
    """A page at a stand-in server of its own; an error thrown on the page fails the test."""
    use_loopback()
    server = PageServer()
    await server.start()
    try:
        async with chromium(allow=allow, flags=flags, **context) as (browser, page):
            person = Caller(page, server, browser)
            yield person
            assert person.errors == []
    finally:
        await server.stop()


async def allowed_and_taken_back(person: Caller, box: str, switch: str, purpose: str) -> None:
    """`purpose` is agreed to by ticking `box` before the call, and taken back by `switch` under Devices in it."""
    await person.open()
    tick = person.page.get_by_label(box)
    assert not await tick.is_checked()
    await tick.check()
    await person.agree()
    await person.page.get_by_role("button", name="Join the call").click()
    await person.connected()
    await until(lambda: len(person.peer.received) >= 4)
    assert person.peer.received[0]["purposes"] == ["listen", "camera", "screen", purpose]
    await person.page.locator("#controls").get_by_role("button", name="Devices").click()
    await person.page.get_by_label(switch).uncheck()
    await until(lambda: len(person.server.received("consent")) == 2)
    assert person.server.received("consent")[1] == {"type": "consent", "given": False, "purposes": [purpose]}
