"""Providers of language models by name: where they are, which key they want, and in what they differ. Data only.

What stands here was read in the vendors' and servers' documentation in November 2026; `docs/llms.md` says which of it
was checked against recorded traffic. Nobody called a vendor for it. A field that a server does not know, or knows by
another name, is changed in the settings (`llm.options`), without waiting for this table.

A voice agent cannot wait for thoughts: each preset switches them off, or as far down as the model goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

THOUGHT_TOKENS = 2_048
"""Added to the longest reply of a model that cannot help thinking: its thoughts count as output."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One provider. Patterns are shell patterns over model names."""

    wire: Literal["chat", "responses", "messages", "gemini"]
    base_url: str = ""
    key_env: str = ""
    model: str = ""
    """Default; '' where the provider serves whatever it was given."""
    own: bool = False
    """A server that whoever runs this runs too: it may need no key, and `llm.base_url` is meant for it."""
    max_tokens: str = "max_tokens"
    usage_on_request: bool = True
    """Whether `stream_options` is needed, and known, to be told the usage."""
    cache_key: bool = False
    """Takes `prompt_cache_key`, so that a call's requests reach the machine that holds its prompt."""
    schemas: tuple[str, ...] = ("*",)
    """Models that take a JSON Schema; the others are asked for a JSON object and told the schema."""
    short_call_ids: bool = False
    """Takes ids of tool calls of nine letters and digits only."""
    blind: tuple[str, ...] = ()
    """Models that take no pictures."""
    thinkers: tuple[str, ...] = ()
    """Models that think whatever they are told."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """Fields of every request."""
    body_by_model: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Further fields, by model; each that matches counts, later ones win. None takes a field away."""

    def fits(self, patterns: tuple[str, ...], model: str) -> bool:
        return any(fnmatchcase(model.lower(), pattern.lower()) for pattern in patterns)

    def adapted(self, body: dict[str, Any], model: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """`body` with the provider's fields, the model's, and the operator's `options` on top."""
        changes = [fields for pattern, fields in self.body_by_model if self.fits((pattern,), model)]
        for fields in (self.body, *changes, options):
            body = merged(body, fields)
        return body

    def longest(self, tokens: int, model: str) -> int:
        """The value of its limit of output tokens for a reply of at most `tokens`."""
        return tokens + THOUGHT_TOKENS if self.fits(self.thinkers, model) else tokens


def merged(body: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` over `body`; tables are merged, None takes a field away."""
    result = dict(body)
    for name, value in fields.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            below = result.get(name)
            result[name] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[name] = value
    return result


_NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}
_GPT_OSS = {"reasoning_effort": "low"}
_THINKING_GPT = ("o[134]*", "gpt-5", "gpt-5-mini*", "gpt-5-nano*", "gpt-5-20*")


def _openai(effort: Callable[[str | None], Mapping[str, Any]]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """OpenAI's models; `effort` puts the name of an effort where the format wants it."""
    return (
        ("o[134]*", {"temperature": None, **effort("low")}),
        ("gpt-[5-9]*", {"temperature": None, **effort("none")}),
        ("gpt-5", effort("minimal")),
        ("gpt-5-*", effort("minimal")),
        ("gpt-5*-chat*", effort(None)),
    )


PRESETS: dict[str, Preset] = {
    "openai": Preset(
        "chat",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "gpt-6-luna",
        max_tokens="max_completion_tokens",
        cache_key=True,
        thinkers=_THINKING_GPT,
        body_by_model=_openai(lambda effort: {"reasoning_effort": effort}),
    ),
    "openai_responses": Preset(
        "responses",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "gpt-6-luna",
        max_tokens="max_output_tokens",
        cache_key=True,
        thinkers=_THINKING_GPT,
        body_by_model=_openai(lambda effort: {"reasoning": {"effort": effort} if effort else None}),
    ),
    "anthropic": Preset(
        "messages",
        "https://api.anthropic.com/v1",
        "ANTHROPIC_API_KEY",
        "claude-haiku-5-5",
        thinkers=("claude-opus-5-5*", "claude-fable-*", "claude-mythos-*"),
        body={"temperature": None},
        body_by_model=(
            ("claude-sonnet-5*", {"thinking": {"type": "disabled"}}),
            ("claude-opus-5*", {"thinking": {"type": "disabled"}}),
            ("claude-haiku-5*", {"thinking": {"type": "disabled"}}),
            ("claude-sonnet-5-5*", {"thinking": {"type": "between_tools"}}),
            ("claude-opus-5-5*", {"thinking": None, "output_config": {"effort": "low"}}),
            ("claude-fable-*", {"output_config": {"effort": "low"}}),
            ("claude-mythos-*", {"output_config": {"effort": "low"}}),
        ),
    ),
    "gemini": Preset(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta",
        "GEMINI_API_KEY",
        "gemini-3.5-flash-lite",
        thinkers=("gemini-*pro*",),
        body_by_model=(
            ("gemini-2.5-flash*", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}),
            ("gemini-2.5-pro*", {"generationConfig": {"thinkingConfig": {"thinkingBudget": 128}}}),
            (
                "gemini-[3-9]*",
                {"generationConfig": {"temperature": None, "thinkingConfig": {"thinkingLevel": "minimal"}}},
            ),
            ("gemini-[3-9]*pro*", {"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}}),
        ),
    ),
    "deepseek": Preset(
        "chat",
        "https://api.deepseek.com",
        "DEEPSEEK_API_KEY",
        "deepseek-flash",
        schemas=(),
        blind=("deepseek-chat", "deepseek-reasoner", "deepseek-v3*"),
        thinkers=("deepseek-reasoner",),
        body={"thinking": {"type": "disabled"}},
        body_by_model=(("deepseek-reasoner", {"thinking": None}),),
    ),
    "qwen": Preset(
        "chat",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "DASHSCOPE_API_KEY",
        "qwen3.5-flash",
        schemas=("qwen3.8-max*",),
        blind=("qwen-turbo*", "qwen-max*", "qwen3-*"),
        body={"enable_thinking": False},
    ),
    "groq": Preset(
        "chat",
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        "openai/gpt-oss-120b",
        max_tokens="max_completion_tokens",
        schemas=("openai/gpt-oss-*",),
        blind=("llama-3*", "openai/gpt-oss-*"),
        thinkers=("openai/gpt-oss-*",),
        body_by_model=(("openai/gpt-oss-*", _GPT_OSS), ("qwen/*", {"reasoning_effort": "none"})),
    ),
    "together": Preset(
        "chat",
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        blind=("meta-llama/llama-3*", "openai/gpt-oss-*", "deepseek-ai/*"),
        thinkers=("openai/gpt-oss-*",),
        body_by_model=(("openai/gpt-oss-*", _GPT_OSS), ("qwen/*", _NO_THINKING), ("deepseek-ai/*", _NO_THINKING)),
    ),
    "mistral": Preset(
        "chat",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        "mistral-small-latest",
        usage_on_request=False,
        short_call_ids=True,
    ),
    "openrouter": Preset(
        "chat",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        "openai/gpt-6-luna",
        body={"reasoning": {"effort": "minimal", "exclude": True}},
    ),
    "cerebras": Preset(
        "chat",
        "https://api.cerebras.ai/v1",
        "CEREBRAS_API_KEY",
        "gpt-oss-120b",
        max_tokens="max_completion_tokens",
        blind=("*",),
        thinkers=("gpt-oss-*",),
        body_by_model=(("gpt-oss-*", _GPT_OSS),),
    ),
    "fireworks": Preset("chat", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "nvidia": Preset("chat", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    "xai": Preset("chat", "https://api.x.ai/v1", "XAI_API_KEY"),
    "vllm": Preset("chat", "http://127.0.0.1:8000/v1", "VLLM_API_KEY", own=True, body=_NO_THINKING),
    "sglang": Preset("chat", "http://127.0.0.1:30000/v1", "SGLANG_API_KEY", own=True, body=_NO_THINKING),
    "tensorrt-llm": Preset(
        "chat", "http://127.0.0.1:8000/v1", "TENSORRT_LLM_API_KEY", own=True, schemas=(), body=_NO_THINKING
    ),
    "llama.cpp": Preset("chat", "http://127.0.0.1:8080/v1", "LLAMA_API_KEY", own=True, body=_NO_THINKING),
    "ollama": Preset(
        "chat", "http://127.0.0.1:11434/v1", "OLLAMA_API_KEY", own=True, body={"reasoning_effort": "none"}
    ),
    "openai_compatible": Preset("chat", "", "OPENAI_API_KEY", own=True),
}
