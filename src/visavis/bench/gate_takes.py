"""What the bench's pictures have in common: a take is a drawn minute or more, with times of what happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from visavis.bench.gate_draw import Colour, Compression, SensorNoise, Stream, cursor, rectangle
from visavis.kernel.media import VideoSource
from visavis.see.base import Image

BEGINNING = "beginning"
"""What is in view before the first label."""


@dataclass(frozen=True, slots=True)
class Label:
    """From `at_s` on (seconds of the take) something new is in view and at rest. `again`: the take has shown the same
    before, so that it is enough to be told when that was. `shows` names what is in view from then on.
    """

    at_s: float
    what: str
    shows: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """`draw` makes the picture of a second of the take; `noise` is that of a camera, 0 for a screen."""

    kind: str
    source: VideoSource
    seconds: float
    stream: Stream
    labels: Sequence[Label]
    draw: Callable[[float], Image]
    noise: float = 0.0

    def pictures(self, seed: int) -> Sequence[float]:
        """Times of the pictures, not quite even."""
        draw = np.random.default_rng(seed)
        count = int(self.seconds * self.stream.fps)
        late = draw.uniform(0, 0.2, count)
        return [round(float((index + late[index]) / self.stream.fps), 4) for index in range(count)]

    def filmed(self, seed: int) -> Callable[[float], Image]:
        """Its pictures as they arrive at the other end of a call."""
        compression = Compression(self.stream)
        noise = SensorNoise(self.stream.width, self.stream.height, self.noise, seed) if self.noise else None

        def picture(at_s: float) -> Image:
            drawn = self.draw(at_s)
            return compression.through(noise.on(drawn) if noise else drawn, at_s)

        return picture


def moments(draw: np.random.Generator, count: int, seconds: float, apart_s: float = 9.0) -> list[float]:
    """`count` times spread over a take, at least `apart_s` from each other and from its ends."""
    slack = seconds - apart_s * (count + 1)
    gaps = np.sort(draw.uniform(0, slack, count))
    return [round(float(gap + apart_s * (index + 1)), 3) for index, gap in enumerate(gaps)]


def wander(draw: np.random.Generator, width: int, height: int) -> Callable[[float], tuple[float, float]]:
    """A pointer that rests and moves, as hands do: positions over time."""
    stops = draw.uniform(0.05, 0.95, (400, 2)) * (width, height)
    times = np.cumsum(draw.exponential(2.5, 400) + 0.5)

    def position(at_s: float) -> tuple[float, float]:
        index = int(np.searchsorted(times, at_s))
        if index == 0:
            return float(stops[0][0]), float(stops[0][1])
        part = min(1.0, (at_s - times[index - 1]) / 0.5)
        x, y = stops[index - 1] + (stops[index] - stops[index - 1]) * part
        return float(x), float(y)

    return position


def pointed(image: Image, at: tuple[float, float]) -> Image:
    cursor(image, *at)
    return image


def frame_of(image: Image, x: int, y: int, width: int, height: int, title: Colour) -> None:
    """A window with a title bar."""
    rectangle(image, x, y, width, height, (245, 245, 246))
    rectangle(image, x, y, width, 28, title)
