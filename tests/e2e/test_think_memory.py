"""Memory with the real embedded model: what has left the prompt's turns is still known, and the cache stays warm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from embedded import embedded_llm

from visavis.kernel.agent import Agent
from visavis.kernel.events import Event, PlaybackStarted, Record, ReplyEnded, TurnEnded
from visavis.kernel.settings import LlmSettings
from visavis.session.history import History
from visavis.think.base import Finished, LlmRequest, TextDelta
from visavis.think.context import Known, build
from visavis.think.embedded import EmbeddedLlm
from visavis.think.memory.lines import lines_of, request
from visavis.think.memory.notebook import Notebook
from visavis.think.memory.targets import Exchange

pytestmark = pytest.mark.e2e

AGENT = Agent("Ada", "You help visitors of the town library.")
BUDGET = 900


@pytest.fixture
async def llm() -> AsyncIterator[EmbeddedLlm]:
    patient = LlmSettings(first_timeout_s=600, idle_timeout_s=600, total_timeout_s=900, context_tokens=2048)
    async with embedded_llm(patient) as made:
        yield made


class Call:
    """A journal and its two readers, without the rest of a session."""

    def __init__(self) -> None:
        self.history = History()
        self.notebook = Notebook("en")
        self.seq = self.turns = 0

    def note(self, event: Event) -> None:
        self.seq += 1
        record = Record("s", self.seq, float(self.seq), 0.0, event)
        self.history.read(record)
        for follows in self.notebook.read(record):
            self.note(follows)

    def exchange(self, said: str, answer: str) -> None:
        self.turns += 1
        self.note(TurnEnded(self.turns, 1, said, 0.0, "silence"))
        self.note(PlaybackStarted(self.turns))
        self.note(ReplyEnded(self.turns, answer, True))

    def asks(self, text: str) -> LlmRequest:
        known = Known(noted=self.notebook.noted)
        messages = build(AGENT, self.history.asking(text), budget_tokens=BUDGET, known=known)
        return LlmRequest(messages, session="call", temperature=0.0, max_tokens=40)


async def ask(llm: EmbeddedLlm, wanted: LlmRequest) -> tuple[str, float]:
    """The answer, and the share of the prompt's tokens that were in the cache."""
    text, share = "", 0.0
    async for event in llm.stream(wanted):
        if isinstance(event, TextDelta):
            text += event.text
        elif isinstance(event, Finished):
            share = event.usage.cached_tokens / event.usage.input_tokens
    return text, share


async def test_a_name_is_known_thirty_exchanges_after_it_has_left_the_turns(llm: EmbeddedLlm) -> None:
    call = Call()
    call.exchange("Hello, my name is Jordan.", "Hello! What are you looking for?")
    for n in range(30):
        call.exchange(
            f"Do you have the book number {n} of the series about old sailing ships?", "Yes, on shelf four."
        )
    wanted = call.asks("Do you remember what my name is?")
    turns = "\n".join(message.text for message in wanted.messages if "Hello, my name" in message.text)
    assert turns == "", "the turn itself is over budget"
    text, _ = await ask(llm, wanted)
    assert "Jordan" in text


async def test_the_cache_stays_warm_through_a_call(llm: EmbeddedLlm) -> None:
    """As in a call: behind each reply the turns so far are computed while nobody waits."""
    call = Call()
    shares, heads = [], set()
    for n in range(20):
        said = f"And what about book number {n}, the one with the long title about ships?"
        wanted = call.asks(said)
        heads.add(wanted.messages[1].text)
        _, share = await ask(llm, replace(wanted, max_tokens=4))
        shares.append(share)
        call.exchange(said, f"Book number {n} stands on shelf four, beside the window.")
        await llm.prefill(call.asks(""))
    print("cached shares:", " ".join(f"{share:.2f}" for share in shares))
    assert len(heads) >= 2, "old turns have gone at least once"
    assert min(shares[2:]) > 0.75


async def test_a_line_on_an_exchange_holds(llm: EmbeddedLlm) -> None:
    exchange = Exchange(
        5,
        "",
        "I'd like to reserve the atlas of Norway for my daughter, until Tuesday.",
        "Done, it waits at the desk.",
    )
    text = ""
    async for event in llm.stream(request([exchange])):
        text += event.text if isinstance(event, TextDelta) else ""
    assert "atlas" in lines_of(text, [exchange])[5].lower()
