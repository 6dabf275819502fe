"""The floor, told like arithmetic: facts in with their times, decisions out."""

from __future__ import annotations

from collections.abc import Sequence

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
from visavis.turn.barge_in import DOUBT_S, PAUSE_S
from visavis.turn.floor import FINAL_GUARD_S, Floor

Told = list[tuple[float, Event]]

PATIENCE_S, BARGE_IN_S = 1.6, 0.55


def floor(**settings: float) -> Floor:
    chosen = {"patience_s": PATIENCE_S, "barge_in_s": BARGE_IN_S, **settings}
    return Floor(TurnSettings(**chosen))  # type: ignore[arg-type]


def play(on: Floor, facts: Sequence[tuple[float, Event]], *, until: float = 0.0) -> Told:
    """Feeds the facts at their times, and the timers that the floor asks for in between."""
    told: Told = []
    for at_s, fact in [*facts, (max(until, facts[-1][0]), None)]:
        while on.wake_at_s is not None and on.wake_at_s <= at_s:
            due_s = on.wake_at_s
            told += [(round(due_s, 3), decision) for decision in on.feed(TimerFired(due_s), due_s)]
        if fact is not None:
            told += [(round(at_s, 3), decision) for decision in on.feed(fact, at_s)]
    return told


def said(from_s: float, to_s: float, text: str, pause: int = 1) -> Told:
    """Speech from `from_s` to `to_s`; the stop is known 0.2 s later, the words 0.1 s after that."""
    return [
        (from_s + 0.064, SpeechStarted(from_s)),
        (to_s + 0.2, SpeechStopped(to_s, 0.2)),
        (to_s + 0.3, TranscriptRevised(text, pause)),
    ]


def agent_speaking(reply: int = 7) -> Floor:
    on = floor()
    assert on.feed(PlaybackStarted(reply), 0.0) == []
    return on


# Words of a streaming recogniser.


def revised_at_stop(text: str, until_s: float) -> bool:
    """Whether a reply is made ahead as speech that ended at 2.0 is known to have stopped."""
    facts: Told = [
        (1.064, SpeechStarted(1.0)),
        (2.08, TranscriptRevised(text, until_s=until_s)),
        (2.1, SpeechStopped(2.0, 0.1)),
    ]
    return any(isinstance(decision, TurnMaybeOver) for _, decision in play(floor(), facts))


def test_a_partial_that_speaks_for_all_of_the_sound_is_answered_ahead_as_it_stops() -> None:
    assert revised_at_stop("What time is it?", 1.95)


def test_one_that_may_lack_words_is_not() -> None:
    assert not revised_at_stop("What time is it?", 1.8)
    assert not revised_at_stop("What time is it?", 0.0)


def test_nor_is_one_after_which_most_people_go_on() -> None:
    assert not revised_at_stop("I would like to", 1.95)


# A turn ends.


def ended_after(text: str, score: float | None, **settings: float) -> tuple[float, str]:
    """How much silence ended the turn of `text`, whose score came soon after its words, and why."""
    facts = said(1.0, 2.0, text)
    if score is not None:
        facts.append((2.32, EndpointScored(score, 1)))
    at_s, last = play(floor(**settings), facts, until=9.0)[-1]
    assert isinstance(last, TurnEnded)
    return round(at_s - 2.0, 3), last.why


def test_a_clear_question_ends_the_turn_as_soon_as_its_words_are_in() -> None:
    assert play(floor(), said(1.0, 2.0, "What time is it?"), until=9.0) == [
        (2.2, FinalRequested(1)),
        (2.3, TurnMaybeOver(1, "What time is it?")),
        (2.3, TurnEnded(1, 1, "What time is it?", 2.0, "complete")),
    ]


def test_a_score_that_is_there_first_waits_for_the_words() -> None:
    start, stop, words = said(1.0, 2.0, "What time is it?")
    told = play(floor(), [start, stop, (2.25, EndpointScored(0.9, 1)), words], until=9.0)
    assert told[-1] == (2.3, TurnEnded(1, 1, "What time is it?", 2.0, "complete"))


def test_the_score_moves_the_end_of_a_statement() -> None:
    sure, unknown, unlikely = (ended_after("It is blue.", score)[0] for score in (0.95, None, 0.05))
    assert 0.2 < sure < unknown < unlikely <= PATIENCE_S


