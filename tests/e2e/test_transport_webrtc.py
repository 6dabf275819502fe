"""The WebRTC door over real sockets on loopback: ICE, DTLS, SRTP, SCTP, Opus and VP8, both ends in one process."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest
from transport_call import Call, answering, beep, calling

from visavis.kernel.errors import NegotiationFailed, PeerGone
from visavis.kernel.media import VideoFrame
from visavis.kernel.messages import Bye, Consent, Leave, Playout, Say, Track, Transcript
from visavis.kernel.settings import WebRtcSettings
from visavis.testing.rtc_caller import RtcCaller
from visavis.transport.base import Bad, Gone, Lost, Returned
from visavis.transport.webrtc import WebRtcTransport

pytestmark = pytest.mark.e2e


async def test_sound_sight_and_words_travel_and_leaving_ends_it() -> None:
    async with answering() as call, calling(call) as caller:
        caller.give_consent()
        assert (await call.until(Consent)).given
        await caller.say(beep(0.5))
        call.voice = beep(0.5)
        picture = await call.until(VideoFrame, 3)
        await asyncio.sleep(0.7)
        assert picture.image.shape == (360, 640, 3)
        assert picture.source == "camera"
        heard = call.audio()
        assert sum(f.duration_s for f in heard if np.abs(f.pcm).max() > 3_000) == pytest.approx(0.5, abs=0.06)
        steps_s = [b.at_s - a.end_s for a, b in pairwise(heard[1:])]
        assert max(steps_s) <= 0.001, "no gap"
        assert sum(steps_s) > -0.12, "stamps step back only while the line turns out quicker than its first packet"
        spoken = [piece for piece in caller.heard if piece.rms > 2_000]
        assert sum(len(piece.pcm) for piece in spoken) / 24_000 == pytest.approx(0.5, abs=0.06)
        call.transport.send(Transcript("agent", "hello", True))
        assert await caller.wait_for(Transcript) == Transcript("agent", "hello", True)
        caller.send(Leave())
        await call.until(Leave)
        await caller.close()
        assert await call.until(Gone) == Gone("left")


async def test_messages_sent_before_the_line_is_up_arrive_and_goodbye_too() -> None:
    async with answering() as call:
        call.transport.send(Transcript("agent", "early", True))
        async with calling(call, video=False) as caller:
            assert (await caller.wait_for(Transcript)).text == "early"
            await call.transport.close("idle")
            await call.transport.close("idle")
            assert (await caller.wait_for(Bye)).reason == "idle"
        assert await call.until(Gone) == Gone("idle")


@pytest.mark.parametrize("loss", [0.0, 0.05])
async def test_the_round_trip_of_an_echo(loss: float, record_property: pytest.RecordProperty) -> None:
    """Says how long sound takes there and back (for docs/adr/0002); asserts only that it comes back, whole."""
    async with answering() as call, calling(call, video=False, loss=loss, seed=7) as caller:
        call.echo = True
        await asyncio.sleep(0.5)
        trips_ms = []
        for _ in range(6):
            end_s = await caller.say(beep(0.2))
            await asyncio.sleep(0.7)
            first_s = caller.first_sound_after(end_s - 0.2, threshold=1_500)
            assert first_s is not None
            trips_ms.append(round((first_s - (end_s - 0.2)) * 1000))
        record_property("echo_ms", trips_ms)
        print(f"echo round trip at {loss:.0%} loss: {trips_ms} ms, {call.transport.audio_stats}")
        loud_s = sum(len(piece.pcm) for piece in caller.heard if piece.rms > 1_000) / 24_000
        assert loud_s == pytest.approx(6 * 0.2, rel=0.25)


async def test_with_loss_both_ways_no_time_is_missing() -> None:
    async with answering() as call, calling(call, video=False, loss=0.05, seed=3) as caller:
        first = len(call.items)
        call.voice = beep(3.0, 300)
        await caller.say(beep(3.0, 300))
        await asyncio.sleep(0.4)
        lost = call.transport.audio_stats.lost + caller.audio_stats.lost
        assert lost > 3
        frames = [frame for frame in call.audio(first) if np.abs(frame.pcm).max() > 500]
        assert sum(frame.duration_s for frame in frames) == pytest.approx(3.0, abs=0.1)
        assert frames[-1].end_s - frames[0].at_s == pytest.approx(3.0, abs=0.1)
        assert sum(len(p.pcm) for p in caller.heard if p.rms > 300) / 24_000 == pytest.approx(3.0, abs=0.15)


async def test_a_caller_who_drops_out_comes_back_to_the_same_call() -> None:
    async with answering() as call, calling(call) as caller:
        await call.until(VideoFrame)
        await caller.drop()
        await call.until(Lost)
        before = len(call.items)
        call.transport.send(Say("nobody is there"))  # type: ignore[arg-type]  # dropped, not queued
        await caller.connect(call.transport.rejoin)
        returned = await call.until(Returned)
        assert 0 < returned.away_s < 10
        caller.send(Say("back"))
        assert (await call.until(Say)).text == "back"
        await caller.say(beep(0.3))
        call.voice = beep(0.3)
        await asyncio.sleep(0.4)
        assert any(np.abs(frame.pcm).max() > 3_000 for frame in call.audio(before))
        assert any(piece.rms > 2_000 for piece in caller.heard)
        assert any(isinstance(item, VideoFrame) for item in call.items[before:])
        assert not caller.messages


async def test_what_is_said_while_the_line_closes_is_lost_without_a_complaint() -> None:
    """The far side hangs up between a message and its packet; `conftest` fails when a task of aiortc's complains."""
    async with answering() as call, calling(call, video=False) as caller:
        assert caller._pc is not None
        assert caller._pc.sctp is not None
        caller.send(Say("too late"))
        await caller._pc.sctp.transport.stop()
        caller.send(Say("much too late"))
        await asyncio.sleep(0.1)


