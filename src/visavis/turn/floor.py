"""The floor: a pure state machine over facts, each with its media time, that decides who may speak.

`feed` takes an input fact and returns the decisions it leads to, as facts too. When the floor wants to look again
later without a new fact, it says so in `wake_at_s`; the session then feeds `TimerFired`. The same inputs with the
same times always give the same decisions: that is what replay rests on.

A turn goes: speech → pause (`FinalRequested`) → words in, revision starts unheard (`TurnMaybeOver`) → either
more words (`TurnResumed`) or the end (`TurnEnded`) → the agent is heard (`PlaybackStarted`) and the turn is closed.
Until the agent is heard, the person can still go on: the revision is held again, and dies only if new words come.
How much silence ends a turn is decided in `ending.py`, what a sound during the agent's speech means in `barge_in.py`.
"""

from __future__ import annotations

from visavis.kernel.events import (
    AsideIgnored,
    AudioHeard,
    EndpointScored,
    Event,
    FaceCue,
    FinalRequested,
    Nodded,
    NothingSaid,
    PassageStarted,
    PlaybackStarted,
    PlaybackStopped,
    ReplyEnded,
    SpeechHinted,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    TimerFired,
    TranscriptRevised,
    TurnEnded,
    TurnMaybeOver,
    TurnResumed,
    WordsScored,
)
from visavis.kernel.settings import TurnSettings
from visavis.turn.barge_in import BargeIn
from visavis.turn.ending import Cues, Ending, Habit, ending
from visavis.turn.limits import TurnLimit
from visavis.turn.seen import NOD, Seen
from visavis.turn.words import same_words, words

ROUNDING_S = 1e-4
"""Times come from the journal, which keeps a tenth of a millisecond: a timer may seem to fire that much early."""

TAIL_S = 0.1
"""Detectors hear an end a little late: a partial that speaks for the sound up to so much before it has all words."""

FINAL_GUARD_S = 3.0
"""How long a pause waits for its full recognition pass before the words known so far are taken."""


