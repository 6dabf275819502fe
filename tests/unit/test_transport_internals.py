"""What we rely on inside aiortc and aioice is still there. When one of these fails, read `aiortc_internals` first."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCRtpSender
from aiortc.jitterbuffer import JitterBuffer

from visavis.kernel.errors import NegotiationFailed
from visavis.transport import aiortc_internals as internals
from visavis.transport.webrtc_audio import VoiceTrack


def test_the_installed_aiortc_is_one_we_know() -> None:
    internals.check()


def test_another_aiortc_is_refused_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internals, "_BUFFER", "_RTCRtpReceiver__renamed")
    with pytest.raises(NegotiationFailed, match="has changed inside"):
        internals.check()


def test_the_receiver_counts_for_rtcp_before_it_asks_the_buffer_and_decodes_only_what_it_gives() -> None:
    source = inspect.getsource(RTCRtpReceiver._handle_rtp_packet)
    steps = ["__remote_streams[packet.ssrc].add(packet)", "__jitter_buffer.add(packet)", "encoded_frame is not None"]
    places = [source.index(step) for step in steps]
    assert places == sorted(places)
    assert "self._track._queue" in inspect.getsource(RTCRtpReceiver.receive)


def test_the_sender_takes_ready_made_packets() -> None:
    source = inspect.getsource(RTCRtpSender._next_encoded_frame)
    assert "self.__encoder.pack(data)" in source


async def test_the_tap_takes_the_buffers_place_and_hands_packets_over() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = pc.addTransceiver("audio").receiver
    got: list[tuple[int, int, bytes]] = []
    assert isinstance(getattr(receiver, internals._BUFFER), JitterBuffer)
    internals.tap_audio(receiver, lambda *packet: got.append(packet))
    buffer: Any = getattr(receiver, internals._BUFFER)
    assert buffer.add(SimpleNamespace(sequence_number=7, timestamp=960, payload=b"x")) == (False, None)
    assert got == [(7, 960, b"x")]
    assert internals.packets_received(pc) == 0
    await pc.close()


class Pictures:
    """Stands for aiortc's video buffer: every packet completes a picture."""

    def add(self, packet: bytes) -> tuple[bool, SimpleNamespace]:
        return False, SimpleNamespace(data=packet)


KEY, DELTA = b"\x10\x02\x00", b"\x11\x02\x00"


def test_pictures_nobody_wants_are_not_decoded_and_begin_again_with_a_key_picture() -> None:
    wanted = False
    tap = internals.VideoTap(Pictures(), lambda: wanted)  # type: ignore[arg-type]
    assert tap.add(KEY) == (False, None)
    wanted = True
    assert tap.add(DELTA) == (True, None)  # asks the sender for a key picture
    assert tap.add(KEY)[1].data == KEY
    assert tap.add(DELTA)[1].data == DELTA
    wanted = False
    assert tap.add(DELTA) == (False, None)
    wanted = True
    assert tap.add(DELTA) == (True, None)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", False),
        (KEY, True),
        (DELTA, False),
        (b"\x00\x00\x00\x01\x67\x42\x00\x00\x00\x01\x65\x88", True),
        (b"\x00\x00\x00\x01\x41\x9a", False),
    ],
)
def test_key_pictures_of_vp8_and_h264(data: bytes, key: bool) -> None:
    assert internals.is_key_picture(data) is key


def test_loopback_is_offered_once_and_only_for_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", internals._original_addresses)
    internals.offer_loopback()
    internals.offer_loopback()
    assert aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=False).count("127.0.0.1") == 1
    assert "127.0.0.1" not in aioice.ice.get_host_addresses(use_ipv4=False, use_ipv6=True)


async def test_the_voice_track_is_one_aiortc_accepts() -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    track = VoiceTrack()
    assert pc.addTransceiver(track).sender.track is track
    track.stop()
    await pc.close()