async def test_a_new_offer_before_the_loss_was_noticed_is_a_loss_and_a_return() -> None:
    """The line that was left is told so: else a page that still has it would fetch the call back."""
    async with answering() as call, calling(call, video=False) as first:
        second = RtcCaller(video=False)
        await second.connect(call.transport.rejoin)
        await call.until(Returned)
        assert (await first.wait_for(Bye)).reason == "moved"
        assert not second.messages
        kinds = [type(item) for item in call.items if isinstance(item, Lost | Returned)]
        assert kinds == [Lost, Returned]
        await second.close()


async def test_who_does_not_come_back_is_gone() -> None:
    async with answering(WebRtcSettings(reconnect_s=0.5)) as call, calling(call, video=False) as caller:
        await caller.close()
        assert await call.until(Gone) == Gone("left")
        assert [type(item) for item in call.items if isinstance(item, Lost | Gone)] == [Lost, Gone]
        with pytest.raises(PeerGone):
            await call.transport.rejoin("v=0")


async def test_a_dead_network_is_noticed_and_one_that_heals_goes_on() -> None:
    async with answering() as call, calling(call, video=False, loss=1e-9) as caller:
        await asyncio.sleep(1.5)
        caller.network_loss(1.0)
        await call.until(Lost, timeout_s=20)
        caller.network_loss(0.0)
        await call.until(Returned, timeout_s=20)
        caller.send(Say("still me"))
        await call.until(Say)


async def test_garbage_and_floods_are_reported_and_survived() -> None:
    async with answering() as call, calling(call, video=False) as caller:
        for garbage in ("{", b"\x00\xff" * 50, '{"type":"launch"}', "x" * 30_000):
            caller.send_raw(garbage)
        assert [(await call.until(Bad, n)).size for n in (1, 2, 3, 4)] == [1, 100, 17, 30_000]
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for n in range(200):
            caller.send(Say(str(n)))
        await asyncio.sleep(1.0)
        let_in = 50 + 20 * (loop.time() - begun_s)
        assert len([item for item in call.items if isinstance(item, Say)]) < let_in
        assert len([item for item in call.items if isinstance(item, Bad)]) < 6 + loop.time() - begun_s
        async with asyncio.timeout(10):
            while not any(isinstance(item, Playout) for item in call.items):
                caller.send(Playout(80.0))  # let in once the flood is over
                await asyncio.sleep(0.5)
        assert call.transport.playout_delay_s == 0.08


async def test_a_camera_that_is_off_is_not_looked_at_and_a_screen_is_a_screen() -> None:
    async with answering() as call, calling(call) as caller:
        await call.until(VideoFrame)
        caller.send(Track("camera", False))
        await call.until(Track)
        await asyncio.sleep(0.1)
        seen = len(call.items)
        await asyncio.sleep(0.5)
        assert not any(isinstance(item, VideoFrame) for item in call.items[seen:])
        caller.send(Track("screen", True, mid="1"))
        await call.until(Track, 2)
        pictures = len([item for item in call.items if isinstance(item, VideoFrame)])
        assert (await call.until(VideoFrame, pictures + 1)).source == "screen"
        call.transport.video_fps = 0
        await asyncio.sleep(0.2)
        seen = len(call.items)
        await asyncio.sleep(0.5)
        assert not any(isinstance(item, VideoFrame) for item in call.items[seen:])


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "hello",
        "v=0\r\n",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n",
        "v=0\r\n" + "a=x\r\n" * 20_000,
    ],
)
async def test_an_offer_that_makes_no_sense_is_refused(offer: str) -> None:
    transport = WebRtcTransport()
    with pytest.raises(NegotiationFailed):
        await transport.answer(offer)
    await transport.close("error")


async def test_an_offer_without_opus_is_refused() -> None:
    offers: list[str] = []

    async def keep(offer: str) -> str:
        offers.append(offer.replace("opus/48000/2", "speex/48000/2"))
        raise NegotiationFailed("enough")

    caller = RtcCaller(video=False)
    with pytest.raises(NegotiationFailed, match="enough"):
        await caller.connect(keep)
    await caller.close()
    transport = WebRtcTransport()
    with pytest.raises(NegotiationFailed, match="cannot be answered"):
        await transport.answer(offers[0])
    await transport.close("error")


async def test_a_caller_who_never_connects_is_given_up() -> None:
    async def no_route(offer: str) -> str:
        answer = await call.transport.answer(offer)
        raise NegotiationFailed(f"the answer of {len(answer)} characters got lost")

    async with answering() as call:
        caller = RtcCaller(video=False)
        with pytest.raises(NegotiationFailed):
            await caller.connect(no_route)
        await caller.close()
        assert isinstance(call, Call)
