"""Where a turn's time went: every millisecond once, against the budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.events import (
    Event,
    FinalRequested,
    FirstAudioPlayed,
    FirstClause,
    FirstSpeech,
    FirstToken,
    Record,
    ReplyDiscarded,
    ReplyReleased,
    ReplyStarted,
    TranscriptRevised,
    TurnEnded,
)
from visavis.observe.waterfall import BUDGET_MS, Waterfall, Waterfalls


def falls(*facts: tuple[float, Event]) -> list[Waterfall]:
    found: list[Waterfall] = []
    reader = Waterfalls(found.append)
    for seq, (at_s, event) in enumerate(facts, 1):
        reader.read(Record("s", seq, at_s, 0.0, event))
    return found


def ended(speech_end_s: float = 10.0, *, typed: bool = False) -> TurnEnded:
    return TurnEnded(3, 5, "hello", speech_end_s, "complete", typed)


def test_a_turn_is_the_sum_of_its_stages() -> None:
    (fall,) = falls(
        (10.22, FinalRequested(1)),
        (10.35, TranscriptRevised("hello", 1)),
        (10.35, ReplyStarted(7, 3, 5, "answer")),
        (10.40, ended()),
        (10.40, ReplyReleased(7)),
        (10.60, FirstToken(7)),
        (10.75, FirstClause(7)),
        (10.90, FirstSpeech(7)),
        (10.91, FirstAudioPlayed(7, 0.91)),
    )
    assert (fall.turn, fall.reply) == (3, 7)
    assert {name: round(value) for name, value in fall.stages_ms.items()} == {
        "endpoint": 220,
        "asr": 130,
        "llm_first_token": 250,
        "first_clause": 150,
        "tts": 150,
        "release": 10,
    }
    assert round(fall.v2v_ms) == 910
    assert fall.over == ""


def test_what_ran_ahead_of_the_decision_costs_nothing_and_the_wait_is_named() -> None:
    """A speculative reply was ready long before the turn ended."""
    (fall,) = falls(
        (10.20, FinalRequested(1)),
        (10.30, TranscriptRevised("hello", 1)),
        (10.30, ReplyStarted(7, 3, 5, "answer")),
        (10.40, FirstToken(7)),
        (10.45, FirstClause(7)),
        (10.50, FirstSpeech(7)),
        (11.60, ended()),
        (11.60, ReplyReleased(7)),
        (11.61, FirstAudioPlayed(7, 1.61)),
    )
    assert round(fall.stages_ms["release"]) == 1110
    assert fall.over == "release"
    assert round(sum(fall.stages_ms.values())) == round(fall.v2v_ms) == 1610


def test_typed_text_has_no_hearing() -> None:
    (fall,) = falls(
        (10.0, ended(typed=True)),
        (10.0, ReplyStarted(7, 3, 5, "answer")),
        (10.0, ReplyReleased(7)),
        (10.3, FirstToken(7)),
        (10.4, FirstClause(7)),
        (10.5, FirstSpeech(7)),
        (10.5, FirstAudioPlayed(7, 0.5)),
    )
    assert "asr" not in fall.stages_ms
    assert round(fall.v2v_ms) == 500


def test_the_reply_that_was_heard_counts_not_the_one_that_died() -> None:
    (fall,) = falls(
        (9.0, ReplyStarted(6, 3, 4, "answer")),
        (9.1, FirstToken(6)),
        (9.2, ReplyDiscarded(6, "resumed")),
        (10.2, FinalRequested(2)),
        (10.3, ReplyStarted(7, 3, 5, "answer")),
        (10.3, ended()),
        (10.5, FirstToken(7)),
        (10.7, FirstAudioPlayed(7, 0.7)),
    )
    assert fall.reply == 7
    assert round(fall.stages_ms["llm_first_token"]) == 200


def test_what_nobody_asked_for_has_no_waterfall() -> None:
    assert falls((1.0, ReplyStarted(1, 0, 0, "greeting")), (1.2, FirstAudioPlayed(1, 0.0))) == []


def test_a_stage_without_a_budget_is_none() -> None:
    assert sum(BUDGET_MS.values()) < 1800
    assert min(BUDGET_MS.values()) > 0


times = st.floats(0, 5, allow_nan=False)


@given(st.lists(times, min_size=6, max_size=6), times)
def test_stages_add_up_whatever_the_order(marks: list[float], played_s: float) -> None:
    events: list[Event] = [
        FinalRequested(1),
        ReplyStarted(7, 3, 5, "answer"),
        FirstToken(7),
        FirstClause(7),
        FirstSpeech(7),
        ended(10.0),
    ]
    facts = sorted(zip([10 + mark for mark in marks], events, strict=True), key=lambda fact: fact[0])
    last_s = max(at_s for at_s, _ in facts)
    for fall in falls(*facts, (last_s + played_s, FirstAudioPlayed(7, 0.0))):
        assert abs(sum(fall.stages_ms.values()) - fall.v2v_ms) < 1e-6
        assert all(value >= 0 for value in fall.stages_ms.values())
        assert fall.over == "" or fall.stages_ms[fall.over] > BUDGET_MS[fall.over]