class Floor:
    """One session's floor. `language` is a BCP 47 tag."""

    def __init__(self, settings: TurnSettings, language: str = "en") -> None:
        self._settings = settings
        self._language = language
        self._barge_in = BargeIn(settings, language)
        self._limit = TurnLimit(settings.max_turn_s)
        self._cut = False
        """The turn was cut for its length: no sound reopens it."""
        self._wake_at_s: float | None = None
        self.person_speaking = False
        self.words_due = False
        """A pause's full recognition pass was asked for and its words are not in yet."""
        self._speech_start_s = 0.0
        self._speech_end_s = 0.0
        self._habit = Habit()
        self._pause = 0
        self._final_in = False
        self._words_in = False
        """Words that were told in this pause: final, or a streaming recogniser's last partial."""
        self._score: float | None = None
        self._words_p: float | None = None
        self._text = ""
        self._until_s = 0.0
        """Media time up to which the last partial speaks for the sound."""
        self._revision = 0
        self._revision_text: str | None = None
        self._revision_typed = False
        self._discarded = 0
        self._ended = False
        self._reopened = False
        self._turn = 0
        self._answered = ""
        self._seen = Seen()

    @property
    def wake_at_s(self) -> float | None:
        """When the floor wants to look again (`TimerFired`); None for not at all."""
        cut_at_s = self._limit.cut_at_s if self._may_cut() and self.person_speaking and words(self._text) else None
        due = [at_s for at_s in (self._barge_in.wake_at_s, self._wake_at_s, cut_at_s) if at_s is not None]
        return min(due, default=None)

    @property
    def over_at_s(self) -> float | None:
        """In a pause, when the turn will be over if nothing more is said or learnt; None where that is not open."""
        return self._speech_end_s + self._ending().over_s if self.undecided else None

    @property
    def undecided(self) -> bool:
        """In a pause whose words are known, the turn is not over yet: whatever tells more about it is welcome."""
        return self._final_in and not (self._ended or self.person_speaking or self._barge_in.reply)

    def feed(self, event: Event, at_s: float) -> list[Event]:
        """The decisions that `event`, known at `at_s`, leads to; [] for facts that are no input of the floor."""
        match event:
            case SpeechHinted() if self._barge_in.reply and not self.person_speaking:
                return self._barge_in.hinted(event.at_s)
            case SpeechStarted():
                return self._speech_started(event.at_s)
            case SpeechStopped():
                return self._speech_stopped(event, at_s)
            case TranscriptRevised(pause=0):
                self._until_s = event.until_s
                return self._partial(event.text, at_s)
            case TranscriptRevised(pause=pause):
                self.words_due = self.words_due and pause != self._pause
                return self._final(event, at_s)
            case EndpointScored(pause=pause, p_complete=p):
                self._score = p if pause == self._pause else self._score
                return self._weigh(at_s)
            case WordsScored(pause=pause, p_ends=p):
                self._words_p = p if pause == self._pause else self._words_p
                return self._weigh(at_s)
            case TextTyped():
                return self._typed(event.text, at_s)
            case TimerFired():
                return self._timer(at_s)
            case PlaybackStarted():
                return self._playback_started(event.reply, at_s)
            case PlaybackStopped():
                return self._playback_stopped(event.reply, at_s)
            case PassageStarted() if event.reply == self._barge_in.reply:
                return self._passage_started(event.protected, at_s)
            case AudioHeard():
                self._barge_in.saying(event.saying)
            case ReplyEnded(text=text) if text:
                self._seen.asked = text
            case FaceCue():
                return self._looks(event, at_s)
            case Nodded():
                return self._nodded(at_s)
        return []

    # The person makes sounds.

    def _speech_started(self, at_s: float) -> list[Event]:
        if self._pause and self._text and not self._ended and not self._barge_in.reply:
            self._habit = self._habit.paused(max(0.0, at_s - self._speech_end_s))
        self.person_speaking = True
        self._limit.sound(at_s)
        self._speech_start_s = at_s
        self._wake_at_s = None
        self._seen.spoke(goes_on=bool(self._text))
        if self._barge_in.reply:
            return self._barge_in.sound(at_s)
        if self._ended and self._revision_text is not None and not self._cut:
            self._ended, self._reopened = False, True
            return [TurnMaybeOver(self._revision, self._revision_text)]
        return []

    def _speech_stopped(self, event: SpeechStopped, at_s: float) -> list[Event]:
        self.person_speaking = False
        self._seen.speaking()
        self._speech_end_s = event.at_s
        self._pause += 1
        self.words_due = True
        self._final_in = False
        self._words_in = 0 < self._until_s > event.at_s - TAIL_S
        self._score = self._words_p = None
        self._barge_in.hushed()
        self._wake_at_s = at_s + FINAL_GUARD_S
        return [FinalRequested(self._pause), *self._weigh(at_s)]

    # Words come in.

    def _partial(self, text: str, at_s: float) -> list[Event]:
        self._text = text
        if self._barge_in.since_s is not None or (self._barge_in.reply and self.person_speaking):
            return self._barge_in.partial(text)
        if self._barge_in.reply or self._ended:
            return []
        if not self.person_speaking:
            self._words_in = True
            return self._weigh(at_s)
        more = len(words(text)) > len(words(self._revision_text or ""))
        return self._drop_revision() if more else []

    def _final(self, event: TranscriptRevised, at_s: float) -> list[Event]:
        if event.pause != self._pause or self._ended:
            return []
        if self._may_cut() and self._limit.reached(at_s) and words(event.text):
            return self._jump_in(event.text)
        if self.person_speaking:
            return []
        self._final_in = self._words_in = True
        self._text = event.text
        if self._barge_in.protected:
            return []
        return self._heard_out(at_s) if not self._barge_in.reply else self._overlapped(at_s)

    def _overlapped(self, at_s: float) -> list[Event]:
        """The full text is known of what was said beside the agent's voice."""
        if self._barge_in.since_s is None and self._answered and same_words(self._text, self._answered):
            decisions = self._barge_in.ignore("answered")  # words from before the agent spoke, known only now
        else:
            decisions = self._barge_in.final(self._text, self._speech_end_s)
        if self._barge_in.reply:
            self._forget_sound()
            return decisions
        return decisions + self._heard_out(at_s)

    def _forget_sound(self) -> None:
        """What was heard beside the agent's voice is nobody's turn."""
        self._limit.closed()
        self._final_in = self._words_in = False
        self._text, self._wake_at_s = "", None

    def _heard_out(self, at_s: float) -> list[Event]:
        """The full text of a pause is known."""
        if not words(self._text) and self._revision_text is None:
            self._final_in, self._words_in, self._wake_at_s = False, False, None
            self._limit.closed()
            return [NothingSaid(self._pause)]
        if not self._seen.for_us:
            self._forget_sound()
            return [*self._drop_revision(), AsideIgnored(self._pause)]
        return self._weigh(at_s)

    def _new_revision(self, text: str, *, typed: bool) -> None:
        self._revision += 1
        self._revision_text, self._revision_typed = text, typed

    def _drop_revision(self) -> list[Event]:
        if self._revision_text is None:
            return []
        if self._revision_typed:
            self._reopened = False  # what was typed stands as a turn of its own
        self._revision_text = None
        self._discarded += 1
        return [TurnResumed(self._revision)]

    # What the camera shows.

    def _looks(self, cue: FaceCue, at_s: float) -> list[Event]:
        self._seen.face = cue
        self._barge_in.facing = cue.facing
        if self.person_speaking:
            self._seen.speaking()
        return self._weigh(at_s)

    def _nodded(self, at_s: float) -> list[Event]:
        """A nod answers the agent's question, if nobody speaks and nothing has been said."""
        silent = not (self.person_speaking or self._barge_in.reply or self._revision_text or self._text)
        if not silent or not self._seen.nod_answers(at_s):
            return []
        self._new_revision(NOD, typed=False)
        self._speech_end_s = at_s
        return [TurnMaybeOver(self._revision, NOD), *self._end("nod")]

    # Is the turn over?

    def _weigh(self, at_s: float) -> list[Event]:
        """In a pause: is it time to make a reply ahead, is the turn over, or when to look again?"""
        if self.person_speaking or self._ended or self._barge_in.reply or not self._words_in:
            return []
        if not words(self._text) and self._revision_text is None:
            return []
        ends = self._ending()
        silence_s = at_s - self._speech_end_s + ROUNDING_S
        over = self._final_in and silence_s >= ends.over_s
        decisions = self._revise() if over or silence_s >= ends.start_s else []
        if over:
            return [*decisions, *self._end(ends.why)]
        if self._final_in:
            waits_for_start = not self._answers_text() and silence_s < ends.start_s
            self._wake_at_s = self._speech_end_s + (ends.start_s if waits_for_start else ends.over_s)
        return decisions

    def _ending(self) -> Ending:
        text = self._text if words(self._text) else self._revision_text or ""
        cues = Cues(
            text,
            self._language,
            score=self._score,
            words_p=self._words_p,
            asked=self._seen.asked,
            habit=self._habit,
            mouth=self._seen.face.mouth,
            facing=self._seen.face.facing,
        )
        ends = ending(cues, self._settings)
        if self._discarded >= self._settings.speculations:
            return Ending(ends.over_s, ends.over_s, ends.why)
        return ends

    def _answers_text(self) -> bool:
        """True when the live revision answers the words as they stand; one without words changes nothing."""
        if self._revision_text is None:
            return False
        return not words(self._text) or same_words(self._text, self._revision_text)

    def _revise(self) -> list[Event]:
        """Keep the live revision if it answers these words, else start one."""
        if self._answers_text():
            return []
        decisions = self._drop_revision()
        self._new_revision(self._text, typed=False)
        return [*decisions, TurnMaybeOver(self._revision, self._text)]

    def _end(self, why: str) -> list[Event]:
        self._close_count()
        text, typed = self._revision_text or "", self._revision_typed
        return [TurnEnded(self._turn, self._revision, text, self._speech_end_s, why, typed=typed)]

    def _may_cut(self) -> bool:
        """The turn is the person's, and not over."""
        return not (self._ended or self._barge_in.reply)

    def _jump_in(self, text: str) -> list[Event]:
        """The turn is too long: what was said so far is answered, even if the person goes on."""
        decisions = self._drop_revision()
        self._new_revision(text, typed=False)
        self._cut = True
        return [*decisions, *self._end("limit")]

    def _close_count(self) -> None:
        """The turn is over; one that was over already, and went on before the agent was heard, keeps its number."""
        self._turn += 0 if self._reopened else 1
        self._ended, self._reopened = True, False
        self._wake_at_s = None

    def _typed(self, text: str, at_s: float) -> list[Event]:
        decisions: list[Event] = []
        if self._barge_in.reply:
            decisions += self._barge_in.take("typed")
        decisions += self._drop_revision()
        self._new_revision(text, typed=True)
        self._reopened = False
        self._close_count()
        return [*decisions, TurnEnded(self._turn, self._revision, text, at_s, "typed", typed=True)]

    def _timer(self, at_s: float) -> list[Event]:
        if self._barge_in.wake_at_s is not None and self._barge_in.wake_at_s <= at_s + ROUNDING_S:
            return self._barge_in.timer(self._text, at_s)
        if self._may_cut() and self._limit.overdue(at_s) and self.person_speaking and words(self._text):
            self._speech_end_s = at_s
            return self._jump_in(self._text)
        self._wake_at_s = None
        if not self.person_speaking and self._pause and not self._final_in:
            return self._final(TranscriptRevised(self._text, self._pause), at_s)
        return self._weigh(at_s)

    # The agent is heard, and may be interrupted.

    def _playback_started(self, reply: int, at_s: float) -> list[Event]:
        self._barge_in.began(reply)
        still_open = self._final_in and not self._ended and bool(words(self._text))
        decisions = self._overlapped(at_s) if still_open else []
        if not self._barge_in.reply:
            return decisions
        self._close_turn()
        return [*decisions, *self._barge_in.sound(at_s)] if self.person_speaking else decisions

    def _playback_stopped(self, reply: int, at_s: float) -> list[Event]:
        if reply == self._barge_in.taken or (self._barge_in.reply and reply != self._barge_in.reply):
            return []
        waited = self._barge_in.protected and self._final_in
        self._barge_in.stopped()
        self._seen.agent_stopped(at_s)
        if self._ended:
            self._close_turn()
        return self._heard_out(at_s) if waited else []

    def _passage_started(self, protected: bool, at_s: float) -> list[Event]:
        """What was said during a protected passage is judged after it."""
        decisions = self._barge_in.passage(protected)
        if protected:
            return decisions
        if self.person_speaking:
            return self._barge_in.sound(self._speech_start_s)
        return self._overlapped(at_s) if self._final_in else []

    def _close_turn(self) -> None:
        self._answered = self._revision_text or ""
        self._text = ""
        self._revision_text = None
        self._ended = self._reopened = self._cut = False
        self._limit.closed()
        self._final_in = self._words_in = False
        self._discarded = 0
        self._wake_at_s = None
