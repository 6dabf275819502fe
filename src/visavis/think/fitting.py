"""Whether any tool has to do with what is asked, by how near their vectors are.

A small model goes by the form of a request more than by its matter: told to calculate something, it takes the one
tool that calculates, whatever that calculates. Where no tool is near to what is asked, it is made readier to speak; a
model that is sure of its tool calls it all the same. For English only: the embedder knows no other language.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import numpy as np

from visavis.kernel.errors import ModelError, ProviderError
from visavis.think.base import Message, ToolSpec
from visavis.think.knowledge.base import Embedder, Vectors

FAR = 0.4
"""A cosine below it: of 263 requests of BFCL that a tool answers 8 % were so far from it, of 136 that none answers
79 % (MiniLM; none of the requests that `visavis bench tools` draws)."""

READIER = 1.4
"""Added to the logit of speaking: its odds times four."""

_CHARS = 400
_KEPT = 500

log = logging.getLogger(__name__)


class Fitting:
    """For all sessions. `load` is awaited once, when tools are first known; where it raises ModelError, as the
    embedder is not there, nothing is judged."""

    def __init__(self, load: Callable[[], Awaitable[Embedder]]) -> None:
        self._load = load
        self._embedder: Embedder | None = None
        self._missing = False
        self._vectors: dict[str, Vectors] = {}

    async def readier(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> float:
        """What the logit of speaking gains: 0.0, or READIER when no tool is near to what the person asks. A result
        that came since, or words of the person's turn before that are near, leave it at 0.0."""
        asked = _asked(messages)
        if not asked or not tools or (embedder := await self._ready()) is None:
            return 0.0
        try:
            of_tools = await self._vectors_of(embedder, tools)
            said = await embedder.embed(asked, query=True)
        except ProviderError as error:
            log.debug("how near tools are is not known: %s", error)
            return 0.0
        return READIER if float((of_tools @ said.T).max()) < FAR else 0.0

    async def warm(self, tools: Sequence[ToolSpec]) -> None:
        """Loads what judging these tools takes, before somebody waits for it."""
        if tools and (embedder := await self._ready()) is not None:
            with suppress(ProviderError):
                await self._vectors_of(embedder, tools)

    async def _ready(self) -> Embedder | None:
        if self._embedder is None and not self._missing:
            try:
                self._embedder = await self._load()
            except ModelError as error:
                self._missing = True
                log.info("how near tools are to a request is not judged: %s", error)
        return self._embedder

    async def _vectors_of(self, embedder: Embedder, tools: Sequence[ToolSpec]) -> Vectors:
        return np.stack([await self._vector(embedder, _told(tool)) for tool in tools])

    async def _vector(self, embedder: Embedder, text: str) -> Vectors:
        if (known := self._vectors.get(text)) is None:
            if len(self._vectors) >= _KEPT:
                self._vectors.clear()
            [known] = await embedder.embed([text], query=True)
            self._vectors[text] = known
        return known


def _told(tool: ToolSpec) -> str:
    """Name and description in plain words: `calculate_area` as "calculate area"."""
    name = re.sub(r"[_-]|(?<=[a-z])(?=[A-Z])", " ", tool.name)
    return f"{name}: {tool.description}"


def _asked(messages: Sequence[Message]) -> list[str]:
    """The person's newest words, and with those before them: "and tomorrow?" asks for what the question before did.
    Empty when something else than the person's words is the last."""
    if not messages or messages[-1].role != "user":
        return []
    words = [_words(message.text) for message in messages if message.role == "user"][-2:]
    return [words[-1], " ".join(words)] if len(words) > 1 else words


def _words(text: str) -> str:
    """Without what stands before a person's words as data."""
    return text.rpartition("\n\n")[2][-_CHARS:]
