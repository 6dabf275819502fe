"""What the person's side is shown: a reader that turns facts into messages."""

from __future__ import annotations

from collections.abc import Callable

from visavis.kernel.events import (
    Apologized,
    BargeInIgnored,
    Ducked,
    FloorTaken,
    PlaybackStarted,
    PlaybackStopped,
    Record,
    ReplyEnded,
    SpeechStarted,
    ToolCalled,
    ToolReturned,
    TranscriptRevised,
    TurnEnded,
)
from visavis.kernel.messages import (
    AgentState,
    Duck,
    Latency,
    Problem,
    ServerMessage,
    State,
    ToolNote,
    Transcript,
)
from visavis.observe.waterfall import Waterfall, Waterfalls
from visavis.session.phrases import phrase


class PageView:
    """One session's view. `send` must not block."""

    def __init__(self, send: Callable[[ServerMessage], None], language: str) -> None:
        self._send = send
        self._language = language
        self._turns = 0
        self._state: AgentState = "idle"
        self._waterfalls = Waterfalls(self._latency)

    def read(self, record: Record) -> None:
        self._waterfalls.read(record)
        self._show_state(record)
        match record.event:
            case TranscriptRevised(text=text) if text:
                self._send(Transcript("user", text, False, self._turns + 1))
            case TurnEnded(turn=turn, text=text):
                self._turns = turn
                self._send(Transcript("user", text, True, turn))
            case ReplyEnded(reply=reply, text=text, ok=ok) if text:
                self._send(Transcript("agent", text if ok else f"{text} —", True, reply))
            case Ducked():
                self._send(Duck(True))
            case BargeInIgnored():
                self._send(Duck(False))
            case FloorTaken():
                self._send(Duck(False))
            case ToolCalled(name=name):
                self._send(ToolNote(name, "called"))
            case ToolReturned(name=name, ok=ok):
                self._send(ToolNote(name, "done" if ok else "failed"))
            case Apologized(code=code):
                self._send(Problem(code, phrase("apology_shown", self._language)))

    def _show_state(self, record: Record) -> None:
        match record.event:
            case SpeechStarted() if self._state != "speaking":
                self.state("listening")
            case FloorTaken():
                self.state("listening")
            case TurnEnded():
                self.state("thinking")
            case PlaybackStarted():
                self.state("speaking")
            case PlaybackStopped() if self._state == "speaking":
                self.state("idle")

    def state(self, state: AgentState) -> None:
        if state != self._state:
            self._state = state
            self._send(State(state))

    def _latency(self, fall: Waterfall) -> None:
        stages = {name: round(value) for name, value in fall.stages_ms.items()}
        self._send(Latency(fall.turn, round(fall.v2v_ms), {k: float(v) for k, v in stages.items()}, fall.over))
