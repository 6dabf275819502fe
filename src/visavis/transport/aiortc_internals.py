"""The one place that reaches into aiortc and aioice, with what it touches and why. Written against aiortc 1.16 and
aioice 0.13 (`pyproject.toml` holds aiortc below 1.17); `check()` fails clearly when they change.

* The receiver's jitter buffer. aiortc's audio buffer always holds 80 ms, and 280 ms after one lost packet. A tap in
  its place hands the packets to us and nothing to aiortc's decoder thread, while RTCP statistics go on upstream of
  it. The video tap keeps aiortc's buffer but passes pictures on only while somebody wants them.
* The remote video track's queue, which is unbounded and needs a reading task per track. A sink in its place gets
  every decoded picture.
* aioice's list of host addresses, which leaves out the loopback ones.
* The DTLS transport's packet counter and its state, to notice a dead line before ICE does (30 s).
* The DTLS transport's way out for data. SCTP sends from tasks nobody awaits; a line that closes between a message and
  its packet makes them fail, unheard. In its place such a packet is lost, as on any network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import aioice.ice
from aiortc import RTCDtlsTransport, RTCPeerConnection, RTCRtpReceiver
from aiortc.jitterbuffer import JitterBuffer

from visavis.kernel.errors import NegotiationFailed

_BUFFER = "_RTCRtpReceiver__jitter_buffer"
_LOOPBACK = "127.0.0.1"
_original_addresses = aioice.ice.get_host_addresses

OnPacket = Callable[[int, int, bytes], None]
"""Called with RTP sequence number, timestamp and payload."""


class AudioTap:
    """Stands where a receiver's jitter buffer stood: packets go to `on_packet`, aiortc decodes nothing."""

    def __init__(self, on_packet: OnPacket) -> None:
        self._on_packet = on_packet

    def add(self, packet: Any) -> tuple[bool, None]:
        self._on_packet(packet.sequence_number, packet.timestamp, packet.payload)
        return False, None


class VideoTap:
    """aiortc's own video buffer, whose pictures are decoded only while `wanted()`; then from a key picture on."""

    def __init__(self, inner: JitterBuffer, wanted: Callable[[], bool]) -> None:
        self._inner = inner
        self._wanted = wanted
        self._needs_key = True

    def add(self, packet: Any) -> tuple[bool, Any]:
        lost, picture = self._inner.add(packet)
        if not self._wanted():
            self._needs_key = True
            return False, None
        if picture is None:
            return lost, None
        if self._needs_key:
            if not is_key_picture(picture.data):
                return True, None
            self._needs_key = False
        return lost, picture


class PictureSink:
    """Stands where a remote track's queue stood; `None` at the end of the track is not passed on."""

    def __init__(self, on_picture: Callable[[Any], None]) -> None:
        self._on_picture = on_picture

    async def put(self, picture: Any) -> None:
        if picture is not None:
            self._on_picture(picture)


def is_key_picture(data: bytes) -> bool:
    """True for an encoded VP8 or H.264 picture that needs no earlier one (RFC 6386, 9.1; H.264 annex B, NAL 5, 7)."""
    if not data:
        return False
    if not data.startswith(b"\x00\x00\x00\x01"):
        return not data[0] & 1
    units = data.split(b"\x00\x00\x00\x01")[1:]
    return any(unit and unit[0] & 0x1F in (5, 7) for unit in units)


def check() -> None:
    """Raises NegotiationFailed when the installed aiortc or aioice is not the one this module knows."""
    probe = RTCRtpReceiver.__init__.__code__.co_names
    missing = [name for name in (_BUFFER, "_track") if name not in probe]
    if not hasattr(RTCDtlsTransport, "_send_data"):
        missing.append("_send_data")
    if missing or not callable(getattr(aioice.ice, "get_host_addresses", None)):
        raise NegotiationFailed(
            f"the installed aiortc or aioice has changed inside ({', '.join(missing) or 'get_host_addresses'})",
            stage="transport",
            hint="install the aiortc version that visavis asks for",
        )


def tap_audio(receiver: RTCRtpReceiver, on_packet: OnPacket) -> None:
    """Call in the `track` event, before media flows."""
    setattr(receiver, _BUFFER, AudioTap(on_packet))


def tap_video(receiver: RTCRtpReceiver, wanted: Callable[[], bool], on_picture: Callable[[Any], None]) -> None:
    """Call in the `track` event, before media flows. `on_picture` gets `av.VideoFrame`s on the event loop."""
    setattr(receiver, _BUFFER, VideoTap(getattr(receiver, _BUFFER), wanted))
    receiver.track._queue = PictureSink(on_picture)  # type: ignore[attr-defined]


def receiver_of(pc: RTCPeerConnection, track: object) -> tuple[RTCRtpReceiver, str]:
    """The receiver of a remote track and its media line's mid."""
    for transceiver in pc.getTransceivers():
        if transceiver.receiver.track is track:
            return transceiver.receiver, transceiver.mid or ""
    raise LookupError("this track belongs to no transceiver of the connection")


def packets_received(pc: RTCPeerConnection) -> int:
    """RTP, RTCP and data packets that arrived so far on the connection."""
    transports = {id(t.receiver.transport): t.receiver.transport for t in pc.getTransceivers()}
    if pc.sctp is not None:
        transports[id(pc.sctp.transport)] = pc.sctp.transport
    reports = [stats for transport in transports.values() for stats in transport._get_stats().values()]
    return sum(int(getattr(stats, "packetsReceived", 0)) for stats in reports)


def lose_late_data(pc: RTCPeerConnection) -> None:
    """What is sent over the data channels while the line closes is lost in silence. Call once both sides are set."""
    if pc.sctp is None:
        return
    transport = pc.sctp.transport
    send = transport._send_data

    async def send_or_lose(data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await send(data)

    transport._send_data = send_or_lose  # type: ignore[method-assign]


def offer_loopback() -> None:
    """From now on, in this process, ICE also offers 127.0.0.1 (for callers on the same machine)."""
    aioice.ice.get_host_addresses = _with_loopback


def _with_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    addresses: list[str] = _original_addresses(use_ipv4=use_ipv4, use_ipv6=use_ipv6)
    return [*addresses, _LOOPBACK] if use_ipv4 and _LOOPBACK not in addresses else addresses
