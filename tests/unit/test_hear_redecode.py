"""Partials and finals by decoding again, with a scripted recogniser."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import numpy as np
import pytest

from visavis.hear.base import Words
from visavis.hear.redecode import HURRY_UNTIL_S, LONGEST_S, MOST_WAITING_S, Heard, RedecodingStream
from visavis.kernel.errors import ProviderError
from visavis.kernel.media import Pcm
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.models.scheduler import Preempted, Priority

RATE = 16_000


class Scripted:
    """Hears "one" for each second of audio. `pause` is awaited in every pass; `error` is raised."""

    every_s = 0.5

    def __init__(self) -> None:
        self.calls: list[tuple[str, float]] = []
        self.running = 0
        self.most_running = 0
        self.pause: Callable[[str], Awaitable[object]] = lambda kind: asyncio.sleep(0)
        self.error: Exception | None = None
        self.cancelled = 0
        self.drafts: list[Heard | None] = []

    async def quick(self, pcm: Pcm, language: str, before: Heard | None) -> Heard:
        self.drafts.append(before)
        return await self._pass("quick", pcm)

    async def best(self, pcm: Pcm, language: str, before: Heard | None, priority: Priority) -> Heard:
        return await self._pass("final" if priority is Priority.FINAL else "settle", pcm)

    async def _pass(self, kind: str, pcm: Pcm) -> Heard:
        self.calls.append((kind, round(len(pcm) / RATE, 2)))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.pause(kind)
            if self.error is not None:
                raise self.error
            return Heard(" ".join(["one"] * (len(pcm) // RATE)), len(pcm))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1


class Caller:
    def __init__(self) -> None:
        self.model = Scripted()
        self.partials: list[Words] = []
        self.stream = RedecodingStream(self.model, "en", self.partials.append)

    async def speak(self, seconds: float, frame_s: float = 0.02) -> None:
        for _ in range(round(seconds / frame_s)):
            self.stream.push(np.ones(int(frame_s * RATE), np.int16))
            await asyncio.sleep(frame_s)

    def kinds(self, kind: str) -> list[float]:
        return [seconds for called, seconds in self.model.calls if called == kind]


def played(script: Callable[[Caller], Awaitable[None]]) -> Caller:
    """Runs `script` on a virtual clock."""

    async def run() -> Caller:
        caller = Caller()
        await script(caller)
        await caller.stream.close()
        return caller

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(run())


def test_a_partial_every_half_second_of_new_audio_and_only_news_is_told() -> None:
    caller = played(lambda caller: caller.speak(3.3))
    assert caller.kinds("quick") == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert [words.text for words in caller.partials] == ["one", "one one", "one one one"]
    assert caller.partials[0].language == "en"
    assert caller.model.drafts[0] is None
    assert caller.model.drafts[3] == Heard("one", int(1.5 * RATE))


def test_partials_come_further_apart_on_a_busy_machine_and_never_two_at_once() -> None:
    async def script(caller: Caller) -> None:
        caller.model.pause = lambda kind: asyncio.sleep(0.4)
        await caller.speak(6)

    caller = played(script)
    assert caller.kinds("quick") == pytest.approx([0.5, 2.1, 3.7, 5.3], abs=0.05)
    assert caller.model.most_running == 1
    assert caller.partials[0].took_s == pytest.approx(0.4)


def test_a_partial_in_flight_stops_when_the_final_is_asked() -> None:
    async def script(caller: Caller) -> None:
        caller.model.pause = lambda kind: asyncio.sleep(10 if kind == "quick" else 0.1)
        await caller.speak(2.2)
        words = await caller.stream.final()
        assert words.text == "one one"
        assert words.took_s == pytest.approx(0.1)

    caller = played(script)
    assert caller.model.cancelled == 1
    assert caller.partials == []


def test_a_repeated_final_answers_from_memory_until_there_is_new_audio() -> None:
    async def script(caller: Caller) -> None:
        await caller.speak(1.2)
        first = await caller.stream.final()
        assert await caller.stream.final() is first
        both = await asyncio.gather(caller.stream.final(), caller.stream.final())
        assert both == [first, first]
        await caller.speak(1)
        assert (await caller.stream.final()).text == "one one"

    assert len(played(script).kinds("final")) == 2


def test_audio_that_comes_during_a_final_is_in_the_next_one() -> None:
    async def script(caller: Caller) -> None:
        caller.model.pause = lambda kind: asyncio.sleep(0.3)
        await caller.speak(1.0)
        asked = asyncio.ensure_future(caller.stream.final())
        await caller.speak(1.2)
        assert (await asked).text == "one"
        assert (await caller.stream.final()).text == "one one"

    played(script)


def test_commit_forgets_and_a_final_in_flight_does_not_leak_into_the_next_turn() -> None:
    async def script(caller: Caller) -> None:
        caller.model.pause = lambda kind: asyncio.sleep(0.3)
        await caller.speak(2.0)
        asked = asyncio.ensure_future(caller.stream.final())
        await asyncio.sleep(0.1)
        caller.stream.commit()
        await caller.speak(1.1)
        assert (await asked).text == "one one"
        assert (await caller.stream.final()).text == "one"
        caller.stream.commit()
        assert (await caller.stream.final()).text == ""

    assert "one one" not in [words.text for words in played(script).partials]


def test_commit_silences_a_partial_in_flight() -> None:
    async def script(caller: Caller) -> None:
        caller.model.pause = lambda kind: asyncio.sleep(0.2)
        await caller.speak(1.0)
        told = len(caller.partials)
        caller.stream.push(np.ones(RATE // 2, np.int16))
        caller.stream.commit()
        await asyncio.sleep(1)
        assert len(caller.partials) == told

    played(script)


def test_a_long_turn_is_settled_piece_by_piece_and_no_pass_is_longer_than_the_models_can() -> None:
    async def script(caller: Caller) -> None:
        await caller.speak(50, frame_s=0.1)
        words = await caller.stream.final()
        assert 46 <= len(words.text.split()) <= 50  # each cut may lose the part of a second on either side

    caller = played(script)
    assert len(caller.kinds("settle")) >= 2
    assert max(seconds for _, seconds in caller.model.calls) <= LONGEST_S
    counts = [len(words.text.split()) for words in caller.partials]
    assert all(later >= earlier - 1 for earlier, later in pairwise(counts))


def test_a_final_settles_what_partials_could_not() -> None:
    async def script(caller: Caller) -> None:
        caller.stream.push(np.ones(40 * RATE, np.int16))
        words = await caller.stream.final()
        assert 38 <= len(words.text.split()) <= 40

    caller = played(script)
    assert max(caller.kinds("final")) <= LONGEST_S


def test_audio_is_bounded_even_when_nothing_is_ever_decoded() -> None:
    async def script(caller: Caller) -> None:
        caller.model.error = Preempted()
        for _ in range(40):
            caller.stream.push(np.ones(10 * RATE, np.int16))
            await asyncio.sleep(0.1)
        caller.model.error = None
        assert len((await caller.stream.final()).text.split()) <= MOST_WAITING_S

    played(script)


@pytest.mark.parametrize("error", [Preempted(), ProviderError("broken", stage="hear")])
def test_a_failing_partial_is_skipped_and_tried_again_later(error: Exception) -> None:
    async def script(caller: Caller) -> None:
        caller.model.error = error
        await caller.speak(1.2)
        caller.model.error = None
        await caller.speak(2)

    caller = played(script)
    assert caller.kinds("quick")[0] == 0.5
    assert [words.text for words in caller.partials][-1] == "one one one"


def test_a_failing_final_raises_and_the_next_may_succeed() -> None:
    async def script(caller: Caller) -> None:
        await caller.speak(1.1)
        caller.model.error = ProviderError("broken", stage="hear")
        with pytest.raises(ProviderError):
            await caller.stream.final()
        caller.model.error = None
        assert (await caller.stream.final()).text == "one"

    played(script)


def test_a_cancelled_final_stops_the_work_and_leaves_the_stream_usable() -> None:
    async def script(caller: Caller) -> None:
        caller.model.pause = lambda kind: asyncio.sleep(1)
        caller.stream.push(np.ones(RATE, np.int16))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caller.stream.final(), 0.2)
        assert (await caller.stream.final()).text == "one"

    assert played(script).model.cancelled >= 1


def test_after_close_nothing_begins() -> None:
    async def script(caller: Caller) -> None:
        await caller.stream.close()
        await caller.speak(2)

    assert played(script).model.calls == []


def test_nothing_heard_is_empty_without_any_pass() -> None:
    async def script(caller: Caller) -> None:
        assert (await caller.stream.final()).text == ""
        caller.stream.push(np.empty(0, np.int16))
        assert (await caller.stream.final()).text == ""

    assert played(script).model.calls == []


def test_in_a_hurry_the_first_partials_come_close_together_and_only_at_the_beginning() -> None:
    async def script(caller: Caller) -> None:
        caller.stream.hurry(True)
        await caller.speak(4.0)

    looks = played(script).kinds("quick")
    assert looks[:5] == [pytest.approx(0.5 + 0.1 * n, abs=0.03) for n in range(5)]
    late = [after - before for before, after in pairwise(looks) if before > HURRY_UNTIL_S]
    assert late
    assert min(late) >= 0.48


def test_no_more_hurry_once_it_is_called_off() -> None:
    async def script(caller: Caller) -> None:
        caller.stream.hurry(True)
        caller.stream.hurry(False)
        await caller.speak(2.0)

    looks = played(script).kinds("quick")
    assert looks == [pytest.approx(0.5 * n, abs=0.03) for n in range(1, 5)]
