"""Providers over a real connection: what is sent, how failures are told, that a stop reaches the server, and which
provider a name, the settings and the environment lead to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from llm_wires import CASES, Call, Case, Reply
from think_server import CUT, STALL, TOOL, ScriptedServer, ask, serving

from visavis.kernel.errors import AtCapacity, ConfigError, ProtocolViolation, ProviderError, ProviderTimeout, Rejected
from visavis.kernel.registry import HOSTED_LLMS, resolve
from visavis.kernel.settings import LlmSettings, Settings
from visavis.kernel.timeouts import Timeouts
from visavis.models.engines import EngineContext, Engines
from visavis.think import http_llm
from visavis.think.base import Finished, LlmRequest, Message, TextDelta, ToolCall
from visavis.think.hosted import HostedLlm
from visavis.think.http_llm import HttpLlm
from visavis.think.presets import PRESETS, THOUGHT_TOKENS
from visavis.think.wire import closed

KEY = "k-123-secret"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TALK = LlmRequest(
    [
        Message("system", "You are Ada."),
        Message("assistant", "Hello!"),
        Message("user", "What is this, and the weather?", images=(b"\xff\xd8one",)),
        Message("assistant", "", (ToolCall("c.1", "weather", '{"city":"Oslo"}'), ToolCall("c2", "time", "{bad"))),
        Message("tool", "rain", tool_call_id="c.1"),
        Message("tool", "", tool_call_id="c2"),
        Message("user", "And tomorrow?"),
    ],
    [TOOL],
    max_tokens=99,
    temperature=0.0,
    session="s1",
)
wires = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with serving() as scripted:
        yield scripted


def llm(case: Case, server: ScriptedServer, *, model: str = "", timeouts: Timeouts | None = None) -> HttpLlm:
    return HttpLlm(
        case.wire(), f"{server.url}/v1", model or case.model, key=KEY, timeouts=timeouts, name=case.provider
    )


def begun(case: Case) -> list[bytes]:
    """The frames of a reply up to its first word, "Well"."""
    frames = case.frames(Reply(["Well"]))
    return frames[: next(number for number, frame in enumerate(frames, 1) if b"Well" in frame)]


async def sent(case: Case, server: ScriptedServer, request: LlmRequest, model: str = "") -> dict[str, Any]:
    """The body that the server got."""
    server.script = list(case.frames(Reply(["Hi"])))
    made = llm(case, server, model=model)
    await ask(made, request)
    await made.close()
    return server.requests[-1]


@wires
async def test_a_reply_comes_over_a_connection_that_is_kept(
    case: Case, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_llm, "_DRAIN_S", 30.0)  # on a busy machine the end of a body comes late
    reply = Reply(["Hel", "lo."], [Call("c1", "weather", ['{"city":', '"Oslo"}'])])
    server.script = list(case.frames(reply))
    made = llm(case, server)
    for _ in range(3):
        assert await ask(made, TALK) == reply.events()
    assert len(server.connections) == 1
    assert server.paths[0] == case.path
    await made.close()


@wires
async def test_the_key_is_shown_in_a_header_and_nowhere_else(case: Case, server: ScriptedServer) -> None:
    body = await sent(case, server, TALK)
    shown = [name for name, value in server.headers[0].items() if KEY in value]
    assert shown == [{"anthropic": "x-api-key", "gemini": "x-goog-api-key"}.get(case.provider, "Authorization")]
    assert KEY not in json.dumps(body) + server.paths[0]
    server.status, server.error = 401, {"error": {"message": f"Incorrect API key provided: {KEY}."}}
    made = llm(case, server)
    with pytest.raises(Rejected, match="API key") as caught:
        await ask(made, TALK)
    await made.close()
    assert KEY not in f"{caught.value}{caught.value!r}{made!r}"
    assert caught.value.hint


@wires
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, Rejected) for status in (400, 401, 402, 403, 404, 413)),
        *((status, ProviderError) for status in (408, 500, 503)),
        *((status, AtCapacity) for status in (429, 529)),
    ],
)
async def test_refusals_are_told_apart(
    case: Case, server: ScriptedServer, status: int, kind: type[ProviderError]
) -> None:
    server.status, server.error = status, {"type": "error", "error": {"type": "some_error", "message": "because"}}
    made = llm(case, server)
    with pytest.raises(ProviderError, match=f"{status}: because") as caught:
        await ask(made, TALK)
    assert type(caught.value) is kind
    assert caught.value.stage == "think"
    await made.close()


@pytest.mark.parametrize(
    ("headers", "body", "wait_s"),
    [
        ({"Retry-After": "7"}, {"error": "busy"}, 7.0),
        ({"Retry-After": "7", "retry-after-ms": "250"}, {"error": "busy"}, 0.25),
        (
            {"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"},
            {"detail": "busy"},
            30.0,
        ),
        ({}, [{"error": {"message": "busy", "details": [{"@type": "RetryInfo", "retryDelay": "1.5s"}]}}], 1.5),
        ({"Retry-After": "soon"}, {"object": "error", "message": "busy"}, None),
        ({}, {"error": {"message": "busy"}}, None),
    ],
)
async def test_how_long_to_wait_is_told(
    server: ScriptedServer, headers: dict[str, str], body: Any, wait_s: float | None
) -> None:
    server.status, server.error, server.error_headers = 429, body, headers
    made = llm(CASES[0], server)
    with pytest.raises(AtCapacity, match="busy") as caught:
        await ask(made, TALK)
    assert caught.value.retry_after_s == wait_s
    await made.close()


async def test_an_error_that_is_sent_with_200_is_one(server: ScriptedServer) -> None:
    server.content_type = "application/json"
    made = llm(CASES[0], server)
    server.script = [b'{"error": {"message": "no more credits", "code": 402}}']
    with pytest.raises(Rejected, match="no more credits"):
        await ask(made, TALK)
    server.script = [b'{"choices": []}']
    with pytest.raises(ProtocolViolation, match="not a stream"):
        await ask(made, TALK)
    await made.close()


@wires
async def test_closing_the_stream_closes_the_connection(case: Case, server: ScriptedServer) -> None:
    server.script = [*begun(case), STALL]
    made = llm(case, server)
    stream = made.stream(TALK)
    assert await anext(stream) == TextDelta("Well")
    await server.stalled.wait()
    await stream.aclose()
    await server.gone.wait()
    await made.close()


@wires
async def test_cancelling_the_reader_closes_the_connection(case: Case, server: ScriptedServer) -> None:
    server.stall_before_head = True
    made = llm(case, server)
    async with asyncio.TaskGroup() as group:
        reader = group.create_task(ask(made, TALK))
        await server.stalled.wait()
        reader.cancel()
    await server.gone.wait()
    await made.close()


@wires
async def test_silence_and_broken_connections_have_their_names(case: Case, server: ScriptedServer) -> None:
    for script, timeouts, which in (
        ([STALL], Timeouts(first_s=0.3), "first"),
        ([*begun(case), STALL], Timeouts(idle_s=0.3), "idle"),
        ([*begun(case), STALL], Timeouts(total_s=0.6), "total"),
    ):
        server.script = list(script)
        made = llm(case, server, timeouts=timeouts)
        with pytest.raises(ProviderTimeout) as caught:
            await ask(made, TALK)
        assert caught.value.which == which
        await made.close()
    server.script = [*begun(case), CUT]
    made = llm(case, server)
    with pytest.raises(ProviderError) as broken:
        await ask(made, TALK)
    assert broken.value.retryable
    await made.close()


@pytest.mark.parametrize("ending", [STALL, CUT])
async def test_a_whole_answer_is_not_lost_with_what_follows_it(server: ScriptedServer, ending: str) -> None:
    """After the reason to stop only the usage is missing: the person has heard the answer."""
    server.script = [*CASES[0].frames(Reply(["Well."]))[:-2], ending]
    made = llm(CASES[0], server)
    events = await ask(made, TALK)
    assert events[0] == TextDelta("Well.")
    assert isinstance(events[-1], Finished)
    await made.close()


@wires
async def test_a_connection_is_open_before_it_is_needed(case: Case, server: ScriptedServer) -> None:
    server.script = list(case.frames(Reply(["Hi"])))
    made = llm(case, server)
    await made.warm(TALK.messages)
    await made.prefill(TALK)
    assert len(server.opened) == 1, "one is enough"
    assert not [value for value in server.opened[0].values() if KEY in value], "nobody is told the key yet"
    assert not server.requests
    await ask(made, TALK)
    assert len(server.connections) == 1
    assert await made.p_ends(TALK) is None
    assert not made.tells_ends
    await made.close()


async def test_a_server_that_is_away_does_not_stop_the_warming() -> None:
    async with serving() as gone:
        made = llm(CASES[0], gone)
    await made.warm(TALK.messages)
    await made.close()


# What is sent.


async def test_chat_completions_get_the_conversation(server: ScriptedServer) -> None:
    body = await sent(CASES[0], server, TALK, "gpt-4o-mini")
    assert body["max_completion_tokens"] == 99
    assert body["temperature"] == 0.0
    assert body["prompt_cache_key"] == "s1"
    assert body["messages"][2]["content"][0]["image_url"]["url"] == "data:image/jpeg;base64,/9hvbmU="
    assert body["messages"][3]["tool_calls"][1]["function"] == {"name": "time", "arguments": "{bad"}
    assert body["messages"][4] == {"role": "tool", "content": "rain", "tool_call_id": "c.1"}
    assert body["tools"][0]["function"]["parameters"] == TOOL.parameters


async def test_responses_get_the_conversation(server: ScriptedServer) -> None:
    body = await sent(CASES[1], server, TALK, "gpt-6-luna")
    assert body["store"] is False
    assert body["reasoning"] == {"effort": "none"}
    assert body["max_output_tokens"] == 99
    assert "temperature" not in body
    assert body["input"][2]["content"][0] == {
        "type": "input_image",
        "image_url": "data:image/jpeg;base64,/9hvbmU=",
        "detail": "auto",
    }
    assert body["input"][3] == {
        "type": "function_call",
        "call_id": "c.1",
        "name": "weather",
        "arguments": '{"city":"Oslo"}',
    }
    assert body["input"][5] == {"type": "function_call_output", "call_id": "c.1", "output": "rain"}
    assert body["tools"][0]["name"] == "weather"


async def test_messages_get_the_conversation_in_turns(server: ScriptedServer) -> None:
    body = await sent(CASES[2], server, TALK, "claude-haiku-5-5")
    assert body["system"] == [{"type": "text", "text": "You are Ada.", "cache_control": {"type": "ephemeral"}}]
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    shown, asked = body["messages"][2]["content"]
    assert shown["source"] == {"type": "base64", "media_type": "image/jpeg", "data": "/9hvbmU="}
    assert asked["text"].startswith("What is this")
    first, second = body["messages"][3]["content"]
    assert first == {"type": "tool_use", "id": "c_1", "name": "weather", "input": {"city": "Oslo"}}
    assert second["input"] == {"malformed": "{bad"}
    assert second["cache_control"] == {"type": "ephemeral"}, "the last turn that will not change"
    assert [block["type"] for block in body["messages"][4]["content"]] == ["tool_result", "tool_result", "text"]
    assert body["messages"][4]["content"][0] == {"type": "tool_result", "tool_use_id": "c_1", "content": "rain"}
    assert body["tools"][0]["input_schema"] == TOOL.parameters
    assert body["thinking"] == {"type": "disabled"}
    assert "temperature" not in body
    assert server.headers[0]["anthropic-version"]


async def test_gemini_gets_the_conversation_in_turns(server: ScriptedServer) -> None:
    body = await sent(CASES[3], server, TALK, "gemini-3.5-flash-lite")
    assert body["systemInstruction"] == {"parts": [{"text": "You are Ada."}]}
    assert [turn["role"] for turn in body["contents"]] == ["user", "model", "user", "model", "user"]
    assert body["contents"][2]["parts"][0]["inlineData"] == {"mimeType": "image/jpeg", "data": "/9hvbmU="}
    first, second = body["contents"][3]["parts"]
    assert first["functionCall"] == {"id": "c.1", "name": "weather", "args": {"city": "Oslo"}}
    assert first["thoughtSignature"]
    assert "thoughtSignature" not in second
    assert body["contents"][4]["parts"][0]["functionResponse"]["name"] == "weather"
    assert body["generationConfig"] == {"maxOutputTokens": 99, "thinkingConfig": {"thinkingLevel": "minimal"}}
    assert body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"] == TOOL.parameters


async def test_a_signature_goes_back_with_its_call(server: ScriptedServer) -> None:
    asked = Message("assistant", "", (ToolCall("c1", "weather", "{}", "c2ln"),))
    request = LlmRequest([Message("user", "Hi"), asked, Message("tool", "rain", tool_call_id="c1")])
    body = await sent(CASES[3], server, request)
    assert body["contents"][1]["parts"][0]["thoughtSignature"] == "c2ln"


@wires
async def test_what_was_begun_is_told_last_of_all(case: Case, server: ScriptedServer) -> None:
    plain = await sent(case, server, TALK)
    noted = await sent(case, server, replace(TALK, begun="Let me see,"))
    assert "Let me see," in json.dumps(noted)
    for name in ("messages", "input", "contents"):
        if name in plain:
            assert noted[name][:-1] == plain[name][:-1], "whatever came before stays in the server's cache"


@wires
async def test_a_schema_is_asked_for_in_the_formats_way(case: Case, server: ScriptedServer) -> None:
    body = await sent(case, server, LlmRequest([Message("user", "Where?")], schema=SCHEMA))
    asked: Any = {
        "openai": lambda: body["response_format"]["json_schema"],
        "openai_responses": lambda: body["text"]["format"],
        "anthropic": lambda: body["output_config"]["format"],
        "gemini": lambda: {"schema": body["generationConfig"]["responseJsonSchema"]},
    }[case.provider]()
    assert asked["schema"] == SCHEMA
    assert asked.get("strict", True) is True


async def test_where_no_schema_is_known_it_is_told(server: ScriptedServer) -> None:
    case = Case("deepseek", "", CASES[0].frames)
    body = await sent(case, server, LlmRequest([Message("user", "Where?")], schema=SCHEMA), "deepseek-flash")
    assert body["response_format"] == {"type": "json_object"}
    assert json.dumps(SCHEMA) in body["messages"][-1]["content"]
    assert body["thinking"] == {"type": "disabled"}


def test_only_closed_schemas_are_strict() -> None:
    assert closed(SCHEMA)
    assert not closed({**SCHEMA, "required": []})
    assert not closed({**SCHEMA, "properties": {"city": {"type": "object", "properties": {"a": {}}}}})
    assert not closed({"type": "object"})


@pytest.mark.parametrize(
    ("provider", "model", "wanted", "unwanted"),
    [
        ("openai", "gpt-4o-mini", {"temperature": 0.0, "max_completion_tokens": 99}, "reasoning_effort"),
        ("openai", "gpt-6-luna", {"reasoning_effort": "none", "max_completion_tokens": 99}, "temperature"),
        ("openai", "gpt-5-mini", {"reasoning_effort": "minimal"}, "temperature"),
        ("openai", "gpt-5.2-chat-latest", {}, "reasoning_effort"),
        ("openai", "o3", {"max_completion_tokens": 99 + THOUGHT_TOKENS}, "max_tokens"),
        ("anthropic", "claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}, "temperature"),
        ("anthropic", "claude-opus-5-5", {"output_config": {"effort": "low"}}, "thinking"),
        ("anthropic", "claude-haiku-4-5", {"max_tokens": 99}, "thinking"),
        ("groq", "openai/gpt-oss-120b", {"reasoning_effort": "low"}, "max_tokens"),
        ("groq", "llama-3.3-70b-versatile", {"temperature": 0.0}, "reasoning_effort"),
        ("qwen", "qwen3.5-plus", {"enable_thinking": False}, "chat_template_kwargs"),
        ("vllm", "Qwen/Qwen3.5-27B", {"chat_template_kwargs": {"enable_thinking": False}}, "enable_thinking"),
        ("ollama", "qwen3.5:9b", {"reasoning_effort": "none"}, "prompt_cache_key"),
        ("mistral", "mistral-small-latest", {"max_tokens": 99}, "stream_options"),
    ],
)
async def test_the_quirks_of_a_provider(
    server: ScriptedServer, provider: str, model: str, wanted: dict[str, Any], unwanted: str
) -> None:
    frames = next(case for case in CASES if PRESETS[case.provider].wire == PRESETS[provider].wire).frames
    body = await sent(Case(provider, "", frames), server, TALK, model)
    assert wanted.items() <= body.items()
    assert unwanted not in body


async def test_pictures_and_ids_that_a_provider_cannot_take(server: ScriptedServer) -> None:
    body = await sent(Case("groq", "", CASES[0].frames), server, TALK, "llama-3.3-70b-versatile")
    assert body["messages"][2]["content"] == "What is this, and the weather?"
    body = await sent(Case("mistral", "", CASES[0].frames), server, TALK)
    asked, told = body["messages"][3]["tool_calls"][0]["id"], body["messages"][4]["tool_call_id"]
    assert asked == told
    assert len(asked) == 9 and asked.isalnum()


# Which provider a name leads to.


def context(provider: str, **llm: Any) -> EngineContext:
    return EngineContext(Settings(llm=LlmSettings(**llm)), None, None, provider)  # type: ignore[arg-type]


def test_the_registry_knows_every_preset() -> None:
    assert set(HOSTED_LLMS) == set(PRESETS)
    assert {preset.wire for preset in PRESETS.values()} == {"chat", "responses", "messages", "gemini"}
    for name, preset in PRESETS.items():
        assert resolve("llm", name) is HostedLlm
        assert preset.own or preset.base_url.startswith("https://"), name
        assert preset.key_env, name


@pytest.mark.parametrize("provider", sorted(name for name, preset in PRESETS.items() if not preset.own))
async def test_a_missing_key_names_its_variable(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = PRESETS[provider].key_env
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigError, match=variable):
        await HostedLlm.load(context(provider, model="m"))
    monkeypatch.setenv(variable, KEY)
    made = await HostedLlm.load(context(provider, model="m"))
    assert (made.name, made.model) == (provider, "m")


@pytest.mark.parametrize("provider", sorted(name for name, preset in PRESETS.items() if preset.own))
async def test_servers_of_ones_own_need_no_key(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PRESETS[provider].key_env, raising=False)
    with pytest.raises(ConfigError, match=f"{provider}:MODEL"):
        await HostedLlm.load(context(provider, base_url="http://127.0.0.1:1/v1"))
    await HostedLlm.load(context(provider, model="m", base_url="http://127.0.0.1:1/v1"))


async def test_an_agent_names_a_provider_and_its_model(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    monkeypatch.setenv("MY_KEY", "mine")
    settings = Settings(
        llm=LlmSettings(
            base_url=f"{server.url}/v1",
            api_key_env="MY_KEY",
            base_urls={"groq": f"{server.url}/v1/groq"},
            options={"groq": {"temperature": None, "service_tier": "flex"}},
        )
    )
    engines = Engines.of(settings)
    server.script = list(CASES[0].frames(Reply(["Hi"])))
    try:
        for name in ("groq:llama-3.3-70b-versatile", "openai_compatible:org/own:8b"):
            made: HostedLlm = await engines.get("llm", name)
            await ask(made, TALK)
            assert f"{made.name}:{made.model}" == name
    finally:
        await engines.close()
    assert [body["model"] for body in server.requests] == ["llama-3.3-70b-versatile", "org/own:8b"]
    assert server.paths == ["/v1/groq/chat/completions", "/v1/chat/completions"]
    assert [headers["Authorization"] for headers in server.headers] == [f"Bearer {KEY}", "Bearer mine"]
    assert server.requests[0]["service_tier"] == "flex"
    assert "temperature" not in server.requests[0]


async def test_an_own_servers_address_never_reaches_a_vendors_name(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An own server first, a vendor as fallback: the vendor's key must not go to the server, nor the other way."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    made = await HostedLlm.load(context("anthropic", base_url="http://127.0.0.1:1/v1", api_key_env="MY_KEY"))
    assert made._base_url == "https://api.anthropic.com/v1"
    assert "base_urls" in caplog.text
    assert KEY not in caplog.text


async def test_unknown_providers_are_told_the_known() -> None:
    for name in ("opnai:gpt-4o", "opnai"):
        with pytest.raises(ConfigError, match=r"(?s)unknown llm provider 'opnai'.*did you mean 'openai'.*groq"):
            resolve("llm", name)
    with pytest.raises(ConfigError, match="could not be imported"):
        resolve("llm", "no_such.package:Model")
    with pytest.raises(ConfigError, match="needs an address"):
        await HostedLlm.load(context("openai_compatible", model="m"))
