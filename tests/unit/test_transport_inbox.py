from __future__ import annotations

import asyncio

import numpy as np

from visavis.kernel.media import AudioFrame, VideoFrame, VideoSource
from visavis.kernel.messages import Say
from visavis.transport.base import Gone, Incoming
from visavis.transport.inbox import MAX_MESSAGES, Inbox, MessageGate


def audio(n: int) -> AudioFrame:
    return AudioFrame(np.full(320, n, dtype=np.int16), 16_000, n * 0.02)


def picture(source: VideoSource, at_s: float) -> VideoFrame:
    return VideoFrame(np.zeros((2, 2, 3), dtype=np.uint8), source, at_s)


async def drain(inbox: Inbox) -> list[Incoming]:
    items = []
    while (item := await inbox.get(0.0)) is not None:
        items.append(item)
    return items


async def test_audio_waits_at_most_a_second_and_the_oldest_goes() -> None:
    inbox = Inbox()
    inbox.put(Say("first"))
    for n in range(70):
        inbox.put(audio(n))
    items = await drain(inbox)
    assert items[0] == Say("first")
    assert [int(i.pcm[0]) for i in items if isinstance(i, AudioFrame)] == list(range(20, 70))
    assert abs(inbox.dropped_audio_s - 0.4) < 1e-6


async def test_only_the_newest_picture_of_each_source_waits() -> None:
    inbox = Inbox()
    for frame in (picture("camera", 1), picture("screen", 2), picture("camera", 3)):
        inbox.put(frame)
    items = await drain(inbox)
    assert [(i.source, i.at_s) for i in items if isinstance(i, VideoFrame)] == [("screen", 2), ("camera", 3)]


async def test_a_flood_of_messages_is_refused_but_news_of_the_line_is_not() -> None:
    inbox = Inbox()
    taken = [inbox.put(Say(str(n))) for n in range(MAX_MESSAGES + 10)]
    assert taken.count(False) == 10
    assert inbox.put(Gone("left"))
    assert (await drain(inbox))[-1] == Gone("left")
    assert inbox.put(Say("again"))


async def test_get_wakes_for_what_comes_and_survives_cancellation() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get(10))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    inbox.put(Say("kept"))
    assert await inbox.get(0) == Say("kept")
    waiting = asyncio.create_task(inbox.get(10))
    await asyncio.sleep(0)
    inbox.put(Say("now"))
    assert await waiting == Say("now")


def test_the_gate_lets_a_burst_through_and_then_a_trickle() -> None:
    gate = MessageGate(rate_hz=10, burst=5)
    assert [gate.allows(0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert gate.allows(0.1)
    assert not gate.allows(0.1)
    assert [gate.may_complain(t) for t in (0.0, 0.5, 1.1)] == [True, False, True]
