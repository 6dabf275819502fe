"""The jitter buffer: arithmetic on packets, no loop and no clock."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.transport.jitter import Conceal, JitterBuffer, Play, Reset, Silence, Step

FRAME = 960


def feed(
    buffer: JitterBuffer, n: int, at_ms: float | None = None, *, seq0: int = 100, ts0: int = 5_000
) -> list[Step]:
    """Packet `n` of an even 20 ms stream."""
    when_ms = n * 20.0 if at_ms is None else at_ms
    return buffer.push((seq0 + n) % 65536, (ts0 + n * FRAME) % 2**32, b"p%d" % n, FRAME, when_ms)


def played(steps: list[Step]) -> list[bytes]:
    return [step.payload for step in steps if isinstance(step, Play)]


def test_packets_in_order_leave_at_once() -> None:
    buffer = JitterBuffer()
    for n in range(50):
        assert played(feed(buffer, n)) == [b"p%d" % n]
        assert buffer.deadline_ms is None


def test_a_hole_is_given_up_after_two_later_packets_and_says_who_may_carry_it() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0)
    assert feed(buffer, 2, 22) == []
    steps = feed(buffer, 3, 23)
    assert steps == [
        Conceal(5_000 + FRAME, FRAME, b"p2", FRAME),
        Play(b"p2", 5_000 + 2 * FRAME, FRAME),
        Play(b"p3", 5_000 + 3 * FRAME, FRAME),
    ]
    assert buffer.stats.lost == 1


def test_a_hole_is_given_up_when_the_hold_is_over() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0)
    feed(buffer, 2, 40)
    deadline_ms = buffer.deadline_ms
    assert deadline_ms is not None
    assert buffer.poll(deadline_ms - 0.1) == []
    assert played(buffer.poll(deadline_ms)) == [b"p2"]


def test_the_hold_grows_with_the_jitter() -> None:
    calm, wild = JitterBuffer(), JitterBuffer()
    for n in range(60):
        feed(calm, n)
        feed(wild, n, n * 20.0 + (15.0 if n % 2 else 0.0))
    assert calm.hold_ms == 10.0
    assert 30.0 < wild.hold_ms <= 80.0


def test_only_the_last_packet_of_a_long_hole_may_be_in_the_next_one() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0)
    feed(buffer, 4)
    steps = feed(buffer, 5)
    assert steps[0] == Conceal(5_000 + FRAME, 3 * FRAME, b"p4", FRAME)
    assert buffer.stats.lost == 3


def test_a_packet_that_comes_in_time_fills_its_hole() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0)
    feed(buffer, 2, 41)
    assert played(feed(buffer, 1, 45)) == [b"p1", b"p2"]
    assert (buffer.stats.lost, buffer.stats.reordered) == (0, 1)


def test_late_and_double_packets_are_counted_and_dropped_and_make_it_patient() -> None:
    buffer = JitterBuffer()
    for n in (0, 2, 3):
        feed(buffer, n)
    assert buffer.stats.lost == 1
    assert feed(buffer, 1, 61) == []
    assert feed(buffer, 3, 62) == []
    assert (buffer.stats.late, buffer.stats.duplicate, buffer.stats.lost) == (1, 1, 0)
    assert [feed(buffer, n, 80.0 + n / 10) for n in (5, 6)] == [[], []]  # two later ones are no longer enough
    assert played(feed(buffer, 4, 81)) == [b"p4", b"p5", b"p6"]


def test_a_pause_in_the_timestamps_alone_is_silence_and_not_loss() -> None:
    buffer = JitterBuffer()
    buffer.push(1, 0, b"a", FRAME, 0)
    steps = buffer.push(2, 20 * FRAME, b"b", FRAME, 400)
    assert steps == [Silence(FRAME, 19 * FRAME), Play(b"b", 20 * FRAME, FRAME)]
    assert buffer.stats.lost == 0


def test_loss_next_to_a_pause_conceals_no_more_than_was_lost() -> None:
    buffer = JitterBuffer()
    buffer.push(1, 0, b"a", FRAME, 0)
    buffer.push(3, 20 * FRAME, b"c", FRAME, 400)
    steps = buffer.push(4, 21 * FRAME, b"d", FRAME, 420)
    assert steps[:2] == [Silence(FRAME, 18 * FRAME), Conceal(19 * FRAME, FRAME, b"c", FRAME)]


@pytest.mark.parametrize(("seq", "timestamp"), [(20_000, 5_000), (101, 5_000 + 48_000 * 60)])
def test_a_big_jump_begins_anew(seq: int, timestamp: int) -> None:
    buffer = JitterBuffer()
    feed(buffer, 0)
    steps = buffer.push(seq, timestamp, b"new", FRAME, 20)
    assert isinstance(steps[0], Reset)
    assert played(steps) == [b"new"]
    assert buffer.stats.resets == 1


def test_time_passed_over_makes_what_belonged_there_late() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0)
    assert buffer.pass_over(3 * FRAME) == Silence(5_000 + FRAME, 3 * FRAME)
    assert feed(buffer, 1, 100) == []
    assert feed(buffer, 3, 101) == []
    assert played(feed(buffer, 4, 102)) == [b"p4"]
    assert buffer.stats.late == 2
    assert buffer.pass_over(FRAME) is not None


def test_a_pause_that_the_sender_did_not_count_costs_nothing_of_what_follows() -> None:
    """As with a browser whose track was taken away for a while: its timestamps go on where they stood."""
    buffer = JitterBuffer()
    feed(buffer, 0)
    buffer.pass_over(75 * FRAME)
    heard = [payload for n in range(1, 30) for payload in played(feed(buffer, n, 2_500 + n * 20.0 + n % 3))]
    assert heard == [b"p%d" % n for n in range(1, 30)]
    assert (buffer.stats.resets, buffer.stats.late) == (1, 0)


def test_a_burst_after_a_stall_is_not_a_pause() -> None:
    buffer = JitterBuffer()
    feed(buffer, 0)
    buffer.pass_over(75 * FRAME)
    heard = [payload for n in range(1, 130) for payload in played(feed(buffer, n, 2_600 + n * 2.0))]
    assert heard == [b"p%d" % n for n in range(76, 130)]
    assert (buffer.stats.resets, buffer.stats.late) == (0, 75)


@dataclass(frozen=True)
class Sent:
    delay_ms: float
    lost: bool
    twice_after_ms: float | None


sent = st.builds(
    Sent,
    delay_ms=st.floats(0, 150),
    lost=st.booleans(),
    twice_after_ms=st.none() | st.floats(0, 100),
)


def run(
    pattern: list[Sent], seq0: int = 0, ts0: int = 0
) -> tuple[JitterBuffer, list[tuple[float, Step]], dict[bytes, float]]:
    """The stream through the buffer, polled at its deadlines; also when each packet arrived first."""
    arrivals: list[tuple[float, int]] = []
    for n, packet in enumerate(pattern):
        if not packet.lost:
            arrivals.append((n * 20 + packet.delay_ms, n))
            if packet.twice_after_ms is not None:
                arrivals.append((n * 20 + packet.delay_ms + packet.twice_after_ms, n))
    arrivals.sort()
    buffer, steps = JitterBuffer(), []
    first_ms: dict[bytes, float] = {}
    for at_ms, n in arrivals:
        while (deadline_ms := buffer.deadline_ms) is not None and deadline_ms <= at_ms:
            steps += [(deadline_ms, step) for step in buffer.poll(deadline_ms)]
        first_ms.setdefault(b"p%d" % n, at_ms)
        steps += [(at_ms, step) for step in feed(buffer, n, at_ms, seq0=seq0, ts0=ts0)]
    while (deadline_ms := buffer.deadline_ms) is not None:
        steps += [(deadline_ms, step) for step in buffer.poll(deadline_ms)]
    return buffer, steps, first_ms


@settings(max_examples=200, deadline=None)
@given(st.lists(sent, min_size=1, max_size=40))
def test_whatever_the_network_does_the_audio_has_no_gap_no_overlap_and_no_double(pattern: list[Sent]) -> None:
    buffer, steps, first_ms = run(pattern)
    expected: int | None = None
    for _, step in steps:
        assert not isinstance(step, Reset)
        assert expected is None or step.timestamp == expected
        assert step.samples > 0
        expected = step.timestamp + step.samples
    payloads = played([step for _, step in steps])
    numbers = [int(payload[1:]) for payload in payloads]
    assert numbers == sorted(set(numbers))
    assert len(payloads) + buffer.stats.late + buffer.stats.duplicate == buffer.stats.received
    for at_ms, step in steps:
        if isinstance(step, Play):
            assert at_ms - first_ms[step.payload] <= 80.0 + 1e-6


@settings(max_examples=100, deadline=None)
@given(st.lists(sent, min_size=1, max_size=30), st.integers(0, 65535), st.integers(0, 2**32 - 1))
def test_where_the_counters_start_and_wrap_does_not_matter(pattern: list[Sent], seq0: int, ts0: int) -> None:
    plain, wrapped = run(pattern)[1], run(pattern, seq0, ts0)[1]
    shift = wrapped[0][1].timestamp - plain[0][1].timestamp if plain else 0  # type: ignore[union-attr]
    assert [type(step) for _, step in plain] == [type(step) for _, step in wrapped]
    for (at_ms, step), (other_ms, other) in zip(plain, wrapped, strict=True):
        assert at_ms == other_ms
        assert other.timestamp - step.timestamp == shift  # type: ignore[union-attr]
        assert other.samples == step.samples  # type: ignore[union-attr]
