"""The batching around Silero, with a scripted model: who shares a batch, in what order, and what goes wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

from visavis.hear.lull import SETTLED_WINDOWS
from visavis.hear.silero import CONTEXT, LEAK, LEAK_WINDOWS, MAX_INLINE, MUTED_PEAK, WINDOW, SileroVad
from visavis.kernel.errors import AtCapacity, ProviderError, UsageError
from visavis.kernel.media import Pcm
from visavis.models.scheduler import ComputeScheduler


class ScriptedModel:
    """Scores a window by the mean of its samples plus what the state remembers; the state counts windows."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.rows: list[np.ndarray[Any, Any]] = []
        self.states: list[float] = []
        self.go = threading.Event()
        self.go.set()
        self.entered = threading.Event()  # a batch has begun
        self.threads: list[int] = []
        self.error: Exception | None = None

    def run(self, _: None, feed: dict[str, Any]) -> tuple[Any, Any]:
        self.entered.set()
        assert self.go.wait(5)
        if self.error is not None:
            raise self.error
        rows, state = feed["input"], feed["state"]
        assert rows.dtype == np.float32
        assert state.shape == (2, len(rows), 128)
        self.batches.append(len(rows))
        self.threads.append(threading.get_ident())
        self.rows.extend(rows.copy())
        self.states.extend(state[0, :, 0])
        after = state + 1
        return rows[:, CONTEXT:].mean(axis=1, keepdims=True) + after[0, :, :1] / 1000, after


class ScriptedSequence:
    """The same network over windows in a row."""

    def __init__(self, model: ScriptedModel) -> None:
        self.model = model
        self.runs: list[int] = []

    def run(self, _: None, feed: dict[str, Any]) -> tuple[Any, Any, Any]:
        rows, state = feed["input"], np.concatenate([feed["h"], feed["c"]])
        self.runs.append(len(rows))
        scores = []
        for row in rows:
            score, state = self.model.run(None, {"input": row[None], "state": state})
            scores.append(score[0, 0])
        return np.array(scores), state[:1], state[1:]


@pytest.fixture
async def scheduler() -> AsyncIterator[ComputeScheduler]:
    made = ComputeScheduler(2)
    yield made
    made.close()


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
async def vad(model: ScriptedModel, scheduler: ComputeScheduler) -> AsyncIterator[SileroVad]:
    made = SileroVad(model, ScriptedSequence(model), scheduler)
    yield made
    model.go.set()
    await made.close()


def window(level: float) -> Pcm:
    return np.full(WINDOW, round(level * 32768), np.int16)


async def begun(model: ScriptedModel) -> None:
    assert await asyncio.to_thread(model.entered.wait, 5)


def crowd(vad: SileroVad) -> list[asyncio.Future[float]]:
    """More callers at once than are computed on the loop, all at the level 0.5."""
    return [asyncio.ensure_future(vad.stream().push(window(0.5))) for _ in range(MAX_INLINE + 1)]


async def test_a_few_windows_are_one_batch_on_the_loop_and_many_are_one_on_a_thread(
    vad: SileroVad, model: ScriptedModel
) -> None:
    few = [vad.stream().push(window(level / 10)) for level in range(MAX_INLINE)]
    assert await asyncio.gather(*few) == pytest.approx([n / 10 + 0.001 for n in range(MAX_INLINE)], abs=1e-4)
    await asyncio.gather(*crowd(vad))
    assert model.batches == [MAX_INLINE, MAX_INLINE + 1]
    assert model.threads[0] == threading.get_ident() != model.threads[1]


async def test_windows_that_wait_while_a_batch_runs_share_the_next(vad: SileroVad, model: ScriptedModel) -> None:
    model.go.clear()
    first = crowd(vad)
    await begun(model)
    rest = [asyncio.ensure_future(vad.stream().push(window(level / 10))) for level in range(1, 6)]
    await asyncio.sleep(0)
    model.go.set()
    assert await asyncio.gather(*first) == pytest.approx([0.501] * len(first), abs=1e-4)
    assert await asyncio.gather(*rest) == pytest.approx([0.101, 0.201, 0.301, 0.401, 0.501], abs=1e-4)
    assert model.batches == [len(first), 5]


async def test_each_caller_keeps_its_own_state_and_context(vad: SileroVad, model: ScriptedModel) -> None:
    one, two = vad.stream(), vad.stream()
    assert [await one.push(window(0.2)) for _ in range(3)] == pytest.approx([0.201, 0.202, 0.203], abs=1e-4)
    assert await two.push(window(0.4)) == pytest.approx(0.401, abs=1e-4)
    assert await one.push(window(0.3)) == pytest.approx(0.304, abs=1e-4)
    assert model.rows[0][:CONTEXT] == pytest.approx(0.0)
    assert model.rows[4][:CONTEXT] == pytest.approx(0.2, abs=1e-4)


async def test_two_windows_of_one_caller_never_share_a_batch(vad: SileroVad, model: ScriptedModel) -> None:
    model.go.clear()
    stream, other = vad.stream(), vad.stream()
    pushes = [asyncio.ensure_future(stream.push(window(level))) for level in (0.1, 0.2, 0.3)]
    pushes.append(asyncio.ensure_future(other.push(window(0.5))))
    await asyncio.sleep(0)
    model.go.set()
    assert await asyncio.gather(*pushes) == pytest.approx([0.101, 0.202, 0.303, 0.501], abs=1e-4)
    assert sum(model.batches) == 4
    assert len(model.batches) == 3


