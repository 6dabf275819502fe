"""Pictures made smaller, larger, grey, turned or into JPEG, with FFmpeg's code where numpy would be slow.

Images are RGB uint8 of shape (height, width, 3), grey ones (height, width). Blocking, some milliseconds each: call
them off the event loop. They keep no state.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from visavis.see.base import Image

Grey = NDArray[np.uint8]

LEAST_PIXELS = 24
"""A picture with a shorter side shows nothing that could be told."""

MOST_PIXELS = 16_384
"""A longer side is taken for a damaged frame."""

DARK_LUMA = 110
BLOCK = 32

HARD_EDGE = 30
INKED_SHARE = 0.01

_SECOND = Fraction(1)


def fault(image: NDArray[Any]) -> str:
    """Why nothing can be read in this picture: not_rgb, empty, too_small, too_large, blank; '' when all is well."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        return "not_rgb"
    height, width = image.shape[:2]
    if not height or not width:
        return "empty"
    if min(height, width) < LEAST_PIXELS:
        return "too_small"
    if max(height, width) > MOST_PIXELS:
        return "too_large"
    sparse = image[:: max(1, height // 90), :: max(1, width // 160)]
    return "blank" if int(sparse.max()) - int(sparse.min()) < 8 else ""


def scaled(image: Image, width: int, height: int) -> Image:
    """Bicubic when enlarged, by area when reduced."""
    if image.shape[:2] == (height, width):
        return image
    kind = Interpolation.AREA if height * width < image.shape[0] * image.shape[1] else Interpolation.BICUBIC
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    return np.asarray(frame.reformat(width=width, height=height, interpolation=kind).to_ndarray(), np.uint8)


def bounded(image: Image, longest: int) -> Image:
    """`image`, reduced if need be so that no side is longer than `longest` pixels."""
    height, width = image.shape[:2]
    factor = longest / max(height, width)
    if factor >= 1:
        return image
    return scaled(image, max(1, round(width * factor)), max(1, round(height * factor)))


def grey(image: Image) -> Grey:
    """Luma, with dark text on light ground: parts that are mostly dark (a title bar, a dark theme) are inverted."""
    luma = (image @ np.array([77, 150, 29], np.uint32) >> 8).astype(np.uint8)
    height, width = luma.shape
    padded = np.pad(luma, ((0, -height % BLOCK), (0, -width % BLOCK)), mode="edge")
    rows, columns = padded.shape[0] // BLOCK, padded.shape[1] // BLOCK
    grounds = np.median(padded.reshape(rows, BLOCK, columns, BLOCK)[:, ::2, :, ::2], axis=(1, 3))
    dark = np.repeat(np.repeat(grounds < DARK_LUMA, BLOCK, axis=0), BLOCK, axis=1)[:height, :width]
    return np.where(dark, 255 - luma, luma)


def inked(image: Image) -> bool:
    """Whether there are as many hard edges as writing has: a wall, a shirt or a face have fewer."""
    luma = image[:, :, 1].astype(np.int16)
    return float((np.abs(np.diff(luma, axis=1)) > HARD_EDGE).mean()) > INKED_SHARE


def turned(image: Image, quarters: int) -> Image:
    """Turned left by so many quarters."""
    return np.ascontiguousarray(np.rot90(image, quarters))


def to_jpeg(image: Image, quality: int = 4) -> bytes:
    """A JPEG file; `quality` is FFmpeg's scale, 2 (best) to 31."""
    height, width = image.shape[:2]
    even = np.ascontiguousarray(image[: height - height % 2 or None, : width - width % 2 or None])
    codec = av.CodecContext.create("mjpeg", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = even.shape[1], even.shape[0], "yuvj420p"
    codec.time_base = _SECOND
    codec.options = {"qmin": str(quality), "qmax": str(quality), "threads": "1"}
    frame = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(format="yuvj420p")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)])
