"""What a builder writes: one agent, in Python or as a TOML file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from visavis.kernel.settings import Settings
from visavis.kernel.tool import McpServer

ToolFunction = Callable[..., Any]

DEFAULT_GREETING = "Hello! I'm {name}. How can I help you?"


Providers = str | Annotated[list[str], Meta(min_length=1)]
"""One provider, or several: each next one is asked when those before it fail."""


class Stack(Struct, frozen=True, kw_only=True):
    """Which provider does each job: a registered name, or 'package.module:attribute'. Of recognisers, language models
    and voices there may be several, in the order in which they are to be tried. 'name:model' names a language model
    with its provider, 'name:voice' a voice with its engine.
    """

    vad: Annotated[str, Meta(description="Voice activity detector.")] = "silero"
    asr: Annotated[Providers, Meta(description="Speech recogniser; empty: by language.")] = ""
    endpoint: Annotated[str, Meta(description="End-of-turn model; empty: none.")] = "smart-turn"
    llm: Annotated[Providers, Meta(description="Language model.")] = "embedded"
    tts: Annotated[Providers, Meta(description="Voice; empty: by language.")] = ""
    face: Annotated[str, Meta(description="Reader of visual cues, used only with consent to them; empty: none.")] = (
        "mediapipe"
    )

    def asrs(self, language: str) -> list[str]:
        return _listed(self.asr or ("moonshine" if language.startswith("en") else "whisper"))

    def llms(self) -> list[str]:
        return _listed(self.llm)

    def voices(self, language: str) -> list[str]:
        return _listed(self.tts or ("hibari" if language.startswith("en") else "kokoro"))


def _listed(providers: Providers) -> list[str]:
    return [providers] if isinstance(providers, str) else providers


@dataclass(frozen=True)
class Trigger:
    """Something in view that the agent acts on: it is noted, and told to the agent with its next turn.

    `on`: "document", a page that could be read; "people", two or more in view (with consent to cues); "raised_hand",
    upon which the agent stops speaking and listens, or "thumb_up" (both with the setting `vision.gestures`). `tell`
    is what the agent is told; '' says just what was seen. Not again within `cooldown_s` seconds.
    """

    on: Literal["document", "people", "raised_hand", "thumb_up"]
    tell: str = ""
    cooldown_s: float = 20.0


DEFAULT_TRIGGERS = (Trigger("document"), Trigger("raised_hand", cooldown_s=5.0))


@dataclass(frozen=True)
class Agent:
    """An agent: who it is, how it sounds, what it may do.

    `instructions` is its persona and task in plain language. `tools` are Python functions with type hints and a
    docstring; the agent may call them. `voice` is a voice of the chosen TTS ('' takes its default). `language`
    is a BCP 47 tag. `greeting` is said first; `{name}` stands for the agent's name; '' says nothing. What stands in
    `[[…]]`, there or in a reply, is said to its end whoever speaks: a legal notice, for example.
    `openers` stands above the setting of that name, where it is not ''. `patience` is a factor on the setting
    `turn.patience`: how long the agent waits for somebody who pauses. `triggers` are what it acts on when it sees it.
    `knowledge` are files, directories and addresses of documents that it answers from.
    """

    name: str
    instructions: str
    voice: str = ""
    language: str = "en"
    greeting: str = DEFAULT_GREETING
    tools: Sequence[ToolFunction] = ()
    stack: Stack = field(default_factory=Stack)
    openers: Literal["", "off", "auto", "on"] = ""
    patience: float = 1.0
    triggers: Sequence[Trigger] = DEFAULT_TRIGGERS
    mcp: Sequence[McpServer] = ()
    knowledge: Sequence[str] = ()

    @property
    def opening(self) -> str:
        return self.greeting.replace("{name}", self.name)

    def adapted(self, settings: Settings) -> Settings:
        """The settings of a call with this agent: its patience is in them."""
        turn = msgspec.structs.replace(settings.turn, patience=settings.turn.patience * self.patience)
        return msgspec.structs.replace(settings, turn=turn)
