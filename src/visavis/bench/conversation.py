"""A synthetic caller holds a conversation and measures it from the audio at its own ear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from visavis.bench.speech import RATE_HZ, spoken, without_pauses
from visavis.kernel.media import Pcm
from visavis.kernel.messages import Latency, Notice, Problem, State, Transcript
from visavis.testing.ear import Ear, Heard

ANSWER_WITHIN_S = 20.0
QUIET_S = 0.7
"""The agent has finished when nothing was heard for this long and it says it is idle."""


class Caller(Protocol):
    """One end of a call. Times are the running loop's."""

    ear: Ear
    messages: list[tuple[float, Any]]

    @property
    def heard(self) -> list[Heard]: ...
    async def say(self, pcm: Pcm) -> float: ...
    async def wait_for(self, kind: type[Any], *, timeout_s: float = 10.0, after_s: float = 0.0) -> Any: ...
    def give_consent(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """What the caller says, its pauses written as `|0.4|` (see `speech`).

    `after_s` seconds of the agent's answer to the line before are let pass first; None waits for its end.
    """

    text: str
    voice: str = "low"
    after_s: float | None = None

    @property
    def reference(self) -> str:
        return without_pauses(self.text)

    @property
    def interrupts(self) -> bool:
        return self.after_s is not None


@dataclass(slots=True)
class TurnReport:
    """One turn as the caller lived it, in milliseconds; `end_s` is when its last sample left, `first_s` when the
    answer began, in loop time (0: never). `stop_ms`: until the agent was silent (interruptions).

    `content_gap_ms` is what lies between the first sound and the first content of the answer. `path_ms` and
    `added_ms` come from the server's journal, -1 and None where that cannot tell.
    """

    line: Line
    heard_as: str = ""
    answer: str = ""
    end_s: float = 0.0
    first_s: float = 0.0
    v2v_ms: float = -1.0
    server_sound_ms: float = -1.0
    stages_ms: dict[str, float] = field(default_factory=dict)
    cut_off: bool = False
    closed_early: bool = False
    stop_ms: float = -1.0
    content_gap_ms: float = 0.0
    path_ms: float = -1.0
    added_ms: float | None = None

    @property
    def content_ms(self) -> float:
        """From the caller's last sample to the first content of the answer at the ear; -1 without an answer."""
        return self.v2v_ms + self.content_gap_ms if self.v2v_ms >= 0 else -1.0


@dataclass(slots=True)
class CallReport:
    turns: list[TurnReport] = field(default_factory=list)
    greeting_ms: float = -1.0
    """From agreeing to the first sound of the greeting."""
    errors: list[str] = field(default_factory=list)


class Conversation:
    """One call. `tell` gets each thing worth showing as it happens."""

    def __init__(
        self, caller: Caller, tell: Callable[[str], None] = lambda line: None, *, voices: str = "pitched"
    ) -> None:
        self.caller = caller
        self.report = CallReport()
        self._tell = tell
        self._voices = voices
        self._loop = asyncio.get_running_loop()

    async def begin(self) -> None:
        """Agree, and hear the greeting out."""
        await self.caller.wait_for(Notice)
        agreed_s = self._loop.time()
        self.caller.give_consent()
        first_s = await self._first_sound(agreed_s)
        self.report.greeting_ms = (first_s - agreed_s) * 1000 if first_s else -1.0
        await self._until_quiet()
        self._tell(f"  agent   {self._said_since(0.0)}")

    async def hold(self, lines: Sequence[Line]) -> CallReport:
        """Say every line, each after the answer to the one before (or into it)."""
        for number, line in enumerate(lines):
            audio = await spoken(line.text, line.voice, self._voices)
            following = lines[number + 1] if number + 1 < len(lines) else None
            await self.turn(line, audio, cut_short=following.after_s if following is not None else None)
        self.report.errors += [f"{m.code}: {m.text}" for _, m in self.caller.messages if isinstance(m, Problem)]
        return self.report

    async def turn(self, line: Line, audio: Pcm, *, cut_short: float | None = None) -> TurnReport:
        """Say `line` and hear the answer: to its end, or for `cut_short` seconds when the next line interrupts."""
        turn = TurnReport(line)
        self.report.turns.append(turn)
        began_s = self._loop.time()
        end_s = await self.caller.say(audio)
        turn.end_s = end_s
        onset_s = end_s - len(audio) / RATE_HZ
        if line.interrupts:
            turn.stop_ms = (self.caller.ear.silent_from(onset_s) - onset_s) * 1000
        else:
            turn.cut_off = self.caller.ear.heard_between(onset_s + 0.1, end_s)
        self._tell(f"  caller  {line.reference}" + ("   (interrupts)" if line.interrupts else ""))
        first_s = await self._first_sound(end_s + 0.05)
        if first_s is not None:
            turn.first_s, turn.v2v_ms = first_s, (first_s - end_s) * 1000
        else:
            self.report.errors.append(f"no answer to: {line.reference}")
        if cut_short is None:
            await self._until_quiet()
        else:
            await asyncio.sleep(cut_short)
        self._read_messages(turn, began_s, end_s)
        self._tell(f"  agent   {turn.answer}")
        self._tell(_waterfall(turn))
        return turn

    def _read_messages(self, turn: TurnReport, began_s: float, end_s: float) -> None:
        finals: dict[int, str] = {}
        said: dict[int, str] = {}
        for at_s, message in self.caller.messages:
            if at_s < began_s:
                continue
            match message:
                case Transcript(role="user", final=True, id=number, text=text):
                    finals[number] = text
                    turn.closed_early = turn.closed_early or at_s < end_s
                case Transcript(role="agent", id=number, text=text) if at_s > end_s:
                    said[number] = text
                case Latency(v2v_ms=v2v_ms, first_sound_ms=sound_ms, stages_ms=stages):
                    turn.server_sound_ms, turn.content_gap_ms = sound_ms, max(0.0, v2v_ms - sound_ms)
                    turn.stages_ms = dict(stages)
        turn.heard_as = " ".join(finals.values())
        turn.answer = " ".join(said.values())
        if turn.v2v_ms >= 0 and turn.server_sound_ms >= 0:
            turn.stages_ms["transport"] = max(0.0, turn.v2v_ms - turn.server_sound_ms)

    def _said_since(self, since_s: float) -> str:
        said = {m.id: m.text for at, m in self.caller.messages if isinstance(m, Transcript) and m.role == "agent"}
        return " ".join(said.values())

    async def _first_sound(self, after_s: float) -> float | None:
        while self._loop.time() < after_s + ANSWER_WITHIN_S:
            first_s = self.caller.ear.first_sound_after(after_s)
            if first_s is not None:
                return first_s
            await asyncio.sleep(0.02)
        return None

    async def _until_quiet(self) -> None:
        """Until the agent says it is idle and nothing has been heard for a while; bounded."""
        deadline_s = self._loop.time() + 60.0
        while self._loop.time() < deadline_s:
            states = [m.state for _, m in self.caller.messages if isinstance(m, State)]
            idle = not states or states[-1] in ("idle", "ended")
            if idle and self._loop.time() - self.caller.ear.last_sound() > QUIET_S:
                return
            await asyncio.sleep(0.05)


def _waterfall(turn: TurnReport) -> str:
    """One turn's stages as a line of text."""
    if turn.v2v_ms < 0:
        return "          (no answer)"
    stages = "  ".join(f"{name} {value:.0f}" for name, value in turn.stages_ms.items() if value >= 1)
    stopped = f"  stopped in {turn.stop_ms:.0f}" if turn.stop_ms >= 0 else ""
    return f"          {turn.v2v_ms:.0f} ms voice to voice: {stages}{stopped}"
