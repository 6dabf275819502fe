"""What the person's side is shown: a reader that turns facts into messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from visavis.kernel.events import (
    Acknowledged,
    Apologized,
    AsideIgnored,
    BargeInIgnored,
    Degraded,
    Ducked,
    Event,
    FloorTaken,
    FrameSent,
    MessageRejected,
    NothingSaid,
    PlaybackStarted,
    PlaybackStopped,
    Record,
    ReplyEnded,
    SessionResumed,
    SourcesCited,
    SpeechStarted,
    TextTyped,
    ToolCalled,
    ToolReturned,
    TranscriptRevised,
    TurnEnded,
    VoicePaused,
)
from visavis.kernel.messages import (
    AgentState,
    Duck,
    Gesture,
    Latency,
    PageAct,
    Problem,
    ServerMessage,
    State,
    ToolNote,
    Transcript,
    encode,
)
from visavis.kernel.shown import Source
from visavis.observe.waterfall import Waterfall, Waterfalls
from visavis.session.phrases import phrase
from visavis.session.rungs import rung_words
from visavis.session.shows import NotAnAnswer, Shows
from visavis.session.sights import Sights


class PageView:
    """One session's view. `send` must not block."""

    def __init__(self, send: Callable[[ServerMessage], None], language: str, past: Sequence[Record] = ()) -> None:
        self._send = send
        self._language = language
        self._line = 1
        self._line_said = False
        self._ducked = False
        self._state: AgentState = "waiting"
        self._waterfalls = Waterfalls(self._latency)
        self._sights = Sights(send, past)
        self._shows = Shows(send, past)
        self._sources: dict[int, list[Source]] = {}

    def read(self, record: Record) -> None:
        self._waterfalls.read(record)
        self._sights.read(record)
        self._shows.read(record)
        self._show_state(record)
        self._show_duck(record)
        match record.event:
            case TranscriptRevised(text=text) if text:
                self._send(Transcript("user", text, False, self._line))
            case TurnEnded(text=text, typed=typed):
                self._line += typed and self._line_said
                self._line_said = True
                self._send(Transcript("user", text, True, self._line))
            case PlaybackStarted():
                self._next_line()
            case Acknowledged():
                self._send(Gesture("nod"))
            case ReplyEnded(reply=reply, text=text, ok=ok) if text:
                self._next_line()
                sources = self._sources.pop(reply, [])
                self._send(Transcript("agent", text if ok else f"{text} —", True, reply, sources))
            case SourcesCited(reply=reply, sources=sources):
                self._sources = {reply: sources}
            case SessionResumed():
                self._shows.again()
            case ToolCalled(name=name):
                self._send(ToolNote(name, "called"))
            case ToolReturned(name=name, ok=ok):
                self._send(ToolNote(name, "done" if ok else "failed"))
            case Apologized(code=code):
                self._send(Problem(code, phrase("apology_shown", self._language)))
            case Degraded(rung=rung) if rung not in ("smaller_model", "other_voice"):
                self._send(Problem(rung, rung_words(rung, self._language)))

    def acted(
        self,
        message: PageAct,
        note: Callable[[Event], object],
        fact: Callable[[Event], object],
    ) -> None:
        """The person did something with what is shown: `note` and `fact` take what has happened; `fact` what the
        floor reads, the words that this counts as.
        """
        try:
            for event in self._shows.facts(message):
                (fact if isinstance(event, TextTyped) else note)(event)
        except NotAnAnswer as why:
            note(MessageRejected("does not fit what is shown", len(encode(message))))
            self._send(Problem("bad_message", f"That did not reach me: {why}."))

    def frame_sent(self, event: FrameSent, thumbnail: bytes) -> None:
        """Show a frame that went to be looked at. `event` is on record already; `thumbnail`: a JPEG at most 160 px
        wide of what was sent (after blurring), or b''.
        """
        self._sights.show(event, thumbnail)

    def _next_line(self) -> None:
        """An answer was heard or shown: what the person says next is a line of its own."""
        if self._line_said:
            self._line, self._line_said = self._line + 1, False

    def _show_duck(self, record: Record) -> None:
        match record.event:
            case Ducked():
                self._ducked = True
            case BargeInIgnored() | FloorTaken() | PlaybackStopped() if self._ducked:
                self._ducked = False
            case _:
                return
        self._send(Duck(self._ducked))

    def _show_state(self, record: Record) -> None:
        match record.event:
            case SpeechStarted() if self._state != "speaking":
                self.state("listening")
            case FloorTaken() | VoicePaused():
                self.state("listening")
            case TurnEnded():
                self.state("thinking")
            case PlaybackStarted() | BargeInIgnored():
                self.state("speaking")
            case PlaybackStopped() if self._state in ("speaking", "thinking"):
                self.state("idle")
            case NothingSaid() | AsideIgnored() if self._state == "listening":
                self.state("idle")

    def state(self, state: AgentState) -> None:
        if state != self._state:
            self._state = state
            self._send(State(state))

    def again(self) -> None:
        """The person is back on a new line, whose page knows nothing."""
        self._send(State(self._state))
        self._shows.again()
        self._sights.again()

    def _latency(self, fall: Waterfall) -> None:
        stages = {name: round(value) for name, value in fall.stages_ms.items()}
        stages_ms = {name: float(value) for name, value in stages.items()}
        self._send(Latency(fall.turn, round(fall.v2v_ms), stages_ms, fall.over, round(fall.first_sound_ms)))
