"""One caller's hearing: audio frames in, facts out. Wires echo, voice activity, recognition and end-of-turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ, AsrStream, VadStream, Words
from visavis.hear.gain import AutoGain
from visavis.hear.lull import Lull
from visavis.hear.segmenter import SpeechSegmenter
from visavis.kernel.cleared import Cleared
from visavis.kernel.events import EndpointScored, Event, SpeechHinted, SpeechStarted, SpeechStopped, TranscriptRevised
from visavis.kernel.media import AudioFrame, Pcm, to_float
from visavis.kernel.settings import TurnSettings
from visavis.session.microphone import FarEnd, Microphone
from visavis.session.providers import RECOGNISE_S, KeepsTime, limited, translated
from visavis.session.stack import Layers

PREROLL_S = 0.3
"""Audio before the detector fires that belongs to the speech."""

MAX_TURN_S = 60.0
"""Longest turn kept for the end-of-turn model."""

TOGETHER = 10
"""Windows that are listened to at once, when so many have come: 320 ms."""

QUEUE_FRAMES = 100
"""Two seconds of 20 ms frames; the oldest is dropped when hearing cannot keep up."""


@dataclass(frozen=True, slots=True)
class _Window:
    """`echo`: what sounds like speech in it may be a remnant of the agent's own voice."""

    pcm: Pcm
    at_s: float
    echo: bool


