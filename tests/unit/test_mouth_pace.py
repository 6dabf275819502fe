"""The mouth's pace: 50 frames a second, whenever it is nudged; a nudge brings one frame forward by 20 ms at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import numpy as np
import pytest

from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.events import Event, PlaybackStopped
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.session.mouth import Mouth
from visavis.speak.base import Speech, WordMark
from visavis.testing.scripted_door import Script, ScriptedDoor
from visavis.transport.base import OUT_FRAME_S

SPOKEN_S = 1.0
FRAMES = round(SPOKEN_S / OUT_FRAME_S)


class Door(ScriptedDoor):
    """Notes when each frame was handed over, and the time that was put on it."""

    def __init__(self) -> None:
        super().__init__(Script())
        self.left: list[tuple[float, float]] = []

    def play(self, pcm: np.ndarray[tuple[int], np.dtype[np.int16]], at_s: float) -> None:
        self.left.append((asyncio.get_running_loop().time(), at_s))


def spoken(nudging: Callable[[Mouth], Coroutine[None, None, None]]) -> tuple[Door, float]:
    """Says one second while `nudging` runs beside it. Returns the door and when playback stopped."""
    stopped: list[float] = []

    async def call() -> Door:
        door, media = Door(), MediaClock(LoopClock())

        def on_fact(event: Event) -> None:
            if isinstance(event, PlaybackStopped):
                stopped.append(media.now())

        mouth = Mouth(door, media, on_fact)
        tasks = [asyncio.ensure_future(mouth.run()), asyncio.ensure_future(nudging(mouth))]
        mouth.begin(1, released=True)
        mouth.add(Speech(np.ones(round(SPOKEN_S * door.out_rate_hz), np.int16), door.out_rate_hz, ()))
        mouth.complete()
        await mouth.finished.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        return door

    loop = VirtualTimeLoop(wall_s=0.0)
    try:
        return loop.run_until_complete(call()), stopped[0]
    finally:
        loop.close()


def every(period_s: float, first_s: float = 0.0) -> Callable[[Mouth], Coroutine[None, None, None]]:
    async def nudging(mouth: Mouth) -> None:
        await asyncio.sleep(first_s)
        while True:
            mouth.nudge()
            await asyncio.sleep(period_s)

    return nudging


NUDGES = {
    "never": every(60.0, 60.0),
    "with each frame of the person's": every(0.02, 0.013),
    "in step": every(0.02),
    "all the time": every(0.001),
    "in bursts": every(0.1, 0.005),
    "seldom": every(0.33, 0.1),
}


@pytest.mark.parametrize("nudging", NUDGES.values(), ids=NUDGES.keys())
def test_frames_keep_their_times_and_leave_at_most_one_frame_early(
    nudging: Callable[[Mouth], Coroutine[None, None, None]],
) -> None:
    door, stopped_s = spoken(nudging)
    due = [at_s for _, at_s in door.left]
    assert due == pytest.approx([n * OUT_FRAME_S for n in range(FRAMES)])
    early = [at_s - left_s for left_s, at_s in door.left]
    assert max(early) <= OUT_FRAME_S + 1e-9
    assert min(early) >= -1e-9
    assert stopped_s == pytest.approx(SPOKEN_S + door.playout_delay_s, abs=1e-3)


@pytest.mark.parametrize("later_s", [0.0, 0.05, 0.5])
def test_a_reply_said_to_its_end_is_heard_in_full_whatever_delay_is_reported_meanwhile(later_s: float) -> None:
    """The client's report comes while the last words are on their way, and says that the way is longer or shorter."""

    async def call() -> str:
        door, media = Door(), MediaClock(LoopClock())
        mouth = Mouth(door, media, lambda event: None)
        task = asyncio.ensure_future(mouth.run())
        mouth.begin(1, released=True)
        words = tuple(WordMark(word, n * 0.3, (n + 1) * 0.3) for n, word in enumerate(("we", "open", "at", "nine")))
        mouth.add(Speech(np.ones(round(1.2 * door.out_rate_hz), np.int16), door.out_rate_hz, words))
        mouth.complete()
        await asyncio.sleep(1.2 + door.playout_delay_s / 2)
        door.playout_delay_s = later_s
        await mouth.finished.wait()
        task.cancel()
        await asyncio.wait([task])
        return mouth.heard()

    loop = VirtualTimeLoop(wall_s=0.0)
    try:
        assert loop.run_until_complete(call()) == "we open at nine"
    finally:
        loop.close()


def test_a_call_wakes_up_once_for_a_frame_in_and_a_frame_out() -> None:
    door, _ = spoken(NUDGES["with each frame of the person's"])
    left = [left_s for left_s, _ in door.left[1:]]
    assert left == pytest.approx([0.013 + 0.02 * n for n in range(len(left))])
