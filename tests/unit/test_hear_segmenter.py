"""Probabilities to speech sounds: hysteresis in media time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.hear.segmenter import EAGER_P, HINT_EVERY_S, HINT_P, WINDOW_S, SpeechSegmenter
from visavis.kernel.events.turn import SpeechHinted, SpeechStarted, SpeechStopped
from visavis.kernel.settings import TurnSettings

SETTINGS = TurnSettings(vad_start=0.5, vad_stop=0.35, vad_start_s=0.064, vad_stop_s=0.2)


def heard(scores: list[float], settings: TurnSettings = SETTINGS) -> list[SpeechStarted | SpeechStopped]:
    segmenter = SpeechSegmenter(settings)
    events = [segmenter.push(n * WINDOW_S, p) for n, p in enumerate(scores)]
    return [event for event in events if event is not None]


def test_speech_starts_at_its_first_window_and_stops_at_the_end_of_its_last() -> None:
    started, stopped = heard([0.1] * 5 + [0.9] * 10 + [0.1] * 10)
    assert isinstance(started, SpeechStarted)
    assert isinstance(stopped, SpeechStopped)
    assert started.at_s == pytest.approx(5 * WINDOW_S)
    assert stopped.at_s == pytest.approx(15 * WINDOW_S)
    assert stopped.after_s == pytest.approx(7 * WINDOW_S)  # the first multiple of 32 ms that reaches 200 ms


def test_start_is_known_at_the_second_window() -> None:
    segmenter = SpeechSegmenter(SETTINGS)
    assert segmenter.push(0.0, 0.9) is None
    assert not segmenter.speaking
    assert segmenter.push(WINDOW_S, 0.9) == SpeechStarted(at_s=0.0)
    assert segmenter.speaking


def test_a_click_of_one_window_is_not_speech() -> None:
    assert heard([0.1, 0.99, 0.1, 0.1, 0.99, 0.1]) == []


def test_a_dip_between_the_thresholds_does_not_forget_the_start() -> None:
    (started,) = heard([0.9, 0.4, 0.9])
    assert started == SpeechStarted(at_s=0.0)


def test_a_start_that_lingers_between_the_thresholds_is_forgotten() -> None:
    (started,) = heard([0.9] + [0.4] * 20 + [0.9, 0.9])
    assert started.at_s == pytest.approx(21 * WINDOW_S)


def test_a_short_pause_does_not_stop_speech() -> None:
    assert len(heard([0.9] * 5 + [0.1] * 6 + [0.9] * 5)) == 1


def test_murmur_above_the_stop_threshold_keeps_speech_going() -> None:
    assert len(heard([0.9] * 5 + [0.4] * 40)) == 1


def test_a_gap_in_the_stream_counts_as_silence_and_speech_after_it_is_new() -> None:
    segmenter = SpeechSegmenter(SETTINGS)
    for n in range(5):
        segmenter.push(n * WINDOW_S, 0.9)
    stopped = segmenter.push(3.0, 0.9)
    assert isinstance(stopped, SpeechStopped)
    assert stopped.at_s == pytest.approx(5 * WINDOW_S)
    assert segmenter.push(3.0 + WINDOW_S, 0.9) == SpeechStarted(at_s=3.0)


@given(
    st.lists(st.floats(0, 1), max_size=200),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
    st.floats(0.01, 0.3),
    st.floats(0.03, 0.5),
)
def test_events_alternate_in_order_and_keep_their_promises(
    scores: list[float], start: float, stop: float, start_s: float, stop_s: float
) -> None:
    settings = TurnSettings(vad_start=start, vad_stop=stop, vad_start_s=start_s, vad_stop_s=stop_s)
    segmenter = SpeechSegmenter(settings)
    speaking, last_s = False, -1.0
    for n, p in enumerate(scores):
        event, end_s = segmenter.push(n * WINDOW_S, p), (n + 1) * WINDOW_S
        if isinstance(event, SpeechStarted):
            assert not speaking
            assert event.at_s >= last_s - 1e-9
            assert end_s - event.at_s >= start_s - 1e-5
            assert scores[round(event.at_s / WINDOW_S)] >= start
            speaking, last_s = True, event.at_s
        elif isinstance(event, SpeechStopped):
            assert speaking
            assert last_s < event.at_s
            assert event.at_s + event.after_s == pytest.approx(end_s)
            assert event.after_s >= stop_s - 1e-5
            quiet = scores[round(event.at_s / WINDOW_S) : n + 1]
            assert all(score < min(start, stop) for score in quiet)
            speaking, last_s = False, event.at_s
        assert segmenter.speaking == speaking


def test_eager_one_likely_window_is_enough() -> None:
    segmenter = SpeechSegmenter(TurnSettings())
    segmenter.eager = True
    assert segmenter.push(0.0, HINT_P - 0.01) is None
    assert segmenter.push(WINDOW_S, EAGER_P) == SpeechStarted(at_s=WINDOW_S)


def test_eager_less_is_a_hint_now_and_then() -> None:
    segmenter = SpeechSegmenter(TurnSettings())
    segmenter.eager = True
    told = [segmenter.push(n * WINDOW_S, HINT_P) for n in range(30)]
    hints = [fact for fact in told if fact is not None]
    assert hints[0] == SpeechHinted(0.0) and {type(fact) for fact in hints} == {SpeechHinted}
    assert len(hints) == 1 + int(29 * WINDOW_S / HINT_EVERY_S)
