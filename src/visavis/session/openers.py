"""Openers of one agent: their voice, made before the first call, and when an answer needs one.

Shared by the calls of a process: how late answers come is learnt from all of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Literal, Self

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ProviderError
from visavis.kernel.settings import SessionSettings
from visavis.session.phrases import phrase
from visavis.session.providers import spoken
from visavis.speak.base import Speech, Tts
from visavis.speak.openers import can_be_left_out, kind_of, opener, phrases, tool_opener

Mode = Literal["off", "auto", "on"]

LOAD_S = 6.0
"""Time that starting a server spends on the voice of its openers."""

REMEMBERED = 9
"""Answers whose lateness counts; few, so that a model that has become slow is noticed within a few turns."""

log = logging.getLogger(__name__)


class Openers:
    """Without any voice there are none; that is what `Openers()` stands for."""

    def __init__(
        self,
        mode: Mode = "off",
        after_s: float = 0.7,
        language: str = "en",
        voiced: Mapping[str, Sequence[Speech]] | None = None,
    ) -> None:
        self.mode = mode
        self._after_s = after_s
        self._language = language
        self._voiced = voiced or {}
        self._late_s: deque[float] = deque(maxlen=REMEMBERED)
        self._late_with_tool_s: deque[float] = deque(maxlen=REMEMBERED)

    @classmethod
    async def load(cls, tts: Tts, agent: Agent, settings: SessionSettings) -> Self:
        """Speaks the openers of the agent's language once. One that fails is left out, with a warning; so are those
        that a slow voice has not made within `LOAD_S`."""
        mode = agent.openers or settings.openers
        texts = [phrase("jump_in", agent.language), *(phrases(agent.language) if mode != "off" else [])]
        voiced: dict[str, list[Speech]] = {}
        until_s = asyncio.get_running_loop().time() + LOAD_S
        for text in texts:
            if asyncio.get_running_loop().time() > until_s:
                log.warning("%s is slow: %d of %d openers were made", tts.name, len(voiced), len(texts))
                break
            if speeches := await _spoken(tts, text, agent):
                voiced[text] = speeches
        return cls(mode, settings.openers_after_s, agent.language, voiced)

    def speech(self, text: str) -> Sequence[Speech]:
        """The voice of an opener; nothing for a text that was not made ahead."""
        return self._voiced.get(text, ())

    def choose(self, text: str, recent: Sequence[str]) -> str:
        """How an answer to `text` begins, '' if with its content. `recent`: openers of this call, newest last.

        Asked when the answer is begun, for the model must know. In `auto` it is the lateness of the last answers that
        decides; until one is known there is no opener.
        """
        if self.mode == "off" or (self.mode == "auto" and not self._late(self._late_s, unknown=False)):
            return ""
        if self.mode == "auto" and kind_of(text, self._language) == "yes_no":
            return ""  # a small model that has begun to muse evades the question more often (docs/loop.md)
        return self._if_voiced(opener(text, self._language, recent))

    def for_tool(self, recent: Sequence[str]) -> str:
        """What is said while a tool runs. How long it takes is not known the first time: then it may be long."""
        if self.mode == "off" or (self.mode == "auto" and not self._late(self._late_with_tool_s, unknown=True)):
            return ""
        return self._if_voiced(tool_opener(self._language, recent))

    def can_go(self, chosen: str, content: str) -> bool:
        """Whether `content`, which is there already, may be heard without the opener `chosen` before it."""
        return self.mode == "auto" and can_be_left_out(chosen, content, self._language)

    def learn(self, late_s: float, *, tools: bool) -> None:
        """An answer's content was ready to be heard `late_s` seconds after the person's last sound."""
        (self._late_with_tool_s if tools else self._late_s).append(late_s)

    def _late(self, seen_s: Sequence[float], *, unknown: bool) -> bool:
        return median(seen_s) > self._after_s if seen_s else unknown

    def _if_voiced(self, text: str) -> str:
        return text if text in self._voiced else ""


async def _spoken(tts: Tts, text: str, agent: Agent) -> list[Speech]:
    try:
        return [replace(piece, opener=True) for piece in await spoken(tts, text, agent)]
    except ProviderError as error:
        log.warning("the opener “%s” cannot be spoken: %s", text, error)
        return []
