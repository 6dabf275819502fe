"""Prefill ahead: a few new words at a time, one prefill at a time, always of the newest words."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from visavis.kernel.errors import ProviderError
from visavis.session.ahead import LONG_TURN, PrefillAhead
from visavis.testing.doubles import ScriptedLlm
from visavis.think.base import LlmRequest, Message

WORDS = 3


class SlowLlm(ScriptedLlm):
    """Each prefill takes until `go` is set; `fails` makes it raise instead."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.fails = False

    async def prefill(self, request: LlmRequest) -> None:
        self.asked.append(request.messages[-1].text)
        if self.fails:
            raise ProviderError("no", stage="think")
        await self.go.wait()


async def asked_for(partials: Sequence[str], llm: SlowLlm, new_words: int = WORDS) -> list[str]:
    async with asyncio.TaskGroup() as group:
        ahead = PrefillAhead(
            group, llm, lambda text: LlmRequest([Message("user", text)]), total_s=5.0, new_words=new_words
        )
        for partial in partials:
            ahead.words(partial)
            await asyncio.sleep(0)
        llm.go.set()
    return llm.asked


async def test_the_last_word_may_change_and_is_left_out() -> None:
    assert await asked_for(["one two three four five"], SlowLlm()) == ["one two three four"]


async def test_it_waits_for_a_few_new_words() -> None:
    words = [f"w{n}" for n in range(2 * WORDS + 2)]
    llm = SlowLlm()
    llm.go.set()
    asked = await asked_for([" ".join(words[:count]) for count in range(len(words) + 1)], llm)
    assert [len(text.split()) for text in asked] == [WORDS, 2 * WORDS]


async def test_while_one_runs_only_the_newest_words_wait() -> None:
    partials = ["a b c d e", "a b c d e f g h i", "a b c d e f g h i j k l m"]
    assert await asked_for(partials, SlowLlm()) == ["a b c d", "a b c d e f g h i j k l"]


async def test_a_new_turn_begins_from_nothing() -> None:
    llm = SlowLlm()
    llm.go.set()
    assert await asked_for(["a b c d e f g h", "x", "p q r s t"], llm) == ["a b c d e f g", "p q r s"]


@pytest.mark.parametrize("partials", [["a b c d e", "a b c d e f g h i"]])
async def test_a_failure_is_no_reason_to_stop(partials: list[str]) -> None:
    llm = SlowLlm()
    llm.fails = True
    assert len(await asked_for(partials, llm)) == 2


async def test_in_a_long_turn_they_come_further_apart() -> None:
    llm = SlowLlm()
    llm.go.set()
    words = [f"w{n}" for n in range(60)]
    counts = [len(text.split()) for text in await asked_for([" ".join(words[:n]) for n in range(1, 60)], llm)]
    assert counts[:3] == [WORDS, 2 * WORDS, 3 * WORDS]
    for before, after in itertools.pairwise(counts):
        assert after == before + max(WORDS, before // LONG_TURN)


async def test_none_where_the_settings_say_so() -> None:
    assert await asked_for(["one two three four five six seven eight"], SlowLlm(), new_words=0) == []
