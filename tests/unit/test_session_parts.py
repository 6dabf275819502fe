"""The parts of a session one by one: limits on waits, the mouth's pace, what was played when, pictures counted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

import numpy as np
import pytest

from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.errors import ProviderError, ProviderTimeout, Rejected
from visavis.kernel.events import AudioHeard, Event, FramesSeen, PlaybackStarted, PlaybackStopped
from visavis.kernel.media import VideoFrame
from visavis.kernel.messages import Transcript, VisemeTrack
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.models.scheduler import Preempted
from visavis.session.echo_reference import EchoReference
from visavis.session.frames import FrameCounter
from visavis.session.mouth import LATE_S, Mouth
from visavis.session.providers import in_time, translated
from visavis.speak.base import Speech, WordMark
from visavis.testing.scripted_door import Script, ScriptedDoor

T = TypeVar("T")


def virtually(main: Coroutine[Any, Any, T]) -> T:
    loop = VirtualTimeLoop(wall_s=0.0)
    try:
        return loop.run_until_complete(main)
    finally:
        assert not asyncio.all_tasks(loop)
        loop.close()


# Providers.


def test_a_providers_own_errors_become_ours_and_ours_pass() -> None:
    with pytest.raises(ProviderError, match=r"llm 'x' failed: KeyError: 'key'") as told, translated("llm", "x"):
        raise KeyError("key")
    assert isinstance(told.value.__cause__, KeyError)
    with pytest.raises(Rejected), translated("llm", "x"):
        raise Rejected("no")
    with pytest.raises(ProviderError, match="gave way"), translated("asr", "x"):
        raise Preempted
    with pytest.raises(asyncio.CancelledError), translated("llm", "x"):
        raise asyncio.CancelledError


async def ticking(*waits_s: float) -> AsyncGenerator[int, None]:
    for number, wait_s in enumerate(waits_s):
        await asyncio.sleep(wait_s)
        yield number


async def gathered(
    stream: AsyncGenerator[int, None], *, own_s: float = 0.0, total_s: float = 100.0
) -> tuple[list[int], str]:
    got: list[int] = []
    try:
        async for item in in_time("llm", stream, first_s=5.0, idle_s=2.0, total_s=total_s):
            got.append(item)
            await asyncio.sleep(own_s)
    except ProviderTimeout as error:
        return got, error.which
    return got, ""


@pytest.mark.parametrize(
    ("waits_s", "told"),
    [
        ((), ([], "")),
        ((4.9, 1.9, 1.9), ([0, 1, 2], "")),
        ((5.1,), ([], "first")),
        ((1.0, 2.1), ([0], "idle")),
    ],
)
def test_each_wait_has_its_limit(waits_s: tuple[float, ...], told: tuple[list[int], str]) -> None:
    assert virtually(gathered(ticking(*waits_s))) == told


def test_all_waits_together_have_one_too() -> None:
    got, which = virtually(gathered(ticking(*[1.0] * 20), total_s=10.5))
    assert (len(got), which) == (10, "total")


def test_the_consumers_own_time_does_not_count() -> None:
    assert virtually(gathered(ticking(1.0, 1.0, 1.0), own_s=50.0, total_s=4.0)) == ([0, 1, 2], "")


def test_a_stream_that_is_given_up_is_closed() -> None:
    closed: list[bool] = []

    async def stalls() -> AsyncGenerator[int, None]:
        try:
            await asyncio.sleep(1e6)
            yield 0
        finally:
            closed.append(True)

    assert virtually(gathered(stalls())) == ([], "first")
    assert closed == [True]


# The mouth.


def piece(*words: str, word_s: float = 0.3, rate_hz: int = 24_000, level: int = 1000) -> Speech:
    marks = tuple(WordMark(word, n * word_s, (n + 1) * word_s) for n, word in enumerate(words))
    return Speech(np.full(round(len(words) * word_s * rate_hz), level, np.int16), rate_hz, marks, ((0.0, "aa"),))


class Speaking:
    """A mouth at a scripted door, and the facts it told with their times."""

    def __init__(self) -> None:
        self.media = MediaClock(LoopClock())
        self.door = ScriptedDoor(Script())
        self.door._media = self.media
        self.facts: list[tuple[float, Event]] = []
        self.mouth = Mouth(self.door, self.media, lambda fact: self.facts.append((round(self.media.now(), 3), fact)))
        self.task = asyncio.get_running_loop().create_task(self.mouth.run())

    async def over(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


def test_a_reply_is_played_at_its_pace_and_told() -> None:
    async def main() -> Speaking:
        speaking = Speaking()
        speaking.mouth.begin(4, released=True)
        speaking.mouth.add(piece("we", "open"))
        speaking.mouth.add(piece("at", "nine"))
        speaking.mouth.complete()
        await asyncio.wait_for(speaking.mouth.finished.wait(), 10)
        assert speaking.mouth.heard() == "we open at nine"
        await speaking.over()
        return speaking

    speaking = virtually(main())
    assert speaking.facts == [
        (0.0, PlaybackStarted(4)),
        (0.0, AudioHeard(4, "", "we open")),
        (0.6, AudioHeard(4, "we", "at nine")),
        (1.3, PlaybackStopped(4)),
    ]
    assert [round(at_s, 3) for at_s, _ in speaking.door.played] == [round(n * 0.02, 3) for n in range(60)]
    captions = [message for _, message in speaking.door.sent if isinstance(message, Transcript)]
    assert [caption.text for caption in captions] == ["we open", "we open at nine"]
    mouths = [message for _, message in speaking.door.sent if isinstance(message, VisemeTrack)]
    assert [track.total_ms for track in mouths] == [600, 600]


def test_nothing_is_played_before_release() -> None:
    async def main() -> Speaking:
        speaking = Speaking()
        speaking.mouth.begin(1, released=False)
        speaking.mouth.add(piece("we"))
        await asyncio.sleep(5)
        assert not speaking.door.played
        speaking.mouth.release()
        await asyncio.sleep(1)
        await speaking.over()
        return speaking

    assert virtually(main()).facts[0] == (5.0, PlaybackStarted(1))


def test_a_stop_is_silence_at_the_door_and_in_its_queues() -> None:
    async def main() -> Speaking:
        speaking = Speaking()
        speaking.mouth.begin(1, released=True)
        speaking.mouth.add(piece("we", "open", "at", "nine"))
        await asyncio.sleep(0.75)
        assert speaking.mouth.stop() == "we open"
        played = len(speaking.door.played)
        await asyncio.sleep(5)
        assert len(speaking.door.played) == played
        await speaking.over()
        return speaking

    speaking = virtually(main())
    assert speaking.door.cleared == [0.75]
    assert speaking.facts[-1] == (0.75, PlaybackStopped(1))
    fade = speaking.door.played[-1][1]
    assert abs(int(fade[-1])) == 0
    assert np.count_nonzero(fade) <= 240


def test_a_reply_without_voice_is_finished_without_a_sound() -> None:
    async def main() -> Speaking:
        speaking = Speaking()
        speaking.mouth.begin(1, released=True)
        speaking.mouth.complete()
        await asyncio.wait_for(speaking.mouth.finished.wait(), 1)
        await speaking.over()
        return speaking

    assert virtually(main()).facts == []


def test_after_a_hold_up_the_pace_starts_afresh() -> None:
    """The loop stood still for a second: its frames are not hurried after, and not counted as heard."""

    async def main() -> Speaking:
        speaking = Speaking()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        speaking.mouth.begin(1, released=True)
        speaking.mouth.add(piece("we", "open", "at", "nine"))
        await asyncio.sleep(0.45)
        loop.jump(1.0)
        await asyncio.sleep(0)
        assert speaking.mouth.heard() == "we"
        await asyncio.sleep(3)
        assert speaking.mouth.heard() == "we open at nine"
        await speaking.over()
        return speaking

    times = [at_s for at_s, _ in virtually(main()).door.played]
    late = [b - a for a, b in itertools.pairwise(times) if b - a > 0.021]
    assert len(late) == 1
    assert late[0] > LATE_S
    assert len(times) == 60, "nothing is skipped"


def test_a_voice_at_another_rate_is_fitted_to_the_door() -> None:
    async def main() -> Speaking:
        speaking = Speaking()
        speaking.mouth.begin(1, released=True)
        for _ in range(3):
            speaking.mouth.add(piece("we", "open", rate_hz=44_100))
        speaking.mouth.complete()
        await asyncio.wait_for(speaking.mouth.finished.wait(), 10)
        assert speaking.mouth.heard() == "we open we open we open"
        await speaking.over()
        return speaking

    frames = [pcm for _, pcm in virtually(main()).door.played]
    assert len(frames) == 90
    assert {len(frame) for frame in frames} == {480}


# What the echo canceller needs.


def test_the_reference_holds_what_left_when_and_leads_its_echo() -> None:
    reference = EchoReference(16_000, lambda: 0.1)
    reference.played(np.full(1600, 500, np.int16), 1.0)
    early = reference.at(1.01, 1600)
    assert (int(early[0]), int(early[-1])) == (500, 500)
    assert not reference.at(0.9, 1600).any(), "it had not left yet"
    assert not reference.at(1.2, 1600).any(), "silence after it"
    reference.played(np.full(1600, 700, np.int16), 1.5)
    assert not reference.at(1.3, 1600).any(), "silence in between"
    assert int(reference.at(1.5, 1600)[800]) == 700


def test_only_a_long_way_to_the_ear_moves_the_reference_and_only_in_large_steps() -> None:
    told_s = 0.4
    reference = EchoReference(16_000, lambda: told_s)
    reference.played(np.full(320, 500, np.int16), 1.0)

    def starts_at() -> int:
        return int(np.flatnonzero(reference.at(0.9, 16_000))[0]) * 1000 // 16_000 - 100

    assert starts_at() == 10, "the canceller finds such a delay by itself"
    told_s = 0.5
    assert starts_at() == 10
    told_s = 0.7
    assert starts_at() == 300
    told_s = 0.78
    assert starts_at() == 300, "a report that wanders moves nothing"
    told_s = 0.05
    assert starts_at() == 10


def test_the_reference_forgets_after_three_seconds() -> None:
    reference = EchoReference(16_000, lambda: 0.0)
    reference.played(np.full(320, 500, np.int16), 1.0)
    reference.played(np.full(320, 700, np.int16), 60.0)
    assert not reference.at(1.0, 320).any()
    assert reference.at(60.01, 320).all()


# Pictures.


def test_pictures_are_counted_once_a_second_and_source() -> None:
    noted: list[Event] = []
    counter = FrameCounter(noted.append)
    for number in range(21):
        counter.see(VideoFrame(np.zeros((48, 64, 3), np.uint8), "camera", number / 10))
    counter.see(VideoFrame(np.zeros((10, 20, 3), np.uint8), "screen", 0.0))
    assert noted == [FramesSeen("camera", 11, 64, 48), FramesSeen("camera", 10, 64, 48)]
    counter.flush()
    assert noted[2:] == [FramesSeen("screen", 1, 20, 10)]