def test_an_open_clause_is_given_time_whatever_the_score_says() -> None:
    assert ended_after("I would like to", 0.99)[0] > 1.0
    assert ended_after("I would like to", 0.01) == (PATIENCE_S, "patience")


def test_the_score_of_an_earlier_pause_does_not_count() -> None:
    facts = [*said(1.0, 2.0, "It is"), *said(2.5, 3.0, "It is blue.", pause=2)]
    with_late_score = [*facts, (3.35, EndpointScored(0.99, 1))]
    assert play(floor(), facts, until=9.0)[-1] == play(floor(), with_late_score, until=9.0)[-1]


def test_words_that_never_come_are_given_up_after_the_guard() -> None:
    told = play(floor(), [(1.064, SpeechStarted(1.0)), (2.2, SpeechStopped(2.0, 0.2))], until=9.0)
    assert told == [(2.2, FinalRequested(1)), (2.2 + FINAL_GUARD_S, NothingSaid(1))]


def test_after_the_guard_the_partial_words_are_taken() -> None:
    facts = [
        (1.064, SpeechStarted(1.0)),
        (1.6, TranscriptRevised("what time is")),
        (2.2, SpeechStopped(2.0, 0.2)),
    ]
    told = play(floor(), facts, until=9.0)
    assert [event for _, event in told][-1] == TurnEnded(1, 1, "what time is", 2.0, "patience")
    assert told[-1][0] == 5.2


# A turn goes on.


def test_a_pause_inside_a_sentence_makes_one_turn() -> None:
    first = said(1.0, 2.0, "I would like to")
    second = said(2.8, 3.8, "I would like to book a table.", pause=2)
    told = play(floor(), [*first, *second, (4.15, EndpointScored(0.95, 2))], until=9.0)
    assert [event for _, event in told] == [
        FinalRequested(1),  # and no reply to half a sentence
        FinalRequested(2),
        TurnMaybeOver(1, "I would like to book a table."),
        TurnEnded(1, 1, "I would like to book a table.", 3.8, "silence"),
    ]


def test_a_reply_to_what_may_be_half_of_it_dies_when_more_comes() -> None:
    first, second = said(1.0, 2.0, "It is blue."), said(2.6, 3.2, "It is blue. And it squeaks.", pause=2)
    told = play(floor(), [*first, *second], until=9.0)
    assert [event for _, event in told] == [
        FinalRequested(1),
        TurnMaybeOver(1, "It is blue."),
        FinalRequested(2),
        TurnResumed(1),
        TurnMaybeOver(2, "It is blue. And it squeaks."),
        TurnEnded(1, 2, "It is blue. And it squeaks.", 3.2, "silence"),
    ]


def test_a_partial_with_more_words_kills_the_revision_early() -> None:
    more = [(2.664, SpeechStarted(2.6)), (3.1, TranscriptRevised("It is blue and it"))]
    told = play(floor(), [*said(1.0, 2.0, "It is blue."), *more], until=3.5)
    assert told[-1] == (3.1, TurnResumed(1))


def test_a_noise_after_the_words_keeps_the_revision() -> None:
    facts = [*said(1.0, 2.0, "It is blue"), *said(2.4, 2.6, "It is blue", pause=2)]
    events = [event for _, event in play(floor(), facts, until=9.0)]
    assert not [event for event in events if isinstance(event, TurnResumed)]
    assert events[-1] == TurnEnded(1, 1, "It is blue", 2.6, "silence")


def test_a_turn_that_goes_on_before_the_answer_is_heard_ends_again_under_its_number() -> None:
    first = [*said(1.0, 2.0, "What time is it?"), (2.35, EndpointScored(0.9, 1))]
    more = [*said(2.6, 3.6, "What time is it in Oslo?", pause=2), (3.95, EndpointScored(0.9, 2))]
    assert [event for _, event in play(floor(), [*first, *more], until=9.0)] == [
        FinalRequested(1),
        TurnMaybeOver(1, "What time is it?"),
        TurnEnded(1, 1, "What time is it?", 2.0, "complete"),
        TurnMaybeOver(1, "What time is it?"),
        FinalRequested(2),
        TurnResumed(1),
        TurnMaybeOver(2, "What time is it in Oslo?"),
        TurnEnded(1, 2, "What time is it in Oslo?", 3.6, "complete"),
    ]


