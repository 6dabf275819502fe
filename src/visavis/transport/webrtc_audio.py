"""Audio of a WebRTC line, both ways, without aiortc's jitter buffer, decoder thread, resampler and encoder.

Decoding one packet takes some 40 µs and encoding one some 200 µs, so both happen on the event loop: a hop to a
thread would cost more than the work.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from visavis.kernel.media import AudioFrame, Pcm
from visavis.transport.jitter import RTP_HZ, Conceal, JitterBuffer, JitterStats, Play, Reset, Silence, Step
from visavis.transport.opus import is_dtx, new_decoder, new_encoder, packet_samples
from visavis.transport.timeline import ArrivalClock

_TIME_BASE = Fraction(1, RTP_HZ)
_FRAME = RTP_HZ // 50
_FILL_EVERY_S = 0.1
_DTX_MARGIN_S = 0.06
_STALL_MARGIN_S = 1.0
"""A sender in DTX is silent for sure; packets that merely stay away for less than this may still come in a burst."""


class AudioReceiver:
    """RTP packets of one Opus stream → mono frames at `rate_hz`, in order, gaps concealed, stamped by `now`.

    `now` is the clock of the stamps, in seconds (media time, or the loop's). `on_frame` and `on_remap` are called
    on the event loop. Media that stays away for a second is replaced by silence in real time, so that whoever
    waits for the end of a sentence need not wait for the network. Call `close()` to stop its timers.
    """

    def __init__(
        self,
        now: Callable[[], float],
        on_frame: Callable[[AudioFrame], None],
        *,
        on_remap: Callable[[float], None] | None = None,
        rate_hz: int = 16_000,
    ) -> None:
        self._now = now
        self._on_frame = on_frame
        self._on_remap = on_remap
        self._rate_hz = rate_hz
        self._loop = asyncio.get_running_loop()
        self._buffer = JitterBuffer()
        self._clock = ArrivalClock(RTP_HZ, live=True)
        self._decoder = new_decoder(rate_hz)
        self._timer: asyncio.TimerHandle | None = None
        self._filler: asyncio.TimerHandle | None = None
        self._arrived_s = 0.0
        self._in_dtx = False

    @property
    def stats(self) -> JitterStats:
        return self._buffer.stats

    def packet(self, seq: int, timestamp: int, payload: bytes) -> None:
        """One RTP packet's sequence number, timestamp and Opus payload, as it arrives."""
        if not payload:
            return
        self._arrived_s = self._now()
        self._in_dtx = is_dtx(payload)
        self._run(self._buffer.push(seq, timestamp, payload, packet_samples(payload), self._arrived_s * 1000))
        if self._filler is None:
            self._filler = self._loop.call_later(_FILL_EVERY_S, self._fill)

    def close(self) -> None:
        for timer in (self._timer, self._filler):
            if timer is not None:
                timer.cancel()
        self._timer = self._filler = None

    def _run(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Play():
                    self._moved(self._clock.arrived(step.timestamp + step.samples, self._arrived_s))
                    self._emit(self._decoder.decode(step.payload), step.timestamp)
                case Conceal():
                    self._conceal(step)
                case Silence():
                    self._silence(step)
                case Reset():
                    self._decoder = new_decoder(self._rate_hz)
                    self._clock.reset()
        self._arm()

    def _conceal(self, step: Conceal) -> None:
        plain = step.samples - step.fec_samples
        if plain:
            self._emit(self._decoder.conceal(self._scaled(plain)), step.timestamp)
        if step.fec is not None:
            pcm = self._decoder.decode_fec(step.fec, self._scaled(step.fec_samples))
            self._emit(pcm, step.timestamp + plain)

    def _silence(self, step: Silence) -> None:
        for start in range(0, step.samples, 5 * _FRAME):
            samples = min(5 * _FRAME, step.samples - start)
            self._emit(np.zeros(self._scaled(samples), dtype=np.int16), step.timestamp + start)

    def _emit(self, pcm: Pcm, timestamp: int) -> None:
        self._on_frame(AudioFrame(pcm, self._rate_hz, self._clock.at(timestamp)))

    def _scaled(self, samples: int) -> int:
        return samples * self._rate_hz // RTP_HZ

    def _moved(self, by_s: float) -> None:
        if by_s and self._on_remap is not None:
            self._on_remap(by_s)

    def _arm(self) -> None:
        deadline_ms = self._buffer.deadline_ms
        if deadline_ms is None or self._timer is not None:
            return
        self._timer = self._loop.call_later(max(0.001, deadline_ms / 1000 - self._now()), self._give_up)

    def _give_up(self) -> None:
        self._timer = None
        self._run(self._buffer.poll(self._now() * 1000))

    def _fill(self) -> None:
        """Silence for a sender that has gone quiet."""
        self._filler = self._loop.call_later(_FILL_EVERY_S, self._fill)
        margin_s = _DTX_MARGIN_S if self._in_dtx else _STALL_MARGIN_S
        if self._now() - self._arrived_s < margin_s or self._buffer.next_timestamp is None:
            return
        behind = self._clock.count_at(self._now() - margin_s) - self._buffer.next_timestamp
        silence = self._buffer.pass_over(behind // _FRAME * _FRAME) if behind >= _FRAME else None
        if silence is not None:
            self._silence(silence)


_TRAIL_FRAMES = 12
"""20 ms frames of silence sent after the voice stops; the encoder's DTX needs some ten to notice."""
_SPARSE_S = 0.4
_LATE_S = 0.045
"""How long `play` may be late before the track goes on with silence by itself."""
_QUEUE_FRAMES = 10


class VoiceTrack(MediaStreamTrack):
    """The agent's voice on its way out: our own Opus packets, so that aiortc only has to pack them.

    `play` takes 20 ms of mono PCM at `rate_hz`. When nothing is played the track sends a short tail of silence,
    so that the far side's decoder comes to rest, and then one tiny packet every 400 ms, as Opus DTX does. RTP
    timestamps follow `at_s`, so the far side's buffer sees a pause as a pause and not as delay.
    """

    kind = "audio"

    def __init__(self, rate_hz: int = 24_000, bitrate: int = 32_000) -> None:
        super().__init__()
        self._rate_hz = rate_hz
        self._frame = rate_hz // 50
        self._encoder = new_encoder(rate_hz, bitrate)
        self._on_loop = asyncio.get_running_loop()
        self._dtx = self._fall_silent()
        self._queue: deque[tuple[int, bytes]] = deque(maxlen=_QUEUE_FRAMES)
        self._waiter: asyncio.Future[None] | None = None
        self._next_timestamp = 0
        self._trail = 0
        self._timer: asyncio.TimerHandle | None = self._on_loop.call_later(_SPARSE_S, self._keep_alive)
        self._last_s = self._on_loop.time()
        self._due_s = self._last_s + _SPARSE_S

    def play(self, pcm: Pcm, at_s: float) -> None:
        """Queue 20 ms (shorter is padded, longer is cut); an empty array is silence. Never blocks."""
        if len(pcm) == 0:
            if self._trail:
                self._send_silence(_LATE_S)
            return
        if len(pcm) != self._frame:
            pcm = np.pad(pcm[: self._frame], (0, max(0, self._frame - len(pcm))))
        wanted = int(at_s * RTP_HZ)
        if wanted > self._next_timestamp + 2 * _FRAME:
            self._next_timestamp = wanted
        self._trail = _TRAIL_FRAMES
        self._send(self._encoder.encode(pcm))
        self._schedule(_LATE_S)

    def clear(self) -> None:
        """Drop what has not been handed to the network yet."""
        self._queue.clear()

    async def recv(self) -> av.Packet[Any]:
        while not self._queue:
            if self.readyState != "live":
                raise MediaStreamError
            self._waiter = self._on_loop.create_future()
            await self._waiter
        timestamp, payload = self._queue.popleft()
        packet = av.Packet(payload)
        packet.pts, packet.time_base = timestamp, _TIME_BASE
        return packet

    def stop(self) -> None:
        super().stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    def _send(self, payload: bytes) -> None:
        self._queue.append((self._next_timestamp, payload))
        self._next_timestamp += _FRAME
        self._last_s = self._on_loop.time()
        self._wake()

    def _send_silence(self, next_s: float) -> None:
        """20 ms of silence, and the next in `next_s` unless the encoder finds that it was silent long enough."""
        if self._trail:
            payload = self._encoder.encode(np.zeros(self._frame, dtype=np.int16))
            self._trail = 0 if is_dtx(payload) else self._trail - 1
        else:
            payload = self._dtx
        self._send(payload)
        self._schedule(next_s if self._trail else _SPARSE_S)

    def _schedule(self, in_s: float) -> None:
        """One timer at most; it re-checks the time when it fires, so speech need not re-arm it 50 times a second."""
        self._due_s = self._on_loop.time() + in_s
        if self._timer is None:
            self._timer = self._on_loop.call_later(in_s, self._keep_alive)
        elif self._timer.when() > self._due_s + 0.005:
            self._timer.cancel()
            self._timer = self._on_loop.call_later(in_s, self._keep_alive)

    def _keep_alive(self) -> None:
        """Nothing was played since: go on with silence."""
        self._timer = None
        early_s = self._due_s - self._on_loop.time()
        if early_s > 0.002:
            self._timer = self._on_loop.call_later(early_s, self._keep_alive)
            return
        if not self._trail:
            elapsed = int((self._on_loop.time() - self._last_s) * RTP_HZ)
            self._next_timestamp += max(0, elapsed - _FRAME)
        self._send_silence(_FRAME / RTP_HZ)

    def _fall_silent(self) -> bytes:
        """Bring the new encoder to rest. Returns the packet that says silence goes on."""
        payload = b""
        for _ in range(_TRAIL_FRAMES + 10):
            payload = self._encoder.encode(np.zeros(self._frame, dtype=np.int16))
            if is_dtx(payload) and payload:
                break
        return payload

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
