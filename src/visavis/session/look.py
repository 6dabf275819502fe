"""What the turns of a call are told of what is seen, and the questions that need eyes.

Such a question makes the gate send the best fresh frame while the person still speaks; its answer waits a moment for
what comes of it. Every other turn is told what is known already, with its age.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from visavis.kernel.errors import ConsentMissing
from visavis.kernel.events import Event, FrameUsed
from visavis.kernel.media import VideoSource
from visavis.kernel.settings import Settings
from visavis.see.asking import needs_eyes
from visavis.see.look import look_tool
from visavis.session.sight import Sight

ASK_AGAIN_S = 2.0
"""A question is looked at once more when its answer begins so long after the first look."""

HEAR_AGAIN_S = 10.0
"""While the person speaks, the words of one question are heard again and again."""

SHOWN_SHARE = 0.1
CHARS_PER_TOKEN = 3.6
"""Documents take at most this share of the model's context; the rest of them is not in the prompt."""

OFF = "Camera and screen are off: nothing can be seen. Say so, and ask the person to switch one on."
TOO_LATE = "What is in view could not be read in time. Say so, and ask the person to hold it still or show it again."
NO_TEXT = "No text could be read in what is in view now, and nothing else is known of it. Say so."


@dataclass(frozen=True, slots=True)
class _Row:
    source: VideoSource
    frame_at_s: float
    how: str


class Look:
    """One session's. `note` takes facts."""

    def __init__(self, sight: Sight, language: str, settings: Settings, note: Callable[[Event], object]) -> None:
        self._sight = sight
        self._language = language
        self._look_s = settings.vision.look_s
        self._document_chars = round(settings.llm.context_tokens * SHOWN_SHARE * CHARS_PER_TOKEN)
        self._note = note
        self._asked_s = float("-inf")
        self._lacks = ""
        self._audible = 0
        self._told: dict[int, tuple[list[_Row], list[str]]] = {}

    @property
    def tool(self) -> Callable[..., object]:
        """`look`, for a model that can choose its tools."""
        return look_tool(self._sight.worker, self._sight.ask, self._sight.now_s, self._look_s)

    def hear(self, partial: str) -> None:
        """What the person has said so far: a question that needs eyes is looked at before it is over."""
        if self._needed(partial) and self._sight.now_s() - self._asked_s > HEAR_AGAIN_S:
            self._ask(partial)

    def begin(self, text: str) -> bool:
        """An answer to `text` begins. Whether it needs eyes and has to wait for them (`wait`)."""
        self._lacks = ""
        if not self._needed(text):
            return False
        if not self._sight.awaited or self._sight.now_s() - self._asked_s > ASK_AGAIN_S:
            self._ask(text)
        if not self._sight.awaited:
            self._lacks = self._missing()
            return False
        return not self._answered()

    async def wait(self) -> None:
        """Until what the question is about has been told, at most `vision.look_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._look_s):
                while not self._answered():
                    self._sight.changed.clear()
                    await self._sight.changed.wait()
        self._lacks = self._missing()

    def told(self) -> str | None:
        """What a prompt says of what was seen; None in a call without eyes."""
        if not self._sight.on:
            return None
        return "\n".join(filter(None, [self._sight.worker.told(self._document_chars), self._lacks]))

    def tells(self, reply: int) -> None:
        """The prompt of reply `reply` was just made, with what `told` says."""
        worker, now_s = self._sight.worker, self._sight.now_s()
        rows = [_Row(one.source, one.frame_at_s, one.how) for one in worker.notes.current(now_s)]  # type: ignore[arg-type]
        text = worker.documents.told(self._document_chars)
        rows += [
            _Row(one.source, one.frame_at_s, f"document {one.number}")
            for one in worker.documents.newest
            if f"Document {one.number} (" in text
        ]
        if self._sight.on:
            self._told = {reply: (rows, worker.triggers.due(now_s))}
        if reply == self._audible:
            self.used(reply)  # behind an opener

    def used(self, reply: int) -> None:
        """Reply `reply` became audible: what it was told has been used."""
        self._audible = reply
        rows, triggers = self._told.pop(reply, ([], []))
        self._sight.worker.triggers.told(triggers)
        for row in rows:
            age_s = round(self._sight.now_s() - row.frame_at_s, 3)
            with suppress(ConsentMissing):  # withdrawn since
                self._note(FrameUsed(reply, row.source, round(row.frame_at_s, 4), row.how, age_s))

    def _needed(self, text: str) -> bool:
        return self._sight.on and needs_eyes(text, self._language)

    def _ask(self, question: str) -> None:
        self._asked_s = self._sight.now_s()
        self._sight.ask(question)

    def _answered(self) -> bool:
        return all(
            frame_at_s is not None and self._sight.worker.notes.tells(source, self._sight.teller, frame_at_s)
            for source, frame_at_s in self._sight.awaited.items()
        )

    def _missing(self) -> str:
        """What the model must know when there is no answer to be seen."""
        sight = self._sight
        if not sight.live:
            return OFF
        if not self._answered():
            return TOO_LATE
        fresh = [sight.worker.notes.newest(source, sight.teller) for source in sight.awaited]
        blank = sight.only_text and all(one is not None and not one.text for one in fresh)
        return NO_TEXT if fresh and blank else ""
