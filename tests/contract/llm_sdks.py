"""The vendors' official SDKs as readers of the same streams: what they make of them, in our words.

They are requirements of the tests only; without one, what needs it is skipped.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from visavis.think.base import Finished, LlmEvent, TextDelta, ToolCall

Read = tuple[str, list[tuple[str, Any]], tuple[int, int, int]]
"""Text, calls as (name, arguments), tokens in, out, and of those in from a cache."""


def ours(events: list[LlmEvent]) -> Read:
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    calls = [(event.name, json.loads(event.arguments)) for event in events if isinstance(event, ToolCall)]
    [finished] = [event for event in events if isinstance(event, Finished)]
    usage = finished.usage
    return text, calls, (usage.input_tokens, usage.output_tokens, usage.cached_tokens)


async def openai_chat(url: str) -> Read:
    sdk = pytest.importorskip("openai", reason="OpenAI's SDK is not installed")
    async with sdk.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0) as client:
        async with client.chat.completions.stream(
            model="m", messages=[{"role": "user", "content": "Hi"}], stream_options={"include_usage": True}
        ) as stream:
            answer = await stream.get_final_completion()
    message, usage = answer.choices[0].message, answer.usage
    calls = [(call.function.name, json.loads(call.function.arguments or "{}")) for call in message.tool_calls or []]
    if usage is None:
        return message.content or "", calls, (0, 0, 0)
    cached = (usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens) or 0
    return message.content or "", calls, (usage.prompt_tokens, usage.completion_tokens, cached)


async def openai_responses(url: str) -> Read:
    sdk = pytest.importorskip("openai", reason="OpenAI's SDK is not installed")
    async with sdk.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0) as client:
        async with client.responses.stream(model="m", input="Hi") as stream:
            answer = await stream.get_final_response()
    calls = [
        (item.name, json.loads(item.arguments or "{}")) for item in answer.output if item.type == "function_call"
    ]
    usage = answer.usage
    return (
        answer.output_text,
        calls,
        (usage.input_tokens, usage.output_tokens, usage.input_tokens_details.cached_tokens or 0),
    )


async def anthropic(url: str) -> Read:
    sdk = pytest.importorskip("anthropic", reason="Anthropic's SDK is not installed")
    async with sdk.AsyncAnthropic(api_key="k", base_url=url, max_retries=0) as client:
        async with client.messages.stream(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]
        ) as stream:
            answer = await stream.get_final_message()
    text = "".join(block.text for block in answer.content if block.type == "text")
    calls = [(block.name, block.input) for block in answer.content if block.type == "tool_use"]
    usage = answer.usage
    read = usage.cache_read_input_tokens or 0
    asked = usage.input_tokens + read + (usage.cache_creation_input_tokens or 0)
    return text, calls, (asked, usage.output_tokens, read)


async def gemini(url: str) -> Read:
    genai = pytest.importorskip("google.genai", reason="Google's SDK is not installed")
    options = genai.types.HttpOptions(base_url=url, api_version="v1")
    text, calls, tokens = "", [], (0, 0, 0)
    client = genai.Client(api_key="k", http_options=options).aio
    try:
        async for chunk in await client.models.generate_content_stream(model="m", contents="Hi"):
            content = chunk.candidates[0].content if chunk.candidates else None
            for part in (content and content.parts) or []:
                if part.function_call:
                    calls.append((part.function_call.name, part.function_call.args or {}))
                text += (not part.thought and part.text) or ""
            if (usage := chunk.usage_metadata) is not None:
                written = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
                read = (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0)
                tokens = (read, written, usage.cached_content_token_count or 0)
    finally:
        await client.aclose()
    return text, calls, tokens


SDKS = {"openai": openai_chat, "openai_responses": openai_responses, "anthropic": anthropic, "gemini": gemini}
