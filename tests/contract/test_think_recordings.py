"""A second opinion: the vendors' own SDKs read the same streams, scripted and recorded, and come to the same."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from llm_sdks import SDKS, ours
from llm_wires import CASES, Call, Case, Reply, joined, read
from think_server import TOOL, ScriptedServer, ask, serving

from visavis.kernel.errors import ProtocolViolation
from visavis.think.base import LlmRequest, Message, ToolCall
from visavis.think.http_llm import HttpLlm

pytestmark = [  # of Google's SDK, and of OpenAI's about its own types
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
]
HELLO = LlmRequest([Message("user", "Hi")])
REPLIES = [
    Reply(["¡Olé! ", "好", " it is nine."]),
    Reply(["One moment."], [Call("c1", "weather", ['{"ci', 'ty": "Oslo"}']), Call("c2", "time")]),
    Reply([], [Call("c1", "book", ['{"at": {"hour": 9, "days": [1, 2]}}'])]),
]
NO_CALL = b"model did not call a tool"
ENDINGS = {
    "/chat/completions": "openai",
    "/responses": "openai_responses",
    "/v1/messages?beta=true": "anthropic",
    ":streamGenerateContent?alt=sse": "gemini",
}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with serving() as scripted:
        yield scripted


async def by_us(case: Case, server: ScriptedServer) -> Any:
    llm = HttpLlm(case.wire(), f"{server.url}/v1", "m", key="k")
    try:
        return ours(await ask(llm, HELLO))
    finally:
        await llm.close()


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_the_vendors_sdk_reads_our_scripts_as_we_do(case: Case, server: ScriptedServer, reply: Reply) -> None:
    server.script = list(case.frames(reply))
    assert await SDKS[case.provider](server.url) == await by_us(case, server)


@dataclass(frozen=True)
class Recorded:
    """One streamed answer of a vendor, as it came."""

    name: str
    case: Case
    body: bytes


def recordings(folder: Path) -> list[Recorded]:
    """The streams of our wire formats among the recorded ones."""
    yaml = pytest.importorskip("yaml", reason="PyYAML reads the recordings")
    found = []
    for file in sorted((folder / "recordings" / "llm_stream").rglob("*.yaml")):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        for number, one in enumerate(yaml.load(file.read_text(encoding="utf-8"), loader)["interactions"]):
            uri, response = one["request"]["uri"], one["response"]
            kind = next((kind for ending, kind in ENDINGS.items() if uri.endswith(ending)), "")
            body = response.get("body", {}).get("string", "")
            streamed = "text/event-stream" in str(response["headers"].get("content-type"))
            if kind and streamed and one["request"]["method"] == "POST" and response["status"]["code"] == 200:
                case = next(case for case in CASES if case.provider == kind)
                raw = body if isinstance(body, bytes) else body.encode()
                found.append(Recorded(f"{file.stem}:{number}", case, raw))
    if not found:
        pytest.skip("no recorded streams in the shared data")
    return found


@pytest.mark.shared
def test_recorded_streams_are_read_whole_and_however_they_are_cut(shared_data: Path) -> None:
    kinds = set()
    for one in recordings(shared_data):
        kinds.add(one.case.provider)
        if NO_CALL in one.body:
            continue
        events = read(one.case.wire(), [one.body])
        text, rest = joined(events)
        assert text.strip() or any(isinstance(event, ToolCall) for event in rest), f"{one.name} says something"
        for size in (1, 7, 997) if len(one.body) < 20_000 else (997,):
            pieces = [one.body[at : at + size] for at in range(0, len(one.body), size)]
            assert read(one.case.wire(), pieces) == events, one.name
    assert kinds == set(SDKS), "streams of every wire format are among them"


@pytest.mark.shared
async def test_the_vendors_sdk_reads_recorded_streams_as_we_do(shared_data: Path, server: ScriptedServer) -> None:
    compared, differ = 0, []
    for one in recordings(shared_data):
        if b"tool_use_failed" in one.body:
            continue  # an error to the SDK; to us a call that is refused and explained
        server.script = [one.body]
        *answer, usage = await SDKS[one.case.provider](server.url)
        *our_answer, our_usage = await by_us(one.case, server)
        counted = usage in (our_usage, (0, 0, 0))  # Groq tells it where OpenAI's SDK does not look
        if our_answer != answer or not counted:
            differ.append((one.name, (our_answer, our_usage), (answer, usage)))
        compared += 1
    assert not differ
    assert compared > 30


@pytest.mark.shared
def test_calls_that_groq_recorded_as_failed_are_there_to_be_refused(shared_data: Path) -> None:
    failed = [one for one in recordings(shared_data) if b"tool_use_failed" in one.body]
    assert failed
    for one in failed:
        if NO_CALL in one.body:
            with pytest.raises(ProtocolViolation, match="did not call a tool"):
                read(one.case.wire(), [one.body])
            continue
        calls = [event for event in read(one.case.wire(), [one.body]) if isinstance(event, ToolCall)]
        assert calls[-1].name == "get_something_by_name"
        assert isinstance(json.loads(calls[-1].arguments), dict)


TALK = LlmRequest(
    [
        Message("system", "You are Ada."),
        Message("user", "What is this?", images=(b"\xff\xd8one",)),
        Message("assistant", "Let me look.", (ToolCall("c1", "weather", '{"city":"Oslo"}'),)),
        Message("tool", "rain", tool_call_id="c1"),
    ],
    [TOOL],
    schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def test_anthropics_types_take_what_we_send() -> None:
    pydantic = pytest.importorskip("pydantic", reason="comes with the SDKs")
    types = pytest.importorskip("anthropic.types.message_create_params", reason="Anthropic's SDK is not installed")
    body = CASES[2].wire().body(TALK, "claude-haiku-5-5")
    pydantic.TypeAdapter(types.MessageCreateParamsStreaming).validate_python(body)


def test_openais_types_take_what_we_send() -> None:
    pydantic = pytest.importorskip("pydantic", reason="comes with the SDKs")
    chat = pytest.importorskip("openai.types.chat.completion_create_params", reason="OpenAI's SDK is not installed")
    responses = pytest.importorskip("openai.types.responses.response_create_params")
    body = CASES[0].wire().body(TALK, "gpt-6-luna")
    pydantic.TypeAdapter(chat.CompletionCreateParamsStreaming).validate_python(body)
    body = CASES[1].wire().body(TALK, "gpt-6-luna")
    pydantic.TypeAdapter(responses.ResponseCreateParamsStreaming).validate_python(body)


def test_googles_types_take_what_we_send() -> None:
    genai = pytest.importorskip("google.genai", reason="Google's SDK is not installed")
    body = CASES[3].wire().body(TALK, "gemini-3.5-flash-lite")
    for content in body["contents"]:
        genai.types.Content.model_validate(content)
    genai.types.GenerationConfig.model_validate(body["generationConfig"])
    for tool in body["tools"]:
        genai.types.Tool.model_validate(tool)
