"""The embedded model's answers from passages, as a call would make them: what do they rest on, if anything?"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from visavis.bench.retrieval_sets import Asked
from visavis.kernel.agent import Agent
from visavis.models.engines import Engines
from visavis.think.base import Llm, LlmRequest, TextDelta
from visavis.think.context import Known, Turn, build
from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.citations import Citations
from visavis.think.knowledge.grounding import evidence, quotes
from visavis.think.knowledge.library import Library

AGENT = Agent("Ada", "You answer questions about the documents.", greeting="", knowledge=("documents",))
_CHARS_PER_TOKEN = 3.6
_DECLINED = "."


@dataclass(frozen=True, slots=True)
class Answers:
    """Shares of the questions: `declined`; and `rightly_cited` of those answered, by a document that is wanted."""

    declined: float
    rightly_cited: float | None


async def answers(engines: Engines, library: Library, asked: Sequence[Asked]) -> Answers:
    """Asks each item's first query of the embedded language model. Raises ModelError, ProviderError."""
    llm: Llm = await engines.get("llm", "embedded")
    declined = right = 0
    for number, item in enumerate(asked, 1):
        source = await named(engines, llm, library, item.queries[0])
        declined += source is None
        right += source in item.wanted
        print(f"  {number}/{len(asked)}: {declined} declined, {right} rest on the right one", file=sys.stderr)
    answered = len(asked) - declined
    return Answers(declined / max(1, len(asked)), right / answered if answered else None)


async def named(engines: Engines, llm: Llm, library: Library, question: str) -> str | None:
    """The document that the answer rests on, by the mark it begins with; None: the question is declined."""
    settings = engines.context.settings
    found = evidence(await library.search(question, settings.knowledge.passages), settings.knowledge.least_cosine)
    shown = quotes(question, found, round(settings.knowledge.passage_tokens * _CHARS_PER_TOKEN))
    if not shown:
        return None
    messages = build(
        AGENT, [Turn("user", question)], budget_tokens=settings.llm.context_tokens - settings.llm.max_tokens,
        known=Known(passages=shown),
    )  # fmt: skip
    request = LlmRequest(messages, max_tokens=60, temperature=0.0, session="bench", cites=len(shown))
    cited: list[Passage] = []
    async with aclosing(Citations(lambda: shown, _DECLINED, cited.append).strip(_deltas(llm, request))) as texts:
        async for text in texts:
            if text:
                break  # behind the mark: what it says is not judged here
    return cited[0].source if cited else None


async def _deltas(llm: Llm, request: LlmRequest) -> AsyncGenerator[str | None, None]:
    async with aclosing(llm.stream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                yield event.text
