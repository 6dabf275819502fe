"""The breaker: whatever happens in whatever order, these hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from visavis.session.breaker import Breaker

FAILURES, RETRY_S, MOST_S = 3, 2.0, 20.0


class Life(RuleBasedStateMachine):
    """Calls, probes and time in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(FAILURES, RETRY_S, MOST_S)
        self.now_s = 0.0
        self.in_a_row = 0
        self.probes = 0
        self.proven = True
        """Whether a real call has worked since the last probe did."""

    @rule(seconds=st.floats(0, 30))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(weight=st.sampled_from([1, 2]))
    def a_call_fails(self, weight: int) -> None:
        closed = self.breaker.usable
        opened = self.breaker.failed(self.now_s, weight=weight)
        self.in_a_row += weight
        assert opened == (closed and (self.in_a_row >= FAILURES or not self.proven))
        if opened:
            self.in_a_row, self.proven = 0, False
            assert self.breaker.due_s == self.now_s + self.breaker.wait_s

    @rule()
    def a_call_works(self) -> None:
        state = self.breaker.state
        self.breaker.worked()
        assert self.breaker.state == state, "only a probe closes it"
        if state == "closed":
            self.in_a_row, self.proven = 0, True
        else:
            self.in_a_row = 0

    @rule()
    def a_probe_begins(self) -> None:
        due = self.breaker.state == "open" and self.now_s >= self.breaker.due_s
        assert self.breaker.begin_probe(self.now_s) == due
        self.probes += due

    @precondition(lambda self: self.probes)
    @rule()
    def the_probe_works(self) -> None:
        self.breaker.probe_worked()
        self.probes, self.in_a_row = 0, 0
        assert self.breaker.usable

    @precondition(lambda self: self.probes)
    @rule()
    def the_probe_fails(self) -> None:
        before_s = self.breaker.wait_s
        self.breaker.probe_failed(self.now_s)
        self.probes = 0
        assert self.breaker.wait_s == min(2 * before_s, MOST_S)

    @precondition(lambda self: self.probes)
    @rule()
    def who_probes_goes_away(self) -> None:
        self.breaker.probe_abandoned(self.now_s)
        self.probes = 0
        assert self.breaker.begin_probe(self.now_s), "the next one may probe at once"
        self.probes = 1

    @invariant()
    def one_probe_at_most(self) -> None:
        assert (self.breaker.state == "half_open") == (self.probes == 1)

    @invariant()
    def waits_are_bounded(self) -> None:
        assert self.breaker.wait_s == 0.0 or RETRY_S <= self.breaker.wait_s <= MOST_S


TestLife = Life.TestCase


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=20))
def test_a_provider_that_stays_down_is_asked_less_and_less(delays_s: list[float]) -> None:
    breaker, now_s, waits_s = Breaker(1, RETRY_S, MOST_S), 0.0, []
    assert breaker.failed(now_s)
    for delay_s in delays_s:
        waits_s.append(breaker.wait_s)
        assert not breaker.begin_probe(breaker.due_s - 1e-6)
        now_s = breaker.due_s + delay_s
        assert breaker.begin_probe(now_s)
        assert not breaker.begin_probe(now_s), "one probe at a time"
        breaker.probe_failed(now_s)
    assert waits_s == [min(RETRY_S * 2**n, MOST_S) for n in range(len(delays_s))]


def test_a_probe_may_be_wrong() -> None:
    """It is cheap: a provider that fails at the first real call after it is left alone for longer."""
    breaker = Breaker(2, RETRY_S, MOST_S)
    breaker.failed(0.0, weight=2)
    assert breaker.begin_probe(2.0)
    breaker.probe_worked()
    assert breaker.failed(3.0)
    assert breaker.due_s == 3.0 + 2 * RETRY_S
    assert breaker.begin_probe(8.0)
    breaker.probe_worked()
    breaker.worked()
    assert not breaker.failed(9.0), "a call has worked: it is trusted again"


def test_nobody_ends_a_probe_that_was_not_begun() -> None:
    with pytest.raises(ValueError, match="no probe"):
        Breaker().probe_worked()
