"""Language models by their provider's name: "openai", "anthropic:claude-haiku-5-5", "vllm:Qwen/Qwen3.5-27B"."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Self

from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import LlmSettings
from visavis.kernel.timeouts import Timeouts
from visavis.models.engines import EngineContext
from visavis.think.chat_wire import ChatWire
from visavis.think.gemini_wire import GeminiWire
from visavis.think.http_llm import HttpLlm
from visavis.think.messages_wire import MessagesWire
from visavis.think.presets import PRESETS, Preset
from visavis.think.responses_wire import ResponsesWire
from visavis.think.wire import Wire

WIRES: dict[str, Callable[[Preset, Mapping[str, Any]], Wire]] = {
    "chat": ChatWire,
    "responses": ResponsesWire,
    "messages": MessagesWire,
    "gemini": GeminiWire,
}

log = logging.getLogger(__name__)


class HostedLlm(HttpLlm):
    """A provider of the table `PRESETS`."""

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """The provider that the agent names, with the settings of `[llm]`. Opens no connection. Raises ConfigError
        for a model, address or key that is missing."""
        provider, llm = context.provider or "openai", context.settings.llm
        preset = preset_of(provider)
        model = llm.model or preset.model
        if not model:
            raise ConfigError(
                f"{provider} needs the name of a model", where="llm.model", hint=f"write '{provider}:MODEL'"
            )
        url = address(provider, preset, llm)
        wire = WIRES[preset.wire](preset, llm.options.get(provider, {}))
        return cls(wire, url, model, key=_key(provider, preset, url, llm), timeouts=Timeouts.of(llm), name=provider)


def preset_of(provider: str) -> Preset:
    """Raises ConfigError that lists the known."""
    try:
        return PRESETS[provider]
    except KeyError:
        known = ", ".join(sorted(PRESETS))
        raise ConfigError(f"unknown provider of language models '{provider}'", hint=f"known: {known}") from None


def address(provider: str, preset: Preset, llm: LlmSettings) -> str:
    """The base address: `llm.base_urls` first, `llm.base_url` for servers of one's own, else the vendor's."""
    if url := llm.base_urls.get(provider):
        return url
    if llm.base_url and _takes_base_url(provider, preset):
        return llm.base_url
    if llm.base_url:
        log.warning("llm.base_url is not for %s, which is asked at its own address; see llm.base_urls", provider)
    if not preset.base_url:
        raise ConfigError(
            f"{provider} needs an address", where="llm.base_url", hint="write what stands before /chat/completions"
        )
    return preset.base_url


def _takes_base_url(provider: str, preset: Preset) -> bool:
    """With a fallback, one agent has several providers: a server's address must not reach a vendor's name."""
    return preset.own or provider == "openai"


def _key(provider: str, preset: Preset, url: str, llm: LlmSettings) -> str:
    named = llm.api_key_env if _takes_base_url(provider, preset) else ""
    variable = named or preset.key_env
    key = os.environ.get(variable, "")
    if not key and not preset.own and url == preset.base_url:
        raise ConfigError(
            f"the environment variable {variable} is not set",
            where="llm.api_key_env",
            hint=f"set {variable} to your key for {provider}",
        )
    return key
