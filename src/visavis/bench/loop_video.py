"""The pictures of `visavis bench loop --video`: a drawn camera at 15 and a drawn screen at 5 a second, 720p.

They are encoded once and sent in a loop, so that the caller costs next to nothing: what is measured is the server.
The screen's slides hold text, which the server reads; the camera shows somebody who talks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from visavis.bench.conversation import Line, TurnReport
from visavis.bench.gate_cameras import talking_head
from visavis.bench.gate_screens import slides
from visavis.bench.gate_takes import Take
from visavis.testing.rtc_media import TestCardTrack, encoded, test_card

Video = Literal["card", "off", "on"]
"""`card`: the small moving test card that other benches' callers send."""

CAMERA_FPS = 15
CAMERA_S = 6.0
SCREEN_FPS = 5
SCREEN_S = 60.0
SLIDES = 5

Hold = Callable[[Sequence[Line], Video, int], Awaitable[list[TurnReport]]]
"""Holds one call with these lines and this video; the last is its number."""


def tracks(video: Video) -> list[TestCardTrack]:
    """What the caller's camera and screen send, in this order; blocking, some seconds the first time."""
    if video == "off":
        return []
    if video == "card":
        return [TestCardTrack(test_card())]
    camera, screen = _pictures()
    return [TestCardTrack(camera, CAMERA_FPS), TestCardTrack(screen, SCREEN_FPS)]


@lru_cache(maxsize=1)
def _pictures() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    camera = talking_head(3, CAMERA_S)
    screen = slides(5, count=SLIDES, seconds=SCREEN_S)
    return _encoded(camera, CAMERA_FPS, 1_000_000), _encoded(screen, SCREEN_FPS, 1_000_000)


def _encoded(take: Take, fps: int, bits_per_s: int) -> tuple[bytes, ...]:
    images = (take.draw(n / fps) for n in range(int(take.seconds * fps)))
    return encoded(images, take.stream.width, take.stream.height, fps, bits_per_s)


def twice(calls: Sequence[Sequence[Line]]) -> list[Sequence[Line]]:
    """The calls as `interleaved` holds them."""
    return [lines for lines in calls for _ in ("off", "on")]


async def interleaved(
    hold: Hold, calls: Sequence[Sequence[Line]], figures: Callable[[Sequence[TurnReport]], Mapping[str, Any]]
) -> dict[str, Any]:
    """Every call twice, with and without video, in turn: what the pictures cost the voice."""
    turns: dict[Video, list[TurnReport]] = {"off": [], "on": []}
    for number, lines in enumerate(calls):
        order: tuple[Video, Video] = ("off", "on") if number % 2 == 0 else ("on", "off")
        for video in order:
            turns[video] += await hold(lines, video, number)
    return compare_video(figures(turns["off"]), figures(turns["on"]))


def compare_video(off: Mapping[str, Any], on: Mapping[str, Any]) -> dict[str, Any]:
    """The figures with video, and beside them those without."""
    before, after = off["first_content_ms"], on["first_content_ms"]
    added_ms = after["p50"] - before["p50"]
    return {
        **on,
        "first_content_off_ms": before,
        "wer_off": off["wer"],
        "video_added_ms": added_ms,
        "video_added_share": round(added_ms / before["p50"], 4) if before["p50"] > 0 else 0.0,
    }
