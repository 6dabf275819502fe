"""In the call: what the server says is seen and heard, what the person does is told to the server."""

from __future__ import annotations

import asyncio

import pytest
from page_driver import SCREEN, Caller, caller, until

from visavis.kernel import messages as m

pytestmark = pytest.mark.e2e


async def test_captions_of_both_sides_are_replaced_by_id_and_finals_announced() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Transcript("user", "What is the", False, 1))
        await person.shows("What is the")
        announced = person.page.locator("#announce")
        assert await announced.text_content() == ""
        person.peer.send(m.Transcript("user", "What is the time?", True, 1))
        person.peer.send(m.Transcript("agent", "It is noon.", True, 1))
        await person.shows("It is noon.")
        lines = await person.page.locator("#captions li").all_inner_texts()
        assert [line.split("\n")[-1] for line in lines] == ["What is the time?", "It is noon."]
        assert await announced.text_content() == "Ada: It is noon."


async def test_markup_in_captions_stays_text() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Transcript("agent", "<img src=x onerror='window.hacked=1'>", True, 1))
        await person.shows("<img src=x")
        assert await person.page.evaluate("window.hacked") is None


async def test_typed_text_is_sent_once_and_typing_is_told() -> None:
    async with caller() as person:
        await person.join()
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        await person.page.keyboard.press("t")
        await person.page.keyboard.type("make my v")
        await person.page.keyboard.press("Shift+Enter")
        await person.page.keyboard.type("day")
        await person.page.keyboard.press("Enter")
        await until(lambda: person.server.received("say") == [{"type": "say", "text": "make my v\nday"}])
        assert 1 <= len(person.server.received("typing")) <= 1 + (loop.time() - begun_s) / 2, "one in two seconds"
        assert not await person.pressed("Mute")
        assert await person.pressed("Camera")
        assert await person.page.get_by_label("Type instead of talking").input_value() == ""


async def test_mute_by_keyboard_and_the_shortcuts_can_be_off() -> None:
    async with caller() as person:
        await person.join()
        await person.page.keyboard.press("m")
        await until(lambda: person.server.received("track")[-1]["kind"] == "microphone")
        assert person.server.received("track")[-1]["on"] is False
        assert await person.pressed("Mute")
        await person.page.keyboard.press("m")
        await until(lambda: person.server.received("track")[-1]["on"] is True)
        assert not await person.pressed("Mute")
        await person.page.keyboard.press("d")
        await person.page.get_by_label("One-key shortcuts").uncheck()
        await person.page.keyboard.press("Escape")
        await person.page.keyboard.press("m")
        assert not await person.pressed("Mute")


async def test_the_camera_goes_off_for_real_and_comes_back() -> None:
    async with caller() as person:
        await person.join()
        mid = (await person.snapshot())["mids"]["camera"]
        await until(lambda: person.peer.frames.get(mid, 0) > 2)
        await person.page.keyboard.press("v")
        await person.becomes("s.devices.camera === null")
        await person.page.locator("#self-view").wait_for(state="hidden")
        await person.page.wait_for_timeout(400)
        before = person.peer.frames[mid]
        await person.page.keyboard.press("v")
        await until(lambda: person.peer.frames[mid] > before + 2)
        await until(lambda: [track["on"] for track in person.server.received("track")[3:]] == [False, True])
        assert len(person.server.offers) == 1


async def test_screen_share_toggles_and_the_browsers_own_stop_counts() -> None:
    async with caller() as person:
        await person.join(SCREEN)
        mid = (await person.snapshot())["mids"]["screen"]
        share = person.page.locator("#share")
        await share.click()
        await until(lambda: person.peer.frames.get(mid, 0) > 2)
        assert await person.pressed("Share")
        await share.click()
        await until(lambda: not person.server.received("track")[-1]["on"])
        assert not await person.pressed("Share")
        await share.click()
        await person.becomes("s.devices.screen === 'live'")
        await person.page.evaluate("screenStream.getTracks()[0].dispatchEvent(new Event('ended'))")
        await person.shows("You stopped sharing your screen")
        assert not await person.pressed("Share")
        assert len(person.server.offers) == 1


