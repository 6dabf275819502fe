"""Silero VAD v6 on onnxruntime: one model for all callers, windows that arrive together run as one batch.

The model sees 512 samples (32 ms at 16 kHz) behind the last 64 of the window before, and carries a state of shape
(2, 1, 128) per caller. Several windows of one caller in a row are one run of the same network's sequence form, which
costs half. All of these ways give the same numbers. A muted or noise-gated microphone costs nothing: once the model
has called some windows silent, near-zero windows are not computed at all. Source of tensor names and sizes: the
`silero_vad.onnx` and `silero_vad_16k_sequence.onnx` files of silero-vad 6.2.3 (read 2026-11-23).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from visavis.hear.base import HEAR_RATE_HZ, VadStream
from visavis.hear.lull import Silence
from visavis.kernel.errors import ProviderError, UsageError
from visavis.kernel.media import Pcm, Samples
from visavis.models.engines import EngineContext
from visavis.models.onnx import ORT_ERRORS, model_file, open_session
from visavis.models.scheduler import ComputeScheduler, Priority

WINDOW = 512
CONTEXT = 64
MAX_BATCH = 32

MAX_INLINE = 8
"""Batches up to this size are computed on the event loop itself, for up to half a millisecond: handing work to a
thread and back costs more than that in processor time, and makes voice activity wait for whatever the threads are
at (docs/adr/0010). Larger batches mean that the loop is behind; they run on a thread, while it catches up."""

LEAK_WINDOWS = 32
LEAK = np.float32(0.8)
"""What is left of the state after each 32 windows (1 s) in a row that are silent. What has piled up in minutes of
silence makes the model slow to believe in a voice: of 80 people who interrupted, one in twenty was noticed 0.29 s
late, and with the leak 0.06 s; keyboards and noises opened no more speech that lasts (measured)."""

MUTED_PEAK = 8
"""Samples that stay within ±8 (−72 dBFS) hold nothing to hear: a muted microphone, or its noise gate."""


_SCALE = np.float32(1 / 32768)
_Floats = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class _Caller:
    """What the model remembers of one caller."""

    state: _Floats = field(default_factory=lambda: np.zeros((2, 1, 128), np.float32))
    context: Samples = field(default_factory=lambda: np.zeros(CONTEXT, np.float32))


@dataclass(slots=True, eq=False)
class _Waiting:
    caller: _Caller
    row: _Floats
    answer: asyncio.Future[float]


class SileroVad:
    """The shared detector. Batches form by themselves, of the windows that arrive in one pass of the event loop or
    while an earlier batch runs; a window never waits for company.
    """

    window: ClassVar[int] = WINDOW

    def __init__(self, session: Any, sequence: Any, scheduler: ComputeScheduler) -> None:
        self._session = session
        self._sequence = sequence
        self._scheduler = scheduler
        self._rate = np.array(HEAR_RATE_HZ, np.int64)
        self._waiting: deque[_Waiting] = deque()  # the loop appends, a worker thread pops: both are atomic
        self._batch: list[_Waiting] = []
        self._pass: asyncio.Handle | None = None
        self._drain: asyncio.Task[None] | None = None

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Raises ModelError when the file is missing or damaged."""
        session, sequence = await asyncio.to_thread(_open, context)
        vad = cls(session, sequence, context.scheduler)
        await vad.stream().push(np.zeros(WINDOW, np.int16))
        return vad

    def stream(self) -> VadStream:
        return SileroStream(self)

    def score(self, caller: _Caller, row: _Floats) -> asyncio.Future[float]:
        """P(speech) of `row`, shape (1, 576), in the order of the calls for this caller."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[float] = loop.create_future()
        self._waiting.append(_Waiting(caller, row, answer))
        if self._pass is None and self._drain is None:
            self._pass = loop.call_soon(self._begin)
        return answer

    async def score_run(self, caller: _Caller, rows: _Floats) -> list[float]:
        """P(speech) of consecutive windows of one caller; `rows` has shape (n, 576). On the event loop as well, as
        long as it keeps up."""

        def work() -> list[float]:
            feed = {"input": rows, "h": caller.state[:1], "c": caller.state[1:]}
            scores, *state = self._sequence.run(None, feed)
            caller.state = np.concatenate(state)
            return [float(score) for score in scores]

        try:
            return work() if self._drain is None else await self._scheduler.run(Priority.VAD, work)
        except ORT_ERRORS as error:
            raise _failure(error) from error

    async def close(self) -> None:
        """Drops what waits. Idempotent."""
        if self._pass is not None:
            self._pass.cancel()
            self._pass = None
            self._fail(self._waiting, None)
        if self._drain is not None:
            self._drain.cancel()
            await asyncio.wait([self._drain])

    def _begin(self) -> None:
        """Everybody who was to push in this pass of the loop has done so."""
        self._pass = None
        try:
            while 0 < len(self._waiting) <= MAX_INLINE:
                self._settle(self._compute())
        except Exception as error:  # noqa: BLE001 - handed to those who await, whatever it is
            self._fail(self._batch, error)
        if self._waiting:
            self._start()

    def _start(self) -> None:
        self._drain = asyncio.create_task(self._run_batches(), name="silero-batches")
        self._drain.add_done_callback(self._drained)

    async def _run_batches(self) -> None:
        """One batch in flight at a time, until nobody waits."""
        while self._waiting:
            self._settle(await self._scheduler.run(Priority.VAD, self._compute))

    def _settle(self, scores: list[float]) -> None:
        batch, self._batch = self._batch, []
        for waiting, score in zip(batch, scores, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(score)

    def _drained(self, drain: asyncio.Task[None]) -> None:
        """Nobody may wait for ever, whatever ended the task."""
        self._drain = None
        error = None if drain.cancelled() else drain.exception()
        if drain.cancelled() or error is not None:
            if drain.cancelled() or not self._batch:  # a batch that never began has failed for everybody who waits
                self._fail(self._waiting, error)
            self._fail(self._batch, error)
        if self._waiting:
            self._start()

    def _fail(self, failed: list[_Waiting] | deque[_Waiting], error: BaseException | None) -> None:
        """Tells them, and forgets them. `error` is None when they are only to stop waiting."""
        while failed:
            _fail(failed.pop().answer, error)

    def _compute(self) -> list[float]:
        """Takes whoever waits by now, not only who did when the work was queued."""
        self._batch = batch = self._take()
        if len(batch) == 1:
            only = batch[0]
            scores, only.caller.state = self._infer(only.row, only.caller.state)
            return [float(scores[0, 0])]
        rows = np.concatenate([waiting.row for waiting in batch])
        states = np.concatenate([waiting.caller.state for waiting in batch], axis=1)
        scores, states = self._infer(rows, states)
        for index, waiting in enumerate(batch):
            waiting.caller.state = states[:, index : index + 1].copy()
        return [float(score) for score in scores[:, 0]]

    def _take(self) -> list[_Waiting]:
        """At most one window of each caller, oldest first: a caller's second window needs the state of the first."""
        batch: list[_Waiting] = []
        later: list[_Waiting] = []
        callers: set[_Caller] = set()
        while self._waiting and len(batch) < MAX_BATCH:
            entry = self._waiting.popleft()
            (later if entry.caller in callers else batch).append(entry)
            callers.add(entry.caller)
        self._waiting.extendleft(reversed(later))
        return batch

    def _infer(self, rows: _Floats, states: _Floats) -> tuple[_Floats, _Floats]:
        scores, after = self._session.run(None, {"input": rows, "state": states, "sr": self._rate})
        return scores, after


