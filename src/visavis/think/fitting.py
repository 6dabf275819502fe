"""Which tools have to do with what is asked, by how near their vectors are.

A small model goes by the form of a request more than by its matter: told to calculate something, it takes the one
tool that calculates, whatever that calculates; and it says that it will look where it should look. How near the
nearest tool is shifts the odds of speaking, and a tool far behind the nearest cannot be called. For English only: the
embedder knows no other language.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from visavis.kernel.errors import ModelError, ProviderError
from visavis.think.base import Message, Role, ToolSpec
from visavis.think.knowledge.base import Embedder, Vectors

FAR, NEAR = 0.4, 0.6
"""Cosines of the nearest tool. Of 480 requests of BFCL that a tool answers 6 % are farther and 56 % nearer; of 180
that none answers 78 % and 5 % (MiniLM; none of the requests that `visavis bench tools` draws). Between them are short
requests and thanks alike."""

SLOPE = 16.0
"""Log-odds for each 1.0 of cosine beyond them."""

MOST = 3.0
"""The logit of speaking moves by no more, either way: its odds times twenty."""

BEHIND = 0.25
"""A tool whose cosine is so far behind the nearest's has nothing to do with the request. The right one of 140
requests with two to four tools was never more than 0.01 behind."""

_CHARS = 400
_KEPT = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fit:
    """`speaking`: added to the logit of speaking. `tools`: those that may be called."""

    speaking: float
    tools: Sequence[ToolSpec]


class Fitting:
    """For all sessions. `load` is awaited once, when tools are first known; where it raises ModelError, as the
    embedder is not there, nothing is judged."""

    def __init__(self, load: Callable[[], Awaitable[Embedder]]) -> None:
        self._load = load
        self._embedder: Embedder | None = None
        self._missing = False
        self._vectors: dict[str, Vectors] = {}

    async def judge(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Fit:
        """By the person's newest words: alone where they make a call likelier, with what either side said before
        where they make one unlikelier. A result that came since leaves all open."""
        unjudged = Fit(0.0, tools)
        asked = _asked(messages)
        if not asked or not tools or (embedder := await self._ready()) is None:
            return unjudged
        try:
            of_tools = await self._vectors_of(embedder, tools)
            said = await embedder.embed(asked, query=True)
        except ProviderError as error:
            log.debug("how near tools are is not known: %s", error)
            return unjudged
        cosines = of_tools @ said.T
        return fit_of(cosines[:, 0].tolist(), cosines.max(axis=1).tolist(), tools)

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


def fit_of(alone: Sequence[float], together: Sequence[float], tools: Sequence[ToolSpec]) -> Fit:
    """How near each of the tools is: to the newest words `alone`, and to these or what they follow, `together`.

    "Yes, please" is far from every tool, but follows an offer; "Thanks" follows what a tool was asked for.
    """
    nearest = max(together)
    beyond = FAR - nearest if nearest < FAR else min(0.0, NEAR - max(alone))
    speaking = min(MOST, max(-MOST, SLOPE * beyond))
    return Fit(speaking, [tool for tool, near in zip(tools, together, strict=True) if near >= nearest - BEHIND])


def _told(tool: ToolSpec) -> str:
    """Name and description in plain words: `calculate_area` as "calculate area"."""
    name = re.sub(r"[_-]|(?<=[a-z])(?=[A-Z])", " ", tool.name)
    return f"{name}: {tool.description}"


def _asked(messages: Sequence[Message]) -> list[str]:
    """The person's newest words, then these behind the person's and the agent's words before them: "and tomorrow?"
    asks for what the question before did. Empty when something else than the person's words is the last."""
    if not messages or messages[-1].role != "user":
        return []
    newest = _words(messages[-1].text)
    before = [_before(messages[:-1], role) for role in ("user", "assistant")]
    return [newest, *(f"{words} {newest}" for words in before if words)]


def _before(messages: Sequence[Message], role: Role) -> str:
    return next((_words(message.text) for message in reversed(messages) if message.role == role), "")


def _words(text: str) -> str:
    """Without what stands before a person's words as data."""
    return text.rpartition("\n\n")[2][-_CHARS:]
