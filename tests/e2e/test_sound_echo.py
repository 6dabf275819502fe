"""Callers whose client cancels no echo: the agent's own voice, back from a loudspeaker, over both live doors.

Server, doors, detector, recogniser, canceller and voice are real; only answers and end-of-turn scores are scripted.
The same call without the canceller shows that the echo is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import numpy as np
import pytest
import soxr
from aiohttp import web

from visavis.bench.speech import RATE_HZ, spoken
from visavis.journal.journal import Journal
from visavis.journal.memory import MemoryStore
from visavis.kernel.agent import Agent
from visavis.kernel.events import Event, FloorTaken, PlaybackStarted, PlaybackStopped, Record, SpeechStarted
from visavis.kernel.media import Pcm
from visavis.kernel.messages import Start, encode
from visavis.kernel.settings import SessionSettings, Settings, WebRtcSettings
from visavis.models.engines import Engines
from visavis.server.app import App
from visavis.server.calls import Calls
from visavis.session.stack import Layers
from visavis.testing.doubles import ScriptedEndpoint, ScriptedLlm
from visavis.testing.rtc_caller import RtcCaller

pytestmark = pytest.mark.e2e

GREETING = (
    "Hello and welcome to the bicycle workshop. We are open from nine in the morning until six in the evening, "
    "and on Saturday until two. A basic service takes about an hour, and you can wait for it. How can I help you?"
)
INTERRUPTION = "Excuse me, I only want to know the price of a new chain."
WAIT_S = 40.0
BUFFER_S = 0.08  # what a client keeps ready before it plays, so that a late piece is no gap


class Room:
    """A loudspeaker and a microphone, with `delay_s` between them in all, reflections and a little hiss."""

    def __init__(self, delay_s: float, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._air = np.zeros(60 * rate_hz)
        at_s = np.arange(round(0.12 * rate_hz)) / rate_hz
        self._response = np.random.default_rng(4).standard_normal(len(at_s)) * 10 ** (-25 * at_s) * 0.03
        self._response[0] = 0.5
        self._delay = round(delay_s * rate_hz)
        self._hiss = np.random.default_rng(5)
        self._free = 0

    def played(self, pcm: Pcm, at_s: float) -> None:
        """The loudspeaker plays `pcm`, which came at `at_s`: after what it is playing, or once enough is buffered."""
        at = round(at_s * self._rate_hz)
        at = self._free if at < self._free else at + round(BUFFER_S * self._rate_hz)
        self._free = at + len(pcm)
        self._add(np.convolve(pcm, self._response), at + self._delay)

    def said(self, pcm: Pcm, at_s: float) -> None:
        """The person says `pcm` at `at_s`."""
        self._add(pcm.astype(np.float64), round(at_s * self._rate_hz))

    def _add(self, sound: np.ndarray[tuple[int], np.dtype[np.float64]], at: int) -> None:
        sound = sound[: max(0, len(self._air) - at)]
        self._air[at : at + len(sound)] += sound

    def heard(self, at_s: float, samples: int) -> Pcm:
        """What the microphone takes from `at_s` on."""
        at = round(at_s * self._rate_hz)
        taken: Pcm = (self._air[at : at + samples] + self._hiss.standard_normal(samples) * 8).astype(np.int16)
        return taken


class Server:
    def __init__(self, url: str, store: MemoryStore) -> None:
        self.url = url
        self._store = store

    def records(self) -> list[Record]:
        return [record for summary in self._store.sessions() for record in self._store.read(summary.session)]

    def events(self, kind: type[Event]) -> list[Record]:
        return [record for record in self.records() if isinstance(record.event, kind)]

    async def until(self, kind: type[Event]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not self.events(kind):  # noqa: ASYNC110  # the journal has no signal to wait for
                await asyncio.sleep(0.05)


@asynccontextmanager
async def served(*, cancel: bool) -> AsyncIterator[Server]:
    session = SessionSettings(echo="aec3" if cancel else "", idle_prompt_s=60.0)
    settings = Settings(session=session, webrtc=WebRtcSettings(client_cancels_echo=False))
    engines = Engines.of(settings)
    try:
        layers = Layers(
            vad=await engines.get("vad", "silero"),
            asr=await engines.get("asr", "moonshine"),
            llm=ScriptedLlm(["A new chain is thirty euros."] * 4),
            tts=await engines.get("tts", "hibari"),
            endpoint=ScriptedEndpoint(),
            echo=settings.session.echo,
            gain=settings.session.gain,
        )
        store, agent = MemoryStore(), Agent("Ada", "Answer.", greeting=GREETING)
        async with Journal(store) as journal, asyncio.TaskGroup() as group:
            calls = Calls(group, agent, settings, layers, journal)
            runner = web.AppRunner(App(agent, settings, calls).build(), shutdown_timeout=1.0)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                yield Server(f"http://127.0.0.1:{runner.addresses[0][1]}", store)
            finally:
                await calls.close()
                await runner.cleanup()
    finally:
        await engines.close()


class PlainClient:
    """A backend's client of `/ws/audio`: loudspeaker on, sends pieces of `piece` samples as they are recorded."""

    def __init__(self, delay_s: float, rate_hz: int = 16_000, piece: int = 320) -> None:
        self.room = Room(delay_s, rate_hz)
        self._rate_hz = rate_hz
        self._piece = piece
        self._began_s = asyncio.get_running_loop().time()

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began_s

    @asynccontextmanager
    async def calling(self, server: Server) -> AsyncIterator[None]:
        url = server.url.replace("http", "ws") + "/ws/audio"
        async with aiohttp.ClientSession() as http, http.ws_connect(url) as line:
            await line.send_str(encode(Start(rate_hz=self._rate_hz, consent=True)))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._play(line)), group.create_task(self._record(line))]
                yield
                for task in tasks:
                    task.cancel()

    async def _play(self, line: aiohttp.ClientWebSocketResponse) -> None:
        async for message in line:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.room.played(np.frombuffer(message.data, "<i2").astype(np.int16), self.now_s)

    async def _record(self, line: aiohttp.ClientWebSocketResponse) -> None:
        at_s = self.now_s
        while True:
            end_s = at_s + self._piece / self._rate_hz
            await asyncio.sleep(max(0.0, end_s - self.now_s))
            await line.send_bytes(self.room.heard(at_s, self._piece).astype("<i2").tobytes())
            at_s = end_s


