"""One reply: words from a model or fixed, cut into clauses, turned into voice, handed to the mouth.

A reply runs in its own task. Cancelling it stops the model and the voice; nothing it has not yet released was
heard. Tools run only once the reply is released: the person's turn is over by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from visavis.kernel.agent import Agent
from visavis.kernel.errors import VisavisError
from visavis.kernel.events import (
    Event,
    FirstClause,
    FirstSpeech,
    FirstToken,
    OpenerChosen,
    ProviderFailed,
    Record,
    UsageCounted,
)
from visavis.kernel.settings import LlmSettings
from visavis.session.mouth import Mouth
from visavis.session.providers import MARGIN_S, SPEAK_S, timed, translated
from visavis.session.stack import Layers
from visavis.session.tool_run import ToolRun
from visavis.speak.openers import Continuation
from visavis.speak.passages import PassageCutter, Protected
from visavis.think.base import Finished, LlmRequest, Message, TextDelta, ToolCall, Usage
from visavis.think.context import prompt_tokens

Deltas = AsyncGenerator[str | None, None]

PIECES_AHEAD = 6
"""Clauses that may wait for the voice; the model's stream waits beyond that."""

MAX_REPLY_CHARS = 4_000
"""A model that does not stop is cut here, whatever its provider allows."""


@dataclass(slots=True)
class Outcome:
    """How a reply's making went. `error` is what stopped it; `said_any` whether any voice was made before, apart from
    an opener's."""

    text: str = ""
    said_any: bool = False
    error: VisavisError | None = None
    layer: str = ""


