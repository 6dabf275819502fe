"""One suite over every language-model adapter: streaming, the four timeouts, errors, and that a stop stops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from think_server import (
    CUT,
    DONE,
    ROLE,
    STALL,
    TOOL,
    USAGE,
    NoServer,
    ScriptedServer,
    ask,
    content,
    finish,
    serving,
    tool_delta,
)

from visavis.kernel.errors import (
    AtCapacity,
    ProtocolViolation,
    ProviderError,
    ProviderTimeout,
    Rejected,
)
from visavis.kernel.timeouts import Timeouts
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.think import http_llm
from visavis.think.base import Finished, Llm, LlmEvent, LlmRequest, Message, TextDelta, ToolCall, Usage
from visavis.think.embedded import EmbeddedLlm
from visavis.think.openai_chat import OpenAiChat

HELLO = LlmRequest([Message("system", "You are Ada."), Message("user", "Hi")], session="a")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with serving() as scripted:
        yield scripted


def make(kind: str, server: ScriptedServer, tmp_path: Path, timeouts: Timeouts | None = None) -> Any:
    chat = OpenAiChat(f"{server.url}/v1", "m", key="k-123", timeouts=timeouts, local=kind == "embedded")
    return chat if kind == "openai" else EmbeddedLlm(NoServer(server.url), chat, 2, tmp_path / "slots")  # type: ignore[arg-type]


@pytest.fixture(params=["openai", "embedded"])
async def llm(request: pytest.FixtureRequest, server: ScriptedServer, tmp_path: Path) -> AsyncIterator[Llm]:
    made = make(request.param, server, tmp_path)
    yield made
    await made.close()


async def test_text_comes_in_pieces_and_ends_with_the_usage(llm: Llm, server: ScriptedServer) -> None:
    server.script = [ROLE, content("Hel"), b": ping\n\n", content("lo."), finish(), USAGE, DONE]
    assert await ask(llm, HELLO) == [TextDelta("Hel"), TextDelta("lo."), Finished("stop", Usage(12, 3, 8))]
    [sent] = server.requests
    assert sent["messages"] == [{"role": "system", "content": "You are Ada."}, {"role": "user", "content": "Hi"}]
    assert sent["stream"] is True
    assert sent["max_tokens"] == HELLO.max_tokens
    assert server.headers[0]["Authorization"] == "Bearer k-123"


async def test_the_model_is_told_what_has_been_begun_and_last_of_all(llm: Llm, server: ScriptedServer) -> None:
    server.script = [content(" we open at nine."), finish(), DONE]
    plain = await ask(llm, HELLO)
    begun = await ask(llm, replace(HELLO, begun="Let me see,"))
    assert begun == plain == [TextDelta(" we open at nine."), Finished("stop", Usage(0, 0))]
    before, after = (json.dumps(sent["messages"])[:-3] for sent in server.requests)
    assert after.startswith(before), "whatever came before stays in the server's cache"
    assert "Let me see," in after


async def test_events_split_anywhere_are_the_same(llm: Llm, server: ScriptedServer) -> None:
    chunk = '{"choices":[{"delta":{"content":"¡Olé! 好"},"finish_reason":"stop"}]}'
    raw = f"data: {chunk}\r\n\r\ndata: [DONE]\r\n\r\n".encode()
    server.script = [raw[at : at + 3] for at in range(0, len(raw), 3)]
    assert (await ask(llm, HELLO))[0] == TextDelta("¡Olé! 好")


async def test_a_reply_cut_at_its_longest_says_so(llm: Llm, server: ScriptedServer) -> None:
    server.script = [content("and so on"), finish("length"), DONE]
    assert (await ask(llm, HELLO))[-1] == Finished("length", Usage(0, 0))


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, Rejected, False),
        (401, Rejected, False),
        (403, Rejected, False),
        (404, Rejected, False),
        (429, AtCapacity, True),
        (500, ProviderError, True),
        (503, ProviderError, True),
    ],
)
async def test_refusals_are_told_apart(
    llm: Llm, server: ScriptedServer, status: int, kind: type[ProviderError], retryable: bool
) -> None:
    server.status, server.error = status, {"error": {"message": "because", "type": "x"}}
    with pytest.raises(ProviderError, match="because") as caught:
        await ask(llm, HELLO)
    assert type(caught.value) is kind
    assert caught.value.retryable is retryable
    assert caught.value.stage == "think"
    assert "k-123" not in str(caught.value)


@pytest.mark.parametrize(
    "script",
    [
        [b"data: {not json}\n\n", DONE],
        [b'data: {"choices": 7}\n\n', DONE],
        [b"\xff\xfe\n\n"],
        [content("Half a ")],
        [content("Half a "), DONE],
    ],
)
async def test_garbage_and_halves_are_violations(llm: Llm, server: ScriptedServer, script: list[Any]) -> None:
    server.script = script
    with pytest.raises(ProtocolViolation):
        await ask(llm, HELLO)


async def test_an_error_in_mid_stream_is_raised(llm: Llm, server: ScriptedServer) -> None:
    server.script = [content("Well"), {"error": {"message": "overloaded", "code": 429}}]
    with pytest.raises(AtCapacity, match="overloaded"):
        await ask(llm, HELLO)


async def test_a_page_instead_of_a_stream_is_a_violation(llm: Llm, server: ScriptedServer) -> None:
    server.content_type = "text/html"
    with pytest.raises(ProtocolViolation, match="text/html"):
        await ask(llm, HELLO)


async def test_a_connection_that_breaks_is_retryable(llm: Llm, server: ScriptedServer) -> None:
    server.script = [content("Well"), CUT]
    with pytest.raises(ProviderError) as caught:
        await ask(llm, HELLO)
    assert caught.value.retryable


@pytest.mark.parametrize("kind", ["openai", "embedded"])
@pytest.mark.parametrize(
    ("script", "head", "timeouts", "which"),
    [
        ([], True, Timeouts(first_s=0.05), "first"),
        ([ROLE, STALL], False, Timeouts(first_s=0.05), "first"),
        ([content("a"), STALL], False, Timeouts(idle_s=0.05), "idle"),
        ([content("a"), STALL], False, Timeouts(total_s=0.2), "total"),
        ([STALL], False, Timeouts(total_s=0.05), "total"),
    ],
)
async def test_each_timeout_has_its_name(
    server: ScriptedServer, tmp_path: Path, kind: str, script: list[Any], head: bool, timeouts: Timeouts, which: str
) -> None:
    server.script, server.stall_before_head = script, head
    llm = make(kind, server, tmp_path, timeouts)
    with pytest.raises(ProviderTimeout) as caught:
        await ask(llm, HELLO)
    assert caught.value.which == which
    if server.stalled.is_set():  # on a slow machine the time may be over before the server has begun
        await server.gone.wait()
    await llm.close()


async def test_the_connect_timeout_has_its_name(
    llm: Llm, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> None:
        raise aiohttp.ConnectionTimeoutError("slow")

    monkeypatch.setattr(aiohttp.ClientSession, "post", never)
    with pytest.raises(ProviderTimeout) as caught:
        await ask(llm, HELLO)
    assert caught.value.which == "connect"


async def test_nobody_listening_is_retryable(tmp_path: Path) -> None:
    async with serving() as gone:
        url = gone.url
    llm = OpenAiChat(f"{url}/v1", "m")
    with pytest.raises(ProviderError, match="cannot be reached"):
        await ask(llm, HELLO)
    await llm.close()


async def test_closing_the_stream_closes_the_connection(llm: Llm, server: ScriptedServer) -> None:
    server.script = [content("Well"), STALL]
    stream = llm.stream(HELLO)
    assert await anext(stream) == TextDelta("Well")
    await server.stalled.wait()
    await stream.aclose()
    await server.gone.wait()


async def test_cancelling_the_reader_closes_the_connection(llm: Llm, server: ScriptedServer) -> None:
    server.stall_before_head = True
    async with asyncio.TaskGroup() as group:
        reader = group.create_task(ask(llm, HELLO))
        await server.stalled.wait()
        reader.cancel()
    await server.gone.wait()
    assert reader.cancelled()


async def test_a_kept_connection_serves_again(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_llm, "_DRAIN_S", 30.0)  # on a busy machine the end of a body comes late
    server.script = [content("Hi"), finish(), DONE]
    llm = OpenAiChat(f"{server.url}/v1", "m")
    for _ in range(3):
        await ask(llm, HELLO)
    assert len(server.connections) == 1
    await llm.close()


async def test_tool_calls_come_whole_and_in_order(server: ScriptedServer) -> None:
    server.script = [
        ROLE,
        tool_delta(0, id="c1", name="weather", arguments='{"ci'),
        tool_delta(1, id="c2", name="time"),
        tool_delta(0, arguments='ty":"Oslo"}'),
        finish("tool_calls"),
        USAGE,
        DONE,
    ]
    llm = OpenAiChat(f"{server.url}/v1", "m")
    earlier = ToolCall("c0", "time", "{}")
    messages = [*HELLO.messages, Message("assistant", "", (earlier,)), Message("tool", "noon", tool_call_id="c0")]
    assert await ask(llm, LlmRequest(messages, [TOOL])) == [
        ToolCall("c1", "weather", '{"city":"Oslo"}'),
        ToolCall("c2", "time", "{}"),
        Finished("tools", Usage(12, 3, 8)),
    ]
    [sent] = server.requests
    assert sent["tools"][0]["function"]["parameters"] == TOOL.parameters
    assert sent["messages"][2]["tool_calls"][0] == {
        "id": "c0",
        "type": "function",
        "function": {"name": "time", "arguments": "{}"},
    }
    assert sent["messages"][3] == {"role": "tool", "content": "noon", "tool_call_id": "c0"}
    await llm.close()


async def test_a_tool_without_a_name_is_a_violation(server: ScriptedServer) -> None:
    server.script = [tool_delta(0, id="c1", arguments="{}"), finish("tool_calls"), DONE]
    llm = OpenAiChat(f"{server.url}/v1", "m")
    with pytest.raises(ProtocolViolation):
        await ask(llm, HELLO)
    await llm.close()


def test_a_virtual_clock_stands_still_while_the_model_works() -> None:
    """`--fast`: with real time the answer takes as long as it takes; no timeout may come of it."""

    async def call() -> tuple[list[LlmEvent], float]:
        async with serving() as server:
            server.script = [content("Hi"), finish(), DONE]
            llm = OpenAiChat(f"{server.url}/v1", "m", timeouts=Timeouts(first_s=0.001, idle_s=0.001))
            before = asyncio.get_running_loop().time()
            events = await ask(llm, HELLO)
            passed = asyncio.get_running_loop().time() - before
            await llm.close()
            return events, passed

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        events, passed = runner.run(call())
    assert events[0] == TextDelta("Hi")
    assert passed == 0


async def test_pictures_of_a_message_go_as_data(server: ScriptedServer) -> None:
    server.script = [content("A cat."), finish(), USAGE, DONE]
    chat = OpenAiChat(f"{server.url}/v1", "m")
    await ask(chat, LlmRequest([Message("user", "What is this?", images=(b"\xff\xd8one", b"\xff\xd8two"))]))
    await chat.close()
    [message] = server.requests[0]["messages"]
    assert message["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9hvbmU="}},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9h0d28="}},
        {"type": "text", "text": "What is this?"},
    ]
