"""The contracts of hearing. Engines are loaded once per process and shared; streams are one caller's light state.

Everything here works on mono audio at 16 kHz: `Pcm` is int16 shape (n,), `Samples` float32 in −1…1. Computation
runs on the compute scheduler, not on the event loop (but small batches of voice activity do); cancelling an await
abandons the result and leaves the stream usable. Errors: `ModelError` when an engine cannot load, `ProviderError`
when a call fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from visavis.kernel.media import Pcm, Samples

HEAR_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Words:
    """What was recognised: the text of the whole turn so far, its language, and the seconds it took to compute.

    `covers_s`: on a streaming recogniser's partial, how many seconds of audio since `commit` it speaks for;
    0 where that is not known, or where the final may well read otherwise.
    """

    text: str
    language: str
    took_s: float
    covers_s: float = 0.0


class VadStream(Protocol):
    """One caller's voice activity detector. Feed windows in order; each answer is P(speech), 0–1."""

    async def push(self, window: Pcm) -> float:
        """`window`: exactly `Vad.window` samples. Windows of several callers are computed in one batch."""
        ...

    async def push_run(self, windows: Pcm) -> Sequence[float]:
        """Several windows in a row, end to end: the answers that `push` would give to each, perhaps at less cost."""
        ...


class Vad(Protocol):
    window: ClassVar[int]

    def stream(self) -> VadStream: ...


class AsrStream(Protocol):
    """One caller's recognition of one turn at a time.

    `push` takes audio of the current turn in order and returns at once. While speech goes on, `on_partial` (given
    to `Asr.stream`) is called on the event loop with the words so far; each call replaces the one before.
    `final` gives the best text of everything pushed since `commit`; it may be called again after more audio, and
    supersedes pending partials. `commit` forgets the audio: the next push begins a new turn.
    """

    def push(self, pcm: Pcm) -> None: ...

    def hurry(self, on: bool) -> None:
        """While `on`, the first partials of a turn are wanted as soon as a word can be known, at more cost: they
        tell whether somebody interrupts. A recogniser that tells them soon in any case may do nothing."""
        ...

    async def final(self) -> Words: ...

    def commit(self) -> None: ...

    async def close(self) -> None:
        """Cancels what is pending; the stream is of no use afterwards."""
        ...


class Asr(Protocol):
    name: str

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> AsrStream: ...


class Endpoint(Protocol):
    """Scores whether the person is done, from the audio of the turn so far."""

    async def p_complete(self, samples: Samples) -> float:
        """`samples`: the turn's audio at 16 kHz (its last 8 s are used). Returns 0–1."""
        ...


class EchoCanceller(Protocol):
    """Removes the agent's own voice from one caller's microphone. Stateful; one per session; not thread-safe."""

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """`near` microphone and `far` agent's voice as played, both 16 kHz, same length, a multiple of 160."""
        ...
