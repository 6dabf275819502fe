"""Which conversation an offer belongs to: a new one, a live one, or one that an earlier process held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
from server_fixtures import Running, running, settings

from visavis.journal.memory import MemoryStore
from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.errors import AtCapacity, NegotiationFailed, PeerGone
from visavis.kernel.events import (
    ConsentGiven,
    Event,
    Record,
    SessionEnded,
    SessionJoined,
    SessionResumed,
)
from visavis.kernel.messages import ServerMessage
from visavis.kernel.settings import WebRtcSettings
from visavis.server import calls as calls_module
from visavis.server.calls import REMEMBERED_FACTOR
from visavis.transport.base import Gone, Incoming


class Line:
    """Stands for a line to a person; it waits until it is closed."""

    name = "websocket"
    out_rate_hz = 24_000
    echo_free = True
    consent_via = "page"
    playout_delay_s = 0.05

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def incoming(self, media: Any) -> AsyncIterator[Incoming]:
        await self.over.wait()
        yield Gone("peer_gone")

    def play(self, pcm: Any, at_s: float) -> None: ...
    def clear(self) -> None: ...
    def send(self, message: ServerMessage) -> None: ...

    async def close(self, reason: str) -> None:
        self.over.set()


@pytest.fixture(autouse=True)
def _fake_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeRtc.made = []
    monkeypatch.setattr(calls_module, "WebRtcTransport", FakeRtc)


class FakeRtc(Line):
    """The WebRTC one: answers at once; 'garbage' is refused."""

    name = "webrtc"
    made: ClassVar[list[FakeRtc]] = []

    def __init__(self, chosen: WebRtcSettings) -> None:
        super().__init__()
        self.rejoined = 0
        FakeRtc.made.append(self)

    async def answer(self, sdp: str) -> str:
        await asyncio.sleep(0.01)
        if sdp == "garbage":
            raise NegotiationFailed("no such media")
        return f"answer to {sdp}"

    async def rejoin(self, sdp: str) -> str:
        self.rejoined += 1
        return await self.answer(sdp)


def held_before(store: MemoryStore, *events: Event, ago_s: float = 1.0, session: str = "old") -> None:
    """The journal of an earlier process."""
    wall_s = LoopClock().wall() - ago_s
    facts = [SessionJoined("webrtc", "Ada"), ConsentGiven("2026-11", ("listen",), "page"), *events]
    store.append([Record(session, seq, 1.0, wall_s, event) for seq, event in enumerate(facts, 1)])


async def resumed(server: Running, session: str, *, joined: int) -> bool:
    """Whether the conversation goes on, once it is on record that somebody joined it for the `joined`th time."""
    async with asyncio.timeout(10):
        while True:
            events = [record.event for record in await server.journal.read(session)]
            if sum(isinstance(event, SessionJoined) for event in events) == joined:
                return any(isinstance(event, SessionResumed) for event in events)
            await asyncio.sleep(0.02)


async def test_an_offer_without_a_key_begins_a_conversation() -> None:
    async with running() as server:
        answer, one = await server.calls.offer("sdp", "")
        _, two = await server.calls.offer("sdp", "")
        assert answer == "answer to sdp"
        assert len({one, two, ""}) == 3
        assert len(one) >= 20, "a key nobody guesses"
        assert len(server.calls) == 2


async def test_the_key_of_a_live_call_gives_it_a_new_line() -> None:
    async with running(settings(max_sessions=1)) as server:
        _, session = await server.calls.offer("sdp", "")
        answer, again = await server.calls.offer("sdp again", session)
        assert (answer, again) == ("answer to sdp again", session)
        assert FakeRtc.made[0].rejoined == 1
        assert len(FakeRtc.made) == len(server.calls) == 1


async def test_a_key_that_nobody_knows_begins_a_new_conversation() -> None:
    async with running() as server:
        _, session = await server.calls.offer("sdp", "made up")
        assert session != "made up"
        assert not await resumed(server, session, joined=1)


async def test_a_conversation_of_an_earlier_process_goes_on() -> None:
    store = MemoryStore()
    held_before(store)
    async with running(store=store) as server:
        _, session = await server.calls.offer("sdp", "old")
        assert session == "old"
        assert await resumed(server, "old", joined=2)
        assert [record.seq for record in store.read("old")] == list(range(1, len(store.read("old")) + 1))


async def test_two_offers_for_it_at_once_make_one_call() -> None:
    store = MemoryStore()
    held_before(store)
    async with running(store=store) as server:
        answers = await asyncio.gather(*(server.calls.offer(f"sdp {n}", "old") for n in range(3)))
        assert [session for _, session in answers] == ["old"] * 3
        assert len(server.calls) == 1
        assert FakeRtc.made[0].rejoined == 2
        seqs = [record.seq for record in store.read("old")]
        assert len(set(seqs)) == len(seqs)


async def test_one_that_had_ended_is_not_taken_up_again() -> None:
    store = MemoryStore()
    held_before(store, SessionEnded("left"))
    async with running(store=store) as server:
        _, session = await server.calls.offer("sdp", "old")
        assert session != "old"


async def test_one_that_is_long_gone_is_not_taken_up_again() -> None:
    store = MemoryStore()
    held_before(store, ago_s=30 * REMEMBERED_FACTOR + 5)
    async with running(store=store) as server:
        _, session = await server.calls.offer("sdp", "old")
        assert session != "old"


async def test_the_key_of_a_call_on_another_kind_of_line_opens_no_second_line_into_it() -> None:
    """Two writers of one session would break the journal for every call."""
    async with running() as server:
        server.calls.begin(Line(), server.journal.open("socket", MediaClock(LoopClock())))
        await asyncio.sleep(0.05)
        _, session = await server.calls.offer("sdp", "socket")
        assert session != "socket"
        assert len(server.calls) == 2


async def test_a_refused_offer_leaves_nothing_behind() -> None:
    async with running() as server:
        with pytest.raises(NegotiationFailed):
            await server.calls.offer("garbage", "")
        assert FakeRtc.made[0].over.is_set(), "the line was closed"
        assert len(server.calls) == 0


async def test_a_client_that_gave_up_gets_no_call() -> None:
    async with running() as server:
        with pytest.raises(PeerGone):
            await server.calls.offer("sdp", "", lambda: False)
        assert len(server.calls) == 0


async def test_offers_at_once_do_not_share_the_last_seat() -> None:
    async with running(settings(max_sessions=2)) as server:
        told = await asyncio.gather(*(server.calls.offer("sdp", "") for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(one, tuple) for one in told) == 2
        assert sum(isinstance(one, AtCapacity) for one in told) == 3
        assert len(server.calls) == 2


async def test_a_refused_offer_gives_its_seat_back() -> None:
    async with running(settings(max_sessions=1)) as server:
        for _ in range(3):
            with pytest.raises(NegotiationFailed):
                await server.calls.offer("garbage", "")
        assert (await server.calls.offer("sdp", ""))[0] == "answer to sdp"


async def test_a_stopping_server_takes_no_call() -> None:
    async with running() as server:
        await server.calls.close()
        with pytest.raises(AtCapacity):
            await server.calls.offer("sdp", "")
