"""The real embedded model: answers, keeps its cache, gives way when told, chooses tools, and ends cleanly.

The model comes from the store (`visavis models pull`); a missing one fails, with the command that fetches it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Literal

import pytest
from embedded import embedded_llm

from visavis.kernel.agent import Agent
from visavis.kernel.settings import LlmSettings
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolCall
from visavis.think.context import Turn, build
from visavis.think.embedded import EmbeddedLlm
from visavis.think.tools import ToolBox

pytestmark = pytest.mark.e2e

AGENT = Agent(
    "Ada", "You help visitors of the town library. It opens at nine and closes at six. A card costs five euros."
)
PATIENT = LlmSettings(first_timeout_s=300, idle_timeout_s=200, total_timeout_s=500)


@pytest.fixture
async def llm() -> AsyncIterator[EmbeddedLlm]:
    async with embedded_llm(PATIENT) as made:
        yield made


def request(*turns: Turn, session: str = "a", box: ToolBox | None = None, max_tokens: int = 60) -> LlmRequest:
    messages = build(AGENT, turns, budget_tokens=3000)
    return LlmRequest(messages, box.specs if box else (), session=session, temperature=0.0, max_tokens=max_tokens)


async def ask(llm: EmbeddedLlm, wanted: LlmRequest) -> tuple[str, list[LlmEvent]]:
    events = [event async for event in llm.stream(wanted)]
    return "".join(event.text for event in events if isinstance(event, TextDelta)), events


def cached_share(events: list[LlmEvent]) -> float:
    assert isinstance(events[-1], Finished)
    return events[-1].usage.cached_tokens / events[-1].usage.input_tokens


async def test_it_answers_from_a_warm_prompt_in_every_slot(llm: EmbeddedLlm) -> None:
    await llm.warm(build(AGENT, [], budget_tokens=3000))
    for session in ("a", "b"):
        text, events = await ask(llm, request(Turn("user", "When do you open?"), session=session))
        assert "nine" in text.lower() or "9" in text
        assert cached_share(events) > 0.8


async def test_it_goes_on_from_what_has_been_begun(llm: EmbeddedLlm) -> None:
    wanted = request(Turn("user", "When do you open?"))
    await ask(llm, wanted)
    text, events = await ask(llm, replace(wanted, begun="Let me see,"))
    said = text.lower().lstrip(" ,")
    assert "nine" in said or "9" in said
    assert not said.startswith("let me see")
    assert cached_share(events) > 0.9, "a beginning costs its own few tokens, no more"


async def test_prefill_leaves_little_to_compute(llm: EmbeddedLlm) -> None:
    said = "Hello, I am new in town, and I would like to know what a library card costs for one"
    await llm.prefill(request(Turn("user", said)))
    text, events = await ask(llm, request(Turn("user", f"{said} year?")))
    assert "five" in text.lower() or "5" in text
    assert cached_share(events) > 0.9


async def test_a_closed_stream_stops_the_model(llm: EmbeddedLlm) -> None:
    stream = llm.stream(request(Turn("user", "Count to five hundred in words."), max_tokens=500))
    for _ in range(3):
        await anext(stream)
    await stream.aclose()
    while (written := await at_work(llm)) is not None:  # whatever the machine's speed: it is the tokens that count
        assert written < 400
        await asyncio.sleep(0.05)
    text, _ = await ask(llm, request(Turn("user", "Say yes."), max_tokens=5))
    assert text


async def at_work(llm: EmbeddedLlm) -> int | None:
    """Tokens of the answer that the model is writing; None when it writes none."""
    head = {"Authorization": f"Bearer {llm._server.key}"}
    async with llm._chat._http().get(f"{llm._server.base_url}/slots", headers=head) as told:
        slots = await told.json()
    return next((slot["next_token"][0]["n_decoded"] for slot in slots if slot["is_processing"]), None)


async def test_an_endless_reply_is_cut(llm: EmbeddedLlm) -> None:
    _, events = await ask(llm, LlmRequest([Message("user", "Count to five hundred in words.")], max_tokens=12))
    assert isinstance(events[-1], Finished) and events[-1].why == "length"


def find_book(title: str) -> str:
    """Looks up a book in the catalogue."""
    return "It is on shelf B4."


def transfer(department: Literal["desk", "events", "it"]) -> str:
    """Connects the person to a member of staff."""
    return "connected"


async def test_it_chooses_between_tools_and_speech(llm: EmbeddedLlm) -> None:
    box = ToolBox([find_book, transfer])
    wanted = {
        "Hello, who are you?": "",
        "Do you have a book called Moby Dick?": "find_book",
        "Please get me a real person about events.": "transfer",
        "Is Dracula by Bram Stoker available?": "find_book",
        "Thanks, goodbye!": "",
    }
    right = 0
    for said, tool in wanted.items():
        text, events = await ask(llm, request(Turn("user", said), box=box))
        called = events[0].name if isinstance(events[0], ToolCall) else ""
        right += called == tool
        assert bool(text) != bool(called)
        assert "{" not in text
    assert right >= 4


async def test_it_tells_a_tools_result(llm: EmbeddedLlm) -> None:
    box = ToolBox([find_book])
    asked = Turn("user", "Do you have a book called Moby Dick?")
    _, events = await ask(llm, request(asked, box=box))
    call = events[0]
    assert isinstance(call, ToolCall)
    result = await box.run(call)
    assert result.ok
    turns = [asked, Turn("assistant", "", tool_calls=(call,)), Turn("tool", result.text, tool_call_id=call.id)]
    text, _ = await ask(llm, request(*turns, box=box))
    assert "B4" in text


def test_a_process_that_forgets_to_close_it_still_ends() -> None:
    program = """
        import asyncio
        from visavis.kernel.settings import LlmSettings, ServerSettings, Settings
        from visavis.models.engines import EngineContext
        from visavis.models.scheduler import ComputeScheduler
        from visavis.models.store import ModelStore
        from visavis.think.base import LlmRequest, Message
        from visavis.think.embedded import EmbeddedLlm

        async def main():
            settings = Settings(llm=LlmSettings(first_timeout_s=240), server=ServerSettings(max_sessions=1))
            context = EngineContext(settings, ModelStore(settings.models), ComputeScheduler(1))
            llm = await EmbeddedLlm.load(context)
            stream = llm.stream(LlmRequest([Message("user", "Count to five hundred.")], max_tokens=400))
            await anext(stream)
            print("speaking", flush=True)

        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "speaking" in done.stdout
