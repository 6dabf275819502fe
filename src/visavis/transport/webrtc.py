"""The built-in WebRTC door: a browser, or anything else that speaks WebRTC, on one peer connection.

The client offers one microphone, up to two video lines (camera first, then screen) and the data channel
"visavis", and gets the agent's voice and its messages back. When the line drops, the same transport waits for a
new offer (`rejoin`). Everything runs on the event loop of the caller; no method is thread-safe.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Literal

from visavis.kernel.clock import MediaClock
from visavis.kernel.errors import PeerGone
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.messages import (
    BadMessage,
    Bye,
    Clear,
    Leave,
    Playout,
    ServerMessage,
    Track,
    decode_client,
    encode,
)
from visavis.kernel.settings import WebRtcSettings
from visavis.transport.base import Bad, Gone, Incoming, Lost, Remapped, Returned
from visavis.transport.inbox import Inbox, MessageGate
from visavis.transport.jitter import JitterStats
from visavis.transport.webrtc_audio import AudioReceiver
from visavis.transport.webrtc_line import WebRtcLine
from visavis.transport.webrtc_video import Pictures

_CHECK_S = 0.5
_CONNECT_S = 20.0
_QUIET_S, _QUIET_WITHOUT_MEDIA_S = 4.0, 15.0
_MEDIA_PACKETS_PER_S, _MEDIA_MEMORY_S = 10, 2.0
_HUNG_UP_GRACE_S = 5.0
"""A tab that was closed is hardly coming back; one that is reloaded does so at once."""
_DEFAULT_PLAYOUT_S = 0.12
_MAX_PLAYOUT_S = 2.0
_OUTBOX = 256

Phase = Literal["connecting", "up", "lost", "gone"]


class WebRtcTransport:
    """One person's call over WebRTC; see `Transport`. Call `answer` once, then iterate `incoming`.

    `video_fps` is how many pictures a second and source are handed over (0: none, and none are decoded).
    """

    name = "webrtc"
    out_rate_hz = 24_000
    consent_via = "page"

    def __init__(self, settings: WebRtcSettings | None = None, *, relay_only: bool = False) -> None:
        self._settings = settings or WebRtcSettings()
        self.echo_free = self._settings.client_cancels_echo
        self._relay_only = relay_only
        self._inbox = Inbox()
        self._gate = MessageGate()
        self._pictures = Pictures()
        self._outbox: deque[str] = deque(maxlen=_OUTBOX)
        self._line: WebRtcLine | None = None
        self._receiver: AudioReceiver | None = None
        self._media: MediaClock | None = None
        self._phase: Phase = "connecting"
        self._since_s = 0.0
        self._grace_s = self._settings.reconnect_s
        self._gone_reason = "peer_gone"
        self._packets, self._packets_at_s, self._media_at_s = 0, 0.0, -1e9
        self._rejoining = False
        self._leaving = False
        self._playout_s = _DEFAULT_PLAYOUT_S

    async def answer(self, offer_sdp: str) -> str:
        """The answer to the client's first offer. Raises NegotiationFailed, or ConfigError for bad ICE settings."""
        return await self._new_line(offer_sdp)

    async def rejoin(self, offer_sdp: str) -> str:
        """The answer to a new offer for the same call; `Returned` follows once it is connected.

        Raises PeerGone when the call has ended meanwhile, NegotiationFailed for a bad offer (the call goes on
        waiting).
        """
        if self._phase == "gone":
            raise PeerGone("this call has ended", stage="transport", hint="start a new one")
        if self._phase != "lost":
            self._enter_lost()
        old, self._line = self._line, None
        if old is not None:
            if old.writable:
                old.write(encode(Bye("moved")))  # another page that has the key must not fetch the call back
            await old.close()
        self._outbox.clear()
        self._pictures.new_line()
        answer = await self._new_line(offer_sdp)
        self._rejoining = True
        self._grace_s = max(self._grace_s, asyncio.get_running_loop().time() - self._since_s + _CONNECT_S)
        return answer

    async def incoming(self, media: MediaClock) -> AsyncIterator[Incoming]:
        self._media = media
        loop = asyncio.get_running_loop()
        next_check_s = loop.time()
        while True:
            if loop.time() >= next_check_s:
                self._check()
                next_check_s = loop.time() + _CHECK_S
            item = await self._inbox.get(max(0.0, next_check_s - loop.time()))
            if item is None:
                continue
            yield item
            if isinstance(item, Gone):
                return

    def play(self, pcm: Pcm, at_s: float) -> None:
        if self._line is not None and self._phase == "up":
            self._line.voice.play(pcm, at_s)

    def clear(self) -> None:
        if self._line is not None:
            self._line.voice.clear()
        self.send(Clear())

    def send(self, message: ServerMessage) -> None:
        if self._phase == "gone" or (self._phase == "lost" and self._line is None):
            return
        self._outbox.append(encode(message))
        self._flush()

    @property
    def playout_delay_s(self) -> float:
        return self._playout_s

    @property
    def video_fps(self) -> float:
        return self._pictures.fps

    @video_fps.setter
    def video_fps(self, fps: float) -> None:
        self._pictures.fps = fps

    def camera_fps(self, fps: float | None) -> None:
        """As `Adjustable` has it."""
        self._pictures.camera_fps = fps

    @property
    def audio_stats(self) -> JitterStats:
        """Counts of the microphone's packets on the present line."""
        return self._receiver.stats if self._receiver is not None else JitterStats()

    async def close(self, reason: str) -> None:
        if self._phase != "gone":
            self.send(Bye(reason))
            self._end(reason)
        self._stop_receiver()
        if self._line is not None:
            await self._line.close()

    async def _new_line(self, offer_sdp: str) -> str:
        line = WebRtcLine(self, self._settings, rate_hz=self.out_rate_hz, relay_only=self._relay_only)
        self._stop_receiver()
        self._line = line
        self._packets = 0
        self._packets_at_s = asyncio.get_running_loop().time()
        if self._phase == "connecting":
            self._since_s = self._packets_at_s
        try:
            return await line.answer(offer_sdp)
        except BaseException:
            self._line = None
            await line.close()
            raise

    # What the line tells us.

    def on_audio_packet(self, line: WebRtcLine, seq: int, timestamp: int, payload: bytes) -> None:
        if line is not self._line or self._media is None or self._phase == "gone":
            return
        if self._receiver is None:
            self._receiver = AudioReceiver(self._media.now, self._on_audio, on_remap=self._on_remap)
        self._receiver.packet(seq, timestamp, payload)

    def on_picture(self, line: WebRtcLine, mid: str, picture: Any) -> None:
        if line is not self._line or self._media is None or self._phase == "gone":
            return
        frame = self._pictures.take(mid, line.video_mids, picture, self._media.now())
        if frame is not None:
            self._inbox.put(frame)

    def wants_pictures(self, mid: str) -> bool:
        return self._media is not None and self._pictures.wanted(mid)

    def on_text(self, line: WebRtcLine, data: str | bytes) -> None:
        if line is not self._line or self._phase == "gone":
            return
        now_s = asyncio.get_running_loop().time()
        if not self._gate.allows(now_s):
            if self._gate.may_complain(now_s):
                self._inbox.put(Bad("too many messages", len(data)))
            return
        try:
            message = decode_client(data)
        except BadMessage as error:
            self._inbox.put(Bad(str(error), len(data)))
            return
        match message:
            case Playout():
                self._playout_s = min(_MAX_PLAYOUT_S, max(0.0, message.delay_ms / 1000))
            case Track():
                self._pictures.heard(message, line.video_mids)
            case Leave():
                self._leaving = True
        self._inbox.put(message)

    def on_change(self, line: WebRtcLine) -> None:
        if line is self._line:
            self._check()
            self._flush()

    def _on_audio(self, frame: AudioFrame) -> None:
        self._inbox.put(frame)

    def _on_remap(self, by_s: float) -> None:
        self._inbox.put(Remapped("microphone", by_s))

    def _flush(self) -> None:
        while self._outbox and self._line is not None and self._line.writable:
            self._line.write(self._outbox.popleft())

    # The line's life: connecting → up ⇄ lost → gone.

    def _check(self) -> None:
        now_s = asyncio.get_running_loop().time()
        line = self._line
        match self._phase:
            case "connecting":
                if line is not None and line.connected:
                    self._phase = "up"
                    self._seen(line, now_s)
                elif line is not None and (line.dead or now_s - self._since_s > _CONNECT_S):
                    self._end("peer_gone")
            case "up":
                self._check_up(line, now_s)
            case "lost":
                self._check_lost(line, now_s)
        self._flush()

    def _check_up(self, line: WebRtcLine | None, now_s: float) -> None:
        if line is None or line.dead:
            if self._leaving:
                self._end("left")
            else:
                self._enter_lost(hung_up=line is not None and line.hung_up)
        elif not self._seen(line, now_s):
            had_media = self._packets_at_s - self._media_at_s < _MEDIA_MEMORY_S
            limit_s = _QUIET_S if had_media else _QUIET_WITHOUT_MEDIA_S
            if now_s - self._packets_at_s > limit_s:
                self._enter_lost()

    def _check_lost(self, line: WebRtcLine | None, now_s: float) -> None:
        alive = line is not None and line.connected
        if alive and line is not None and (self._rejoining or self._seen(line, now_s)):
            self._seen(line, now_s)
            self._phase, self._rejoining = "up", False
            self._inbox.put(Returned(now_s - self._since_s))
        elif now_s - self._since_s > self._grace_s:
            self._end(self._gone_reason)

    def _seen(self, line: WebRtcLine, now_s: float) -> bool:
        """Has anything arrived since the last look?"""
        packets = line.packets_received
        came, span_s = packets - self._packets, now_s - self._packets_at_s
        if came <= 0:
            return False
        if span_s >= _CHECK_S / 2 and came > _MEDIA_PACKETS_PER_S * span_s:
            self._media_at_s = now_s
        self._packets, self._packets_at_s = packets, now_s
        return True

    def _enter_lost(self, *, hung_up: bool = False) -> None:
        self._phase, self._rejoining = "lost", False
        reconnect_s = self._settings.reconnect_s
        self._grace_s = min(_HUNG_UP_GRACE_S, reconnect_s) if hung_up else reconnect_s
        self._gone_reason = "left" if hung_up else "peer_gone"
        self._since_s = asyncio.get_running_loop().time()
        self._outbox.clear()
        self.clear()
        self._inbox.put(Lost())

    def _end(self, reason: str) -> None:
        self._phase = "gone"
        self._inbox.put(Gone(reason))

    def _stop_receiver(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None
