"""A recogniser that tells nothing while somebody speaks: only another one's words show that it has stalled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from visavis.hear.base import HEAR_RATE_HZ, Asr, AsrStream, Words
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import BreakerOpened, Event, FellBack, ProviderFailed
from visavis.kernel.media import Pcm
from visavis.kernel.settings import FallbackSettings
from visavis.kernel.timeouts import Timeouts
from visavis.session.fallback import Pool, Watch
from visavis.session.fallback_asr import FallbackAsr

IDLE_S = 2.0
PIECE = np.ones(HEAR_RATE_HZ // 10, np.int16)


class Ear:
    """Tells a word for each second of audio, up to `hears_s`; those from `deaf_s` on only in the full pass."""

    def __init__(self, name: str, *, hears_s: float = 1e6, deaf_s: float = 1e6, breaks: bool = False) -> None:
        self.name = name
        self.hears_s = hears_s
        self.deaf_s = deaf_s
        self.breaks = breaks
        self.streams: list[_EarStream] = []

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream:
        if self.breaks:
            raise ProviderError("no connection")
        self.streams.append(_EarStream(self, on_partial))
        return self.streams[-1]


class _EarStream:
    def __init__(self, ear: Ear, on_partial: Callable[[Words], None]) -> None:
        self._ear = ear
        self._on_partial = on_partial
        self.heard_s = 0.0
        self.told = 0
        self.closed = False

    def push(self, pcm: Pcm) -> None:
        self.heard_s = round(self.heard_s + len(pcm) / HEAR_RATE_HZ, 3)
        count = int(min(self.heard_s, self._ear.hears_s, self._ear.deaf_s))
        if count > self.told:
            self.told = count
            self._on_partial(self._words(count))

    def _words(self, count: int) -> Words:
        return Words(" ".join(f"{self._ear.name}{n}" for n in range(count)), "en", 0.0)

    def hurry(self, on: bool) -> None: ...

    async def final(self) -> Words:
        return self._words(int(min(self.heard_s, self._ear.hears_s)))

    def commit(self) -> None:
        self.heard_s, self.told = 0.0, 0

    async def close(self) -> None:
        self.closed = True


class Call:
    def __init__(self, first: Ear, second: Ear) -> None:
        self.facts: list[Event] = []
        self.partials: list[str] = []
        ears: list[tuple[str, Asr]] = [(ear.name, ear) for ear in (first, second)]
        limits = Timeouts(first_s=1.0, idle_s=IDLE_S, total_s=5.0)
        self.pool: Pool[Asr] = Pool("asr", ears, limits, FallbackSettings())
        asr = FallbackAsr(self.pool).of(Watch(self.facts.append))
        self.stream = asr.stream("en", lambda words: self.partials.append(words.text))

    def speak(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.stream.push(PIECE)


async def test_a_stalled_recogniser_is_left_while_the_person_still_speaks() -> None:
    first, second = Ear("a", deaf_s=3.0), Ear("b")
    call = Call(first, second)
    call.speak(8.0)
    assert call.partials[:3] == ["a0", "a0 a1", "a0 a1 a2"]
    assert call.partials[-1].split() == [f"b{n}" for n in range(8)], "all of the turn, by the other one"
    assert [type(fact) for fact in call.facts] == [ProviderFailed, BreakerOpened, FellBack]
    failed = call.facts[0]
    assert isinstance(failed, ProviderFailed) and (failed.provider, failed.code) == ("a", "provider_timeout")
    assert (await call.stream.final()).text.split() == [f"b{n}" for n in range(8)]
    assert first.streams[0].closed
    await call.stream.close()


async def test_sound_without_words_fails_nobody() -> None:
    """Music after three words: another recogniser hears no more of it."""
    call = Call(Ear("a", hears_s=3.0), Ear("b", hears_s=3.0))
    call.speak(30.0)
    assert call.partials == ["a0", "a0 a1", "a0 a1 a2"]
    assert call.facts == []
    await call.stream.close()


async def test_one_that_tells_again_is_kept_and_the_second_ear_is_closed() -> None:
    first, second = Ear("a", deaf_s=2.0), Ear("b", hears_s=2.0)
    call = Call(first, second)
    call.speak(6.0)
    assert len(second.streams) == 1
    first.deaf_s = 1e6
    call.speak(2.0)
    assert call.partials[-1].split()[-1] == "a7"
    await call.stream.final()
    assert second.streams[0].closed and not first.streams[0].closed
    assert call.facts == []
    await call.stream.close()


async def test_a_recogniser_that_never_tells_partials_is_not_doubted() -> None:
    second = Ear("b")
    call = Call(Ear("a", deaf_s=0.0), second)
    call.speak(20.0)
    assert second.streams == [] and call.facts == []
    assert (await call.stream.final()).text.split()[-1] == "a19"
    await call.stream.close()


async def test_a_second_ear_that_fails_is_noted_and_the_first_goes_on() -> None:
    call = Call(Ear("a", deaf_s=3.0), Ear("b", breaks=True))
    call.speak(6.0)
    assert {fact.provider for fact in call.facts if isinstance(fact, ProviderFailed)} == {"b"}
    assert (await call.stream.final()).text.split()[-1] == "a5"
    await call.stream.close()


async def test_a_stall_before_the_first_word_of_a_turn_is_noticed_of_one_who_has_told_before() -> None:
    first = Ear("a")
    call = Call(first, Ear("b"))
    call.speak(1.0)
    call.stream.commit()
    first.deaf_s = 0.0
    call.speak(4.0)
    assert call.partials[-1].split() == [f"b{n}" for n in range(4)]
    await call.stream.close()


@pytest.mark.parametrize("partial", [None, {"text": "hello"}])
async def test_a_partial_that_is_no_words_is_a_failure(partial: object) -> None:
    class Odd(Ear):
        def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream:
            return _EarStream(self, lambda words: on_partial(partial))  # type: ignore[arg-type]

    call = Call(Odd("a"), Ear("b"))
    call.speak(2.0)
    assert call.partials[-1] == "b0 b1"
    assert [fact.code for fact in call.facts if isinstance(fact, ProviderFailed)] == ["protocol_violation"]
    await asyncio.wait_for(call.stream.close(), 5)