async def test_another_microphone_in_the_call_needs_no_new_offer() -> None:
    async with caller() as person:
        await person.join()
        mid = (await person.snapshot())["mids"]["microphone"]
        await until(lambda: person.peer.frames.get(mid, 0) > 3)
        await person.page.keyboard.press("d")
        chooser = person.page.get_by_label("Microphone", exact=True)
        values = await chooser.locator("option").evaluate_all("all => all.map(one => one.value)")
        current = await chooser.input_value()
        await chooser.select_option(next(value for value in values if value != current))
        await until(lambda: len(person.server.received("track")) == 4)
        before = person.peer.frames[mid]
        await until(lambda: person.peer.frames[mid] > before + 10)
        assert await chooser.input_value() != current
        assert len(person.server.offers) == 1


async def test_states_are_shown_and_thinking_has_dots() -> None:
    async with caller() as person:
        await person.join()
        for state, word in (("idle", "Ready"), ("listening", "Listening"), ("speaking", "Speaking")):
            person.peer.send(m.State(state))  # type: ignore[arg-type]
            await person.becomes(f"s.face.state === '{state}'")
            assert await person.page.locator("#state-text").inner_text() == word
            assert await person.page.locator(".typing").count() == 0
        person.peer.send(m.State("thinking"))
        await person.page.locator(".typing").wait_for()


# How low the eyes are on the screen: they sink in a nod and rise in thought.
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PEBBLE_WIDTH = "document.querySelector('.pebble').getBoundingClientRect().width"
EYES_Y = "document.getElementById('eye-left').getBoundingClientRect().bottom"
WATCH = f"""
() => {{
  window.lowest = 0;
  const look = () => {{
    lowest = Math.max(lowest, {EYES_Y});
    requestAnimationFrame(look);
  }};
  look();
}}
"""
"""Watches from before the nod on: on a busy machine it may be half over when a test hears of it."""
NOD_S = 1.1


@pytest.mark.parametrize(("motion", "sinks"), [("no-preference", True), ("reduce", False)])
async def test_the_face_nods_when_it_is_told_and_nothing_is_announced(motion: str, sinks: bool) -> None:
    async with caller(reduced_motion=motion) as person:
        await person.join()
        person.peer.send(m.State("listening"))
        await person.becomes("s.face.state === 'listening'")
        said = await person.page.locator("#announce").inner_text()
        await person.page.evaluate(WATCH)
        await asyncio.sleep(NOD_S)
        resting = await person.page.evaluate("lowest")
        person.peer.send(m.Gesture("nod"))
        await person.becomes("s.face.nods === 1")
        await asyncio.sleep(NOD_S)
        assert (await person.page.evaluate("lowest") - resting > 6) == sinks
        assert await person.page.locator("#announce").inner_text() == said
        assert await person.page.locator("#state-text").inner_text() == "Listening"


async def test_the_eyes_go_up_in_thought_and_the_head_comes_near_to_listen() -> None:
    async with caller(reduced_motion="reduce") as person:
        await person.join()
        eyes: dict[str, float] = {}
        width: dict[str, float] = {}
        for state in ("idle", "listening", "thinking"):
            person.peer.send(m.State(state))  # type: ignore[arg-type]
            await person.becomes(f"s.face.state === '{state}'")
            await person.page.evaluate(TWO_FRAMES)
            eyes[state] = await person.page.evaluate(EYES_Y)
            width[state] = await person.page.evaluate(PEBBLE_WIDTH)
        assert eyes["thinking"] < eyes["idle"] - 5
        assert width["listening"] > width["idle"] * 1.02


async def test_lips_follow_the_visemes_at_the_ear_and_stop_on_clear() -> None:
    async with caller() as person:
        await person.join()
        person.peer.tone.loud = True
        await person.becomes("s.remoteLevel > 0.05")
        person.peer.send(m.State("speaking"))
        person.peer.send(m.VisemeTrack([(0, "mm"), (1_500, "aa")], 20_000))
        await person.becomes("s.face.shape === 'mm' && s.face.open < 5")
        await person.becomes("s.face.shape === 'aa' && s.face.open > 25")
        person.peer.send(m.Clear())
        await person.becomes("s.gain === 0 && s.face.shape === null && s.face.open < 1")
        person.peer.send(m.State("speaking"))
        await person.becomes("s.gain === 1")


async def test_ducking_is_quick_and_comes_back() -> None:
    async with caller() as person:
        await person.join()
        took_ms = [await _ducks(person) for _ in range(3)]
        assert min(took_ms) < 250, took_ms


