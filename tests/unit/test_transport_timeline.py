from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visavis.transport.timeline import ArrivalClock

RATE = 48_000


def arrive(clock: ArrivalClock, n: int, late_s: float = 0.0) -> float:
    """Frame `n` of 20 ms is complete, `late_s` after it could have been."""
    return clock.arrived((n + 1) * 960, 10.0 + (n + 1) * 0.02 + late_s)


@given(st.lists(st.floats(0, 0.11), min_size=100, max_size=200))
def test_jitter_within_tolerance_never_moves_the_mapping(lateness: list[float]) -> None:
    clock = ArrivalClock(RATE)
    assert [arrive(clock, n, late_s) for n, late_s in enumerate([0.0, *lateness])] == [0.0] * (len(lateness) + 1)
    assert abs(clock.at(0) - 10.0) < 1e-9


def test_a_stall_followed_by_a_burst_does_not_move_it() -> None:
    clock = ArrivalClock(RATE)
    for n in range(100):
        stalled_s = max(0.0, (65 - n) * 0.02) if n >= 40 else 0.0  # 40–65 all come together
        assert arrive(clock, n, stalled_s) == 0.0


def test_a_lasting_delay_moves_it_once_by_that_much() -> None:
    clock = ArrivalClock(RATE)
    moves = [arrive(clock, n, 0.0 if n < 100 else 0.4) for n in range(400)]
    moved = [by_s for by_s in moves if by_s]
    assert len(moved) == 1
    assert abs(moved[0] - 0.4) < 1e-6


def test_a_jump_of_more_than_a_second_moves_it_at_once() -> None:
    clock = ArrivalClock(RATE)
    arrive(clock, 0)
    assert abs(arrive(clock, 1, 5.0) - 5.0) < 1e-6


def test_media_time_is_never_negative_and_counts_back() -> None:
    clock = ArrivalClock(RATE)
    clock.arrived(960, 0.005)
    assert clock.at(0) == 0.0
    assert clock.count_at(clock.at(48_000)) == 48_000


@given(st.floats(0.001, 0.11), st.lists(st.floats(0, 0.11), min_size=100, max_size=150))
def test_a_late_first_packet_of_a_live_stream_is_put_right(first_s: float, lateness: list[float]) -> None:
    clock = ArrivalClock(RATE, live=True)
    arrivals = [first_s, *lateness[:20], 0.0, *lateness[20:]]
    assert [arrive(clock, n, late_s) for n, late_s in enumerate(arrivals)] == [0.0] * len(arrivals)
    assert abs(clock.at(0) - 10.0) < 1e-9


def test_a_live_stream_is_put_right_after_a_lasting_delay_that_passes() -> None:
    clock = ArrivalClock(RATE, live=True)
    for n in range(400):
        arrive(clock, n, 0.4 if 100 <= n < 250 else 0.0)
    assert abs(clock.at(0) - 10.0) < 1e-9


def test_a_burst_ahead_of_time_does_not_move_it() -> None:
    clock = ArrivalClock(RATE)
    assert [clock.arrived((n + 1) * 960, 10.02) for n in range(40)] == [0.0] * 40
    assert abs(clock.at(0) - 10.0) < 1e-9
