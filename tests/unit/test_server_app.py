"""The HTTP side, over real sockets on loopback: what it serves, and what it refuses and how."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import numpy as np
import pytest
from server_fixtures import Engines, Running, running, settings

from visavis.journal.memory import MemoryStore
from visavis.kernel.errors import JournalError
from visavis.kernel.events import ConsentGiven, ReplyEnded, SessionEnded, TurnEnded
from visavis.kernel.messages import (
    Bye,
    Consent,
    Hello,
    Leave,
    Notice,
    Problem,
    Start,
    Transcript,
    decode_server,
    encode,
)
from visavis.server.app import MAX_BODY_BYTES
from visavis.testing.doubles import sound


async def answer(server: Running, path: str, **options: Any) -> tuple[int, Any]:
    async with server.http.get(server.url + path, **options) as response:
        body = await response.text()
        return response.status, json.loads(body) if body.startswith("{") else body


async def offered(server: Running, body: Any, **options: Any) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with server.http.post(f"{server.url}/api/offer", data=data, **options) as response:
        text = await response.text()
        return response.status, json.loads(text) if text.startswith("{") else text


async def test_health_counts_the_calls() -> None:
    async with running() as server:
        assert await answer(server, "/healthz") == (200, {"status": "ok", "sessions": 0, "max_sessions": 4})
        async with server.http.ws_connect(f"{server.url}/ws/audio") as socket:
            await socket.send_str(encode(Start(consent=True)))
            await until(socket, Hello)
            assert (await answer(server, "/healthz"))[1]["sessions"] == 1


async def test_the_page_learns_about_the_agent() -> None:
    async with running() as server:
        status, about = await answer(server, "/api/agent")
        assert status == 200
        assert (about["name"], about["language"]) == ("Ada", "en")
        assert "Ada" in about["notice"]["text"]
        assert about["reconnect_s"] == 30.0


async def test_pages_come_with_their_guards() -> None:
    async with running() as server, server.http.get(server.url + "/") as page:
        assert page.status == 200
        assert page.content_type == "text/html"
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert "camera=(self)" in page.headers["Permissions-Policy"]


async def test_static_files_and_nothing_beside_them() -> None:
    async with running() as server:
        async with server.http.get(f"{server.url}/static/main.js") as script:
            assert script.status == 200
            assert "javascript" in script.content_type
        for path in ("/static/../server/app.py", "/static/%2e%2e/server/app.py", "/static/none.js", "/static/", "/x"):
            assert (await answer(server, path))[0] in (403, 404), path


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"",
        b"\xff\xfe",
        [],
        {},
        {"sdp": "v=0"},
        {"sdp": 3, "type": "offer"},
        {"sdp": "v=0", "type": "answer"},
    ],
    ids=str,
)
async def test_a_body_that_is_no_offer(body: Any) -> None:
    async with running() as server:
        status, problem = await offered(server, body)
        assert (status, problem["code"]) == (400, "bad_offer")
        assert len(server.calls) == 0


@pytest.mark.parametrize(
    "sdp", ["", "garbage", "v=0\r\n", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "\x00" * 99]
)
async def test_an_offer_that_is_no_sdp(sdp: str) -> None:
    async with running() as server:
        status, problem = await offered(server, {"sdp": sdp, "type": "offer"})
        assert (status, problem["code"]) == (400, "negotiation_failed")
        assert problem["text"]
        assert len(server.calls) == 0


async def test_a_body_that_is_too_big() -> None:
    async with running() as server:
        status, _ = await offered(server, b"x" * (MAX_BODY_BYTES + 1))
        assert status == 413


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "garbage"])
async def test_foreign_pages_are_turned_away(origin: str) -> None:
    async with running() as server:
        headers = {"Origin": origin}
        status, problem = await offered(server, {"sdp": "v=0", "type": "offer"}, headers=headers)
        assert status == 403
        assert origin in problem["text"]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await server.http.ws_connect(f"{server.url}/ws/audio", headers=headers)
        assert refused.value.status == 403
        assert len(server.calls) == 0


async def test_own_pages_and_allowed_ones_are_let_in() -> None:
    async with running(settings(allowed_origins=["https://shop.example"])) as server:
        for origin in (server.url, "https://shop.example"):
            assert (await answer(server, "/api/agent", headers={"Origin": origin}))[0] == 200


# Calls over the plain WebSocket.


async def until(socket: aiohttp.ClientWebSocketResponse, kind: type[Any]) -> Any:
    """The next message of this kind; other messages and audio on the way are dropped."""
    while True:
        message = await socket.receive(timeout=10)
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
        if message.type is aiohttp.WSMsgType.TEXT and isinstance(told := decode_server(message.data), kind):
            return told


async def test_a_whole_call_over_the_websocket() -> None:
    store = MemoryStore()
    async with running(store=store) as server, server.http.ws_connect(f"{server.url}/ws/audio") as socket:
        await socket.send_str(encode(Start(rate_hz=16_000)))
        hello = await until(socket, Hello)
        notice = await until(socket, Notice)
        assert "Ada" in notice.text
        await socket.send_bytes(sound(2, 0.5).tobytes())
        await socket.send_str(encode(Consent(given=True)))
        while (said := await until(socket, Transcript)).text != "Hello.":
            assert said.role == "agent"
        speech = np.concatenate([sound(1, 1.2), sound(0, 0.6)])
        for start in range(0, len(speech), 320):
            await socket.send_bytes(speech[start : start + 320].tobytes())
        while not (
            (said := await until(socket, Transcript)).role == "agent" and said.text == "At nine." and said.final
        ):
            pass
        await socket.send_str(encode(Leave()))
        assert (await until(socket, Bye)).reason == "left"
    events = [record.event for record in store.read(hello.session)]
    assert [event.text for event in events if isinstance(event, TurnEnded)] == ["when do you open"]
    assert [event.text for event in events if isinstance(event, ReplyEnded)] == ["Hello.", "At nine."]
    assert events[-1] == SessionEnded("left")
    assert [event.via for event in events if isinstance(event, ConsentGiven)] == ["message"]


async def test_too_many_calls_are_told_so_politely() -> None:
    async with running(settings(max_sessions=1)) as server, server.http.ws_connect(f"{server.url}/ws/audio") as first:
        await first.send_str(encode(Start(consent=True)))
        await until(first, Hello)
        async with server.http.ws_connect(f"{server.url}/ws/audio") as second:
            problem = await until(second, Problem)
            assert (problem.code, problem.fatal) == ("at_capacity", True)
            assert "busy" in problem.text
            assert (await until(second, Bye)).reason == "busy"
            assert (await second.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
            assert second.close_code == 1013
        status, problem_ = await offered(server, {"sdp": "v=0", "type": "offer"})
        assert (status, problem_["code"]) == (503, "at_capacity")
        await first.send_str(encode(Leave()))
        await until(first, Bye)
        await first.close()
        async with asyncio.timeout(5):
            while len(server.calls):  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.01)
        async with server.http.ws_connect(f"{server.url}/ws/audio") as third:
            await third.send_str(encode(Start(consent=True)))
            await until(third, Hello)


async def test_two_who_come_at_once_do_not_share_the_last_seat() -> None:
    async with running(settings(max_sessions=1)) as server:
        sockets = [await server.http.ws_connect(f"{server.url}/ws/audio") for _ in range(3)]
        for socket in sockets:
            if not socket.closed:
                await socket.send_str(encode(Start(consent=True)))
        told = [type(await until(socket, Hello | Problem)) for socket in sockets]
        assert sorted(kind.__name__ for kind in told) == ["Hello", "Problem", "Problem"]
        assert len(server.calls) == 1
        for socket in sockets:
            await socket.close()


class FullStore(MemoryStore):
    full = True

    def append(self, records: Any) -> None:
        if self.full:
            raise JournalError("the disk is full", stage="journal")
        super().append(records)


async def test_no_call_is_taken_that_cannot_be_recorded_and_they_are_again_when_it_can() -> None:
    store = FullStore()
    async with running(store=store) as server:
        async with server.http.ws_connect(f"{server.url}/ws/audio") as first:
            await first.send_str(encode(Start(consent=True)))
            problem = await until(first, Problem)
            assert (problem.code, problem.fatal) == ("journal", True)
            await until(first, Bye)
        status, told = await offered(server, {"sdp": "v=0", "type": "offer"})
        assert (status, told["code"]) == (503, "journal")
        async with server.http.ws_connect(f"{server.url}/ws/audio") as second:
            assert (await until(second, Problem)).code == "journal"
        store.full = False
        async with server.http.ws_connect(f"{server.url}/ws/audio") as third:
            await third.send_str(encode(Start(consent=True)))
            await until(third, Hello)


async def test_a_call_that_breaks_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    engines = Engines()
    async with running(engines=engines) as server, server.http.ws_connect(f"{server.url}/ws/audio") as healthy:
        await healthy.send_str(encode(Start(consent=True)))
        await until(healthy, Hello)

        def broken(*arguments: object) -> object:
            raise KeyError("a bug")

        engines.asr.stream = broken  # type: ignore[assignment,method-assign]
        async with server.http.ws_connect(f"{server.url}/ws/audio") as socket:
            await socket.send_str(encode(Start(consent=True)))
            while (await socket.receive(timeout=5)).type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                pass
        await healthy.send_str(encode(Leave()))
        assert (await until(healthy, Bye)).reason == "left"


async def test_stopping_says_goodbye_to_every_call() -> None:
    store = MemoryStore()
    async with running(store=store) as server:
        socket = await server.http.ws_connect(f"{server.url}/ws/audio")
        await socket.send_str(encode(Start(consent=True)))
        hello = await until(socket, Hello)
        await server.calls.close()
        assert (await until(socket, Bye)).reason == "server_stopped"
        await socket.close()
    assert store.read(hello.session)[-1].event == SessionEnded("server_stopped")
