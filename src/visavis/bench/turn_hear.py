"""What a session would know in each pause of a track: the real detector, recogniser and end-of-turn model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from visavis.bench.turn_sets import Spans, Track, Turn
from visavis.hear.base import HEAR_RATE_HZ, Asr, Endpoint, Vad
from visavis.hear.segmenter import WINDOW_S, SpeechSegmenter
from visavis.kernel.events import SpeechStarted, SpeechStopped
from visavis.kernel.media import Pcm, to_float
from visavis.kernel.settings import TurnSettings
from visavis.session.ears import PREROLL_S
from visavis.think.base import Llm, LlmRequest, Message
from visavis.turn.ending import Cues, Habit

COUNTED_S = 0.2
"""Shorter breaks in speech are no pauses."""

BASELINE_STOPS_S = (0.2, 0.4, 0.6, 0.8)
"""Silences after which smart-turn is asked in the baseline; 0.2 is Pipecat's own."""

PROMPT, GREETING = "You are on the telephone.", "Hello, how can I help you?"

LONGEST = 8 * HEAR_RATE_HZ
"""Samples that the end-of-turn model looks at."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause and what is known in it. `began_s`: in the track. `silence_s`: how long it lasts (endless at a turn's
    end). `hint_s`: when the detector tells of it. `cues.score` is asked then, `baseline` at each of
    `BASELINE_STOPS_S` that it lasts for. `group`: the turn."""

    source: str
    group: str
    is_end: bool
    began_s: float
    silence_s: float
    hint_s: float
    cues: Cues
    baseline: tuple[float, ...]


@dataclass(slots=True)
class Usage:
    """CPU seconds by model, and seconds of audio heard."""

    vad_s: float = 0.0
    asr_s: float = 0.0
    endpoint_s: float = 0.0
    words_s: float = 0.0
    audio_s: float = 0.0


class Listener:
    """Runs the models over tracks as `Ears` does, without waiting for time to pass."""

    def __init__(self, vad: Vad, asr: Asr, endpoint: Endpoint, llm: Llm, settings: TurnSettings) -> None:
        self._vad, self._asr, self._endpoint, self._llm, self._settings = vad, asr, endpoint, llm, settings
        self.usage = Usage()

    async def speech(self, pcm: Pcm) -> tuple[Spans, float]:
        """When somebody speaks, and how long after its end a pause is known (the detector's own delay)."""
        began = time.process_time()
        stream, segmenter = self._vad.stream(), SpeechSegmenter(self._settings)
        spans: Spans = []
        hint_s = start_s = 0.0
        window = self._vad.window
        padded = np.concatenate((pcm, np.zeros(HEAR_RATE_HZ // 2, np.int16)))
        for number, at in enumerate(range(0, len(padded) - window + 1, window)):
            p = await stream.push(padded[at : at + window])
            fact = segmenter.push(number * WINDOW_S, p)
            if isinstance(fact, SpeechStarted):
                start_s = fact.at_s
            elif isinstance(fact, SpeechStopped):
                spans.append((start_s, fact.at_s))
                hint_s = fact.after_s
        self.usage.vad_s += time.process_time() - began
        self.usage.audio_s += len(pcm) / HEAR_RATE_HZ
        return spans, hint_s

    async def pauses(self, track: Track, spans: Spans, hint_s: float) -> list[Pause]:
        """Every pause of the track's turns."""
        found: list[Pause] = []
        habit = Habit()
        for number, turn in enumerate(track.turns):
            said = [span for span in spans if span[0] > turn.start_s - 0.3 and span[1] < turn.end_s + 0.3]
            for index, (_, end_s) in enumerate(said):
                is_end = index == len(said) - 1
                silence_s = np.inf if is_end else said[index + 1][0] - end_s
                if silence_s < COUNTED_S or (is_end and not turn.ends):
                    continue
                text, score = await self._hear(track, said[: index + 1], hint_s)
                cues = Cues(text, track.language, score=score, asked=turn.asked)
                cues = replace(cues, habit=habit, words_p=await self._words_p(text, turn.asked))
                baseline = await self._baseline(track.pcm, said[: index + 1], silence_s)
                group = f"{track.source}/{track.voice}/{number}"
                found.append(Pause(track.source, group, is_end, end_s, silence_s, hint_s, cues, baseline))
                habit = habit if is_end else habit.paused(silence_s)
        return found

    async def _hear(self, track: Track, said: Spans, hint_s: float) -> tuple[str, float]:
        """Words and score of the turn so far, from the audio that a session would have kept."""
        kept = _kept(track.pcm, said, hint_s)
        began = time.process_time()
        text = await self._recognised(kept, track.language)
        heard = time.process_time()
        score = await self._endpoint.p_complete(to_float(kept)[-LONGEST:])
        self.usage.asr_s += heard - began
        self.usage.endpoint_s += time.process_time() - heard
        return text, round(score, 2)

    async def _words_p(self, text: str, asked: str) -> float | None:
        """What the language model thinks of the words, as an answer to what was asked."""
        if not text:
            return None
        began = time.process_time()
        messages = [Message("system", PROMPT), Message("assistant", asked or GREETING), Message("user", text)]
        p = await self._llm.p_ends(LlmRequest(messages, session="bench"))
        self.usage.words_s += time.process_time() - began
        return None if p is None else round(p, 3)

    async def _baseline(self, pcm: Pcm, said: Spans, silence_s: float) -> tuple[float, ...]:
        """Scores of the turn with its silences and all; after each stop that the pause lasts for."""
        start = max(0, round((said[0][0] - PREROLL_S) * HEAR_RATE_HZ))
        scores = []
        for stop_s in BASELINE_STOPS_S:
            if stop_s > silence_s:
                break
            heard = pcm[start : round((said[-1][1] + stop_s) * HEAR_RATE_HZ)]
            scores.append(round(await self._endpoint.p_complete(to_float(heard)[-LONGEST:]), 2))
        return tuple(scores)

    async def _recognised(self, pcm: Pcm, language: str) -> str:
        stream = self._asr.stream(language, lambda heard: None)
        stream.push(pcm)
        text = (await stream.final()).text
        await stream.close()
        return text

    async def text(self, track: Track, turn: Turn) -> str:
        """What was said in a whole turn."""
        start, end = round(turn.start_s * HEAR_RATE_HZ), round((turn.end_s + 0.1) * HEAR_RATE_HZ)
        return await self._recognised(track.pcm[start:end], track.language)


def _kept(pcm: Pcm, said: Spans, hint_s: float) -> Pcm:
    """Speech with what was heard before each onset and until each pause was known; long silences are left out."""
    return np.concatenate(list(_stretches(pcm, said, hint_s)))


def _stretches(pcm: Pcm, said: Spans, hint_s: float) -> Iterator[Pcm]:
    done = 0
    for start_s, end_s in said:
        start = max(done, round((start_s - PREROLL_S) * HEAR_RATE_HZ), 0)
        done = round((end_s + hint_s) * HEAR_RATE_HZ)
        yield pcm[start:done]
