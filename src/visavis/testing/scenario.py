"""A call as a script, played on a virtual clock in milliseconds of real time.

call = Scenario(agent, llm=ScriptedLlm(["We open at nine."]))
call.says(2.0, "when do you open")
played = call.run(until=8.0)
assert played.heard() == ["Hello!", "We open at nine."]
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from visavis.journal.journal import Journal
from visavis.journal.memory import MemoryStore
from visavis.kernel.agent import Agent
from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.events import AnyEvent, Event, Record, ReplyEnded
from visavis.kernel.messages import ServerMessage
from visavis.kernel.settings import Settings
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.see.base import FaceEngine
from visavis.session.kept import Person
from visavis.session.openers import Openers
from visavis.session.session import Session
from visavis.session.stack import Layers
from visavis.testing.doubles import ScriptedAsr, ScriptedEndpoint, ScriptedLlm, ScriptedTts, ScriptedVad
from visavis.testing.scripted_door import Script, ScriptedDoor
from visavis.transport.base import Incoming

E = TypeVar("E", bound=Event)

DEFAULT_AGENT = Agent("Ada", "You answer questions.", greeting="")


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a scenario."""

    reason: str
    records: list[Record]
    door: ScriptedDoor

    def events(self, kind: type[E]) -> list[E]:
        return [record.event for record in self.records if isinstance(record.event, kind)]

    def at(self, kind: type[Event], nth: int = 0) -> float:
        """Media time of the nth event of this kind. Raises IndexError when there is none."""
        return [record.at_s for record in self.records if isinstance(record.event, kind)][nth]

    def heard(self) -> list[str]:
        """What the person heard, a reply each."""
        return [event.text for event in self.events(ReplyEnded) if event.text]

    def messages(self, kind: type[ServerMessage]) -> list[ServerMessage]:
        return [message for _, message in self.door.sent if isinstance(message, kind)]

    def told(self) -> str:
        """The journal as text, for reading in a failed test."""
        return "\n".join(f"{record.at_s:8.3f}  {record.event}" for record in self.records)


@dataclass(slots=True)
class Scenario:
    """`run` plays the script against the scripted engines, through the real session."""

    agent: Agent = DEFAULT_AGENT
    llm: ScriptedLlm = field(default_factory=ScriptedLlm)
    tts: ScriptedTts = field(default_factory=ScriptedTts)
    endpoint: ScriptedEndpoint | None = field(default_factory=ScriptedEndpoint)
    settings: Settings = field(default_factory=Settings)
    face: FaceEngine | None = None
    consent_via: str = "attested"
    asr_options: dict[str, object] = field(default_factory=dict)
    script: Script = field(default_factory=Script)
    past: Sequence[tuple[float, AnyEvent]] = ()
    openers: Openers = field(default_factory=Openers)
    arrange: Callable[[Layers], Layers] = lambda layers: layers
    """May put other engines into the place of the scripted ones."""
    person: Person | None = None
    session: str = "s"

    def says(self, at_s: float, text: str) -> float:
        return self.script.says(at_s, text)

    def noise(self, at_s: float, seconds: float) -> None:
        """A sound without words."""
        self.script.noises.append((at_s, at_s + seconds))

    def does(self, at_s: float, item: Incoming) -> None:
        """Something else from the person's side: a message, a lost line."""
        self.script.items.append((at_s, item))

    def run(self, until: float) -> Played:
        """Play until `until` seconds of media time, when the caller leaves."""
        self.script.end_s = until
        loop = VirtualTimeLoop(wall_s=1_750_000_000.0)
        try:
            return loop.run_until_complete(self._play())
        finally:
            loop.close()

    async def _play(self) -> Played:
        played = await self.play(self.script.end_s)
        leaked = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not leaked, f"tasks left behind: {leaked}"
        return played

    async def play(self, until: float) -> Played:
        """The same on a loop of the caller's, beside other things if need be."""
        self.script.end_s = until
        asr = ScriptedAsr([text for _, _, text in self.script.utterances], **self.asr_options)  # type: ignore[arg-type]
        layers = Layers(ScriptedVad(), asr, self.llm, self.tts, self.endpoint, face=self.face, openers=self.openers)
        layers = self.arrange(layers)
        door = ScriptedDoor(self.script, consent_via=self.consent_via)
        store = MemoryStore()
        store.append([Record(self.session, n, at_s, 0.0, event) for n, (at_s, event) in enumerate(self.past, 1)])
        async with Journal(store) as journal:
            log = await journal.resume(self.session, lambda start_s: MediaClock(LoopClock(), start_s=start_s))
            reason = await Session(self.agent, self.settings, layers, door, log, self.person).run()
        return Played(reason, store.read(self.session), door)
