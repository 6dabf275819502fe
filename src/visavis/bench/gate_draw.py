"""Drawing for the pictures of `visavis bench gate`, and what a call does to them: noise and compression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from visavis.bench.gate_font import LINE, ink
from visavis.see.base import Image

Colour = tuple[int, int, int]
WORDS = """
invoice total monthly report service latency agent budget review customer order payment account balance
meeting summary quarter growth market product release version deploy cluster memory network request response
timeout window camera screen letter number address street garden kitchen doctor patient insurance policy
coverage claim answer question morning evening travel ticket station platform engine battery signal voltage
module function return import object string integer float result error warning handler session stream buffer
frame sample
""".split()  # noqa: SIM905


def words(draw: np.random.Generator, count: int) -> str:
    return " ".join(draw.choice(WORDS, count))


def canvas(width: int, height: int, colour: Colour) -> Image:
    return np.full((height, width, 3), colour, np.uint8)


def rectangle(image: Image, x: float, y: float, width: float, height: float, colour: Colour) -> None:
    left, top = max(0, round(x)), max(0, round(y))
    image[top : max(top, round(y + height)), left : max(left, round(x + width))] = colour


def write(image: Image, x: float, y: float, text: str, colour: Colour, half_px: int = 3) -> int:
    """One line of text with its upper left corner at (x, y); its width in pixels."""
    shares = ink(text, half_px)
    _blend(image, round(x), round(y), shares, colour)
    return int(shares.shape[1])


def line_px(half_px: int) -> int:
    return LINE * half_px // 2


def ellipse(image: Image, x: float, y: float, across: float, down: float, colour: Colour) -> None:
    """Filled, around (x, y), with half axes `across` and `down`; its edge is soft over about a pixel."""
    left, top = int(x - across) - 1, int(y - down) - 1
    columns = np.arange(left, int(x + across) + 2, dtype=np.float32)
    rows = np.arange(top, int(y + down) + 2, dtype=np.float32)
    away = ((columns[None, :] - x) / across) ** 2 + ((rows[:, None] - y) / down) ** 2
    _blend(image, left, top, np.clip((1 - away) * min(across, down) / 2, 0, 1).astype(np.float32), colour)


def paste(image: Image, x: float, y: float, part: Image) -> None:
    """`part` with its upper left corner at (x, y), cut at the edges."""
    target, source = _overlap(image, round(x), round(y), part.shape)
    if target is not None:
        image[target] = part[source]


def cursor(image: Image, x: float, y: float) -> None:
    """A white arrow with a dark edge, 13×19 px."""
    rows, columns = np.mgrid[0:19, 0:13]
    arrow = ((columns <= rows * 0.7) & (rows < 19 - columns * 0.5)).astype(np.float32)
    inner = ((columns >= 1) & (columns <= rows * 0.7 - 1.5) & (rows < 17 - columns * 0.5)).astype(np.float32)
    _blend(image, round(x), round(y), arrow, (20, 20, 20))
    _blend(image, round(x), round(y), inner, (250, 250, 250))


def _overlap(image: Image, left: int, top: int, shape: Sequence[int]) -> tuple[Any, Any]:
    """The part of `image` that a picture of `shape` covers, and the part of that picture; (None, None) outside."""
    height, width = image.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + shape[1]), min(height, top + shape[0])
    if x1 <= x0 or y1 <= y0:
        return None, None
    return (slice(y0, y1), slice(x0, x1)), (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))


def _blend(image: Image, left: int, top: int, shares: NDArray[np.float32], colour: Colour) -> None:
    target, source = _overlap(image, left, top, shares.shape)
    if target is None:
        return
    alpha = shares[source][..., None]
    below = image[target].astype(np.float32)
    image[target] = (below + (np.array(colour, np.float32) - below) * alpha + 0.5).astype(np.uint8)


DARKEST, BRIGHTEST = 16, 240


class SensorNoise:
    """Noise of a camera: one picture of it, laid on at another place each time. Pictures must keep to the range from
    `DARKEST` to `BRIGHTEST`, so that nothing overflows.
    """

    def __init__(self, width: int, height: int, strength: float, seed: int) -> None:
        draw = np.random.default_rng(seed)
        self._draw = draw
        drawn = draw.normal(0, strength, (height + 64, width + 64, 1)).clip(-15, 15)
        self._noise = drawn.astype(np.int8).repeat(3, axis=2).view(np.uint8)
        self._size = height, width

    def on(self, image: Image) -> Image:
        y, x = self._draw.integers(0, 64, 2)
        height, width = self._size
        noisy: Image = image + self._noise[y : y + height, x : x + width]
        return noisy


@dataclass(frozen=True, slots=True)
class Stream:
    width: int
    height: int
    fps: float
    bits_per_s: int


class Compression:
    """VP8 as in a call: encoded in real time at a fixed rate, and decoded again."""

    def __init__(self, stream: Stream) -> None:
        encoder: Any = av.CodecContext.create("libvpx", "w")
        encoder.width, encoder.height, encoder.pix_fmt = stream.width, stream.height, "yuv420p"
        encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(round(stream.fps))
        encoder.bit_rate, encoder.gop_size, encoder.thread_count = stream.bits_per_s, 100_000, 1
        encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "static-thresh": "1"}
        self._encoder = encoder
        self._decoder: Any = av.CodecContext.create("vp8", "r")
        self._decoder.thread_count = 1

    def through(self, image: Image, at_s: float) -> Image:
        frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p", threads=1)
        frame.pts, frame.time_base = round(at_s * 1000), Fraction(1, 1000)
        for packet in self._encoder.encode(frame):
            for decoded in self._decoder.decode(packet):
                seen: Image = decoded.reformat(format="rgb24", threads=1).to_ndarray()
                return seen
        return image
