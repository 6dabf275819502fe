"""One peer connection: the line that may drop and be replaced while the call goes on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Protocol

from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from visavis.kernel.errors import ConfigError, NegotiationFailed
from visavis.kernel.settings import WebRtcSettings
from visavis.transport import aiortc_internals as internals
from visavis.transport.webrtc_audio import VoiceTrack
from visavis.transport.webrtc_sdp import MAX_SDP_BYTES, ask_for_opus

CHANNEL = "visavis"
_CLOSE_S = 2.0
_FLUSH_S = 0.3
_BUFFERED_BYTES = 262_144
_BAD_OFFER = (
    ValueError,
    LookupError,
    AttributeError,
    AssertionError,
    TypeError,
    InternalError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
)
"""What aiortc raises on descriptions that make no sense; it does not validate them before use."""


class LineUser(Protocol):
    """Who owns the line; every method is called on the event loop and must not block."""

    def on_audio_packet(self, line: WebRtcLine, seq: int, timestamp: int, payload: bytes) -> None: ...
    def on_picture(self, line: WebRtcLine, mid: str, picture: Any) -> None: ...
    def on_text(self, line: WebRtcLine, data: str | bytes) -> None: ...
    def on_change(self, line: WebRtcLine) -> None: ...
    def wants_pictures(self, mid: str) -> bool: ...


def ice_servers(settings: WebRtcSettings) -> list[RTCIceServer]:
    """The STUN and TURN servers of the settings, with the TURN password from the environment.

    Raises ConfigError for an address that is none, and for TURN without a password.
    """
    servers = []
    for url in settings.ice_servers:
        if url.startswith(("stun:", "stuns:")):
            servers.append(RTCIceServer(urls=url))
            continue
        if not url.startswith(("turn:", "turns:")):
            raise ConfigError(
                f"'{url}' is no STUN or TURN address", where="webrtc.ice_servers", hint="write it as 'stun:host:3478'"
            )
        password = os.environ.get(settings.turn_password_env, "")
        if not password:
            raise ConfigError(
                f"'{url}' needs a password, and the environment has no {settings.turn_password_env}",
                where="webrtc.ice_servers",
                hint=f"set {settings.turn_password_env}, or name another variable in webrtc.turn_password_env",
            )
        servers.append(RTCIceServer(urls=url, username=settings.turn_username, credential=password))
    return servers


class WebRtcLine:
    """Answers one offer; audio packets, pictures and texts go to `user`. `voice` is the way out."""

    def __init__(
        self, user: LineUser, settings: WebRtcSettings, *, rate_hz: int = 24_000, relay_only: bool = False
    ) -> None:
        internals.check()
        if settings.loopback:
            internals.offer_loopback()
        self._user = user
        self._settings = settings
        policy = RTCIceTransportPolicy.RELAY if relay_only else RTCIceTransportPolicy.ALL
        self._pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=ice_servers(settings),
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
                iceTransportPolicy=policy,
            )
        )
        self.voice = VoiceTrack(rate_hz, settings.opus_bitrate)
        self.video_mids: list[str] = []
        self._has_microphone = False
        self._channel: RTCDataChannel | None = None
        self._closing: asyncio.Task[None] | None = None
        self._pc.add_listener("track", self._on_track)
        self._pc.add_listener("datachannel", self._on_channel)
        self._pc.add_listener("connectionstatechange", self._on_state)

    async def answer(self, offer_sdp: str) -> str:
        """Raises NegotiationFailed for an offer that is damaged, too large or has nothing in common with us."""
        if len(offer_sdp) > MAX_SDP_BYTES:
            raise NegotiationFailed(f"the offer is larger than {MAX_SDP_BYTES} bytes", stage="transport")
        if "m=audio" not in offer_sdp and "m=application" not in offer_sdp:
            raise NegotiationFailed("the offer has neither audio nor a data channel", stage="transport")
        try:
            if "m=audio" in offer_sdp:
                self._pc.addTransceiver(self.voice).setCodecPreferences(_opus_only())
            await self._pc.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
            await self._pc.setLocalDescription(await self._pc.createAnswer())
            internals.lose_late_data(self._pc)
        except _BAD_OFFER as error:
            await self.close()
            raise NegotiationFailed(
                f"the offer cannot be answered: {error or type(error).__name__}",
                stage="transport",
                hint="send the SDP offer of a WebRTC client that has Opus audio and DTLS",
            ) from error
        return ask_for_opus(self._pc.localDescription.sdp, bitrate=self._settings.opus_bitrate)

    @property
    def connected(self) -> bool:
        return self._pc.connectionState == "connected"

    @property
    def dead(self) -> bool:
        """The connection has failed or was closed, by either side."""
        return self._pc.connectionState in ("failed", "closed")

    @property
    def hung_up(self) -> bool:
        """The far side said that it closes (DTLS close), as a browser does when its tab goes away."""
        return self._pc.connectionState == "closed"

    @property
    def packets_received(self) -> int:
        return internals.packets_received(self._pc)

    @property
    def writable(self) -> bool:
        """The data channel is open and not clogged."""
        channel = self._channel
        return channel is not None and channel.readyState == "open" and channel.bufferedAmount < _BUFFERED_BYTES

    def write(self, text: str) -> None:
        """Send one message; only while `writable`."""
        if self._channel is not None:
            self._channel.send(text)

    async def close(self) -> None:
        """Flush and release; idempotent; returns within 2 s even when aiortc does not."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="webrtc-line-close")
        await asyncio.wait([self._closing], timeout=_CLOSE_S)

    async def _close(self) -> None:
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + _FLUSH_S
        while self.connected and self._channel is not None and self._channel.bufferedAmount:
            if loop.time() > deadline_s:
                break
            await asyncio.sleep(0.01)
        self.voice.stop()
        await self._pc.close()

    def _on_track(self, track: Any) -> None:
        receiver, mid = internals.receiver_of(self._pc, track)
        if track.kind == "audio" and not self._has_microphone:
            self._has_microphone = True
            internals.tap_audio(receiver, self._on_audio_packet)
            return
        if track.kind == "audio":
            internals.tap_audio(receiver, lambda seq, timestamp, payload: None)
            return
        self.video_mids.append(mid)
        wanted: Callable[[], bool] = lambda: self._user.wants_pictures(mid)  # noqa: E731
        internals.tap_video(receiver, wanted, lambda picture: self._user.on_picture(self, mid, picture))

    def _on_audio_packet(self, seq: int, timestamp: int, payload: bytes) -> None:
        self._user.on_audio_packet(self, seq, timestamp, payload)

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL or self._channel is not None:
            channel.close()
            return
        self._channel = channel
        channel.add_listener("message", lambda data: self._user.on_text(self, data))
        self._user.on_change(self)

    def _on_state(self) -> None:
        self._user.on_change(self)


def _opus_only() -> list[RTCRtpCodecCapability]:
    return [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.mimeType == "audio/opus"]
