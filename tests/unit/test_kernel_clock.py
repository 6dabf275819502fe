"""Time: media clocks, streams mapped onto them, and a loop whose clock jumps."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.clock import LoopClock, ManualClock, MediaClock, StreamTimeline
from visavis.kernel.media import AudioFrame, to_float, to_pcm
from visavis.kernel.virtual_time import VirtualTimeLoop, holding


def test_media_time_begins_with_the_session() -> None:
    clock = ManualClock(now_s=500.0, wall_s=1000.0)
    media, resumed = MediaClock(clock), MediaClock(clock, start_s=30.0)
    clock.advance(1.5)
    assert (media.now(), resumed.now()) == (1.5, 31.5)
    assert media.wall() == 1001.5


def test_an_even_stream_keeps_its_anchor_whatever_the_jitter() -> None:
    now_s = 10.0
    timeline = StreamTimeline(16_000, lambda: now_s)
    stamps = []
    for number in range(50):
        now_s = 10.02 + number * 0.02 + (0.04 if number % 3 else 0.0)
        stamps.append(timeline.stamp(320))
    assert np.allclose(np.diff(stamps), 0.02)


def test_a_gap_moves_the_anchor_and_is_told() -> None:
    moved: list[float] = []
    now_s = 10.02
    timeline = StreamTimeline(16_000, lambda: now_s, on_remap=moved.append)
    assert timeline.stamp(320) == pytest.approx(10.0)
    now_s = 13.04
    assert timeline.stamp(320) == pytest.approx(13.02)
    assert moved == [pytest.approx(3.0)]


@given(st.lists(st.floats(0, 0.1), min_size=2, max_size=50))
def test_stamps_never_overlap_backwards_within_tolerance(late: list[float]) -> None:
    now_s = 0.0
    timeline = StreamTimeline(16_000, lambda: now_s, tolerance_s=0.12)
    stamps = []
    for number, late_s in enumerate(late):
        now_s = 1.0 + number * 0.02 + late_s
        stamps.append(timeline.stamp(320))
    assert all(abs(b - a - 0.02) < 1e-9 for a, b in itertools.pairwise(stamps))


def test_frames_know_their_length() -> None:
    frame = AudioFrame(np.zeros(320, np.int16), 16_000, 2.0)
    assert (frame.duration_s, frame.end_s) == (0.02, 2.02)


@given(st.lists(st.integers(-32768, 32767), max_size=20))
def test_samples_come_back_from_floats(values: list[int]) -> None:
    pcm = np.array(values, np.int16)
    back = to_pcm(to_float(pcm))
    assert np.abs(back.astype(int) - pcm).max(initial=0) <= 1
    assert to_pcm(np.array([2.0, -2.0], np.float32)).tolist() == [32767, -32768]


# A loop whose clock jumps.


def on_virtual_time(main: object) -> object:
    loop = VirtualTimeLoop(wall_s=1000.0)
    try:
        return loop.run_until_complete(main)  # type: ignore[arg-type]
    finally:
        loop.close()


def test_an_hour_passes_in_no_time_and_in_order() -> None:
    async def main() -> list[tuple[str, float]]:
        told: list[tuple[str, float]] = []
        clock = LoopClock()

        async def waits(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            told.append((name, clock.now()))

        async with asyncio.TaskGroup() as group:
            group.create_task(waits("hour", 3600))
            group.create_task(waits("second", 1))
        assert clock.wall() == 4600.0
        return told

    began_s = time.monotonic()
    assert on_virtual_time(main()) == [("second", 1.0), ("hour", 3600.0)]
    assert time.monotonic() - began_s < 5


def test_timeouts_keep_virtual_time() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert on_virtual_time(main()) == 10.0


def test_the_clock_stands_still_while_work_is_held() -> None:
    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        gate = threading.Event()
        sleeper = loop.create_task(asyncio.sleep(5))
        loop.call_soon(gate.set)
        with holding():
            await asyncio.to_thread(gate.wait, 10)
            held_s = loop.time()
        await sleeper
        return held_s, loop.time()

    assert on_virtual_time(main()) == (0.0, 5.0)


async def test_holding_does_nothing_on_a_real_loop() -> None:
    with holding():
        await asyncio.sleep(0)
