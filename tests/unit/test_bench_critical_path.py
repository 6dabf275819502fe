"""What scheduling added is exactly what was put into a constructed journal, wherever it was put."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.bench.conversation import Line, TurnReport
from visavis.bench.critical_path import ServerTurn, critical_paths
from visavis.bench.legs import add_legs
from visavis.kernel.events import (
    EndpointScored,
    Event,
    FinalRequested,
    FirstAudioPlayed,
    FirstClause,
    FirstContentPlayed,
    FirstSpeech,
    FirstToken,
    Record,
    ReplyReleased,
    ReplyStarted,
    SpeechStopped,
    TimerFired,
    TranscriptRevised,
    TurnEnded,
)

WALL_S = 1_750_000_000.0
END_S = 10.0


@dataclass
class Times:
    """Stage times of one turn, and the delay that scheduling put before each step; all in seconds."""

    silence: float = 0.1
    asr: float = 0.12
    score: float = 0.05
    token: float = 0.3
    clause: float = 0.1
    tts: float = 0.12
    timer: float = 0.0
    late_stop: float = 0.0
    late_asr: float = 0.0
    late_token: float = 0.0
    late_speech: float = 0.0
    late_play: float = 0.0

    def turn(self) -> ServerTurn:
        [turn] = critical_paths(journal(self.facts()))
        return turn

    def facts(self) -> list[tuple[float, Event]]:
        stop = END_S + self.silence + self.late_stop
        final = stop + self.asr + self.late_asr
        token = final + self.token + self.late_token
        clause = token + self.clause
        speech = clause + self.tts + self.late_speech
        facts: list[tuple[float, Event]] = [
            (stop, SpeechStopped(END_S, self.silence)),
            (stop, FinalRequested(1)),
            (final, TranscriptRevised("hello", 1, "en", self.asr)),
            (final, ReplyStarted(7, 1, 1, "answer")),
            (token, FirstToken(7, self.token)),
            (clause, FirstClause(7)),
            (speech, FirstSpeech(7, self.tts)),
        ]
        scored = stop + self.score
        decided = END_S + self.timer if self.timer else max(final, scored) + 1e-6
        facts.append((scored, EndpointScored(0.9, 1, self.score)))
        if self.timer:
            facts.append((decided, TimerFired(decided)))
        facts += [(decided, TurnEnded(1, 1, "hello", END_S, "complete")), (decided, ReplyReleased(7))]
        facts.append((max(speech, decided) + self.late_play, FirstAudioPlayed(7, 0.0)))
        return sorted(facts, key=lambda fact: fact[0])


def journal(facts: list[tuple[float, Event]]) -> list[Record]:
    return [Record("s", seq, at_s, WALL_S + at_s, event) for seq, (at_s, event) in enumerate(facts, 1)]


stage = st.floats(0.001, 0.5)
late = st.floats(0, 0.3)


@given(
    st.builds(Times, *[stage] * 6, late_stop=late, late_asr=late, late_token=late, late_speech=late, late_play=late)
)
def test_added_is_what_was_put_in_when_the_reply_decides(times: Times) -> None:
    """The score is in before the voice is: all delays lie on the way to the first sound."""
    times.score = min(times.score, times.asr)
    put_in = times.late_stop + times.late_asr + times.late_token + times.late_speech + times.late_play
    assert times.turn().added_s == pytest.approx(put_in, abs=1e-5)
    stages = times.silence + times.asr + times.token + times.clause + times.tts
    assert times.turn().path_s == pytest.approx(stages, abs=1e-5)


@given(late, late)
def test_when_silence_decides_only_what_comes_after_it_is_added(token: float, play: float) -> None:
    """The reply was ready long before: its own delays cost nothing."""
    turn = Times(timer=2.0, late_token=token, late_play=play).turn()
    assert turn.path_s == pytest.approx(2.0, abs=1e-5)
    assert turn.added_s == pytest.approx(play, abs=1e-5)


def test_a_slow_score_is_a_stage_of_its_own() -> None:
    turn = Times(score=1.5, asr=0.05, late_play=0.02).turn()
    assert turn.path_s == pytest.approx(1.6, abs=1e-4)
    assert turn.added_s == pytest.approx(0.02, abs=1e-4)


def test_a_late_timer_is_ours() -> None:
    facts = [fact for fact in Times(timer=2.0).facts() if not isinstance(fact[1], TimerFired | FirstAudioPlayed)]
    facts = [(at_s if at_s < 11.99 else at_s + 0.07, event) for at_s, event in facts]
    facts.insert(-2, (12.07, TimerFired(12.0)))
    [turn] = critical_paths(journal([*facts, (12.07, FirstAudioPlayed(7, 0.0))]))
    assert turn.added_s == pytest.approx(0.07, abs=1e-4)


def test_a_reply_begun_at_an_earlier_pause_counts_from_there() -> None:
    """Made ahead, kept while the person went on, and ready when the turn ended."""
    facts: list[tuple[float, Event]] = [
        (9.1, SpeechStopped(9.0, 0.1)),
        (9.1, FinalRequested(1)),
        (9.2, TranscriptRevised("hello", 1, "en", 0.1)),
        (9.2, ReplyStarted(7, 1, 1, "answer")),
        (9.5, FirstToken(7, 0.3)),
        (9.6, FirstClause(7)),
        (9.7, FirstSpeech(7, 0.1)),
        (10.1, SpeechStopped(10.0, 0.1)),
        (10.1, FinalRequested(2)),
        (10.2, TranscriptRevised("hello", 2, "en", 0.1)),
        (10.2, TurnEnded(1, 1, "hello", 10.0, "complete")),
        (10.2, ReplyReleased(7)),
        (10.205, FirstAudioPlayed(7, 0.0)),
    ]
    [turn] = critical_paths(journal(facts))
    assert turn.path_s == pytest.approx(0.2)
    assert turn.added_s == pytest.approx(0.005)


def test_legs_join_ear_and_journal() -> None:
    """60 ms in, 25 ms out; the caller's clock runs by another zero."""
    times = Times(late_play=0.01)
    server = times.turn()
    wall_offset_s = WALL_S - 500.0
    end_s = END_S - 0.06 + 500.0
    first_s = server.played_s + 0.025 + 500.0
    turn = TurnReport(Line("hello"), end_s=end_s, first_s=first_s, v2v_ms=(first_s - end_s) * 1000)
    add_legs([turn], journal(times.facts()), wall_offset_s)
    assert turn.added_ms == pytest.approx(10, abs=0.1)
    assert turn.stages_ms["inbound"] == pytest.approx(60, abs=0.1)
    assert turn.stages_ms["outbound"] == pytest.approx(25, abs=0.1)
    parts = sum(value for name, value in turn.stages_ms.items() if name != "transport")
    assert parts == pytest.approx(turn.v2v_ms, abs=0.1)


