"""The agent's voice on its way out and the microphone's way in, without a network."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from typing import Any

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.transport.jitter import RTP_HZ
from visavis.transport.opus import is_dtx, new_encoder
from visavis.transport.webrtc_audio import AudioReceiver, VoiceTrack

SILENCE = np.zeros(0, dtype=np.int16)
TONE: Pcm = (np.sin(np.arange(480) / 24_000 * 2 * np.pi * 300) * 8000).astype(np.int16)
Sent = tuple[float, int, bytes]


def on_virtual_time(play: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(play)


async def collect(track: VoiceTrack, sent: list[Sent]) -> None:
    loop = asyncio.get_running_loop()
    try:
        while True:
            packet = await track.recv()
            assert packet.pts is not None
            sent.append((loop.time(), packet.pts, bytes(packet)))
    except MediaStreamError:
        pass


async def speak(track: VoiceTrack, start_s: float, frames: int, *, ticks_after: int = 0) -> None:
    """Frames at their media times, then silent ticks, as the session's pacer does it."""
    loop = asyncio.get_running_loop()
    for n in range(frames + ticks_after):
        await asyncio.sleep(max(0.0, start_s + n * 0.02 - loop.time()))
        track.play(TONE if n < frames else SILENCE, start_s + n * 0.02)


def run_track(frames: int, ticks_after: int, then_s: float) -> list[Sent]:
    sent: list[Sent] = []

    async def scene() -> None:
        track = VoiceTrack()
        reader = asyncio.create_task(collect(track, sent))
        await speak(track, 1.0, frames, ticks_after=ticks_after)
        await asyncio.sleep(then_s)
        track.stop()
        await reader

    on_virtual_time(scene())
    return sent


@pytest.mark.parametrize("ticks_after", [0, 100])
def test_speech_is_even_and_silence_is_nearly_nothing(ticks_after: int) -> None:
    sent = run_track(50, ticks_after, 5.0)
    voice = [entry for entry in sent if 1.0 <= entry[0] < 1.99]
    assert [b[1] - a[1] for a, b in itertools.pairwise(voice)] == [960] * (len(voice) - 1)
    assert len(voice) == 50
    after = [entry for entry in sent if entry[0] > 2.5]
    assert 8 <= len(after) <= 18
    assert sum(len(payload) for _, _, payload in after) < 500
    assert any(is_dtx(payload) for _, _, payload in after)


def test_timestamps_follow_media_time_so_that_a_pause_is_no_delay() -> None:
    sent: list[Sent] = []

    async def scene() -> None:
        track = VoiceTrack()
        reader = asyncio.create_task(collect(track, sent))
        for start_s in (1.0, 3.5, 4.1, 12.34):
            await speak(track, start_s, 10)
        track.stop()
        await reader

    on_virtual_time(scene())
    offsets = [at_s - timestamp / RTP_HZ for at_s, timestamp, _ in sent if at_s >= 1.0]
    assert max(offsets) - min(offsets) < 0.13
    assert all(b[1] > a[1] for a, b in itertools.pairwise(sent))


def test_clear_drops_what_waits_and_a_stopped_track_says_so() -> None:
    async def scene() -> None:
        track = VoiceTrack()
        for n in range(3):
            track.play(TONE, n * 0.02)
        track.clear()
        waiting = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        assert not waiting.done()
        track.stop()
        with pytest.raises(MediaStreamError):
            await waiting

    on_virtual_time(scene())


def test_odd_lengths_are_padded_and_cut() -> None:
    async def scene() -> None:
        track = VoiceTrack()
        track.play(TONE[:100], 0.0)
        track.play(np.concatenate([TONE, TONE]), 0.02)
        stamps = [(await track.recv()).pts for _ in range(2)]
        assert stamps == [0, 960]
        track.stop()

    on_virtual_time(scene())


