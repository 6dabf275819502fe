"""What holds for the floor and the conductor whatever happens, and in whatever order."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from visavis.kernel.events import (
    AudioHeard,
    BargeInIgnored,
    Ducked,
    EndpointScored,
    Event,
    FloorTaken,
    PassageStarted,
    PlaybackStarted,
    PlaybackStopped,
    Record,
    ReplyDiscarded,
    ReplyReleased,
    ReplyStarted,
    SessionStarted,
    SpeechHinted,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    TimerFired,
    TranscriptRevised,
    TurnEnded,
    TurnMaybeOver,
    TurnResumed,
    VoicePaused,
)
from visavis.kernel.settings import TurnSettings
from visavis.session.replay import replay
from visavis.turn.conductor import Conductor, Discard, Hold, Release, Start
from visavis.turn.floor import Floor

TEXTS = ["", "yes", "mm-hm", "I would like to", "what time is it?", "what time is it? in Oslo", "stop it now"]

steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "utter",
                "utter",
                "start",
                "hint",
                "stop",
                "partial",
                "final",
                "late",
                "score",
                "typed",
                "play",
                "play",
                "silent",
                "wait",
                "passage",
            ]
        ),
        st.floats(0, 2.5, allow_nan=False),
        st.integers(0, 6),
        st.floats(0, 1),
    ),
    max_size=40,
)


class Call:
    """Drives a floor and a conductor as a session does, with any inputs, and checks each decision."""

    def __init__(self) -> None:
        self.floor = Floor(TurnSettings())
        self.conductor = Conductor()
        self.log: list[tuple[float, Event]] = []
        self.told: list[str] = []
        self.now_s = 0.0
        self.pause = 0
        self.revision: int | None = None
        self.live: int | None = None
        self.held: bool = True
        self.audible = 0
        self.protected = False
        self.voice = "full"
        """How the agent's voice is heard: full, ducked or paused."""
        self.replies = 0
        self.answers: dict[int, int] = {}
        self.turns: list[TurnEnded] = []

    def fact(self, event: Event) -> None:
        at_s = round(self.now_s, 4)
        self.log.append((at_s, event))
        if isinstance(event, PlaybackStarted):
            self.conductor.started(event.reply)
            self.audible, self.live, self.revision = event.reply, None, None
            self.voice, self.protected = "full", False
        elif isinstance(event, PlaybackStopped):
            if self.conductor.stopped(event.reply):
                self.live = None
            self.audible = 0 if event.reply == self.audible else self.audible
            self.voice, self.protected = "full", False
        for decision in self.floor.feed(event, at_s):
            self.log.append((at_s, decision))
            self.decided(decision)
        assert self.floor.wake_at_s is None or self.floor.wake_at_s > at_s - 60

    def decided(self, decision: Event) -> None:
        match decision:
            case TurnMaybeOver(revision=revision, text=text):
                assert text, "nothing is decided before words"
                assert not self.audible, "the agent is heard: it must be interrupted first"
                self.revision = revision
            case TurnResumed(revision=revision):
                assert revision == self.revision, "only a live revision dies"
                self.revision = None
            case TurnEnded(revision=revision, text=text, typed=typed, turn=turn):
                assert text
                assert typed or revision == self.revision, "only a live revision's turn ends"
                assert turn in (len(self.turns), len(self.turns) + 1)
                self.turns[turn - 1 :] = [decision]
                self.revision = revision
            case Ducked(reply=reply):
                assert reply and reply == self.audible and not self.protected
                assert self.voice == "full"
                self.voice = "ducked"
            case VoicePaused(reply=reply):
                assert reply and reply == self.audible and not self.protected
                assert self.voice == "ducked"
                self.voice = "paused"
            case BargeInIgnored(reply=reply):
                assert reply == self.audible
                self.voice = "full"
            case FloorTaken(reply=reply, why=why):
                assert reply == self.audible
                assert why == "typed" or not self.protected
                self.audible = 0
                # The session stops the voice while it still carries out this decision.
                self.fact(PlaybackStopped(reply))
        for action in self.conductor.feed(decision):
            self.act(action)

    def act(self, action: Any) -> None:
        at_s = round(self.now_s, 4)
        match action:
            case Start(revision=revision, turn=turn):
                assert self.live is None, "never two live revisions"
                self.live, self.held, self.replies = revision, True, self.replies + 1
                self.answers[revision] = self.replies
                self.log.append((at_s, ReplyStarted(self.replies, turn, revision, "answer")))
            case Discard(revision=revision, why=why):
                assert revision == self.live
                self.live = None
                self.log.append((at_s, ReplyDiscarded(self.answers[revision], why)))
            case Release(revision=revision):
                assert revision == self.live
                if self.held:
                    self.log.append((at_s, ReplyReleased(self.answers[revision])))
                self.held = False
            case Hold(revision=revision):
                assert revision == self.live
                self.held = True

    def wait(self, seconds: float) -> None:
        """Time passes; the floor is woken whenever it asked to be, and always gets on with it."""
        end_s = self.now_s + seconds
        fired = 0
        while (due_s := self.floor.wake_at_s) is not None and due_s <= end_s:
            self.now_s = max(self.now_s, due_s)
            self.fact(TimerFired(round(due_s, 4)))
            fired += 1
            assert fired < 10 + seconds * 10, "the timer makes no progress"
        self.now_s = end_s

    def step(self, kind: str, seconds: float, number: int, p: float) -> None:
        match kind:
            case "utter" if not self.floor.person_speaking:
                for part in ("start", "partial", "stop", "final", "score"):
                    self.step(part, seconds, number, p)
            case "start" if not self.floor.person_speaking:
                self.fact(SpeechStarted(max(0.0, self.now_s - 0.064)))
            case "hint":
                self.fact(SpeechHinted(max(0.0, self.now_s - 0.032)))
            case "stop" if self.floor.person_speaking:
                self.pause += 1
                self.fact(SpeechStopped(max(0.0, self.now_s - 0.2), 0.2))
            case "partial":
                self.fact(TranscriptRevised(TEXTS[number]))
            case "final" if self.pause:
                self.fact(TranscriptRevised(TEXTS[number], self.pause))
            case "late" if self.pause > 1:
                self.fact(TranscriptRevised(TEXTS[number], self.pause - 1))
            case "score" if self.pause:
                self.fact(EndpointScored(round(p, 2), self.pause))
            case "typed":
                self.fact(TextTyped(TEXTS[number] or "hello"))
            case "play" if not self.audible and (self.live is None or not self.held):
                if self.live is None:
                    self.replies += 1
                reply = self.answers[self.live] if self.live is not None else self.replies
                self.fact(PlaybackStarted(reply))
            case "passage" if self.audible:
                self.protected = not self.protected
                self.fact(PassageStarted(self.audible, self.protected))
            case "silent" if self.audible:
                self.fact(PlaybackStopped(self.audible))
        self.wait(seconds if kind == "wait" else seconds / 10)


