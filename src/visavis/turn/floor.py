"""The floor: a pure state machine over facts, each with its media time, that decides who may speak.

`feed` takes an input fact and returns the decisions it leads to, as facts too. When the floor wants to look again
later without a new fact, it says so in `wake_at_s`; the session then feeds `TimerFired`. The same inputs with the
same times always give the same decisions: that is what replay rests on.

A turn goes: speech → pause (`FinalRequested`) → full text in, revision starts unheard (`TurnMaybeOver`) → either
more words (`TurnResumed`) or the end (`TurnEnded`) → the agent is heard (`PlaybackStarted`) and the turn is closed.
Until the agent is heard, the person can still go on: the revision is held again, and dies only if new words come.
"""

from __future__ import annotations

from visavis.kernel.events import (
    BargeInIgnored,
    Ducked,
    EndpointScored,
    Event,
    FinalRequested,
    FloorTaken,
    NothingSaid,
    PlaybackStarted,
    PlaybackStopped,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    TimerFired,
    TranscriptRevised,
    TurnEnded,
    TurnMaybeOver,
    TurnResumed,
)
from visavis.kernel.settings import TurnSettings
from visavis.turn.words import is_backchannel, is_open, same_words, words

INPUTS = (
    SpeechStarted,
    SpeechStopped,
    TranscriptRevised,
    EndpointScored,
    TextTyped,
    TimerFired,
    PlaybackStarted,
    PlaybackStopped,
)
DECISIONS = (
    FinalRequested,
    TurnMaybeOver,
    TurnResumed,
    TurnEnded,
    NothingSaid,
    Ducked,
    BargeInIgnored,
    FloorTaken,
)

UNLIKELY_P = 0.2
"""End-of-turn scores below this ask for nearly all the patience there is."""

ROUNDING_S = 1e-4
"""Times come from the journal, which keeps a tenth of a millisecond: a timer may seem to fire that much early."""

FINAL_GUARD_S = 3.0
"""How long a pause waits for its full recognition pass before the words known so far are taken."""