class Ears:
    """Feed it frames with `hear`; it calls `on_fact` on the event loop, in order."""

    def __init__(
        self,
        layers: Layers,
        settings: TurnSettings,
        language: str,
        on_fact: Callable[[Event], None],
        *,
        far_end: FarEnd | None = None,
    ) -> None:
        self._layers = layers
        self._on_fact = on_fact
        self._vad: VadStream = layers.vad.stream()
        self._window = layers.vad.window
        self._asr: AsrStream = layers.asr.stream(language, self._partial)
        self._segmenter = SpeechSegmenter(settings)
        self._eager = far_end is None  # what is left of an echo must not pass for a person
        self._microphone = Microphone(layers.echo_canceller() if far_end else None, far_end)
        self._gain = AutoGain(late=TOGETHER) if layers.gain else None
        self._lull = Lull()
        self._frames: deque[AudioFrame] = deque(maxlen=QUEUE_FRAMES)
        self._arrived = asyncio.Event()
        self._rest: Pcm = np.zeros(0, np.int16)
        self._recent: deque[Pcm] = deque(maxlen=max(1, round(PREROLL_S * HEAR_RATE_HZ / self._window)))
        self._turn: deque[Pcm] = deque(maxlen=round(MAX_TURN_S * HEAR_RATE_HZ / self._window))
        self._since_onset: list[Pcm] = []
        self._feeding = False
        self._hearing_out = False
        """Speech has stopped and its full pass is not in: a streaming recogniser may still tell partials."""
        self._revised: TranscriptRevised | None = None
        self._told = ""
        self._fed_s = self._fed_until_s = 0.0
        """Audio that the recogniser was given of this turn, and the media time at the end of it."""

    def hear(self, frame: Cleared[AudioFrame]) -> None:
        """Take a frame; never blocks."""
        self._frames.append(frame.value)
        if not self._lull.may_wait(frame.value.pcm):
            self._arrived.set()

    async def run(self) -> None:
        """Works through the frames until cancelled. Raises ProviderError; may be called again after that."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            self._tell_partial()
            while self._frames:
                await self._take()
                self._tell_partial()

    def hurry(self, on: bool) -> None:
        """Whether words are wanted as soon as they can be known: the agent is being heard."""
        self._asr.hurry(on)
        self._segmenter.eager = on and self._eager

    async def close(self) -> None:
        """Cancels recognition; nothing is heard afterwards."""
        await self._asr.close()

    async def _take(self) -> None:
        """Listens to what has arrived, some windows at a time."""
        waiting: list[_Window] = []
        while self._frames and len(waiting) < TOGETHER:
            waiting += self._windows(self._frames.popleft())
        for at in range(0, len(waiting), TOGETHER):
            await self._listen(waiting[at : at + TOGETHER])

    def _windows(self, frame: AudioFrame) -> list[_Window]:
        """The windows that `frame` completes."""
        pcm, at_s = self._microphone.take(frame)
        joined = np.concatenate((self._rest, pcm)) if len(self._rest) else pcm
        start_s = at_s - len(self._rest) / HEAR_RATE_HZ
        whole = len(joined) // self._window * self._window
        self._rest = joined[whole:]
        echo = self._microphone.agent_heard(start_s)
        starts = range(0, whole, self._window)
        return [_Window(joined[at : at + self._window], start_s + at / HEAR_RATE_HZ, echo) for at in starts]

    async def _listen(self, windows: Sequence[_Window]) -> None:
        gain = self._gain
        raised = [window.pcm if gain is None else gain.apply(window.pcm) for window in windows]
        with translated("vad", "vad"):
            scores = await self._vad.push_run(np.concatenate(raised))
        for window, pcm, p in zip(windows, raised, scores, strict=True):
            self._lull.scored(p)
            if gain is not None:
                gain.learn(window.pcm, None if window.echo else p)
            self._heard(pcm, window.at_s, p)

    def _heard(self, window: Pcm, at_s: float, p: float) -> None:
        """`window`, which begins at `at_s`, is speech with probability `p`."""
        fact = self._segmenter.push(at_s, p)
        if isinstance(fact, SpeechHinted):
            self._on_fact(fact)
        if isinstance(fact, SpeechStarted):
            self._feeding = True
            self._since_onset = []
            for earlier in self._recent:
                self._feed(earlier)
            self._recent.clear()
            self._on_fact(fact)
        if self._feeding:
            self._feed(window)
            self._fed_until_s = at_s + len(window) / HEAR_RATE_HZ
        else:
            self._recent.append(window)
        if isinstance(fact, SpeechStopped):
            self._tell_partial(stopped=True)
            self._feeding, self._hearing_out = False, True
            self._on_fact(fact)

    def _feed(self, window: Pcm) -> None:
        self._asr.push(window)
        self._fed_s += len(window) / HEAR_RATE_HZ
        self._turn.append(window)
        self._since_onset.append(window)

    def _partial(self, words: Words) -> None:
        """Kept for `run` to tell, so that facts come from one task only."""
        until_s = self._fed_until_s - (self._fed_s - words.covers_s) if words.covers_s else 0.0
        took_s = round(words.took_s, 3)
        self._revised = TranscriptRevised(words.text, 0, words.language, took_s, round(until_s, 3))
        self._arrived.set()

    def _tell_partial(self, *, stopped: bool = False) -> None:
        """What is known already waits until speech has `stopped`: then it matters how far it speaks for the sound."""
        revised = self._revised
        if revised is None or (self._feeding and not stopped and revised.text == self._told):
            return
        self._revised = None
        if self._feeding or self._hearing_out:
            self._told = revised.text
            self._on_fact(revised)

    async def recognise(self, pause: int) -> str:
        """The full pass over the turn so far; its words come as a fact, and are returned. Raises ProviderError."""
        with translated("asr", self._layers.asr.name):
            async with limited("asr", None if isinstance(self._layers.asr, KeepsTime) else RECOGNISE_S, "total"):
                words = await self._asr.final()
        self._hearing_out = False
        self._on_fact(TranscriptRevised(words.text, pause, words.language, round(words.took_s, 3)))
        return words.text

    async def score(self, pause: int) -> None:
        """How complete the turn so far sounds, as a fact. Raises ProviderError."""
        if self._layers.endpoint is None or not self._turn:
            return
        samples = to_float(np.concatenate(list(self._turn)[-round(8 * HEAR_RATE_HZ / self._window) :]))
        began_s = asyncio.get_running_loop().time()
        with translated("endpoint", "endpoint"):
            p = await self._layers.endpoint.p_complete(samples)
        took_s = asyncio.get_running_loop().time() - began_s
        self._on_fact(EndpointScored(round(p, 2), pause, round(took_s, 3)))

    def forget(self) -> None:
        """The turn is closed: the next words begin a new one. Speech under way is kept from its onset."""
        self._asr.commit()
        self._fed_s, self._told, self._revised = 0.0, "", None
        self._hearing_out = False
        self._turn.clear()
        onset, self._since_onset = self._since_onset, []
        if self._feeding:
            for window in onset:
                self._feed(window)