@pytest.mark.parametrize("busy", [False, True], ids=["on the loop", "on a thread"])
async def test_an_abandoned_push_leaves_the_stream_usable(vad: SileroVad, model: ScriptedModel, busy: bool) -> None:
    model.go.clear()
    stream = vad.stream()
    abandoned = asyncio.ensure_future(stream.push(window(0.1)))
    others = crowd(vad) if busy else []
    if busy:
        await begun(model)
    abandoned.cancel()
    going_on = asyncio.ensure_future(stream.push(window(0.2)))
    model.go.set()
    assert await going_on == pytest.approx(0.202 if busy else 0.201, abs=1e-4)
    await asyncio.gather(*others)


async def test_a_failing_model_fails_the_push_and_not_the_next(vad: SileroVad, model: ScriptedModel) -> None:
    stream = vad.stream()
    model.error = Fail("no more memory")
    with pytest.raises(ProviderError, match="no more memory"):
        await stream.push(window(0.1))
    model.error = None
    assert await stream.push(window(0.1)) == pytest.approx(0.101, abs=1e-4)


async def test_a_mistake_in_the_model_reaches_whoever_waits(vad: SileroVad, model: ScriptedModel) -> None:
    model.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await vad.stream().push(window(0.1))


async def test_a_closed_scheduler_is_told_to_everybody(model: ScriptedModel) -> None:
    scheduler = ComputeScheduler(1)
    scheduler.close()
    vad = SileroVad(model, ScriptedSequence(model), scheduler)
    answers = await asyncio.gather(*crowd(vad), return_exceptions=True)
    assert {type(answer) for answer in answers} == {AtCapacity}


@pytest.mark.parametrize("on_a_thread", [False, True])
async def test_close_cancels_those_who_wait(vad: SileroVad, model: ScriptedModel, on_a_thread: bool) -> None:
    model.go.clear()
    pushes = crowd(vad)
    await (begun(model) if on_a_thread else asyncio.sleep(0))
    await vad.close()
    model.go.set()
    answers = await asyncio.gather(*pushes, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)


async def test_a_muted_microphone_is_not_computed_once_silence_has_settled(
    vad: SileroVad, model: ScriptedModel
) -> None:
    stream, muted = vad.stream(), np.full(WINDOW, MUTED_PEAK, np.int16)
    for _ in range(SETTLED_WINDOWS + 20):
        assert await stream.push(muted) < 0.1
    assert sum(model.batches) == SETTLED_WINDOWS
    assert await stream.push(window(0.5)) > 0.5
    await stream.push(muted)
    assert sum(model.batches) == SETTLED_WINDOWS + 2


@pytest.mark.parametrize("length", [0, WINDOW - 1, WINDOW + 1])
async def test_windows_of_another_length_are_refused(vad: SileroVad, length: int) -> None:
    with pytest.raises(UsageError):
        await vad.stream().push(np.zeros(length, np.int16))


async def test_windows_in_a_row_are_one_run_with_the_same_scores(vad: SileroVad, model: ScriptedModel) -> None:
    levels = (0.1, 0.2, 0.3, 0.4, 0.5)
    one, other = vad.stream(), vad.stream()
    singly = [await one.push(window(level)) for level in levels]
    rows, model.rows = model.rows, []
    run = [
        *await other.push_run(np.concatenate([window(level) for level in levels[:3]])),
        *await other.push_run(window(levels[3])),
        await other.push(window(levels[4])),
    ]
    assert run == singly
    assert np.array_equal(np.array(model.rows), np.array(rows)), "with the same context before each"


async def test_a_run_with_a_muted_window_skips_it(vad: SileroVad, model: ScriptedModel) -> None:
    stream = vad.stream()
    for _ in range(SETTLED_WINDOWS):
        await stream.push(window(0.0))
    model.rows.clear()
    muted = np.full(WINDOW, MUTED_PEAK, np.int16)
    await stream.push_run(np.concatenate([muted, muted, muted]))
    assert not model.rows


async def test_a_run_that_fails_is_a_providers_error(vad: SileroVad, model: ScriptedModel) -> None:
    model.error = Fail("no")
    with pytest.raises(ProviderError, match="voice activity"):
        await vad.stream().push_run(np.concatenate([window(0.1), window(0.2)]))


async def test_a_run_has_whole_windows(vad: SileroVad) -> None:
    with pytest.raises(UsageError):
        await vad.stream().push_run(np.concatenate([window(0.1), window(0.2)[:-1]]))


def counted(model: ScriptedModel) -> list[float]:
    """The state in which each window was scored; the scripted model adds one for each window."""
    return [float(state) for state in model.states]


@pytest.mark.parametrize("together", [1, 3, 7, 100])
async def test_in_silence_the_state_leaks_at_the_same_windows_however_they_come(
    vad: SileroVad, model: ScriptedModel, together: int
) -> None:
    stream = vad.stream()
    silence = np.tile(window(0.01), 2 * LEAK_WINDOWS + 1)
    for at in range(0, len(silence), together * WINDOW):
        await stream.push_run(silence[at : at + together * WINDOW])
    first = LEAK_WINDOWS * LEAK
    second = (first + LEAK_WINDOWS) * LEAK
    assert counted(model)[LEAK_WINDOWS::LEAK_WINDOWS] == pytest.approx([first, second])


async def test_while_somebody_speaks_nothing_leaks(vad: SileroVad, model: ScriptedModel) -> None:
    await vad.stream().push_run(np.tile(window(0.6), 2 * LEAK_WINDOWS))
    assert counted(model) == list(range(2 * LEAK_WINDOWS))
