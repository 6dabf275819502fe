"""Running the tools that a model asks for: refused, asked about first, run once, noted, and told to the model.

A desk belongs to a session, a run to one reply. Only the reply's release lets a run begin: the person's turn is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from visavis.journal.journal import SessionLog
from visavis.kernel.events import (
    ApprovalAnswered,
    ApprovalAsked,
    ButtonPressed,
    Event,
    FormFilled,
    OptionsChosen,
    PageShown,
    Record,
    ToolCalled,
    ToolRefused,
    ToolReturned,
)
from visavis.session.finishing import FINISH_S, finished
from visavis.session.phrases import phrase
from visavis.session.tool_gate import Asking, asking
from visavis.session.tool_ledger import Entry, ToolLedger
from visavis.think.approval import answer
from visavis.think.base import Message, ToolCall
from visavis.think.context import tool_message
from visavis.think.data_marks import FROM_TOOL, as_data
from visavis.think.tool_schema import Refusal
from visavis.think.tools import Checked, Tool, ToolBox, ToolResult, as_text, call_function, run

TOOL_ROUNDS = 3
"""Times that a model may use tools within one reply."""

REPAIRS = 2
"""Times that it may mend calls that were refused; then the person is told."""

WAITING_S = 0.6
"""A result that takes no longer needs no words while it is waited for."""

_STATED = (".", "!", "。", "！")
"""How words end that ask nothing."""

_CLOSING = " \"'”’»)"
_UNKNOWN = " Whether it took effect is not known."


@dataclass(slots=True)
class Pending:
    """A call that waits for a yes to `question`, asked in reply number `reply`; `heard` to its end? `overtaken`:
    something else has been said since that a yes may be meant for."""

    checked: Checked
    question: str
    reply: int
    heard: bool = False
    overtaken: bool = False


class ToolDesk:
    """The tools of one session. Calls run as tasks of `group`; what happens is noted, intents are committed first."""

    def __init__(
        self,
        tools: ToolBox,
        group: asyncio.TaskGroup,
        note: Callable[[Event], Record],
        commit: Callable[[], Awaitable[int]],
        language: str,
    ) -> None:
        self.tools = tools
        self.ledger = ToolLedger(tools, language)
        self.pending: Pending | None = None
        self.language = language
        self.note = note
        self.commit = commit
        self._group = group
        self._cut: set[asyncio.Task[ToolResult]] = set()

    def follow(self, log: SessionLog) -> None:
        """Know what has happened in this call so far, and what will."""
        self.ledger.remember(log.past)
        log.readers += [self.ledger.read, self._pressed]

    def _pressed(self, record: Record) -> None:
        """What is pressed on the page answers what is shown there, not what was asked aloud."""
        if self.pending is not None and isinstance(record.event, ButtonPressed | OptionsChosen | FormFilled):
            self.pending.overtaken = True

    def run(self, reply: int, turn: int, text: str) -> ToolRun:
        """The tools of a reply that answers `text`."""
        return ToolRun(self, reply, turn, text)

    def heard(self, reply: int, text: str, *, answers: bool = False) -> None:
        """What the person heard of a reply: only a question heard to its end can be answered, and not once another
        reply `answers` another turn, or has asked something itself, as far as it was heard."""
        pending = self.pending
        if pending is None or not text:
            return
        if pending.reply == reply:
            pending.heard = "".join(pending.question.split()) in "".join(text.split())
        elif answers or not text.rstrip(_CLOSING).endswith(_STATED):
            pending.overtaken = True

    def start(self, reply: int, checked: Checked) -> asyncio.Task[ToolResult]:
        task = self._group.create_task(self._carry_out(reply, checked), name=f"tool-{checked.call.name}")
        self.ledger.begin(checked, task)
        return task

    def cut(self, task: asyncio.Task[ToolResult]) -> None:
        """The person has taken the floor from a call that is not to go on. At the end of all, which cancels every
        task, there is nothing more to do: what writes still gets its time."""
        if not task.done() and not task.cancelling():
            self._cut.add(task)
            task.add_done_callback(self._cut.discard)
            task.cancel()

    async def reconciled(self, checked: Checked, otherwise: ToolResult) -> ToolResult:
        """What came of a call that nobody saw the end of, as the tool's own means of finding out tells."""
        rules = checked.tool.rules
        if rules.reconcile is None:
            return otherwise
        arguments = checked.tool.bind(checked.arguments) if checked.tool.bind is not None else checked.arguments
        try:
            async with asyncio.timeout(rules.timeout_s):
                found = await call_function(rules.reconcile, arguments)
        except Exception:  # noqa: BLE001 - a builder's function may raise anything; nothing is known then as before
            return otherwise
        if found is None:
            return ToolResult(False, f"{otherwise.text} It did not take effect; it may be tried again.")
        return ToolResult(True, as_text(found, checked.tool, checked.arguments))

    async def _outcome(self, checked: Checked) -> ToolResult:
        result = await run(checked)
        if not checked.tool.rules.writes or result.settled:
            return result
        return await self.reconciled(checked, replace(result, text=f"{result.text}{_UNKNOWN}"))

    async def _seen_through(self, checked: Checked) -> ToolResult:
        """A write: its outcome, whatever ends it. The person's interruption cuts only what may be cut; the end of the
        call leaves every write some time. What was cut is then found out about, or noted as not known."""
        task = asyncio.current_task()
        result = await finished(self._outcome(checked), lambda: 0.0 if task in self._cut else FINISH_S)
        if result is not None:
            return result
        how = "was cut short by the person" if task in self._cut else "was still running when the call ended"
        return await self.reconciled(
            checked, ToolResult(False, f"{checked.call.name} {how}.{_UNKNOWN}", settled=False)
        )

    async def _carry_out(self, reply: int, checked: Checked) -> ToolResult:
        loop, call, writes = asyncio.get_running_loop(), checked.call, checked.tool.rules.writes
        began_s = loop.time()
        try:
            result = await (self._seen_through(checked) if writes else self._outcome(checked))
        except asyncio.CancelledError:
            self.ledger.end(checked, None)
            raise
        took_s = round(loop.time() - began_s, 3)
        self.ledger.end(checked, result)
        settled = result.settled or not writes
        self.note(ToolReturned(reply, call.id, call.name, result.text, result.ok, took_s, settled))
        if result.shown is not None:
            self.note(PageShown(reply, call.id, result.shown))
        if writes:
            await self.commit()
        return result


