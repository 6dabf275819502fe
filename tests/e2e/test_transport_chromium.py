"""The WebRTC door as Chromium hears it: its own Opus encoder, its own jitter buffer, its own idea of time."""

from __future__ import annotations

import asyncio
import shutil
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from playwright.async_api import async_playwright
from transport_call import Call, answering, beep

from visavis.kernel.media import VideoFrame
from visavis.kernel.messages import Say
from visavis.transport.base import Lost

pytestmark = pytest.mark.e2e
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--no-sandbox",
]
PAGE = """<!doctype html><audio id=out autoplay></audio><script>
async function join() {
  const pc = window.pc = new RTCPeerConnection();
  const video = {width: 640, height: 360, frameRate: 15};
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video});
  media.getTracks().forEach(track => pc.addTrack(track, media));
  pc.ontrack = event => { document.getElementById("out").srcObject = new MediaStream([event.track]); };
  const channel = pc.createDataChannel("visavis");
  const open = new Promise(resolve => { channel.onopen = resolve; });
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== "complete") await new Promise(resolve => setTimeout(resolve, 20));
  const reply = await fetch("/api/offer", {method: "POST", body: pc.localDescription.sdp});
  await pc.setRemoteDescription({type: "answer", sdp: await reply.text()});
  await open;
  channel.send(JSON.stringify({type: "say", text: "from the browser"}));
}
async function heard() {
  for (const report of (await pc.getStats()).values())
    if (report.type === "inbound-rtp" && report.kind === "audio") return report;
}
</script>"""


async def serve(call: Call) -> tuple[web.AppRunner, str]:
    async def offer(request: web.Request) -> web.Response:
        return web.Response(text=await call.transport.answer(await request.text()))

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_post("/api/offer", offer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://localhost:{runner.addresses[0][1]}/"


def audibly_concealed_ms(before: dict[str, Any], after: dict[str, Any]) -> int:
    concealed, silent = (after[name] - before[name] for name in ("concealedSamples", "silentConcealedSamples"))
    return round((concealed - silent) / 48)


def buffered_ms(before: dict[str, Any], after: dict[str, Any]) -> int:
    delay_s, samples = (after[name] - before[name] for name in ("jitterBufferDelay", "jitterBufferEmittedCount"))
    return round(1000 * delay_s / samples)


@pytest.mark.parametrize("ticks", [True, False])
async def test_chromium_hears_is_heard_and_is_missed_when_its_tab_closes(ticks: bool) -> None:
    """`ticks`: whether the session calls `play` with nothing in silence, which it may or may not."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here (Debian: apt install chromium)")
    async with answering(ticks_in_silence=ticks) as call, async_playwright() as playwright:
        runner, url = await serve(call)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        await page.goto(url)
        await page.evaluate("join()")
        assert (await call.until(Say)).text == "from the browser"
        await call.until(VideoFrame, 2)
        await asyncio.sleep(1.5)
        stats = [await page.evaluate("heard()")]
        for _ in range(3):
            call.voice = beep(1.0)
            await asyncio.sleep(2.0)
            stats.append(await page.evaluate("heard()"))
        concealed_ms = [audibly_concealed_ms(*both) for both in pairwise(stats)]
        delays_ms = [buffered_ms(*both) for both in pairwise(stats)]
        print(f"Chromium: jitter buffer {delays_ms} ms, audibly concealed {concealed_ms} ms")
        beeps = [frame for frame in call.audio() if np.abs(frame.pcm).max() > 500]
        assert beeps  # Chromium's fake microphone beeps once a second
        assert stats[-1]["totalAudioEnergy"] > 0.05
        # Of three beeps the best: whatever we did wrong would be wrong each time, a machine that stalls is not.
        assert min(concealed_ms) < 100, "pauses are pauses to it, not losses"
        assert min(delays_ms) < 200
        await page.close()
        await call.until(Lost, timeout_s=20)
        await browser.close()
        await runner.cleanup()
