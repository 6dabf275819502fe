"""What the synthetic caller sends: a microphone that says given audio at given moments, and a moving test card."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.video.codeccontext import VideoCodecContext

from visavis.kernel.media import Pcm
from visavis.testing.microphone import FRAME_S, Microphone
from visavis.transport.jitter import RTP_HZ
from visavis.transport.opus import new_encoder

MIC_HZ = 24_000
_VIDEO_HZ = 90_000


class MicrophoneTrack(MediaStreamTrack):
    """A browser's microphone: an Opus packet every 20 ms whether somebody speaks or not. Frame *n* is what was
    spoken in the 20 ms before it leaves."""

    kind = "audio"

    def __init__(self, bitrate: int = 32_000) -> None:
        super().__init__()
        self._encoder = new_encoder(MIC_HZ, bitrate, dtx=False)
        self._microphone = Microphone(MIC_HZ)
        self._start_s: float | None = None
        self._count = 0

    @property
    def muted(self) -> bool:
        return self._microphone.muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._microphone.muted = muted

    async def say(self, pcm: Pcm) -> float:
        """Speak mono `pcm` at 24 kHz after what is already queued; returns the loop time its last sample left."""
        return await self._microphone.say(pcm)

    def hush(self) -> None:
        """Break off: drop what has not been spoken."""
        self._microphone.hush()

    async def recv(self) -> av.Packet[Any]:
        if self.readyState != "live":
            raise MediaStreamError
        now_s = asyncio.get_running_loop().time()
        if self._start_s is None:
            self._start_s = now_s
        due_s = self._start_s + self._count * FRAME_S
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)
        packet = av.Packet(self._encoder.encode(self._microphone.frame(due_s)))
        packet.pts, packet.time_base = self._count * RTP_HZ // 50, Fraction(1, RTP_HZ)
        self._count += 1
        return packet


@lru_cache(maxsize=4)
def test_card(width: int = 640, height: int = 360, fps: int = 15, seconds: float = 2.0) -> tuple[bytes, ...]:
    """VP8 pictures of a moving test card, encoded once and looped: the first is a key picture."""
    count = int(fps * seconds)
    return encoded((_card(width, height, n / count) for n in range(count)), width, height, fps, 400_000)


def encoded(
    images: Iterable[np.ndarray[Any, np.dtype[np.uint8]]], width: int, height: int, fps: int, bits_per_s: int
) -> tuple[bytes, ...]:
    """RGB pictures as VP8, to be sent in a loop: the first is a key picture. Blocking, some 10 ms each."""
    codec = av.CodecContext.create("libvpx", "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height, codec.bit_rate, codec.pix_fmt = width, height, bits_per_s, "yuv420p"
    codec.time_base = Fraction(1, fps)
    codec.gop_size = 10_000
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "partitions"}
    pictures: list[bytes] = []
    for n, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = n, Fraction(1, fps)
        pictures += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(pictures)


def _card(width: int, height: int, phase: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    bars = np.array([[235, 235, 235], [220, 200, 40], [60, 190, 200], [70, 170, 70], [180, 70, 160], [60, 80, 190]])
    image = bars[np.arange(width) * len(bars) // width].astype(np.uint8)[None].repeat(height, axis=0)
    ball = (np.arange(width)[None] - width * phase) ** 2 + (np.arange(height)[:, None] - height / 2) ** 2
    image[ball < (height / 8) ** 2] = (250, 90, 60)
    return image


class TestCardTrack(MediaStreamTrack):
    """A camera that costs next to nothing: the looped, already encoded test card."""

    __test__ = False
    kind = "video"

    def __init__(self, pictures: tuple[bytes, ...], fps: int = 15) -> None:
        super().__init__()
        self._pictures = pictures
        self._fps = fps
        self._start_s: float | None = None
        self._count = 0

    async def recv(self) -> av.Packet[Any]:
        if self.readyState != "live":
            raise MediaStreamError
        now_s = asyncio.get_running_loop().time()
        if self._start_s is None:
            self._start_s = now_s
        due_s = self._start_s + self._count / self._fps
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)
        packet = av.Packet(self._pictures[self._count % len(self._pictures)])
        packet.pts, packet.time_base = self._count * _VIDEO_HZ // self._fps, Fraction(1, _VIDEO_HZ)
        self._count += 1
        return packet
