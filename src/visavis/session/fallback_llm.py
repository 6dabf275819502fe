"""Several language models as one: an answer that breaks off is gone on with by the next.

What was handed out is never repeated: the next model is told how the answer has begun (`LlmRequest.begun`). So only
whole words are handed out, and tool calls only once the model that asks for them has come to its end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial

from visavis.kernel.errors import ProtocolViolation, ProviderError
from visavis.kernel.events import UsageCounted
from visavis.kernel.events.survival import Rung
from visavis.session.fallback import Member, Pool, Watch, guarded
from visavis.session.in_turn import in_turn
from visavis.session.preface import Preface
from visavis.session.providers import KeepsTime, log
from visavis.speak.openers import Continuation
from visavis.think.base import Finished, Llm, LlmEvent, LlmRequest, Message, TextDelta, ToolCall, ToolSpec
from visavis.think.context import prompt_tokens


class WholeWords:
    """Hands out text up to the last blank; the word behind it may not be whole yet."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> str:
        text = self._rest + text
        whole = text[: max(text.rfind(" "), text.rfind("\n")) + 1].rstrip(" ")
        self._rest = text[len(whole) :]
        return whole

    def flush(self) -> str:
        whole, self._rest = self._rest, ""
        return whole


@dataclass(slots=True, eq=False)
class _Answer:
    """One answer, whoever writes it. `said` is what was handed out of it, without words of the ladder."""

    request: LlmRequest
    said: str = ""
    interrupted: bool = False
    """Words of the ladder were handed out in it."""
    asked: Member[Llm] | None = None
    """Who was asked last."""
    written: dict[Member[Llm], int] = field(default_factory=dict)

    @property
    def aloud(self) -> bool:
        """Somebody is to hear it: words of the ladder may be in it. Not in notes for memory, nor in JSON."""
        return bool(self.request.session) and self.request.schema is None

    @property
    def begun(self) -> str:
        return f"{self.request.begun} {self.said}".strip() if self.said else self.request.begun


@dataclass(frozen=True, slots=True)
class _Aside:
    """Words of the ladder, which are no part of the answer."""

    text: str


class FallbackLlm(KeepsTime):
    """An `Llm`. `of` gives a session's own view of it; `name` and `model` are those of who answered last there."""

    def __init__(self, pool: Pool[Llm], watch: Watch | None = None) -> None:
        self.pool = pool
        self.tells_ends = all(member.engine.tells_ends for member in pool.members)
        self._watch = watch or Watch()
        self._serves(pool.first)

    def of(self, watch: Watch) -> FallbackLlm:
        return FallbackLlm(self.pool, watch)

    def _serves(self, member: Member[Llm]) -> None:
        self.name, self.model = member.name, member.engine.model

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """Raises ProviderError when the last provider fails, too."""
        answer = _Answer(self._cleared(request))
        preface = Preface(marked=request.cites is not None)
        if (words := self._words("vision_off", answer)) and (text := preface.say(f"{words} ")):
            yield TextDelta(text)
        make, given_up = partial(self._ask, answer), partial(self._count, answer)
        try:
            async with aclosing(in_turn(self.pool, self._watch, make, given_up)) as events:
                async for member, event in events:
                    self._serves(member)
                    if isinstance(event, _Aside):
                        if text := preface.say(event.text):
                            yield TextDelta(text)
                        continue
                    if isinstance(event, TextDelta):
                        answer.said += event.text
                        if text := preface.feed(event.text):
                            yield replace(event, text=text)
                        continue
                    if text := preface.flush():
                        yield TextDelta(text)
                    if isinstance(event, Finished):  # whoever reads may stop here
                        self._watch.worked(self.pool, member)
                    yield event
        except ProviderError:
            self._serves(answer.asked or self.pool.first)
            raise

    def _words(self, rung: Rung, answer: _Answer) -> str:
        return self._watch.ladder.words(rung) if answer.aloud else ""

    async def _ask(self, answer: _Answer, member: Member[Llm]) -> AsyncGenerator[LlmEvent | _Aside, None]:
        answer.asked = member
        if words := self._words("smaller_model", answer):
            yield _Aside(f" … {words} " if answer.said else f"{words} ")
            answer.interrupted = True
        alone, words_of = len(self.pool.members) == 1, WholeWords()
        goes_on = answer.said or (answer.request.begun and answer.interrupted)
        continuation = Continuation(answer.begun) if goes_on else None
        space = " " if answer.said and not answer.said[-1].isspace() else ""
        calls: list[ToolCall] = []
        end, took_s, any_text = Finished("stop"), 0.0, bool(answer.said)
        stream = guarded(self.pool, member, member.engine.stream(_request_for(member, answer)))
        async with aclosing(stream) as events:
            async for event in events:
                answer.written[member] = answer.written.get(member, 0) + 1
                if isinstance(event, ToolCall):
                    calls.append(event)
                elif isinstance(event, Finished):
                    end = event
                    break
                elif not isinstance(event, TextDelta):
                    raise ProtocolViolation("the model gave what is no part of an answer", stage="think")
                else:
                    took_s = took_s or event.took_s
                    text = continuation.feed(event.text) if continuation else event.text
                    if text := text if alone else words_of.feed(text):
                        yield TextDelta(space + text, took_s)
                        space, took_s, any_text = "", 0.0, True
        last = continuation.flush() if continuation else ""
        if text := words_of.feed(last) + words_of.flush():
            yield TextDelta(space + text, took_s)
        elif not (any_text or calls or alone):
            raise ProtocolViolation("the model answered nothing", stage="think")
        for call in calls:
            yield call
        yield end

    def _count(self, answer: _Answer, member: Member[Llm]) -> None:
        """What a provider used that was left: it did not tell, so these are our own counts."""
        amounts = {
            "input_tokens": float(prompt_tokens(answer.request.messages)),
            "output_tokens": float(answer.written.get(member, 0)),
        }
        self._watch.note(UsageCounted("llm", member.name, member.engine.model, amounts, estimated=True))

    def _cleared(self, request: LlmRequest) -> LlmRequest:
        """Without the ladder's words in what the agent has said."""
        ladder = self._watch.ladder
        if not ladder.spoke:
            return request
        messages = [
            replace(message, text=ladder.unmarked(message.text)) if message.role == "assistant" else message
            for message in request.messages
        ]
        return replace(request, messages=messages)

    async def prefill(self, request: LlmRequest) -> None:
        for member in self.pool.usable()[:1]:
            await member.engine.prefill(self._cleared(request))

    async def p_ends(self, request: LlmRequest) -> float | None:
        for member in self.pool.usable()[:1]:
            return await member.engine.p_ends(self._cleared(request)) if member.engine.tells_ends else None
        return None

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Raises ProviderError when the first provider cannot be warmed and there is no other."""
        for member in self.pool.members:
            try:
                await member.engine.warm(messages, tools)
            except ProviderError as error:
                if len(self.pool.members) == 1:
                    raise
                log.warning("the language model '%s' cannot be warmed: %s", member.name, error)

    async def close(self) -> None:
        """Nothing: the engines belong to the process."""


def _request_for(member: Member[Llm], answer: _Answer) -> LlmRequest:
    """A model that cannot be told of an answer's beginning beside tools goes on without them: an answer that has
    begun is an answer, and no call."""
    untold = bool(answer.said) and not getattr(member.engine, "begins_with_tools", True)
    tools = () if untold else answer.request.tools
    return replace(answer.request, begun=answer.begun, tools=tools)
