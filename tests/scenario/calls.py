"""What scenario tests share: playing a call with all that must hold for every call, and engines that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from visavis.kernel.events import (
    Interrupted,
    PlaybackStarted,
    ReplyDiscarded,
    ReplyEnded,
    ReplyReleased,
    ReplyStarted,
    SessionEnded,
)
from visavis.observe.waterfall import BUDGET_MS, Waterfall, Waterfalls
from visavis.session.replay import replay
from visavis.speak.base import Speech
from visavis.testing.doubles import ScriptedLlm, ScriptedTts
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import LlmEvent, LlmRequest, TextDelta


def checked(call: Scenario, until: float) -> Played:
    """Plays the call; whatever happens in it, these hold."""
    played = call.run(until)
    again = replay(played.records)
    assert again.same, f"{again.difference}\n{played.told()}"
    check_waterfalls(played)
    check_replies(played)
    assert [record.seq for record in played.records] == list(range(1, len(played.records) + 1))
    assert isinstance(played.records[-1].event, SessionEnded)
    assert played.door.closed == played.reason.partition(":")[0]
    return played


def check_waterfalls(played: Played) -> None:
    falls: list[Waterfall] = []
    reader = Waterfalls(falls.append)
    for record in played.records:
        reader.read(record)
    for fall in falls:
        assert sum(fall.stages_ms.values()) == pytest.approx(fall.v2v_ms, abs=0.2)
        assert set(fall.stages_ms) <= set(BUDGET_MS)
        assert min(fall.stages_ms.values()) >= 0


def check_replies(played: Played) -> None:
    """Each reply starts once and ends once, and is heard only after release."""
    started: set[int] = set()
    released: set[int] = set()
    over: set[int] = set()
    for record in played.records:
        match record.event:
            case ReplyStarted(reply=reply):
                assert reply not in started
                started.add(reply)
            case ReplyReleased(reply=reply):
                released.add(reply)
            case PlaybackStarted(reply=reply):
                assert reply in released and reply not in over, f"{record}\n{played.told()}"
            case ReplyDiscarded(reply=reply) | ReplyEnded(reply=reply):
                assert reply in started and reply not in over, f"{record}\n{played.told()}"
                over.add(reply)
            case Interrupted(reply=reply):
                assert reply not in over


def asked(llm: ScriptedLlm, nth: int = -1) -> list[tuple[str, str]]:
    """The messages of a request, without the system message."""
    return [(message.role, message.text) for message in llm.requests[nth].messages[1:]]


class StallingLlm(ScriptedLlm):
    """Says `words` and then nothing more, for ever. `closed` counts streams that were closed."""

    def __init__(self, words: str = "") -> None:
        super().__init__()
        self.words = words
        self.closed = 0

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        self.requests.append(request)
        try:
            if self.words:
                yield TextDelta(self.words)
            await asyncio.sleep(1e6)
        finally:
            self.closed += 1


class EndlessLlm(StallingLlm):
    """Never stops talking."""

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        self.requests.append(request)
        try:
            while True:
                yield TextDelta("And on and on it goes. ")
                await asyncio.sleep(0.001)
        finally:
            self.closed += 1


class BreakingLlm(ScriptedLlm):
    """Says `words`, then raises."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        self.requests.append(request)
        yield TextDelta(self.words)
        raise ConnectionError("the line to the model broke")


class StallingTts(ScriptedTts):
    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        await asyncio.sleep(1e6)
        async for speech in super().stream(text):
            yield speech
