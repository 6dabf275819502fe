"""One cell of `visavis bench overhead` for another system, run by that system's own Python.

Standard library and psutil only: nothing of visavis is on this interpreter's path. A peer's script gives `main` a
coroutine function that starts one session on a `Line`; the definitions are those of `visavis.bench.overhead_cell`.
"""

import argparse
import array
import asyncio
import gc
import json
import os
import random
import statistics
import time
import wave
from collections.abc import Awaitable, Callable

import psutil

IN_RATE_HZ = 16_000
OUT_RATE_HZ = 24_000
FRAME_S = 0.02
IN_FRAME_BYTES = int(IN_RATE_HZ * FRAME_S) * 2
OUT_FRAME_BYTES = int(OUT_RATE_HZ * FRAME_S) * 2

HEARD = "hello there friend"
ANSWER = "Sure thing. I can help you with that right away, please hold on."
WORD_S = 0.3

WARM_UP_S = 3.0
SETTLE_S = 5.0
ANSWER_WITHIN_S = 6.0
BETWEEN_TURNS_S = 1.2
MIB = 2**20


def tone(text: str) -> bytes:
    """What the voice double says for `text`: `WORD_S` for each word, whole frames."""
    frames = round(len(text.split()) * WORD_S / FRAME_S)
    return b"\x10\x20" * (frames * OUT_FRAME_BYTES // 2)


def speech_of(seconds: float) -> str:
    """A text that takes the voice double at least `seconds`, in sentences of 2.4 s."""
    sentence = "This is what the agent says just now."
    return " ".join([sentence] * (int(seconds / (len(sentence.split()) * WORD_S)) + 1))


def room_noise(seconds: float = 4.0) -> bytes:
    draw = random.Random(1)
    return array.array("h", [draw.randint(-60, 60) for _ in range(int(IN_RATE_HZ * seconds))]).tobytes()


class Line:
    """One caller: what they send, frame by frame, and what came back when."""

    def __init__(self, noise: bytes) -> None:
        self.frames_in = 0
        self.frames_out = 0.0
        self.took_ms: list[float] = []
        self.clip = b""
        self._noise = noise
        self._at = 0
        self._due_s = time.monotonic() + random.random() * FRAME_S
        self._leaves_s = 0.0
        self._stopped_s: float | None = None

    async def next_frame(self) -> bytes:
        """20 ms of 16 kHz mono 16-bit PCM, when it is due."""
        wait_s = self._due_s - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        self._due_s += FRAME_S
        self.frames_in += 1
        if self.clip:
            frame, self.clip = self.clip[:IN_FRAME_BYTES], self.clip[IN_FRAME_BYTES:]
            return frame.ljust(IN_FRAME_BYTES, b"\0")
        frame = self._noise[self._at : self._at + IN_FRAME_BYTES]
        self._at = (self._at + IN_FRAME_BYTES) % (len(self._noise) - IN_FRAME_BYTES)
        return frame

    def speech_stopped(self) -> None:
        """The system has just decided that the person's speech stopped."""
        self._stopped_s = time.perf_counter()

    async def play(self, seconds: float) -> None:
        """The system hands over that much audio; returns when the next may come."""
        if self._stopped_s is not None:
            self.took_ms.append((time.perf_counter() - self._stopped_s) * 1000)
            self._stopped_s = None
        self.frames_out += seconds / FRAME_S
        now_s = time.monotonic()
        if self._leaves_s > now_s:
            await asyncio.sleep(self._leaves_s - now_s)
            self._leaves_s += seconds
        else:
            self._leaves_s = now_s + seconds


Speak = Callable[[str], Awaitable[None]]
"""Has a session say a text, and returns before it is said."""

Join = Callable[[Line], Awaitable[Speak]]
"""Starts a session on a line; returns once it is up."""


async def measure_cpu(join: Join, sessions: int, seconds: float) -> dict:
    lines, speakers = await _crowd(join, sessions)
    for speak in speakers:  # once all are there, so that none has finished before the last begins
        await speak(speech_of(WARM_UP_S + seconds + 8))
    await asyncio.sleep(WARM_UP_S)
    cpu_s, began_s = time.process_time(), time.monotonic()
    heard, spoken = sum(line.frames_in for line in lines), sum(line.frames_out for line in lines)
    late_ms = []
    while (now_s := time.monotonic()) < began_s + seconds:
        await asyncio.sleep(0.05)
        late_ms.append((time.monotonic() - now_s - 0.05) * 1000)
    cpu_s, took_s = time.process_time() - cpu_s, time.monotonic() - began_s
    return {
        "cpu_ms_per_s": round(cpu_s / took_s / sessions * 1000, 2),
        "in_fps": round((sum(line.frames_in for line in lines) - heard) / took_s / sessions, 1),
        "out_fps": round((sum(line.frames_out for line in lines) - spoken) / took_s / sessions, 1),
        "loop_late_ms": round(_quantile(late_ms, 0.99), 1),
    }


async def measure_latency(join: Join, sessions: int, turns: int, path: str) -> dict:
    with wave.open(path) as source:
        clip = source.readframes(source.getnframes())
    [line, *_], _ = await _crowd(join, sessions)
    await asyncio.sleep(1.0)
    for _ in range(turns):
        before = len(line.took_ms)
        line.clip = clip
        until_s = time.monotonic() + ANSWER_WITHIN_S
        while (line.clip or len(line.took_ms) == before) and time.monotonic() < until_s:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        said = -1.0
        while line.frames_out != said:
            said = line.frames_out
            await asyncio.sleep(BETWEEN_TURNS_S)
    took_ms = line.took_ms
    p50, p95 = (_quantile(took_ms, 0.5), _quantile(took_ms, 0.95)) if took_ms else (-1.0, -1.0)
    return {"turns": len(took_ms), "vad_stop_to_audio_ms": {"p50": round(p50, 2), "p95": round(p95, 2)}}


async def measure_memory(join: Join, sessions: int) -> dict:
    sessions = max(2, sessions)
    await _crowd(join, 1)
    await asyncio.sleep(WARM_UP_S)
    first = _rss_mb()
    await _crowd(join, sessions - 1)
    await asyncio.sleep(SETTLE_S)
    return {"rss_mb": round(first, 1), "rss_mb_per_session": round((_rss_mb() - first) / (sessions - 1), 3)}


async def _crowd(join: Join, sessions: int) -> tuple[list[Line], list[Speak]]:
    noise = room_noise()
    lines = [Line(noise) for _ in range(sessions)]
    return lines, [await join(line) for line in lines]


def _rss_mb() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / MIB


def _quantile(values: list[float], share: float) -> float:
    if len(values) < 2:
        return values[0] if values else -1.0
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


def main(join: Join) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cell", choices=["cpu", "latency", "memory"])
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--clip", default="")
    options = parser.parse_args()

    async def measure() -> None:
        if options.cell == "cpu":
            figures = await measure_cpu(join, options.sessions, options.seconds)
        elif options.cell == "latency":
            figures = await measure_latency(join, options.sessions, options.turns, options.clip)
        else:
            figures = await measure_memory(join, options.sessions)
        print(json.dumps(figures), flush=True)
        os._exit(0)

    asyncio.run(measure())
