"""What only the embedded model does: slots, a warm system prompt, prefill that gives way, the action envelope."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from think_server import DONE, STALL, TOOL, NoServer, ScriptedServer, ask, content, finish, serving

from visavis.kernel.errors import ProtocolViolation, UsageError
from visavis.kernel.timeouts import Timeouts
from visavis.think.base import Finished, LlmRequest, Message, TextDelta, ToolCall, ToolSpec, Usage
from visavis.think.embedded import EmbeddedLlm
from visavis.think.fitting import Fit
from visavis.think.openai_chat import OpenAiChat

SYSTEM = Message("system", "You are Ada.")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with serving() as scripted:
        scripted.script = [content("Hi"), finish(), DONE]
        yield scripted


@pytest.fixture
async def llm(server: ScriptedServer, tmp_path: Path) -> AsyncIterator[EmbeddedLlm]:
    chat = OpenAiChat(f"{server.url}/v1", "m", local=True, timeouts=Timeouts(first_s=600.0, total_s=600.0))
    directory = tmp_path / "slots"
    directory.mkdir()
    made = EmbeddedLlm(NoServer(server.url), chat, 2, directory)  # type: ignore[arg-type]
    yield made
    await made.close()
    assert not directory.exists()


def turn(text: str, session: str = "a") -> LlmRequest:
    return LlmRequest([SYSTEM, Message("user", text)], session=session)


def prefilled(server: ScriptedServer) -> list[str]:
    return [body["prompt"] for body in server.prefills]


async def test_each_session_keeps_its_slot(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    for session in ("a", "b", "a", "c", "a"):
        await ask(llm, turn("Hi", session))
    assert [body["id_slot"] for body in server.requests] == [0, 1, 0, 1, 0]
    assert all(body["cache_prompt"] for body in server.requests)


async def test_the_system_prompt_is_computed_once_and_given_to_every_slot(
    llm: EmbeddedLlm, server: ScriptedServer
) -> None:
    await llm.warm([SYSTEM, Message("assistant", "Hello!")])
    assert prefilled(server) == ["<system>You are Ada."]
    assert server.slot_actions == [("0", "save"), ("1", "restore")]
    await ask(llm, turn("Hi"))
    assert len(server.slot_actions) == 2
    await ask(llm, LlmRequest([Message("system", "Other."), Message("user", "Hi")], session="a"))
    await ask(llm, turn("Hi"))
    assert server.slot_actions[2:] == [("0", "restore")] or server.slot_actions[2:] == [("1", "restore")]


async def test_prefill_puts_the_prompt_into_the_sessions_slot(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    await llm.prefill(turn("I would like"))
    [body] = server.prefills
    assert body["n_predict"] == 0 and body["cache_prompt"]
    await ask(llm, turn("I would like tea"))
    assert server.requests[0]["id_slot"] == body["id_slot"]


async def test_prefill_ends_with_the_words_so_far(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    await llm.prefill(turn("I would like "))
    assert prefilled(server) == ["<system>You are Ada.</system><user>I would like"]


async def test_a_real_request_ends_the_prefill(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.on_request = lambda body: [STALL] if "prompt" in body else [content("x"), finish(), DONE]
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(llm.prefill(turn("I")))
        await server.stalled.wait()
        await llm.prefill(turn("I would"))
        assert len(server.prefills) == 1, "one at a time"
        real = await ask(llm, turn("I would like tea"))
    assert real[0] == TextDelta("x")
    await server.gone.wait()


async def test_the_words_are_scored_before_the_reply_is_written(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.likely = {"?": 0.5, " on": 0.5}
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        scored = group.create_task(llm.p_ends(turn("When do you open?")))
        await asyncio.sleep(0)
        assert await llm.p_ends(turn("When do you open?")) is None, "one at a time"
        reply = group.create_task(ask(llm, turn("When do you open?")))
    assert scored.result() == pytest.approx(0.5)
    assert reply.result()[0] == TextDelta("Hi")
    assert prefilled(server) == ["<system>You are Ada.</system><user>When do you open"], "its mark aside"
    assert server.order == ["completion", "chat"]


async def test_while_the_model_writes_nothing_is_scored(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    stream = llm.stream(turn("Hi"))
    await anext(stream)
    assert await llm.p_ends(turn("Hi there")) is None
    assert not server.prefills
    await stream.aclose()


async def test_a_failing_prefill_is_silent(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.status, server.error = 500, {"error": {"message": "no"}}
    await llm.prefill(turn("I would"))
    server.status = 200
    assert (await ask(llm, turn("I would")))[0] == TextDelta("Hi")


async def test_a_prefill_can_be_cancelled(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.script = [STALL]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(llm.prefill(turn("I")))
        await server.stalled.wait()
        task.cancel()
    assert task.cancelled()
    await server.gone.wait()


async def test_an_answer_keeps_to_a_schema_but_not_beside_tools(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    server.script = [content('{"city": "Oslo"}'), finish(), DONE]
    request = LlmRequest(turn("Where?").messages, session="a", schema=schema)
    assert (await ask(llm, request))[0] == TextDelta('{"city": "Oslo"}')
    assert server.requests[0]["response_format"]["json_schema"]["schema"] == schema
    with pytest.raises(UsageError, match="not both"):
        await ask(llm, replace(request, tools=[TOOL]))


async def test_a_reply_in_the_envelope_is_streamed_as_text(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.script = [content('{"sa'), content('y": "Of cou'), content('rse.\\n"'), content("}"), finish(), DONE]
    request = LlmRequest(turn("Hi").messages, [TOOL], session="a")
    assert await ask(llm, request) == [TextDelta("Of cou"), TextDelta("rse.\n"), Finished("stop", Usage(0, 0))]
    [body] = server.requests
    assert "tools" not in body
    assert len(body["response_format"]["json_schema"]["schema"]["anyOf"]) == 2
    assert body["messages"][0]["content"].startswith("You are Ada.")
    assert '{"weather": {"city": "<city>"}}' in body["messages"][0]["content"]


async def test_an_action_is_a_tool_call(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.script = [content('{"weather": {"ci'), content('ty": "Oslo"}}'), finish(), DONE]
    request = LlmRequest(turn("Hi").messages, [TOOL], session="a")
    first = await ask(llm, request)
    second = await ask(llm, request)
    assert first == [ToolCall("call_1", "weather", '{"city": "Oslo"}'), Finished("tools", Usage(0, 0))]
    assert second[0] == ToolCall("call_2", "weather", '{"city": "Oslo"}')


async def test_a_reply_cut_at_its_longest_is_kept(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.script = [content('{"say": "and so'), finish("length"), DONE]
    events = await ask(llm, LlmRequest(turn("Hi").messages, [TOOL], session="a"))
    assert events == [TextDelta("and so"), Finished("length", Usage(0, 0))]


async def test_an_action_cut_short_is_a_violation(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.script = [content('{"weather": {"ci'), finish("length"), DONE]
    with pytest.raises(ProtocolViolation):
        await ask(llm, LlmRequest(turn("Hi").messages, [TOOL], session="a"))


async def test_an_answer_that_has_begun_is_gone_on_with(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.script = [content(" we open at nine."), finish(), DONE]
    assert (await ask(llm, replace(turn("When?"), begun="Let me see,")))[0] == TextDelta(" we open at nine.")
    [body] = server.requests
    assert body["messages"][1:] == [
        {"role": "user", "content": "When?"},
        {"role": "assistant", "content": "Let me see,"},
    ]


async def test_a_beginning_does_not_keep_the_model_from_its_tools(llm: EmbeddedLlm, server: ScriptedServer) -> None:
    server.script = [content('{"weather": {"ci'), content('ty": "Oslo"}}'), finish(), DONE]
    request = LlmRequest(turn("Rain?").messages, [TOOL], session="a", begun="Let me see,")
    call = ToolCall("call_1", "weather", '{"city": "Oslo"}')
    assert await ask(llm, request) == [call, Finished("tools", Usage(0, 0))]
    told = Message("tool", "Rain.", tool_call_id="call_1")
    said = [Message("assistant", "Let me see,", (call,)), told]
    await ask(llm, replace(request, messages=[*request.messages, *said], begun=""))
    first, second = server.requests
    assert first["messages"][-1] == {"role": "user", "content": "Rain?"}
    assert second["messages"][2:] == [
        {"role": "assistant", "content": '{"weather": {"city": "Oslo"}}'},
        {"role": "user", "content": "[Result of weather: Rain.]"},
    ], "word for word what the model wrote, so that it is still in its cache"


class OrdersOnly:
    """Finds the second tool alone to fit, and very near."""

    async def judge(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Fit:
        return Fit(-2.0, tools[1:])


async def test_a_tool_that_does_not_fit_stays_in_the_prompt_and_cannot_be_called(
    server: ScriptedServer, tmp_path: Path
) -> None:
    chat = OpenAiChat(f"{server.url}/v1", "m", local=True)
    made = EmbeddedLlm(NoServer(server.url), chat, 2, tmp_path, fitting=OrdersOnly())  # type: ignore[arg-type]
    tools = [ToolSpec("tell_weather", "Tells the weather.", {}), ToolSpec("find_order", "Finds an order.", {})]
    server.script = [content('{"say": "Hi"}'), finish(), DONE]
    await ask(made, replace(turn("Where is my order?"), tools=tools))
    await made.close()
    [body] = server.requests
    assert body["logit_bias"] == [["say", -2.0]]
    assert "tell_weather" in body["messages"][0]["content"]
    actions = body["response_format"]["json_schema"]["schema"]["anyOf"]
    assert [list(action["properties"]) for action in actions] == [["say"], ["find_order"]]
