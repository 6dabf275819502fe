"""The embedded model's answers from passages, as a call would make them: which questions are declined?"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from visavis.kernel.agent import Agent
from visavis.models.engines import Engines
from visavis.think.base import Llm, LlmRequest, TextDelta
from visavis.think.context import Known, Turn, build
from visavis.think.knowledge.citations import Citations
from visavis.think.knowledge.grounding import Quote, evidence, quotes
from visavis.think.knowledge.library import Library

AGENT = Agent("Ada", "You answer questions about the documents.", greeting="", knowledge=("documents",))
DECLINED = "\0"
_CHARS_PER_TOKEN = 3.6


async def declined(engines: Engines, library: Library, questions: Sequence[str]) -> float:
    """Share of `questions` that are declined, with the embedded language model. Raises ModelError."""
    llm: Llm = await engines.get("llm", "embedded")
    count = 0
    for question in questions:
        count += await answer(engines, llm, library, question) == DECLINED
    return count / max(1, len(questions))


async def answer(engines: Engines, llm: Llm, library: Library, question: str) -> str:
    """What would be said, DECLINED when that is not from the documents."""
    settings = engines.context.settings
    found = evidence(await library.search(question, settings.knowledge.passages), settings.knowledge.least_cosine)
    shown = quotes(question, found, round(settings.knowledge.passage_tokens * _CHARS_PER_TOKEN))
    if not shown:
        return DECLINED
    messages = build(
        AGENT, [Turn("user", question)], budget_tokens=settings.llm.context_tokens - settings.llm.max_tokens,
        known=Known(passages=shown),
    )  # fmt: skip
    request = LlmRequest(messages, max_tokens=60, temperature=0.0, session="bench", cites=len(shown))
    said = [text async for text in _said(llm, request, shown) if text]
    return "".join(said)


async def _said(llm: Llm, request: LlmRequest, shown: Sequence[Quote]) -> AsyncGenerator[str | None, None]:
    async def deltas() -> AsyncGenerator[str | None, None]:
        async with aclosing(llm.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    yield event.text

    async with aclosing(Citations(lambda: shown, DECLINED, lambda passage: None).strip(deltas())) as texts:
        async for text in texts:
            yield text
