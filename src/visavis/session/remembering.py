"""A session's memory: what is noted of it, what earlier calls with this person told, and what the next may know.

A reader of the journal. Facts by rule are noted with the turn that told them; lines by the model in idle moments,
which the person ends by making a sound. What goes to the store of memories is what the journal holds, with consent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress

from visavis.kernel.agent import Agent
from visavis.kernel.errors import PolicyError, ProviderError
from visavis.kernel.events import (
    ConsentGiven,
    ConsentRevoked,
    MemoryForgotten,
    MemoryNoted,
    MemoryRecalled,
    ProviderFailed,
    Record,
    UsageCounted,
)
from visavis.kernel.settings import Settings
from visavis.session.history import History
from visavis.session.idle import Idle
from visavis.session.kept import Kept, Person
from visavis.session.phrases import phrase
from visavis.session.providers import timed, translated
from visavis.session.scribe import Scribe
from visavis.think.base import Finished, Llm, TextDelta
from visavis.think.budget import prompt_tokens
from visavis.think.context import Known, fill
from visavis.think.memory.base import MemoryFailed
from visavis.think.memory.lines import MOST_AT_ONCE, lines_of, request
from visavis.think.memory.notebook import Notebook
from visavis.think.memory.targets import Exchange

SETTLE_S = 0.5
"""Nothing has gone on for so long: a moment is idle."""

FULL_SHARE = 0.35
"""Lines are worth the work from here on: the share of the turns' room that is used."""


class Remembering:
    """`say` speaks words of the agent's own, of a kind: when something that was to be forgotten may not be. `person`
    is None when nobody said who is calling, or no memory is kept."""

    def __init__(
        self,
        agent: Agent,
        llm: Llm,
        settings: Settings,
        scribe: Scribe,
        history: History,
        say: Callable[[str, str], None],
        person: Person | None = None,
    ) -> None:
        log = scribe.log
        self._agent = agent
        self._llm = llm
        self._settings = settings.llm
        self._lines = settings.memory.lines
        self._note = scribe.note
        self._history = history
        self._say = say
        self._notebook = Notebook(agent.language, log.past)
        self._kept = Kept(person, scribe, self._recall, self._failed, self._sorry) if person else None
        self._consent = scribe.gate.consent
        self._idle = Idle()
        self._agreed = False
        self._resumed = bool(log.past)

    def known(self) -> Known:
        """For the prompt."""
        consented = self._kept is not None and self._consent.allows("memory")
        return Known(self._notebook.recalled if consented else None, self._notebook.noted)

    def would_forget(self, text: str) -> bool:
        """Whether a turn of these words asks to forget something that is there: then that is all there is to say."""
        return self._notebook.would_forget(text)

    def read(self, record: Record) -> None:
        """Takes a record in and notes what follows from it. The last of the journal's readers, since it writes."""
        self._idle.read(record)
        if self._kept is not None:
            self._keep(record)
        for event in self._notebook.read(record):
            self._note(event)

    async def run(self) -> None:
        """Keeps and recalls, and writes lines in idle moments, until cancelled."""
        if self._kept is not None and self._resumed and self._consent.allows("memory"):
            self._kept.recall()
        async with asyncio.TaskGroup() as group:
            if self._kept is not None:
                group.create_task(self._kept.run(), name="memory-store")
            if self._lines:
                group.create_task(self._write_lines(), name="memory-lines")

    async def close(self) -> None:
        """What was noted is in the store, or what was withdrawn is not, when this returns."""
        if self._kept is not None:
            await self._kept.flush()

    def _keep(self, record: Record) -> None:
        assert self._kept is not None
        match record.event:
            case ConsentGiven(purposes=purposes) if "memory" in purposes and not self._agreed:
                self._agreed = True
                self._kept.recall()
            case ConsentRevoked(purposes=purposes) if "memory" in purposes:
                self._agreed = False
                self._kept.withdraw()
            case MemoryNoted():
                self._kept.add(record)
            case MemoryForgotten(seqs=seqs, why=why) if why != "withdrawn":
                gone = [entry for seq in seqs if (entry := self._notebook.entry(seq)) is not None]
                self._kept.forget(gone, asked=why == "asked")

    def _recall(self, event: MemoryRecalled) -> None:
        known = any(entry.item == event.item for entry in self._notebook.entries)
        with suppress(PolicyError):  # consent may have been withdrawn meanwhile
            if not known:
                self._note(event)

    def _failed(self, error: MemoryFailed) -> None:
        self._note(ProviderFailed.of("memory", "store", error))

    def _sorry(self) -> None:
        self._say("apology", phrase("not_forgotten", self._agent.language))

    # Lines.

    async def _write_lines(self) -> None:
        while True:
            await self._idle.moment(SETTLE_S)
            due = self._due()
            if not due:
                await self._idle.changed()
                continue
            answer = ""
            with suppress(ProviderError):
                async with self._idle.only() as moment:
                    answer = await self._ask(due)
                if moment.whole:
                    self._note_lines(answer, due)
                continue
            self._done(due)  # a model that fails at it is not asked again for the same

    def _due(self) -> list[Exchange]:
        """Exchanges that a line should be written on now."""
        full = fill(self._agent, self._history.turns, budget_tokens=self._settings.context_tokens)
        if full < FULL_SHARE and not (self._kept is not None and self._consent.allows("memory")):
            return []
        several = self._llm.name != "embedded"
        waiting = self._notebook.unlined
        return waiting[: MOST_AT_ONCE if several else 1]

    async def _ask(self, due: list[Exchange]) -> str:
        wanted = request(due)
        text, usage = "", None
        stream = timed(
            self._llm,
            "llm",
            self._llm.stream(wanted),
            first_s=self._settings.first_timeout_s,
            idle_s=self._settings.idle_timeout_s,
            total_s=self._settings.total_timeout_s,
        )
        try:
            with translated("llm", self._llm.name):
                async with aclosing(stream) as events:
                    async for event in events:
                        if isinstance(event, TextDelta):
                            text += event.text
                        elif isinstance(event, Finished):
                            usage = event.usage
        finally:
            amounts = {"input_tokens": float(prompt_tokens(wanted.messages)), "output_tokens": len(text) / 4}
            if usage is not None:
                amounts = {"input_tokens": float(usage.input_tokens), "output_tokens": float(usage.output_tokens)}
                amounts["cached_tokens"] = float(usage.cached_tokens)
            self._note(UsageCounted("llm", self._llm.name, self._llm.model, amounts, 0, usage is None))
        return text

    def _note_lines(self, answer: str, due: list[Exchange]) -> None:
        for seq, line in lines_of(answer, due).items():
            self._note(MemoryNoted("line", line, seq, by="model"))
        self._done(due)

    def _done(self, due: list[Exchange]) -> None:
        for one in due:
            self._notebook.lined(one.seq)