class Reply:
    """`number` is unique in the session; `turn` and `revision` say what it answers (0: nobody asked).

    `openers_before`: openers heard in this call, newest last.
    """

    def __init__(
        self,
        number: int,
        kind: str,
        *,
        agent: Agent,
        layers: Layers,
        mouth: Mouth,
        note: Callable[[Event], Record],
        turn: int = 0,
        revision: int = 0,
        openers_before: Sequence[str] = (),
    ) -> None:
        self.number = number
        self.kind = kind
        self.turn = turn
        self.revision = revision
        self.outcome = Outcome()
        self.released = asyncio.Event()
        self._agent = agent
        self._layers = layers
        self._mouth = mouth
        self._note = note
        self.opener = ""
        """The words that the reply begins with before any content, while they are to be heard."""
        self.ready_s = 0.0
        """Media time at which the first content could be heard."""
        self.used_tools = False
        self._protected = ""
        """The piece that is said to its end, whoever speaks."""
        self._openers_before = openers_before
        self._content = ""
        self._token_seen = False
        self._clause_seen = False

    async def say(self, text: str) -> Outcome:
        """Speak fixed words."""

        async def words() -> AsyncGenerator[str | None, None]:
            yield text

        return await self._make(words())

    async def answer(
        self,
        request: Callable[[], Awaitable[LlmRequest]],
        tools: ToolRun,
        settings: LlmSettings,
        *,
        opening: str = "",
        goes_on: bool = True,
        protected: bool = False,
        through: Callable[[Deltas], Deltas] = lambda deltas: deltas,
    ) -> Outcome:
        """Answer by the model, which `goes_on` from `opening`, or begins anew behind it; a `protected` one is said to
        its end. `request` may take a moment: the opening is said meanwhile. What is written goes `through` a filter.
        Failures end in the outcome, not in an exception."""
        self._protected = opening if protected else ""
        return await self._make(through(self._think(request, tools, settings, opening if goes_on else "")), opening)

    def release(self) -> None:
        """The reply may be heard. An opener that has no time to fill any more is left out, if the content stands
        without it."""
        not_needed = self.opener and self._content and self._layers.openers.can_go(self.opener, self._content)
        if not_needed and self._mouth.skip_opener():
            self.outcome.text = self.outcome.text.removeprefix(f"{self.opener} ")
            self.opener = ""
        self.released.set()

    def _open(self, text: str) -> bool:
        """Begin with `text` from the voice made ahead; False when there is none."""
        speeches = self._layers.openers.speech(text)
        if speeches:
            self._note(OpenerChosen(self.number, text))
            self.opener, self.outcome.text = text, f"{text} "
            for speech in speeches:
                self._mouth.add(speech)
        return bool(speeches)

    async def _make(self, deltas: AsyncGenerator[str | None, None], opening: str = "") -> Outcome:
        pieces: asyncio.Queue[str | None] = asyncio.Queue(PIECES_AHEAD)
        if opening and not self._open(opening):
            self.outcome.text = f"{opening} "
            await self._queue(pieces, opening)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._voice(pieces), name=f"voice-{self.number}")
            await self._cut(deltas, pieces)
        self._mouth.complete()
        return self.outcome

    async def _cut(self, deltas: AsyncGenerator[str | None, None], pieces: asyncio.Queue[str | None]) -> None:
        """None among the deltas: what was written so far is to be said now."""
        cutter = PassageCutter(self._agent.language)
        try:
            async with aclosing(deltas):
                async for delta in deltas:
                    self.outcome.text += delta or ""
                    for piece in cutter.flush() if delta is None else cutter.feed(delta):
                        await self._queue(pieces, piece)
                    if len(self.outcome.text) > MAX_REPLY_CHARS:
                        break
            for piece in cutter.flush():
                await self._queue(pieces, piece)
        except VisavisError as error:
            self._failed("llm", f"{self._layers.llm.name}", error)
        await pieces.put(None)

    async def _queue(self, pieces: asyncio.Queue[str | None], piece: str) -> None:
        if not self._clause_seen:
            self._clause_seen = True
            self._note(FirstClause(self.number))
        await pieces.put(piece)

    async def _voice(self, pieces: asyncio.Queue[str | None]) -> None:
        """Turns pieces into speech until None comes; after a failure it only drains, so that nobody waits."""
        while (piece := await pieces.get()) is not None:
            if self.outcome.layer == "tts":
                continue
            try:
                await self._speak(piece)
            except VisavisError as error:
                self._failed("tts", self._layers.tts.name, error)

    async def _speak(self, piece: str) -> None:
        tts, agent = self._layers.tts, self._agent
        asked_s = asyncio.get_running_loop().time()
        stream = tts.stream(piece, voice=agent.voice, language=agent.language)
        with translated("tts", tts.name):
            async with aclosing(
                timed(tts, "tts", stream, first_s=SPEAK_S, idle_s=SPEAK_S, total_s=3 * SPEAK_S)
            ) as speeches:
                async for speech in speeches:
                    if not self.outcome.said_any:
                        self.outcome.said_any = True
                        spoken = self._note(FirstSpeech(self.number, _took(speech.took_s, asked_s)))
                        self._content, self.ready_s = piece, spoken.at_s
                    protected = isinstance(piece, Protected) or piece == self._protected
                    self._mouth.add(replace(speech, protected=protected))

    def _failed(self, layer: str, provider: str, error: VisavisError) -> None:
        self.outcome.error, self.outcome.layer = error, layer
        self._note(ProviderFailed.of(layer, provider, error))

    async def _think(
        self, asked: Callable[[], Awaitable[LlmRequest]], tools: ToolRun, settings: LlmSettings, begun: str
    ) -> AsyncGenerator[str | None, None]:
        request = replace(await asked(), begun=begun)
        exchange: list[Message] = []
        told = 0  # so many characters of what is said stand in the request's messages
        if tools.asked_before:
            said_before = len(self.outcome.text) if begun else 0
            async for words in self._with_tools(tools.approved, exchange):
                yield words
            exchange[:1] = [replace(one, text=self.outcome.text[said_before:].strip()) for one in exchange[:1]]
            told = len(self.outcome.text)
            request = replace(request, messages=[*request.messages, *exchange])
        while True:
            calls: list[ToolCall] = []
            continuation = Continuation(request.begun)
            async with aclosing(self._events(request, settings)) as events:
                async for event in events:
                    if isinstance(event, ToolCall):
                        calls.append(tools.numbered(event))
                    elif text := continuation.feed(event) if request.begun else event:
                        yield text
            if text := continuation.flush():
                yield text
            if not calls or not request.tools:
                return
            yield None
            exchange = [Message("assistant", "", tuple(calls))]
            async for words in self._with_tools(
                partial(tools.use, calls, request.messages), exchange, tools.waits_with_words(calls)
            ):
                yield words
            if tools.over:
                return
            # Only now is all said that the person hears before the answer: an opener, words while a tool runs.
            exchange[0] = replace(exchange[0], text=self._said_since(told, request.begun))
            told = len(self.outcome.text)
            offered = request.tools if tools.may_go_on else ()
            request = replace(request, messages=[*request.messages, *exchange], begun="", tools=offered)

    def _said_since(self, told: int, begun: str) -> str:
        """What was said behind the first `told` characters; and `begun`, when that is among them."""
        text = self.outcome.text[told:].strip()
        return f"{begun} {text}".strip() if told else text

    async def _with_tools(
        self,
        use: Callable[[list[Message]], AsyncGenerator[str | None, None]],
        exchange: list[Message],
        own_words: bool = False,
    ) -> AsyncGenerator[str | None, None]:
        """Once the reply is released, runs tools; yields what is to be said meanwhile."""
        await self.released.wait()
        self.used_tools = True
        if not self.outcome.text.strip() and not own_words:
            self._open(self._layers.openers.for_tool(self._openers_before))
        async with aclosing(use(exchange)) as said:
            async for words in said:
                yield words

    async def _events(self, request: LlmRequest, settings: LlmSettings) -> AsyncGenerator[str | ToolCall, None]:
        llm = self._layers.llm
        stream = timed(
            llm,
            "llm",
            llm.stream(request),
            first_s=settings.first_timeout_s + MARGIN_S,
            idle_s=settings.idle_timeout_s + MARGIN_S,
            total_s=settings.total_timeout_s + MARGIN_S,
        )
        asked_s = asyncio.get_running_loop().time()
        usage, written = None, 0
        try:
            with translated("llm", llm.name):
                async with aclosing(stream) as events:
                    async for event in events:
                        if isinstance(event, Finished):
                            usage = event.usage
                            return
                        written += 1
                        if not self._token_seen:
                            self._token_seen = True
                            told_s = event.took_s if isinstance(event, TextDelta) else 0.0
                            self._note(FirstToken(self.number, _took(told_s, asked_s)))
                        yield event.text if isinstance(event, TextDelta) else event
        finally:
            self._count(usage or Usage(prompt_tokens(request.messages), written), estimated=usage is None)

    def _count(self, usage: Usage, *, estimated: bool) -> None:
        llm = self._layers.llm
        amounts = {
            "input_tokens": float(usage.input_tokens),
            "output_tokens": float(usage.output_tokens),
            "cached_tokens": float(usage.cached_tokens),
        }
        self._note(UsageCounted("llm", llm.name, llm.model, amounts, self.number, estimated))


def _took(told_s: float, asked_s: float) -> float:
    """What a provider says that its first result took; else the time since it was asked."""
    return round(told_s or asyncio.get_running_loop().time() - asked_s, 4)
