"""Prefill ahead: while the person still speaks, the words that will stay go into the model's prompt cache.

So the time to the first token does not grow with the utterance. One prefill at a time, always of the newest words;
each costs the model a step of fixed price, so it waits for a few new words, and for more of them in a long turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from visavis.kernel.errors import ProviderError
from visavis.session.providers import limited, translated
from visavis.think.base import Llm, LlmRequest

LONG_TURN = 3
"""A prefill adds at least this part of the words that are known: a third."""

UNSURE_WORDS = 1
"""Words at the end of a partial that the recogniser is likely to change."""


class PrefillAhead:
    """One session's. `request(text)` is what the model would be asked if the person had said `text`; `new_words` must
    be new since the last prefill (0: words are not computed ahead)."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        llm: Llm,
        request: Callable[[str], LlmRequest],
        *,
        total_s: float,
        new_words: int = 3,
    ) -> None:
        self._group = group
        self._llm = llm
        self._request = request
        self._total_s = total_s
        self._new_words = new_words
        self._wanted: str | None = None
        self._running = False
        self._known = 0

    def words(self, partial: str) -> None:
        """The words of the turn so far."""
        sure = partial.split()[:-UNSURE_WORDS]
        self._known = self._known if len(sure) >= self._known else 0  # fewer words: another turn
        if self._new_words and len(sure) >= self._known + max(self._new_words, self._known // LONG_TURN):
            self._known = len(sure)
            self._start(" ".join(sure))

    def turn(self) -> None:
        """A new turn begins: the conversation so far is what can be computed."""
        self._known = 0
        self._start("")

    def stop(self) -> None:
        """A real request takes over."""
        self._wanted = None

    def _start(self, text: str) -> None:
        self._wanted = text
        if not self._running:
            self._running = True
            self._group.create_task(self._run(), name="prefill-ahead")

    async def _run(self) -> None:
        """A model that fails at it has only not been helped."""
        while self._wanted is not None:
            text, self._wanted = self._wanted, None
            with suppress(ProviderError), translated("llm", self._llm.name):
                async with limited("llm", self._total_s, "total"):
                    await self._llm.prefill(self._request(text))
        self._running = False
