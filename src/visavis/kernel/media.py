"""Media as it travels between rooms: one flat type per kind, every unit in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono 16-bit samples, shape (n,)."""

Samples = NDArray[np.float32]
"""Mono samples in −1…1, shape (n,)."""

VideoSource = Literal["camera", "screen"]
VIDEO_SOURCES: tuple[VideoSource, ...] = get_args(VideoSource)


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A run of mono audio. `at_s` is the media time of its first sample, in seconds since the session began."""

    pcm: Pcm
    rate_hz: int
    at_s: float

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / self.rate_hz

    @property
    def end_s(self) -> float:
        return self.at_s + self.duration_s


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One picture: `image` is RGB, uint8, shape (height, width, 3); `at_s` is media time, rounded to 0.1 ms: with
    `source` it names the frame, in the same digits in every fact about it.
    """

    image: NDArray[np.uint8]
    source: VideoSource
    at_s: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "at_s", round(self.at_s, 4))


def to_float(pcm: Pcm) -> Samples:
    """int16 → float32 in −1…1."""
    return pcm.astype(np.float32) * np.float32(1 / 32768)


def to_pcm(samples: Samples) -> Pcm:
    """float32 in −1…1 (clipped) → int16."""
    scaled: Pcm = np.clip(samples * 32767, -32768, 32767).astype(np.int16)
    return scaled