def test_after_the_answer_the_next_turn_has_the_next_number() -> None:
    first = [*said(1.0, 2.0, "Hello there."), (2.35, EndpointScored(0.9, 1))]
    answer = [(3.0, PlaybackStarted(1)), (4.0, PlaybackStopped(1))]
    more = [*said(5.0, 6.0, "What time is it?", pause=2), (6.35, EndpointScored(0.9, 2))]
    told = play(floor(), [*first, *answer, *more], until=9.0)
    assert told[-1] == (6.3, TurnEnded(2, 2, "What time is it?", 6.0, "complete"))


# No words, no turn.


def test_a_sound_without_words_is_no_turn() -> None:
    assert play(floor(), [*said(1.0, 1.4, ""), (1.75, EndpointScored(0.99, 1))], until=9.0) == [
        (1.6, FinalRequested(1)),
        (1.7, NothingSaid(1)),
    ]


def test_typed_text_is_a_turn_at_once() -> None:
    assert play(floor(), [(3.0, TextTyped("What time is it?"))], until=9.0) == [
        (3.0, TurnEnded(1, 1, "What time is it?", 3.0, "typed", typed=True))
    ]


def test_a_noise_after_typed_text_ends_the_same_turn_again() -> None:
    told = play(floor(), [(1.0, TextTyped("Hello")), *said(1.1, 1.4, "")], until=9.0)
    ends = [event for _, event in told if isinstance(event, TurnEnded)]
    assert [(end.turn, end.revision, end.text, end.typed) for end in ends] == [(1, 1, "Hello", True)] * 2


def test_words_after_typed_text_are_a_turn_of_their_own() -> None:
    told = play(floor(), [(1.0, TextTyped("Hello")), *said(1.1, 1.9, "and good morning")], until=9.0)
    ends = [event for _, event in told if isinstance(event, TurnEnded)]
    assert [(end.turn, end.text, end.typed) for end in ends] == [(1, "Hello", True), (2, "and good morning", False)]


# The agent speaks.


def test_two_words_take_the_floor() -> None:
    facts: Told = [
        (1.064, SpeechStarted(1.0)),
        (1.3, TranscriptRevised("wait")),
        (1.4, TranscriptRevised("wait please")),
    ]
    assert play(agent_speaking(), facts) == [(1.064, Ducked(7)), (1.4, FloorTaken(7, "words"))]


def test_sustained_sound_pauses_the_voice_until_words_decide() -> None:
    facts: Told = [
        (1.064, SpeechStarted(1.0)),
        (1.4, TranscriptRevised("maybe")),
        (2.0, TranscriptRevised("maybe on Sunday")),
    ]
    told = play(agent_speaking(), facts, until=3.0)
    assert told == [(1.064, Ducked(7)), (1.55, VoicePaused(7, "sustained")), (2.0, FloorTaken(7, "words"))]


def test_a_hint_of_speech_ducks_for_a_moment() -> None:
    told = play(agent_speaking(), [(1.032, SpeechHinted(1.0))], until=9.0)
    assert told == [(1.032, Ducked(7)), (1.4, BargeInIgnored(7, "unclear"))]


def test_speech_after_a_hint_counts_from_the_hint() -> None:
    told = play(agent_speaking(), [(1.032, SpeechHinted(1.0)), (1.332, SpeechStarted(1.3))], until=2.0)
    assert told == [(1.032, Ducked(7)), (round(1.0 + BARGE_IN_S + DOUBT_S, 3), VoicePaused(7, "sustained"))]


def test_a_hint_is_nothing_while_nobody_is_to_be_interrupted() -> None:
    assert floor().feed(SpeechHinted(1.0), 1.032) == []


def test_a_noise_however_long_only_pauses_the_voice_and_not_for_ever() -> None:
    told = play(agent_speaking(), [(1.064, SpeechStarted(1.0))], until=9.0)
    paused_s = round(1.0 + BARGE_IN_S + DOUBT_S, 3)
    assert told == [
        (1.064, Ducked(7)),
        (paused_s, VoicePaused(7, "sustained")),
        (round(paused_s + PAUSE_S, 3), BargeInIgnored(7, "no_words")),
    ]