class Floor:
    """One session's floor. `language` is a BCP 47 tag; `scored` says whether end-of-turn scores will come."""

    def __init__(self, settings: TurnSettings, language: str = "en", *, scored: bool = True) -> None:
        self._settings = settings
        self._language = language
        self._scored = scored
        self.wake_at_s: float | None = None
        self.person_speaking = False
        self.words_due = False
        """A pause's full recognition pass was asked for and its words are not in yet."""
        self._speech_end_s = 0.0
        self._pause = 0
        self._final_in = False
        self._score: float | None = None
        self._text = ""
        self._revision = 0
        self._revision_text: str | None = None
        self._revision_typed = False
        self._ended = False
        self._reopened = False
        self._turn = 0
        self._agent = 0
        self._taken = 0
        self._answered = ""
        self._watch_since_s: float | None = None

    def feed(self, event: Event, at_s: float) -> list[Event]:
        """The decisions that `event`, known at `at_s`, leads to; [] for facts that are no input of the floor."""
        match event:
            case SpeechStarted():
                return self._speech_started(event.at_s)
            case SpeechStopped():
                return self._speech_stopped(event, at_s)
            case TranscriptRevised(pause=0):
                return self._partial(event.text)
            case TranscriptRevised(pause=pause):
                self.words_due = self.words_due and pause != self._pause
                return self._final(event, at_s)
            case EndpointScored():
                return self._scored_at(event, at_s)
            case TextTyped():
                return self._typed(event.text, at_s)
            case TimerFired():
                return self._timer(at_s)
            case PlaybackStarted():
                return self._playback_started(event.reply, at_s)
            case PlaybackStopped():
                return self._playback_stopped(event.reply)
        return []

    # The person makes sounds.

    def _speech_started(self, at_s: float) -> list[Event]:
        self.person_speaking = True
        self.wake_at_s = None
        if self._agent:
            return self._watch(at_s)
        if self._ended and self._revision_text is not None:
            self._ended, self._reopened = False, True
            return [TurnMaybeOver(self._revision, self._revision_text)]
        return []

    def _watch(self, since_s: float) -> list[Event]:
        self._watch_since_s = since_s
        self.wake_at_s = since_s + self._settings.barge_in_s
        return [Ducked(self._agent)]

    def _speech_stopped(self, event: SpeechStopped, at_s: float) -> list[Event]:
        self.person_speaking = False
        self._speech_end_s = event.at_s
        self._pause += 1
        self.words_due = True
        self._final_in = False
        self._score = None
        self.wake_at_s = at_s + FINAL_GUARD_S
        return [FinalRequested(self._pause)]

    # Words come in.

    def _partial(self, text: str) -> list[Event]:
        self._text = text
        if self._watch_since_s is not None:
            return self._interrupt_on_words(self._settings.barge_in_words)
        if self._revision_text is not None and self.person_speaking and not self._ended:
            more = len(words(text)) > len(words(self._revision_text))
            return self._drop_revision() if more else []
        return []

    def _final(self, event: TranscriptRevised, at_s: float) -> list[Event]:
        if event.pause != self._pause or self.person_speaking or self._ended:
            return []
        self._final_in = True
        self._text = event.text
        decisions: list[Event] = []
        if self._agent and self._watch_since_s is None:  # words from before the agent spoke, known only now
            answered = bool(self._answered) and same_words(self._text, self._answered)
            decisions = self._ignore("answered") if answered else self._judge_sound()
        elif self._agent:
            decisions = self._judge_sound()
        return decisions if self._agent else decisions + self._revise(at_s)

    def _revise(self, at_s: float) -> list[Event]:
        """The full text of a pause is known: keep the live revision if it answers these words, else start one."""
        if not words(self._text):
            if self._revision_text is None:
                self._final_in, self.wake_at_s = False, None
                return [NothingSaid(self._pause)]
            return self._weigh(at_s)
        if self._revision_text is not None and same_words(self._text, self._revision_text):
            return self._weigh(at_s)
        decisions = self._drop_revision()
        self._new_revision(self._text, typed=False)
        return [*decisions, TurnMaybeOver(self._revision, self._text), *self._weigh(at_s)]

    def _new_revision(self, text: str, *, typed: bool) -> None:
        self._revision += 1
        self._revision_text, self._revision_typed = text, typed

    def _drop_revision(self) -> list[Event]:
        if self._revision_text is None:
            return []
        if self._revision_typed:
            self._reopened = False  # what was typed stands as a turn of its own
        self._revision_text = None
        return [TurnResumed(self._revision)]

    # Is the turn over?

    def _scored_at(self, event: EndpointScored, at_s: float) -> list[Event]:
        if event.pause != self._pause:
            return []
        self._score = event.p_complete
        return self._weigh(at_s)

    def _weigh(self, at_s: float) -> list[Event]:
        waiting = self._final_in and not self.person_speaking and self._revision_text is not None
        if not waiting or self._ended or self._agent:
            return []
        needed_s, why = self._needed_silence()
        if at_s - self._speech_end_s >= needed_s - ROUNDING_S:
            return self._end(why)
        self.wake_at_s = self._speech_end_s + needed_s
        return []

    def _needed_silence(self) -> tuple[float, str]:
        """Seconds of silence that end this turn, and the reason."""
        settings = self._settings
        if is_open(self._revision_text or "", self._language):
            return settings.patience_s, "patience"
        if self._score is None:
            return settings.settle_s, "silence"
        if self._score >= settings.done_p:
            return 0.0, "complete"
        if self._score < UNLIKELY_P:
            return (settings.settle_s + settings.patience_s) / 2, "silence"
        return settings.settle_s, "silence"

    def _end(self, why: str) -> list[Event]:
        self._close_count()
        text, typed = self._revision_text or "", self._revision_typed
        return [TurnEnded(self._turn, self._revision, text, self._speech_end_s, why, typed=typed)]

    def _close_count(self) -> None:
        """The turn is over; one that was over already, and went on before the agent was heard, keeps its number."""
        self._turn += 0 if self._reopened else 1
        self._ended, self._reopened = True, False
        self.wake_at_s = None

    def _typed(self, text: str, at_s: float) -> list[Event]:
        decisions: list[Event] = []
        if self._agent:
            decisions += self._take("typed")
        decisions += self._drop_revision()
        self._new_revision(text, typed=True)
        self._reopened = False
        self._close_count()
        return [*decisions, TurnEnded(self._turn, self._revision, text, at_s, "typed", typed=True)]

    def _timer(self, at_s: float) -> list[Event]:
        self.wake_at_s = None
        if self._watch_since_s is not None and self.person_speaking:
            if is_backchannel(self._text, self._language):
                return []
            return self._take("sustained")
        if not self.person_speaking and self._pause and not self._final_in:
            return self._final(TranscriptRevised(self._text, self._pause), at_s)
        return self._weigh(at_s)

    # The agent is heard, and may be interrupted.

    def _playback_started(self, reply: int, at_s: float) -> list[Event]:
        self._agent = reply
        self._close_turn()
        return self._watch(at_s) if self.person_speaking else []

    def _playback_stopped(self, reply: int) -> list[Event]:
        if reply == self._taken or (self._agent and reply != self._agent):
            return []
        self._agent = 0
        self._watch_since_s = None
        if self._ended:
            self._close_turn()
        return []

    def _close_turn(self) -> None:
        self._answered = self._revision_text or ""
        self._text = ""
        self._revision_text = None
        self._ended = self._reopened = False
        self._final_in = False
        self.wake_at_s = None

    def _interrupt_on_words(self, at_least: int) -> list[Event]:
        said = words(self._text)
        if len(said) < at_least or is_backchannel(self._text, self._language):
            return []
        return self._take("words")

    def _judge_sound(self) -> list[Event]:
        """The person fell silent while the agent spoke, and the words are in."""
        taken = self._interrupt_on_words(1)
        if taken:
            return taken
        return self._ignore("backchannel" if words(self._text) else "no_words")

    def _ignore(self, why: str) -> list[Event]:
        self._watch_since_s = self.wake_at_s = None
        self._final_in, self._text = False, ""
        return [BargeInIgnored(self._agent, why)]

    def _take(self, why: str) -> list[Event]:
        reply, self._agent = self._agent, 0
        self._taken = reply
        self._watch_since_s = None
        self.wake_at_s = None
        return [FloorTaken(reply, why)]
