"""What an end-of-turn scorer promises, with a scripted session under smart-turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

from visavis.hear.smart_turn import SmartTurn
from visavis.kernel.errors import ProviderError
from visavis.models.scheduler import ComputeScheduler


class ScriptedSession:
    def __init__(self) -> None:
        self.score = 0.7
        self.error: Exception | None = None
        self.features: list[Any] = []

    def run(self, _: None, feed: dict[str, Any]) -> list[Any]:
        if self.error is not None:
            raise self.error
        self.features.append(feed["input_features"])
        return [np.array([[self.score]], np.float32)]


@pytest.fixture
async def scheduler() -> AsyncIterator[ComputeScheduler]:
    made = ComputeScheduler(1)
    yield made
    made.close()


async def test_any_length_of_turn_gives_a_probability(scheduler: ComputeScheduler) -> None:
    session = ScriptedSession()
    scorer = SmartTurn(session, scheduler)
    for length in (1, 160, 16_000, 8 * 16_000, 30 * 16_000):
        assert await scorer.p_complete(np.full(length, 0.1, np.float32)) == pytest.approx(0.7)
    assert {features.shape for features in session.features} == {(1, 80, 800)}
    assert all(np.isfinite(features).all() for features in session.features)


@pytest.mark.parametrize(("said", "meant"), [(1.2, 1.0), (-0.1, 0.0)])
async def test_it_stays_between_0_and_1(scheduler: ComputeScheduler, said: float, meant: float) -> None:
    session = ScriptedSession()
    session.score = said
    assert await SmartTurn(session, scheduler).p_complete(np.ones(100, np.float32)) == meant


async def test_nothing_said_is_not_complete(scheduler: ComputeScheduler) -> None:
    assert await SmartTurn(ScriptedSession(), scheduler).p_complete(np.empty(0, np.float32)) == 0.0


async def test_a_broken_model_is_a_provider_error(scheduler: ComputeScheduler) -> None:
    session = ScriptedSession()
    session.error = InvalidArgument("bad shape")
    with pytest.raises(ProviderError, match="bad shape"):
        await SmartTurn(session, scheduler).p_complete(np.ones(100, np.float32))
