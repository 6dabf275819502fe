"""A person on the other end, for demo, benchmarks and tests: a real WebRTC client without a browser.

It speaks given audio at given moments, shows a test card, listens through our own jitter buffer and remembers what
it heard and when, so that latency can be measured from audio at the ear. With `loss` the call goes through a
`UdpRelay` that starts losing once the call is up.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import msgspec
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

from visavis.kernel.errors import NegotiationFailed, PeerGone
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.messages import Bye, ClientMessage, Consent, Leave, decode_server, encode
from visavis.testing.ear import AUDIBLE_RMS, EAR_HZ, Ear, Heard
from visavis.testing.mailbox import Mailbox
from visavis.testing.rtc_media import MIC_HZ, MicrophoneTrack, TestCardTrack, test_card
from visavis.testing.udp_relay import UdpRelay
from visavis.transport import aiortc_internals as internals
from visavis.transport.jitter import JitterStats
from visavis.transport.webrtc_audio import AudioReceiver
from visavis.transport.webrtc_sdp import ask_for_opus

_CONNECT_S = 20.0
_CANDIDATE = re.compile(r"^a=candidate:.*\r?\n", re.MULTILINE)
_ADDRESS = re.compile(r"^a=candidate:\S+ \d+ udp \d+ (\S+) (\d+) typ host", re.MULTILINE | re.IGNORECASE)

_LEAVE_S = 1.0
_NOWHERE = 9
"""The discard port: an address must be there, or ICE gives up, and nobody should answer at it."""

Negotiate = Callable[[str], Awaitable[str]]
"""Takes the SDP offer, gives the SDP answer."""


class RtcCaller(Mailbox):
    """Join with `join(url)` (or `connect(negotiate)` without HTTP), then `say`, `send`, `leave`.

    `heard` and `messages` grow while the call lasts. All times are the running loop's. Not reusable after `leave`,
    except that `join` with `session` set comes back to a call that was `drop`ped.
    """

    def __init__(
        self,
        *,
        video: bool | Sequence[TestCardTrack] = True,
        loss: float = 0.0,
        delay_ms: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.session = ""
        super().__init__()
        self.ear = Ear()
        self.microphone = MicrophoneTrack()
        self._video = video
        self._relay = UdpRelay(delay_ms=delay_ms, seed=seed) if loss or delay_ms else None
        self._loss = loss
        self._pc: RTCPeerConnection | None = None
        self._channel: RTCDataChannel | None = None
        self._receiver: AudioReceiver | None = None

    async def join(self, base_url: str, *, timeout_s: float = _CONNECT_S) -> str:
        """Call the server at `base_url`; returns the session's key once audio and messages can flow.

        Raises NegotiationFailed with the server's words when it refuses, PeerGone when the line does not come up.
        """
        async with aiohttp.ClientSession() as http:

            async def negotiate(offer: str) -> str:
                body: dict[str, Any] = {"sdp": offer, "type": "offer"}
                if self.session:
                    body["session"] = self.session
                async with http.post(f"{base_url.rstrip('/')}/api/offer", json=body) as response:
                    text = await response.text()
                    if response.status != 200:
                        raise NegotiationFailed(f"{response.status}: {text[:300]}", stage="transport")
                    answer = msgspec.json.decode(text)
                    self.session = str(answer.get("session", ""))
                    return str(answer["sdp"])

            await self.connect(negotiate, timeout_s=timeout_s)
        return self.session

    async def connect(self, negotiate: Negotiate, *, timeout_s: float = _CONNECT_S) -> None:
        """Offer, answer, and wait until connected with the data channel open."""
        internals.check()
        internals.offer_loopback()
        pc = self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        pc.add_listener("track", self._on_track)
        pc.add_listener("connectionstatechange", self._changed.set)
        pc.addTrack(self.microphone)
        if self._video is True:
            pc.addTrack(TestCardTrack(await asyncio.to_thread(test_card)))
        for track in self._video if not isinstance(self._video, bool) else ():
            pc.addTrack(track)
        channel = self._channel = pc.createDataChannel("visavis")
        channel.add_listener("open", self._changed.set)
        channel.add_listener("message", self._on_message)
        await pc.setLocalDescription(await pc.createOffer())
        offer = ask_for_opus(pc.localDescription.sdp)
        answer = await (self._through_relay(negotiate, offer) if self._relay else negotiate(offer))
        await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        internals.lose_late_data(pc)
        try:
            async with asyncio.timeout(timeout_s):
                await self._until_up(pc, channel)
        except TimeoutError:
            state = pc.connectionState
            await self.close()
            raise PeerGone(f"not connected after {timeout_s:.0f} s ({state})", stage="transport") from None
        if self._relay:
            self._relay.loss = self._loss

    async def say(self, pcm: Pcm) -> float:
        """Speak mono 24 kHz `pcm`; returns the loop time at which its last sample left."""
        return await self.microphone.say(pcm)

    def send(self, message: ClientMessage) -> None:
        """Raises PeerGone when the data channel is not open."""
        self.send_raw(encode(message))

    def send_raw(self, data: str | bytes) -> None:
        """Anything at all, for tests of what the server does with it."""
        if self._channel is None or self._channel.readyState != "open":
            raise PeerGone("the data channel is not open", stage="transport")
        self._channel.send(data)

    def give_consent(self, given: bool = True, purposes: tuple[str, ...] = ("listen", "camera", "screen")) -> None:
        self.send(Consent(given, list(purposes)))

    async def leave(self) -> None:
        """Say goodbye, wait a moment for the answer, and hang up."""
        if self._channel is not None and self._channel.readyState == "open":
            self.send(Leave())
            with contextlib.suppress(TimeoutError):
                await self.wait_for(Bye, timeout_s=_LEAVE_S)
        await self.close()

    async def drop(self) -> None:
        """Go away without a word, as when the network fails; `connect` or `join` comes back."""
        if self._relay is not None:
            self._relay.loss = 1.0
        await self._hang_up()
        self.microphone = MicrophoneTrack()
        if self._relay is not None:
            self._relay.loss = 0.0

    def network_loss(self, share: float) -> None:
        """Change the loss during a call that was made with `loss` or `delay_ms`."""
        if self._relay is None:
            raise ValueError("this call does not go through a relay")
        self._relay.loss = share

    async def close(self) -> None:
        await self._hang_up()
        if self._relay is not None:
            await self._relay.close()
            self._relay = None

    @property
    def heard(self) -> list[Heard]:
        """Everything that was played at the ear, in order."""
        return self.ear.heard

    @property
    def connected(self) -> bool:
        return self._pc is not None and self._pc.connectionState == "connected"

    @property
    def audio_stats(self) -> JitterStats:
        return self._receiver.stats if self._receiver else JitterStats()

    def first_sound_after(self, at_s: float, *, threshold: float = AUDIBLE_RMS) -> float | None:
        """Loop time of the first 10 ms at the ear, after `at_s`, whose RMS passes `threshold`; None if none did."""
        return self.ear.first_sound_after(at_s, threshold)

    async def _until_up(self, pc: RTCPeerConnection, channel: RTCDataChannel) -> None:
        while pc.connectionState != "connected" or channel.readyState != "open":
            if pc.connectionState in ("failed", "closed"):
                raise PeerGone(f"the line is {pc.connectionState}", stage="transport")
            self._changed.clear()
            await self._changed.wait()

    async def _through_relay(self, negotiate: Negotiate, offer: str) -> str:
        """Hide both ends' own addresses, so that the relay is the only way."""
        assert self._relay is not None
        port = await self._relay.open()
        answer = await negotiate(_only_candidate(offer, _NOWHERE))
        hosts = _ADDRESS.findall(answer)
        if not hosts:
            raise NegotiationFailed("the server offers no address to relay to", stage="transport")
        host = next((h for h in hosts if h[0] == "127.0.0.1"), hosts[0])
        self._relay.aim((host[0], int(host[1])))
        return _only_candidate(answer, port)

    async def _hang_up(self) -> None:
        self.microphone.hush()
        if self._receiver is not None:
            self._receiver.close()
        if self._pc is not None:
            await self._pc.close()
        self._pc = self._channel = None

    def _on_track(self, track: Any) -> None:
        assert self._pc is not None
        if track.kind == "audio":
            receiver, _ = internals.receiver_of(self._pc, track)
            loop = asyncio.get_running_loop()
            self._receiver = AudioReceiver(loop.time, self._on_frame, rate_hz=EAR_HZ)
            internals.tap_audio(receiver, self._receiver.packet)

    def _on_frame(self, frame: AudioFrame) -> None:
        self.ear.play(frame.pcm, asyncio.get_running_loop().time())

    def _on_message(self, data: str | bytes) -> None:
        self._received(decode_server(data))


def _only_candidate(sdp: str, port: int) -> str:
    candidate = f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\n"
    return _CANDIDATE.sub("", sdp).replace("a=end-of-candidates\r\n", f"{candidate}a=end-of-candidates\r\n")


__all__ = ["EAR_HZ", "MIC_HZ", "Heard", "RtcCaller"]