def test_a_sound_that_stays_unclear_does_not_silence_the_agent_for_long() -> None:
    facts: Told = [
        (1.064, SpeechStarted(1.0)),
        (1.4, TranscriptRevised("maybe")),
        (3.5, TranscriptRevised("maybe on Sunday")),
    ]
    assert play(agent_speaking(), facts) == [
        (1.064, Ducked(7)),
        (1.55, VoicePaused(7, "sustained")),
        (1.55 + PAUSE_S, BargeInIgnored(7, "unclear")),
        (3.5, FloorTaken(7, "words")),
    ]


def test_typing_takes_the_floor() -> None:
    told = play(agent_speaking(), [(1.0, TextTyped("stop"))])
    assert [event for _, event in told] == [FloorTaken(7, "typed"), TurnEnded(1, 1, "stop", 1.0, "typed", typed=True)]


def test_a_backchannel_is_ignored() -> None:
    facts = [(1.064, SpeechStarted(1.0)), (1.3, TranscriptRevised("mm-hm")), *said(1.0, 1.5, "Mm-hm.")[1:]]
    assert play(agent_speaking(), facts, until=9.0) == [
        (1.064, Ducked(7)),
        (1.7, FinalRequested(1)),
        (1.8, BargeInIgnored(7, "backchannel")),
    ]


def test_a_cough_is_ignored() -> None:
    told = play(agent_speaking(), said(1.0, 1.3, ""), until=9.0)
    assert told[-1] == (1.6, BargeInIgnored(7, "no_words"))


def test_a_single_word_that_is_no_backchannel_takes_the_floor_when_it_is_over() -> None:
    told = play(agent_speaking(), said(1.0, 1.3, "Stop."), until=9.0)
    assert [event for _, event in told][2:] == [
        FloorTaken(7, "words"),
        TurnMaybeOver(1, "Stop."),
        TurnEnded(1, 1, "Stop.", 1.3, "silence"),
    ]


def test_the_stop_of_an_interrupted_voice_does_not_close_the_new_turn() -> None:
    """The session reports the stop while it still carries out what followed from the interruption."""
    on = agent_speaking()
    play(on, [*said(1.0, 1.3, "What is it?"), (1.62, EndpointScored(0.9, 1)), (1.62, PlaybackStopped(7))])
    assert on.feed(SpeechStarted(1.8), 1.9) == [TurnMaybeOver(1, "What is it?")], "the turn can still go on"


def test_words_from_before_the_agent_spoke_interrupt_it_when_they_come_in() -> None:
    start, stop, words = said(1.0, 2.0, "What time is it?")
    told = play(floor(), [start, stop, (2.25, PlaybackStarted(1)), words], until=9.0)
    assert [event for _, event in told] == [
        FinalRequested(1),
        FloorTaken(1, "words"),
        TurnMaybeOver(1, "What time is it?"),
        TurnEnded(1, 1, "What time is it?", 2.0, "complete"),
    ]


def test_late_words_that_were_answered_already_do_not_interrupt_the_answer() -> None:
    facts: Told = [
        (1.064, SpeechStarted(1.0)),
        (1.6, TranscriptRevised("what time is it?")),
        (2.2, SpeechStopped(2.0, 0.2)),
        (5.4, PlaybackStarted(1)),
        (5.6, TranscriptRevised("What time is it?", 1)),
    ]
    told = play(floor(), facts, until=9.0)
    assert [event for _, event in told][-1] == BargeInIgnored(1, "answered")


def test_a_person_who_speaks_when_the_agent_begins_is_watched() -> None:
    facts: Told = [(1.064, SpeechStarted(1.0)), (1.2, PlaybackStarted(3)), (1.4, TranscriptRevised("maybe"))]
    assert play(floor(), facts, until=2.0) == [(1.2, Ducked(3)), (1.75, VoicePaused(3, "sustained"))]


def test_a_rounded_timer_is_early_enough() -> None:
    """The journal keeps 0.1 ms: a timer due at 2.70004 fires at 2.7."""
    on = floor()
    end_s = 2.00004
    for at_s, fact in said(1.0, end_s, "It is blue"):
        on.feed(fact, round(at_s, 4))
    assert on.wake_at_s is not None
    due_s = round(on.wake_at_s, 4)
    assert due_s < on.wake_at_s
    assert [type(event) for event in on.feed(TimerFired(due_s), due_s)] == [TurnEnded]