class Ear:
    """An `AudioReceiver` on virtual time and what came out of it."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.frames: list[tuple[float, AudioFrame]] = []
        self.remaps: list[float] = []
        self.receiver = AudioReceiver(
            loop.time, lambda frame: self.frames.append((loop.time(), frame)), on_remap=self.remaps.append
        )
        self.encoder = new_encoder(24_000, dtx=False)

    async def hear(self, numbers: range, *, lost: frozenset[int] = frozenset(), stamp: int = 0) -> None:
        """20 ms packets in real time; packet n is complete at (n + 1) · 20 ms."""
        loop = asyncio.get_running_loop()
        for n in numbers:
            await asyncio.sleep(max(0.0, (n + 1) * 0.02 - loop.time()))
            payload = self.encoder.encode(TONE)
            if n not in lost:
                self.receiver.packet(n, stamp + n * 960, payload)

    def check_even(self) -> None:
        ends = [frame.end_s for _, frame in self.frames]
        starts = [frame.at_s for _, frame in self.frames]
        assert np.allclose(starts[1:], ends[:-1], atol=1e-6)


def test_frames_are_stamped_with_the_time_they_were_spoken() -> None:
    async def scene() -> None:
        ear = Ear()
        await ear.hear(range(50))
        ear.receiver.close()
        ear.check_even()
        assert ear.frames[0][1].at_s == pytest.approx(0.0, abs=0.002)
        assert all(at_s == pytest.approx(frame.end_s, abs=0.002) for at_s, frame in ear.frames)

    on_virtual_time(scene())


def test_lost_packets_leave_no_gap_and_little_delay() -> None:
    async def scene() -> None:
        ear = Ear()
        lost = frozenset({5, 17, 18, 30})
        await ear.hear(range(60), lost=lost)
        ear.receiver.close()
        ear.check_even()
        assert sum(len(frame.pcm) for _, frame in ear.frames) == 60 * 320
        assert max(at_s - frame.end_s for at_s, frame in ear.frames) < 0.09
        concealed = next(frame for _, frame in ear.frames if abs(frame.at_s - 30 * 0.02) < 1e-6)
        assert int(np.abs(concealed.pcm).max()) > 1_000
        assert not ear.remaps

    on_virtual_time(scene())


def test_a_microphone_that_stops_is_replaced_by_silence_in_real_time() -> None:
    async def scene() -> None:
        ear = Ear()
        await ear.hear(range(20))
        await asyncio.sleep(3.0)
        ear.check_even()
        last_at_s, last = ear.frames[-1]
        assert not last.pcm.any()
        assert last_at_s - last.end_s < 1.2
        await ear.hear(range(170, 180), stamp=0)
        ear.receiver.close()
        ear.check_even()
        assert ear.frames[-1][1].pcm.any()

    on_virtual_time(scene())


@pytest.mark.parametrize("away_s", [0.7, 1.3, 2.5, 3.7, 6.0])
def test_words_after_a_pause_that_the_sender_did_not_count_are_all_heard(away_s: float) -> None:
    """Browsers count no time while a sender has no track: a microphone is changed, or taken away and given back."""

    async def scene() -> None:
        ear = Ear()
        await ear.hear(range(20))
        before = sum(len(frame.pcm) for _, frame in ear.frames if frame.pcm.any())
        await asyncio.sleep(away_s)
        for n in range(20, 90):
            await asyncio.sleep(0.02)
            ear.receiver.packet(n, n * 960, ear.encoder.encode(TONE))
        ear.receiver.close()
        after = sum(len(frame.pcm) for _, frame in ear.frames if frame.pcm.any()) - before
        assert after == 70 * 320
        at_s, frame = ear.frames[-1]
        assert frame.end_s == pytest.approx(at_s, abs=0.005)

    on_virtual_time(scene())


def test_a_sender_in_dtx_is_followed_closely() -> None:
    async def scene() -> None:
        ear = Ear()
        await ear.hear(range(20))
        await asyncio.sleep(0.02)
        ear.receiver.packet(20, 20 * 960, b"\x08\x00")
        await asyncio.sleep(0.5)
        ear.receiver.close()
        _at_s, frame = ear.frames[-1]
        assert asyncio.get_running_loop().time() - frame.end_s < 0.2
        ear.check_even()

    on_virtual_time(scene())


def test_a_stream_that_begins_anew_is_anchored_anew() -> None:
    async def scene() -> None:
        ear = Ear()
        await ear.hear(range(10))
        await ear.hear(range(10, 20), stamp=10_000_000)
        ear.receiver.close()
        at_s, frame = ear.frames[-1]
        assert frame.end_s == pytest.approx(at_s, abs=0.03)
        assert ear.receiver.stats.resets == 1

    on_virtual_time(scene())
