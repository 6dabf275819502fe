"""The replies of one session: at most one has the mouth; each runs in its own task below the session's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import (
    Apologized,
    Event,
    FirstAudioPlayed,
    FirstContentPlayed,
    Interrupted,
    PlaybackStopped,
    Record,
    ReplyDiscarded,
    ReplyEnded,
    ReplyReleased,
    ReplyStarted,
)
from visavis.kernel.settings import LlmSettings
from visavis.session.ahead import PrefillAhead
from visavis.session.knowing import Knowing, cites
from visavis.session.look import Look
from visavis.session.mouth import Mouth
from visavis.session.phrases import phrase
from visavis.session.providers import limited, translated
from visavis.session.remembering import Remembering
from visavis.session.reply import Outcome, Reply
from visavis.session.stack import Layers
from visavis.session.tool_run import ToolDesk
from visavis.speak.passages import unmarked
from visavis.think.base import LlmRequest
from visavis.think.context import Turn, build
from visavis.think.tools import ToolBox
from visavis.turn.conductor import Action, Discard, Hold, Release, Start
from visavis.turn.requests import wait_request

P_ENDS_S = 1.0
"""What the model thinks of the words must be known this soon, or it is of no use."""


class Replies:
    """Starts, holds, releases, discards and interrupts replies, and apologises when one fails."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        agent: Agent,
        layers: Layers,
        mouth: Mouth,
        note: Callable[[Event], Record],
        fact: Callable[[Event], None],
        asking: Callable[[str], Sequence[Turn]],
        commit: Callable[[], Awaitable[int]],
        settings: LlmSettings,
        session: str,
        look: Look,
        memory: Remembering,
        *,
        count: int = 0,
    ) -> None:
        self._group = group
        self._agent = agent
        self._layers = layers
        self._mouth = mouth
        self._note = note
        self._fact = fact
        self._asking = asking
        self._settings = settings
        self._session = session
        self._look = look
        self._memory = memory
        self._knowing = Knowing(group, layers.knowledge, agent.language, note)
        tools = ToolBox(layers.tools(agent, look.tool), layers.mcp)
        self.desk = ToolDesk(tools, group, note, commit, agent.language)
        self._count = count
        self._ahead = PrefillAhead(
            group, layers.llm, self._request, total_s=settings.total_timeout_s, new_words=settings.prefill_words
        )
        self._asked_at_s = 0.0
        self._openers_heard: list[str] = []
        mouth.on_content = self._content_began
        self._current: Reply | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """True while a reply is being made or said."""
        return self._current is not None

    def act(self, action: Action) -> None:
        """Carry out what the conductor decided."""
        match action:
            case Start(revision=revision, turn=turn, text=text, cut=cut):
                self.drop("superseded")
                reply = self._begin("answer", turn, revision)
                self._run(reply, partial(self._answer, reply, text, cut))
            case Hold():
                self._hold()
            case Release():
                self.release()
            case Discard(why=why):
                self.drop(why)

    def _hold(self) -> None:
        """Not to be heard, and no tool to be run, until released again."""
        if self._current is not None:
            self._current.released.clear()
        self._mouth.release(False)

    def hear(self, partial: str) -> None:
        """What the person has said of their turn so far."""
        self._look.hear(partial)
        self._knowing.hear(partial)
        if self._current is None:
            self._ahead.words(partial)

    def seen(self) -> None:
        """There is something new to tell of what is seen: the model may read it before it is asked about it."""
        if self._current is None:
            self._ahead.turn()

    async def p_ends(self, text: str) -> float | None:
        """Whether the model takes `text` for complete; None when it cannot tell, or fails: it has only not helped."""
        llm = self._layers.llm
        with suppress(ProviderError), translated("llm", llm.name):
            async with limited("llm", P_ENDS_S, "total"):
                return await llm.p_ends(self._request(text))
        return None

    def _request(self, text: str) -> LlmRequest:
        budget = self._settings.context_tokens - self._settings.max_tokens
        quotes = self._knowing.quotes(text)
        known = replace(self._memory.known(), sight=self._look.told(), passages=quotes)
        messages = build(
            self._agent, self._asking(text), budget_tokens=budget, tools=self.desk.tools.specs, known=known
        )
        specs, settings = self.desk.tools.specs, self._settings
        request = LlmRequest(messages, specs, settings.max_tokens, settings.temperature, self._session)
        return replace(request, cites=cites(quotes), language=self._agent.language)

    def release(self) -> None:
        """The current reply may be heard."""
        if self._current is not None and not self._current.released.is_set():
            self._note(ReplyReleased(self._current.number))
            self._current.release()
        self._mouth.release()

    def say(self, kind: str, text: str) -> None:
        """Speak fixed words now, in place of whatever reply there is."""
        self.drop("overtaken")
        reply = self._begin(kind, 0, 0)
        self._run(reply, partial(reply.say, text))
        self.release()

    def became_audible(self, asked_at_s: float, now_s: float) -> None:
        """The current reply's first sample is leaving. `asked_at_s`: the person's last sound, 0 if none."""
        reply = self._current
        if reply is None:
            return
        self._asked_at_s = asked_at_s
        opener = self._mouth.opening
        if reply.turn:
            self._look.used(reply.number)
            self._knowing.heard(reply.number)
        self._note(FirstAudioPlayed(reply.number, self._v2v_s(reply, now_s), opener))
        if opener:
            self._openers_heard.append(reply.opener)
        else:
            self._learn(reply)

    def _content_began(self, now_s: float) -> None:
        """Behind an opener, the current reply's first content is leaving."""
        if self._current is not None:
            self._note(FirstContentPlayed(self._current.number, self._v2v_s(self._current, now_s)))
            self._learn(self._current)

    def _v2v_s(self, reply: Reply, now_s: float) -> float:
        return round(now_s - self._asked_at_s, 4) if reply.turn else 0.0

    def _learn(self, reply: Reply) -> None:
        if reply.turn and reply.ready_s:
            self._layers.openers.learn(reply.ready_s - self._asked_at_s, tools=reply.used_tools)

    def interrupt(self) -> None:
        """The person took the floor: silence, and only what was heard stays in the context."""
        reply = self._current
        if reply is None:
            return
        self._cancel()
        heard = self._mouth.stop()
        self._note(Interrupted(reply.number, heard))
        self._ended(reply, heard, ok=False)

    def _ended(self, reply: Reply, heard: str, *, ok: bool) -> None:
        self.desk.heard(reply.number, heard, answers=bool(reply.turn))
        self._fact(ReplyEnded(reply.number, heard, ok))

    async def finished(self) -> None:
        """Waits until the current reply has been said to its end."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _begin(self, kind: str, turn: int, revision: int) -> Reply:
        self._count += 1
        self._ahead.stop()
        self._note(ReplyStarted(self._count, turn, revision, kind))
        self._mouth.begin(self._count, released=False)
        reply = Reply(
            self._count,
            kind,
            agent=self._agent,
            layers=self._layers,
            mouth=self._mouth,
            note=self._note,
            turn=turn,
            revision=revision,
            openers_before=self._openers_heard,
        )
        self._current = reply
        return reply

    def _run(self, reply: Reply, making: Callable[[], Awaitable[Outcome]]) -> None:
        self._task = self._group.create_task(self._see_through(reply, making), name=f"reply-{reply.number}")

    async def _answer(self, reply: Reply, text: str, cut: bool) -> Outcome:
        if asked := wait_request(text, self._agent.language):
            return await reply.say(phrase(asked, self._agent.language))
        if self._memory.would_forget(text):
            return await reply.say(phrase("forgotten", self._agent.language))
        looking = self._look.begin(text)
        declined = await self._knowing.look_up(reply.turn, text)
        if declined and not looking and not self.desk.tools.specs:
            return await reply.say(declined)
        opening = phrase("jump_in", self._agent.language) if cut else self._opener(text, looking)

        async def request() -> LlmRequest:
            if looking:
                await self._look.wait()
            self._look.tells(reply.number)
            return self._request(text)

        tools = self.desk.run(reply.number, reply.turn, text)
        cited = partial(self._knowing.answer, reply.number, text)
        # "Let me check." is a sentence of its own: a model that goes on from it may find that all has been said.
        return await reply.answer(
            request,
            tools,
            self._settings,
            opening=opening,
            goes_on=not looking,
            protected=cut,
            through=cited,
        )

    def _opener(self, text: str, looking: bool) -> str:
        """Looking takes time like a tool does."""
        openers = self._layers.openers
        return (openers.for_tool(self._openers_heard) if looking else "") or openers.choose(text, self._openers_heard)

    async def _see_through(self, reply: Reply, making: Callable[[], Awaitable[Outcome]]) -> None:
        outcome = await making()
        if outcome.error is not None or not outcome.said_any:
            await self._apologise(reply, outcome)
        await reply.released.wait()
        await self._mouth.finished.wait()
        voice_broke = outcome.layer == "tts"
        shown_only = voice_broke and (not outcome.said_any or self._layers.ladder.on("captions_only"))
        heard = unmarked(outcome.text) if shown_only else self._mouth.heard()
        self._current = self._task = None
        self._ended(reply, heard, ok=shown_only or not voice_broke)
        self._ahead.turn()
        if not outcome.said_any and not reply.opener:
            self._fact(PlaybackStopped(reply.number))

    async def _apologise(self, reply: Reply, outcome: Outcome) -> None:
        """Never silence: say sorry if the voice works, and show it in any case."""
        await reply.released.wait()
        code = outcome.error.code if outcome.error is not None else "empty_reply"
        if outcome.layer == "tts" and self._layers.ladder.on("captions_only"):
            return
        self._note(Apologized(reply.number, code))
        if outcome.layer == "tts":
            return
        self._mouth.reopen()
        await reply.say(self._layers.ladder.unanswered(code, said_any=outcome.said_any))

    def drop(self, why: str) -> None:
        """End the current reply: interrupted if it is being heard, else discarded without a trace in context.
        One whose last sample has just left is neither: it was heard, and its task has only not said so yet."""
        reply = self._current
        if reply is None:
            return
        if self._mouth.audible == reply.number:
            self.interrupt()
            return
        self._cancel()
        if heard := self._mouth.stop():
            self._ended(reply, heard, ok=True)
        else:
            self._note(ReplyDiscarded(reply.number, why))

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._current = self._task = None