def held(call: list[Any]) -> Call:
    played = Call()
    for step in call:
        played.step(*step)
    played.wait(30.0)
    return played


@given(steps)
def test_a_call_keeps_its_rules(call: list[Any]) -> None:
    played = held(call)
    if not played.floor.person_speaking and not played.audible:
        assert played.floor.wake_at_s is None, "everything that was waited for has come to an end"


@example([("utter", 0.0, 3, 0.0), ("start", 0.0, 0, 0.0), ("play", 0.0, 0, 0.0), ("stop", 0.0, 0, 0.0)])
@given(steps)
def test_no_voice_stays_ducked_or_paused_for_ever(call: list[Any]) -> None:
    """Not even while somebody goes on making a noise."""
    assert held(call).voice == "full"


@given(steps)
def test_replay_decides_the_same(call: list[Any]) -> None:
    started = SessionStarted("Ada", "en", {}, TurnSettings(), True)
    log = [(0.0, started), *held(call).log]
    records = [Record("s", seq, at_s, 0.0, event) for seq, (at_s, event) in enumerate(log, 1)]
    result = replay(records)
    assert result.same, result.difference


anything = st.lists(
    st.one_of(
        st.builds(SpeechStarted, st.floats(0, 50)),
        st.builds(SpeechStopped, st.floats(0, 50), st.floats(0, 1)),
        st.builds(TranscriptRevised, st.one_of(st.sampled_from(TEXTS), st.text(max_size=20)), st.integers(0, 3)),
        st.builds(EndpointScored, st.floats(0, 1), st.integers(0, 3)),
        st.builds(TextTyped, st.text(min_size=1, max_size=20)),
        st.builds(TimerFired, st.floats(0, 50)),
        st.builds(PlaybackStarted, st.integers(1, 3)),
        st.builds(PlaybackStopped, st.integers(1, 3)),
        st.builds(PassageStarted, st.integers(1, 3), st.booleans()),
        st.builds(AudioHeard, st.integers(1, 3), st.just(""), st.sampled_from(TEXTS)),
    ),
    max_size=30,
)


@given(anything, st.lists(st.floats(0, 3), min_size=30, max_size=30))
def test_any_order_of_facts_is_survived_and_always_decided_alike(facts: list[Event], gaps: list[float]) -> None:
    decided: list[list[list[Event]]] = []
    for _ in range(2):
        floor, at_s, told = Floor(TurnSettings()), 0.0, []
        for fact, gap in zip(facts, gaps, strict=False):
            at_s += gap
            told.append(floor.feed(fact, at_s))
        decided.append(told)
    assert decided[0] == decided[1]


@given(anything)
def test_other_facts_are_no_input_of_the_floor(facts: list[Event]) -> None:
    floor = Floor(TurnSettings())
    for number, fact in enumerate(facts):
        for decision in floor.feed(fact, number):
            assert floor.feed(decision, number) == [], "a decision is not read back"