class SileroStream:
    """One caller's detector: a few kilobytes of state."""

    def __init__(self, vad: SileroVad) -> None:
        self._vad = vad
        self._caller = _Caller()
        self._score = 0.0
        self._silence = Silence()
        self._windows = 0

    async def push(self, window: Pcm) -> float:
        """`window`: 512 samples. Raises UsageError for another length, ProviderError when the model fails."""
        if len(window) != WINDOW:
            raise UsageError(f"a window has {WINDOW} samples, not {len(window)}", stage="hear")
        if self._silence.settled and _muted(window):
            return self._scored(self._score)
        return self._scored(await self._vad.score(self._caller, self._rows(window)))

    async def push_run(self, windows: Pcm) -> list[float]:
        """`windows`: any number of them, end to end. Raises as `push` does."""
        parts = [windows[at : at + WINDOW] for at in range(0, len(windows), WINDOW)]
        if len(parts) < 2 or any(len(part) != WINDOW or _muted(part) for part in parts):
            return [await self.push(part) for part in parts]
        scores: list[float] = []
        while len(scores) < len(parts):
            at = len(scores) * WINDOW
            # The state leaks at the same windows, however they come.
            left = LEAK_WINDOWS - self._windows % LEAK_WINDOWS
            run = self._rows(windows[at : at + left * WINDOW])
            scores += [self._scored(score) for score in await self._vad.score_run(self._caller, run)]
        return scores

    def _rows(self, windows: Pcm) -> _Floats:
        """As the model takes them, shape (n, 576): each behind the end of the one before."""
        rows = np.empty((len(windows) // WINDOW, CONTEXT + WINDOW), np.float32)
        np.multiply(windows.reshape(-1, WINDOW), _SCALE, out=rows[:, CONTEXT:], casting="unsafe")
        rows[0, :CONTEXT] = self._caller.context
        rows[1:, :CONTEXT] = rows[:-1, -CONTEXT:]
        self._caller.context = rows[-1, -CONTEXT:]
        return rows

    def _scored(self, score: float) -> float:
        self._score = score
        self._silence.scored(score)
        self._windows += 1
        if self._windows % LEAK_WINDOWS == 0 and self._silence.windows >= LEAK_WINDOWS:
            self._caller.state = self._caller.state * LEAK
        return score


def _fail(answer: asyncio.Future[float], error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.cancel()
    elif isinstance(error, ORT_ERRORS):
        answer.set_exception(_failure(error))
    else:
        answer.set_exception(error)


def _failure(error: BaseException) -> ProviderError:
    return ProviderError(f"voice activity detection failed: {error}", stage="hear")


def _muted(window: Pcm) -> bool:
    return max(int(window.max()), -int(window.min())) <= MUTED_PEAK


def _open(context: EngineContext) -> tuple[Any, Any]:
    directory = context.store.path("silero-vad")
    return (
        open_session(model_file(directory, "silero_vad")),
        open_session(model_file(directory, "silero_vad_16k_sequence")),
    )