async def _ducks(person: Caller) -> float:
    """Turns the voice down and up again; returns how many ms the page takes to turn it down."""
    await person.page.evaluate(
        """() => { const at = {}; window.at = at; const look = () => {
             const s = visavis.snapshot();
             if (s.messages.at(-1)?.on) at.told ??= performance.now();
             if (s.gain < 0.3) at.low ??= performance.now();
             if (!at.low) setTimeout(look, 2);
           }; look(); }"""
    )
    person.peer.send(m.Duck(True))
    await person.holds("at.low")
    took_ms: float = await person.page.evaluate("at.low - at.told")
    person.peer.send(m.Duck(False))
    await person.becomes("s.gain === 1")
    return took_ms


async def test_the_latency_drawer_by_keyboard() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Latency(1, 912.0, {"endpoint": 300.0, "asr": 150.0, "llm_first_token": 462.0}, "asr"))
        person.peer.send(m.Latency(2, 700.0, {"endpoint": 300.0, "asr": 150.0, "tts": 250.0}))
        await person.shows("700 ms")
        drawer = person.page.get_by_role("complementary", name="Latency")
        await person.page.keyboard.press("l")
        await drawer.wait_for()
        assert await drawer.locator("h3").all_inner_texts() == ["Turn 2\n700 ms", "Turn 1\n912 ms"]
        over = drawer.locator(".over")
        assert await over.count() == 1
        assert "over budget" in await over.inner_text()
        assert "150 ms" in await over.inner_text()
        starts = await drawer.locator("[data-turn='1'] .bar").evaluate_all(
            "all => all.map(one => parseFloat(one.style.getPropertyValue('--from')))"
        )
        assert starts == pytest.approx([0, 20, 30])
        await person.page.keyboard.press("Escape")
        await drawer.wait_for(state="hidden")
        assert await person.page.evaluate("document.activeElement.id") == "open-latency"


async def test_the_delay_at_the_ear_is_reported() -> None:
    async with caller() as person:
        await person.join()
        await until(lambda: bool(person.server.received("playout")))
        assert 5 < person.server.received("playout")[-1]["delay_ms"] < 1000


async def test_problems_are_shown_and_a_fatal_one_ends_the_call() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Problem("provider_timeout", "I lost my thread. Please say that again."))
        await person.shows("I lost my thread")
        assert (await person.snapshot())["connection"] == "connected"
        person.peer.send(m.Problem("model", "The voice is broken. Please call later.", fatal=True))
        await person.shows("The voice is broken")
        assert (await person.snapshot())["screen"] == "end"
        assert set((await person.snapshot())["devices"].values()) == {None}


async def test_leaving_is_told_and_lets_the_devices_go() -> None:
    async with caller() as person:
        await person.join()
        await person.page.get_by_role("button", name="Leave").click()
        await person.shows("You left the call")
        assert len(person.server.received("leave")) == 1
        assert set((await person.snapshot())["devices"].values()) == {None}
        assert await person.page.evaluate("sessionStorage.getItem('visavis.session')") is None


async def test_closing_the_tab_is_told() -> None:
    async with caller() as person:
        await person.join()
        await person.page.goto("about:blank")
        await until(lambda: len(person.server.received("leave")) == 1)


async def test_a_bye_ends_the_call_and_says_why() -> None:
    async with caller() as person:
        await person.join()
        person.peer.send(m.Bye("idle"))
        await person.shows("so the agent said goodbye")


async def test_unknown_and_broken_messages_are_ignored() -> None:
    async with caller() as person:
        await person.join()
        assert person.peer.channel is not None
        for garbage in ("", "{", "null", '{"type":"later"}', "[1]", b"\x00\x01"):
            person.peer.channel.send(garbage)
        person.peer.send(m.Transcript("agent", "Still here.", True, 1))
        await person.shows("Still here.")


async def test_a_changed_notice_pauses_the_devices_until_it_is_answered() -> None:
    async with caller() as person:
        await person.join()
        mid = (await person.snapshot())["mids"]["microphone"]
        await until(lambda: person.peer.frames.get(mid, 0) > 3)
        person.peer.send(m.Notice("2026-02", "Now calls are recorded as well."))
        await person.shows("Now calls are recorded as well.")
        await until(lambda: not person.server.received("track")[-3]["on"])
        await person.page.wait_for_timeout(300)
        before = person.peer.frames[mid]
        await person.page.wait_for_timeout(300)
        assert person.peer.frames[mid] <= before + 1
        await person.page.get_by_role("button", name="Agree and go on").click()
        await until(lambda: len(person.server.received("consent")) == 2)
        await until(lambda: person.peer.frames[mid] > before + 10)