async def plain_call(*, cancel: bool, delay_s: float, rate_hz: int = 16_000, piece: int = 320) -> Server:
    async with served(cancel=cancel) as server:
        client = PlainClient(delay_s, rate_hz, piece)
        async with client.calling(server):
            await server.until(PlaybackStopped)
            await asyncio.sleep(0.5)
        return server


def taken_for_a_person(server: Server) -> list[float]:
    """Seconds after the agent began to be heard; before 1.5 s the room is not known yet."""
    [began, *_] = server.events(PlaybackStarted)
    heard_s = [round(record.at_s - began.at_s, 2) for record in server.events(SpeechStarted)]
    return [at_s for at_s in heard_s if at_s > 1.5]


async def hears_nobody(call: Callable[[], Awaitable[Server]]) -> None:
    """In one of three calls the agent takes nothing of its own voice for a person.

    Where the machine stalls for longer than the client has buffered, all that follows is played later, and until that
    is noticed, in a third of a second, the voice may be taken for somebody's. A canceller that does not work fails in
    every call.
    """
    told: list[str] = []
    for _ in range(3):
        server = await call()
        heard_s, taken = taken_for_a_person(server), server.events(FloorTaken)
        if len(heard_s) <= 1 and not taken:
            return
        told.append(f"it heard itself at {heard_s}, and fell silent {len(taken)} times")
    pytest.fail("; ".join(told))


async def test_without_the_canceller_the_agent_hears_itself() -> None:
    server = await plain_call(cancel=False, delay_s=0.15)
    assert server.events(FloorTaken)


@pytest.mark.parametrize(
    ("delay_s", "rate_hz", "piece"), [(0.03, 16_000, 320), (0.1, 16_000, 1024), (0.3, 48_000, 128 * 3)]
)
async def test_the_agent_does_not_hear_itself(delay_s: float, rate_hz: int, piece: int) -> None:
    """Whatever the loudspeaker's delay, which the client never tells, and whatever pieces it sends."""
    await hears_nobody(lambda: plain_call(cancel=True, delay_s=delay_s, rate_hz=rate_hz, piece=piece))


async def test_a_person_in_the_room_can_interrupt() -> None:
    words = soxr.resample(await spoken(INTERRUPTION, "low"), RATE_HZ, 16_000).astype(np.int16) // 2
    for _ in range(3):
        async with served(cancel=True) as server:
            client = PlainClient(0.2)
            async with client.calling(server):
                await server.until(PlaybackStarted)
                await asyncio.sleep(4.0)
                if server.events(FloorTaken):
                    continue  # the machine stalled, see `hears_nobody`
                client.room.said(words, client.now_s + 0.1)
                await server.until(FloorTaken)
                return
    pytest.fail("its own voice stopped it each time")


async def test_webrtc_callers_without_echo_cancellation() -> None:
    await hears_nobody(webrtc_call)


async def webrtc_call() -> Server:
    async with served(cancel=True) as server:
        caller = RtcCaller(video=False)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        room = Room(0.12, RATE_HZ)
        play = caller.ear.play
        microphone = caller.microphone._microphone

        def hear_and_play(pcm: Pcm, now_s: float) -> None:
            play(pcm, now_s)
            if pcm.any():
                room.played(pcm, now_s - began_s)

        caller.ear.play = hear_and_play  # type: ignore[method-assign]
        microphone.frame = lambda due_s: room.heard(due_s - began_s - 0.02, RATE_HZ // 50)  # type: ignore[method-assign]
        await caller.join(server.url)
        try:
            caller.give_consent()
            await server.until(PlaybackStopped)
        finally:
            await caller.leave()
        return server