def test_an_answer_to_something_else_has_no_legs() -> None:
    times = Times()
    first_s = times.turn().played_s + 0.02
    turn = TurnReport(Line("hello"), end_s=END_S + 1.5, first_s=first_s, v2v_ms=100.0)
    add_legs([turn], journal(times.facts()), WALL_S)
    assert turn.added_ms is None and turn.path_ms < 0


def test_an_opener_is_sound_and_no_content() -> None:
    times = Times()
    facts = times.facts()[:-1]
    released_s = facts[-1][0]
    facts += [(released_s, FirstAudioPlayed(7, 0.0, opener=True)), (released_s + 0.9, FirstContentPlayed(7, 0.0))]
    first_s = released_s + 0.02
    turn = TurnReport(Line("hello"), end_s=END_S, first_s=first_s, v2v_ms=(first_s - END_S) * 1000)
    add_legs([turn], journal(sorted(facts, key=lambda fact: fact[0])), WALL_S)
    assert turn.content_ms == pytest.approx(turn.v2v_ms + 900, abs=0.1)
    assert turn.added_ms is None


def test_an_opener_that_was_over_before_the_content_was_ready_hides_nothing() -> None:
    times = Times(late_token=0.08)
    facts = times.facts()[:-1]
    speech_s = max(at_s for at_s, event in facts if isinstance(event, FirstSpeech))
    facts.append((speech_s + 0.01, FirstContentPlayed(7, 0.0)))
    facts.append((speech_s - 0.3, FirstAudioPlayed(7, 0.0, opener=True)))
    [turn] = critical_paths(journal(sorted(facts, key=lambda fact: fact[0])))
    assert not turn.held_up
    assert turn.added_s == pytest.approx(0.09, abs=1e-4)
