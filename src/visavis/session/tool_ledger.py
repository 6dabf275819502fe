"""What a session knows of its tool calls: what has run, what may be the same call again, and how often."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from visavis.kernel.events import DocumentRead, Record, SightNoted, ToolCalled, ToolReturned, TurnEnded
from visavis.kernel.tool import ALL_ARGUMENTS
from visavis.think.asked_for import asked_for
from visavis.think.base import ToolCall
from visavis.think.grounding import Source, ungrounded
from visavis.think.redaction import redacted
from visavis.think.tool_schema import Refusal
from visavis.think.tools import Checked, Tool, ToolBox, ToolResult

MINUTE_S = 60.0


@dataclass(slots=True)
class Entry:
    """One call by its key. `task` while it runs, then `result`; neither: what came of it is not known."""

    task: asyncio.Task[ToolResult] | None = None
    result: ToolResult | None = None


class ToolLedger:
    """A reader: feed it records in order."""

    def __init__(self, tools: ToolBox, language: str) -> None:
        self._tools = tools
        self._language = language
        self._sources: list[Source] = []
        self._said: list[Source] = []
        self._entries: dict[str, Entry] = {}
        self._past: dict[str, str] = {}
        """Call → key, of calls that an earlier process has begun and not ended."""
        self._ids: set[str] = set()
        self._in_turn: Counter[tuple[int, str]] = Counter()
        self._began_s: dict[str, deque[float]] = {}

    def remember(self, past: Iterable[Record]) -> None:
        """What an earlier process of this call has on record."""
        for record in past:
            self._earlier(record)
            self.read(record)

    def read(self, record: Record) -> None:
        """What was said, shown and returned is what arguments may come from."""
        match record.event:
            case TurnEnded(text=text):
                self._said.append(_source(text, record))
                self._sources.append(self._said[-1])
            case DocumentRead(text=text) | SightNoted(text=text) | ToolReturned(result=text, ok=True):
                self._sources.append(_source(text, record))

    def numbered(self, call: ToolCall) -> ToolCall:
        """The call under an id of its own in this session. Some models have none, or count anew in each answer; two
        calls of one id would be told each other's results."""
        made, number = call.id, 1
        while made in self._ids:
            number += 1
            made = f"{call.id}_{number}"
        self._ids.add(made)
        return call if made == call.id else replace(call, id=made)

    def grounding(self, checked: Checked) -> Refusal | None:
        """None when every argument that must be grounded is."""
        names = ungrounded(checked.arguments, checked.tool.grounded, self._sources, self._language)
        if not names:
            return None
        listed = ", ".join(names)
        why = (
            f"{checked.call.name} was not run: nobody said or showed the value of {listed}, and no tool returned it. "
            f"Ask the person for it; never make it up."
        )
        return Refusal("not_grounded", why, tuple(names))

    def hearsay(self, checked: Checked) -> bool:
        """The tool writes, with a grounded argument that only a tool, a picture or a document named: those may have
        been written by somebody who wants just that done.
        """
        tool = checked.tool
        return tool.rules.writes and bool(ungrounded(checked.arguments, tool.grounded, self._said, self._language))

    def asked_for(self, checked: Checked, text: str) -> bool:
        """Whether `text`, what the person said in the turn that is answered, asks for this very call."""
        said = Source(text, self._said[-1].on if self._said else None)
        return asked_for(checked.call.name, checked.arguments, said, self._language)

    def limit(self, checked: Checked, turn: int, now_s: float) -> Refusal | None:
        """None when the tool may run once more; it then counts."""
        name, rules = checked.call.name, checked.tool.rules
        if rules.per_turn and self._in_turn[turn, name] >= rules.per_turn:
            return Refusal("rate_limited", f"{name} may run {rules.per_turn} times for one request; it was not run.")
        began = self._began_s.setdefault(name, deque())
        while began and now_s - began[0] >= MINUTE_S:
            began.popleft()
        if rules.per_minute and len(began) >= rules.per_minute:
            return Refusal("rate_limited", f"{name} may run {rules.per_minute} times a minute; it was not run.")
        self._in_turn[turn, name] += 1
        began.append(now_s)
        return None

    def key(self, checked: Checked) -> str:
        """Of calls that are the same one; '' when the tool may run as often as it is asked to."""
        return _key(checked.tool, checked.arguments)

    def entry(self, checked: Checked) -> Entry | None:
        """The same call of earlier in this session. What an earlier process began is known by what the journal has of
        it, redacted as it is."""
        if not (key := self.key(checked)):
            return None
        return self._entries.get(key) or self._entries.get(_key(checked.tool, checked.shown))

    def begin(self, checked: Checked, task: asyncio.Task[ToolResult]) -> None:
        if key := self.key(checked):
            self._entries[key] = Entry(task)

    def end(self, checked: Checked, result: ToolResult | None) -> None:
        """`result`: None when what came of the call is not known. A call that has failed may be tried again."""
        if not (key := self.key(checked)):
            return
        if result is not None and result.settled and not result.ok:
            self._entries.pop(key, None)
        else:
            self._entries[key] = Entry(result=result if result is not None and result.settled else None)

    def _earlier(self, record: Record) -> None:
        match record.event:
            case ToolCalled(call=call, name=name, arguments=arguments):
                self._ids.add(call)
                if (tool := self._tools.get(name)) is None:
                    return
                if key := _key(tool, redacted(arguments, tool.rules.redact)):
                    self._past[call], self._entries[key] = key, Entry()
            case ToolReturned(call=call, result=result, ok=ok, settled=True) if key := self._past.pop(call, ""):
                if ok:
                    self._entries[key] = Entry(result=ToolResult(True, result))
                else:
                    self._entries.pop(key)


def _source(text: str, record: Record) -> Source:
    return Source(text, datetime.fromtimestamp(record.wall_s, UTC).date())


def _key(tool: Tool, arguments: dict[str, Any]) -> str:
    wanted = tool.rules.idempotency_key
    if wanted is None:
        return ""
    whole = tool.defaults | arguments
    kept = whole if wanted == ALL_ARGUMENTS else {name: whole.get(name) for name in wanted}
    return json.dumps([tool.spec.name, _one_way(kept)], sort_keys=True, ensure_ascii=False)


def _one_way(value: Any) -> Any:
    """Numbers written in one way: 20 and 20.0 are the same argument."""
    if isinstance(value, dict):
        return {key: _one_way(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_one_way(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