class ToolRun:
    """The tools of reply `reply`, which answers `text` of turn `turn`. `over`: what was yielded ends the reply."""

    def __init__(self, desk: ToolDesk, reply: int, turn: int, text: str) -> None:
        self._desk = desk
        self._reply = reply
        self._turn = turn
        self._text = text
        self._rounds = self._refused = 0
        self._waited = False
        self._prompt: Sequence[Message] = ()
        self.over = False

    @property
    def may_go_on(self) -> bool:
        """Whether the model may ask for tools once more."""
        return self._rounds < TOOL_ROUNDS

    @property
    def asked_before(self) -> bool:
        """A call waits for what this reply's turn says to it."""
        return self._desk.pending is not None

    def numbered(self, call: ToolCall) -> ToolCall:
        """The call under an id of its own."""
        return self._desk.ledger.numbered(call)

    def waits_with_words(self, calls: Sequence[ToolCall]) -> bool:
        """Whether a tool has words of its own for the time it takes."""
        return bool(self._words(calls))

    async def approved(self, exchange: list[Message]) -> AsyncGenerator[str | None, None]:
        """The person has answered what was asked before a call: run it or not. Yields what is to be said meanwhile;
        `exchange` gets the messages that tell the model."""
        pending, self._desk.pending = self._desk.pending, None
        if pending is None:
            return
        call = pending.checked.call
        said = answer(self._text, self._desk.language) if pending.heard else "unheard"
        if said == "yes" and pending.overtaken:
            said = "unclear"
        self._desk.note(ApprovalAnswered(call.id, call.name, said))
        exchange.append(Message("assistant", "", (call,)))
        if said == "yes":
            async for words in self._together([call], exchange, approved=True):
                yield words
        else:
            told = {"no": "the person said no", "unclear": "the person did not clearly say yes"}
            why = f"{call.name} was not run: {told.get(said, 'the person did not hear the question')}."
            exchange.append(self._refuse(call, Refusal("not_approved", why)))

    async def use(
        self, calls: Sequence[ToolCall], prompt: Sequence[Message], exchange: list[Message]
    ) -> AsyncGenerator[str | None, None]:
        """Run one round of calls, which the model made in answer to `prompt`: those that only read side by side, all
        others in order. Yields what is to be said; `exchange` gets a message for each call."""
        self._prompt = prompt
        refused_before = self._refused
        for group in self._groups(calls):
            async for words in self._together(group, exchange):
                yield words
            if self.over:
                return
        self._rounds += self._refused == refused_before
        self._refused = min(self._refused, refused_before + 1)
        if self._refused > REPAIRS:
            self.over = True
            yield self._given_up
            yield None

    def _groups(self, calls: Sequence[ToolCall]) -> Iterator[list[ToolCall]]:
        together: list[ToolCall] = []
        for call in calls:
            tool = self._desk.tools.get(call.name)
            if tool is not None and not tool.rules.writes and not tool.rules.approval:
                together.append(call)
                continue
            if together:
                yield together
            together = []
            yield [call]
        if together:
            yield together

    async def _together(
        self, calls: Sequence[ToolCall], exchange: list[Message], *, approved: bool = False
    ) -> AsyncGenerator[str | None, None]:
        told: dict[str, Message] = {}
        running: dict[str, asyncio.Task[ToolResult]] = {}
        own: list[tuple[Tool, asyncio.Task[ToolResult]]] = []
        try:
            for call in calls:
                step = await self._gate(call, approved=approved)
                if isinstance(step, Asking):
                    yield self._ask(step)
                    yield None
                    return
                if isinstance(step, Message):
                    told[call.id] = step
                elif isinstance(step, asyncio.Task):
                    running[call.id] = step
                else:
                    running[call.id] = await self._start(step)
                    own.append((step.tool, running[call.id]))
            if running and (words := await self._wait(calls, list(running.values()))):
                yield words
                yield None
                await asyncio.wait(running.values())
        finally:
            for tool, task in own:
                if tool.rules.on_interruption == "cancel":
                    self._desk.cut(task)
        for call in calls:
            exchange.append(told.get(call.id) or tool_message(call.id, _text(running[call.id])))

    async def _gate(self, call: ToolCall, *, approved: bool) -> Checked | Message | Asking | asyncio.Task[ToolResult]:
        """What is to become of a call: run it, join the same one that is running, ask first, or tell why not."""
        desk = self._desk
        checked = desk.tools.check(call)
        if isinstance(checked, Refusal):
            return self._refuse(call, checked)
        if (refusal := desk.ledger.grounding(checked)) is not None:
            return self._refuse(call, refusal)
        if checked.tool.unavailable is not None and (gone := await checked.tool.unavailable()):
            return self._refuse(call, Refusal("unavailable", f"{call.name} was not run: {gone}."))
        if (entry := desk.ledger.entry(checked)) is not None:
            same = await self._same(checked, entry)
            if same is not None:
                return same
        first = None if approved else asking(checked, self._prompt, self._text, desk.ledger, desk.language)
        if first is not None:
            return first
        limited = desk.ledger.limit(checked, self._turn, asyncio.get_running_loop().time())
        return checked if limited is None else self._refuse(call, limited)

    async def _same(self, checked: Checked, entry: Entry) -> Message | asyncio.Task[ToolResult] | None:
        """The same call has been made before; None when it is known to have done nothing."""
        call, name = checked.call, checked.call.name
        if entry.task is not None and not entry.task.done():
            return entry.task
        result = entry.result
        if result is None:
            unknown = ToolResult(False, f"{name} was begun before.", settled=False)
            result = await self._desk.reconciled(checked, unknown)
            if result.settled:
                self._desk.ledger.end(checked, result)
        if not result.settled:
            why = (
                f"{name} was begun before, and whether it took effect is not known. It was not run again. "
                f"Tell the person that it has to be checked."
            )
            return self._refuse(call, Refusal("outcome_unknown", why))
        if not result.ok:
            return None
        result_told = as_data(FROM_TOOL, result.text)
        why = f"{name} has run in this call already and was not run again. Its result: {result_told}"
        self._desk.note(ToolRefused(self._reply, name, why, "already_run", call.id))
        return Message("tool", why, tool_call_id=call.id)

    async def _start(self, checked: Checked) -> asyncio.Task[ToolResult]:
        """What a tool may do to the world is on the record before it is done."""
        call, desk = checked.call, self._desk
        desk.note(ToolCalled(self._reply, call.id, call.name, checked.shown))
        try:
            await desk.commit()
        except asyncio.CancelledError:
            told = f"{call.name} was not run: the person spoke first."
            desk.note(ToolReturned(self._reply, call.id, call.name, told, False, 0.0))
            raise
        return desk.start(self._reply, checked)

    async def _wait(self, calls: Sequence[ToolCall], tasks: Sequence[asyncio.Task[ToolResult]]) -> str:
        """Until all is done, or for so long that words are due: returns those words."""
        words = "" if self._waited else self._words(calls)
        _, late = await asyncio.wait(tasks, timeout=WAITING_S if words else None)
        self._waited = self._waited or bool(late)
        return words if late else ""

    def _words(self, calls: Sequence[ToolCall]) -> str:
        tools = (self._desk.tools.get(call.name) for call in calls)
        return next((tool.rules.while_waiting for tool in tools if tool is not None and tool.rules.while_waiting), "")

    def _ask(self, asked: Asking) -> str:
        call = asked.checked.call
        self._desk.note(
            ApprovalAsked(self._reply, call.id, call.name, asked.checked.shown, asked.question, asked.why)
        )
        self._desk.pending = Pending(asked.checked, asked.question, self._reply)
        self.over = True
        return asked.question

    def _refuse(self, call: ToolCall, refusal: Refusal) -> Message:
        self._refused += 1
        self._last = refusal
        self._desk.note(ToolRefused(self._reply, call.name, refusal.why, refusal.reason, call.id))
        return Message("tool", refusal.why, tool_call_id=call.id)

    @property
    def _given_up(self) -> str:
        """For the person, who can often help: with what is missing, or in other words."""
        if self._last.reason in ("not_grounded", "missing_field") and self._last.fields:
            fields = ", ".join(name.replace("_", " ") for name in self._last.fields)
            return phrase("tool_needs", self._desk.language).replace("{fields}", fields)
        return phrase("tool_refused", self._desk.language)


def _text(task: asyncio.Task[ToolResult]) -> str:
    return "It was cut short." if task.cancelled() else task.result().text
