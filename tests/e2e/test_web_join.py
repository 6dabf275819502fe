"""The way into a call: consent, devices, join, and everything that can stand in the way."""

from __future__ import annotations

import pytest
from page_driver import caller, until

pytestmark = pytest.mark.e2e


async def test_nothing_is_asked_or_sent_before_agreement() -> None:
    async with caller() as person:
        await person.open()
        await person.shows("Ada is an AI")
        await person.shows("This call is answered by software")
        await person.page.wait_for_timeout(300)
        assert await person.page.evaluate("asked.length") == 0
        await person.agree()
        await person.holds("asked.length === 1")
        assert person.server.offers == []
        await person.page.get_by_role("button", name="Join the call").click()
        await person.connected()
        await until(lambda: len(person.peer.received) >= 1)
        answer = {"type": "consent", "given": True, "purposes": ["listen", "camera", "screen"]}
        assert person.peer.received[0] == answer


async def test_declining_captures_and_sends_nothing() -> None:
    async with caller() as person:
        await person.open()
        await person.page.get_by_role("button", name="Decline").click()
        await person.shows("Nothing was captured or sent")
        assert await person.page.evaluate("asked.length") == 0
        assert person.server.offers == []
        await person.page.get_by_role("button", name="Read the notice again").click()
        await person.page.get_by_role("button", name="Agree and join").wait_for()


async def test_the_microphone_is_mono_with_echo_cancelled_and_noise_left_in() -> None:
    async with caller() as person:
        await person.open()
        await person.agree()
        await person.holds("asked.length === 1")
        name, wish = (await person.page.evaluate("asked"))[0]
        audio = wish["audio"]
        assert name == "getUserMedia"
        assert (audio["channelCount"], audio["echoCancellation"], audio["noiseSuppression"]) == (1, True, False)
        assert audio["autoGainControl"] is True


async def test_the_offer_has_one_line_for_each_device_and_names_them() -> None:
    async with caller() as person:
        await person.join()
        sdp = person.server.offers[0]["sdp"]
        assert [part.split(" ")[0] for part in sdp.split("\r\nm=")[1:]] == ["audio", "video", "video", "application"]
        assert (sdp.count("a=sendrecv"), sdp.count("a=sendonly")) == (1, 2)
        assert "a=candidate" in sdp
        told = {track["kind"]: (track["on"], track["mid"]) for track in person.server.received("track")}
        mids = (await person.snapshot())["mids"]
        assert told == {
            "microphone": (True, mids["microphone"]),
            "camera": (True, mids["camera"]),
            "screen": (False, mids["screen"]),
        }
        await until(lambda: min(person.peer.frames.get(mids[kind], 0) for kind in ("microphone", "camera")) > 3)
        assert person.peer.frames.get(mids["screen"], 0) == 0


async def test_the_level_meter_moves_and_the_preview_plays() -> None:
    async with caller() as person:
        await person.open()
        await person.agree()
        # The fake microphone beeps once a second.
        await person.becomes("s.personLevel > 0.02")
        await person.holds("Number(document.querySelector('#mic-level').ariaValueNow) > 10")
        await person.holds("document.querySelector('#preview').videoWidth > 0")


async def test_a_busy_server_is_said_and_lets_the_devices_go() -> None:
    async with caller() as person:
        person.server.busy = True
        await person.open()
        await person.agree()
        await person.page.get_by_role("button", name="Join the call").click()
        await person.shows("All lines are busy just now.")
        assert set((await person.snapshot())["devices"].values()) == {None}
        person.server.busy = False
        await person.page.get_by_role("button", name="Try again").click()
        await person.page.get_by_role("button", name="Agree and join").wait_for()


async def test_a_denied_microphone_says_what_to_do_and_text_still_works() -> None:
    async with caller(allow=False, permissions=[]) as person:
        await person.open()
        await person.agree()
        await person.shows("The microphone is blocked")
        await person.shows("allow the microphone, and try again")
        assert await person.page.get_by_role("button", name="Join the call").is_disabled()
        await person.page.get_by_role("button", name="Continue by text").click()
        await person.connected()
        await person.page.get_by_label("Type instead of talking").fill("Hello?")
        await person.page.keyboard.press("Enter")
        await until(lambda: person.server.received("say") == [{"type": "say", "text": "Hello?"}])
        assert [track["on"] for track in person.server.received("track")] == [False, False, False]


FAILS = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', '%s'); };"


@pytest.mark.parametrize(
    ("script", "title"),
    [
        (FAILS % "NotFoundError", "No microphone found"),
        (FAILS % "NotReadableError", "The microphone does not start"),
        ("Object.defineProperty(navigator, 'mediaDevices', {value: undefined});", "This page is not secure"),
    ],
)
async def test_a_missing_microphone_offers_text(script: str, title: str) -> None:
    async with caller() as person:
        await person.open(script)
        await person.agree()
        await person.shows(title)
        await person.page.get_by_role("button", name="Continue by text").click()
        await person.connected()


async def test_no_camera_is_no_obstacle() -> None:
    script = """
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (what) => {
      if (what.video) throw new DOMException("", "NotFoundError");
      return real(what);
    };"""
    async with caller() as person:
        await person.join(script)
        assert not await person.pressed("Camera")
        assert not await person.pressed("Mute")


async def test_a_browser_without_webrtc_is_told_which_ones_work() -> None:
    async with caller() as person:
        await person.open("delete window.RTCPeerConnection;")
        await person.shows("This browser cannot hold calls")
        await person.shows("Chrome, Edge, Firefox or Safari")


async def test_a_server_that_is_gone_can_be_tried_again() -> None:
    async with caller() as person:
        await person.page.route("**/api/agent", lambda route: route.abort())
        await person.open()
        await person.shows("The server does not answer")
        await person.page.unroute("**/api/agent")
        await person.page.get_by_role("button", name="Try again").click()
        await person.page.get_by_role("button", name="Agree and join").wait_for()


async def test_a_server_that_dies_at_joining_is_said() -> None:
    async with caller() as person:
        await person.open()
        await person.agree()
        person.server.deaf = True
        await person.page.get_by_role("button", name="Join the call").click()
        await person.shows("The server does not answer")
