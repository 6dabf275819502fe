"""What the turns of a call are told of what is seen, and the questions that need eyes.

Such a question makes the gate send the best fresh frame while the person still speaks; its answer waits a moment for
what comes of it. Every other turn is told what was known when the person began to speak: what comes while they speak
would change what stands before their words, and all of those would have to be computed again while somebody waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from visavis.kernel.errors import ConsentMissing
from visavis.kernel.events import Event, FrameUsed
from visavis.kernel.settings import Settings
from visavis.see.asking import needs_eyes
from visavis.see.look import look_tool
from visavis.see.notes import MOST_CHARS, Row
from visavis.see.novelty import relevance
from visavis.see.objects import HOW as OBJECTS
from visavis.session.sight import Sight
from visavis.think.seen import Seen

ASK_AGAIN_S = 2.0
"""A question is looked at once more when its answer begins so long after the first look."""

HEAR_AGAIN_S = 10.0
"""While the person speaks, the words of one question are heard again and again."""

LISTENS_S = 4.0
"""So long after their last words known the person may still be speaking."""

SHOWN_SHARE = 0.1
CHARS_PER_TOKEN = 3.6
"""Documents take at most this share of the model's context; the rest of them is not in the prompt."""

NOTE_CHARS = 600
"""Of a note that nobody has asked about, some 170 tokens: 3 s of a small model on two cores."""

RELEVANT = 0.34
"""So much of what the words are about stands in what was left out of a note: then they ask for all of it."""

OFF = "Camera and screen are off: nothing can be seen. Say so, and ask the person to switch one on."
DARK = "The picture is black: nothing can be seen. Say so, and ask the person to uncover the camera."
TOO_LATE = "What is in view could not be read in time. Say so, and ask the person to hold it still or show it again."
NO_TEXT = "No text could be read in what is in view now, and nothing else is known of it. Say so."
ONLY_OBJECTS = "No text could be read in what is in view now. Nothing but these objects is known of it."


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
        self._heard_s = float("-inf")
        self._whole = False
        self._now: Seen[Row] = Seen()
        self._before: list[Seen[Row]] = []
        self._told: dict[int, Seen[Row]] = {}
        self._fixed: list[Seen[Row]] | None = None
        sight.holds, sight.forgot = self._holds, self._forget

    @property
    def tool(self) -> Callable[..., object]:
        """`look`, for a model that can choose its tools."""
        return look_tool(self._sight.worker, self._sight.ask, self._sight.now_s, self._look_s)

    def hear(self, partial: str) -> None:
        """What the person has said so far: a question that needs eyes is looked at before it is over."""
        if self._sight.now_s() - self._heard_s > LISTENS_S:
            self._whole = False
            self._look_again()
        self._heard_s = self._sight.now_s()
        self._whole = self._whole or self._asks(partial)
        if self._needed(partial) and self._sight.now_s() - self._asked_s > HEAR_AGAIN_S:
            self._ask(partial)

    def begin(self, text: str) -> bool:
        """An answer to `text` begins. Whether it needs eyes and has to wait for them (`wait`)."""
        lacked, self._lacks, self._whole = self._lacks, "", self._asks(text)
        if lacked:
            self._look_again()
        if not self._needed(text):
            return False
        if not self._sight.awaited or self._sight.now_s() - self._asked_s > ASK_AGAIN_S:
            self._ask(text)
        if self._waits():
            return True
        self._lacks = self._missing()
        return False

    async def wait(self) -> None:
        """Until what the question is about has been told, at most `vision.look_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._look_s):
                while self._waits():
                    self._sight.changed.clear()
                    await self._sight.changed.wait()
        self._lacks = self._missing()

    def told(self) -> list[Seen[Row]] | None:
        """What a prompt may tell of what was seen; None in a call without eyes."""
        if not self._sight.on:
            return None
        fixed, self._fixed = self._fixed, None
        if fixed is None and not self._holds():
            self._look_again()
        return fixed or [*self._before, self._now]

    def tells(self, reply: int) -> None:
        """The prompt of reply `reply` is made now, with what `told` says next."""
        fixed = self.told()
        if fixed is not None:
            self._told, self._fixed = {reply: self._now}, fixed
        if reply == self._audible:
            self.used(reply)  # behind an opener

    def used(self, reply: int) -> None:
        """Reply `reply` became audible: what it was told has been used, and stays with its turn's words."""
        self._audible = reply
        seen = self._told.pop(reply, None)
        if seen is None:
            return  # an opener, before the prompt is made
        self._heard_s, self._whole = float("-inf"), False
        self._before.append(replace(seen, seq=self._sight.seq))
        self._sight.worker.triggers.told({row.text for row in seen.rows if not row.key})
        for row in seen.rows:
            if row.how:
                age_s = round(self._sight.now_s() - row.frame_at_s, 3)
                with suppress(ConsentMissing):  # withdrawn since
                    self._note(FrameUsed(reply, row.source, row.frame_at_s, row.how, age_s))  # type: ignore[arg-type]

    def _holds(self) -> bool:
        """Whether what stands before the words is not to change: they are being said, or answered."""
        return not self._whole and self._sight.now_s() - self._heard_s <= LISTENS_S

    def _look_again(self) -> None:
        chars = MOST_CHARS if self._whole else NOTE_CHARS
        rows = self._sight.worker.rows(self._document_chars, self._sight.in_view, chars)
        lacks = [Row("", "", self._lacks, self._lacks)] if self._lacks else []
        self._now = Seen([*rows, *lacks], self._whole)

    def _forget(self, source: str) -> None:
        """Consent to it was withdrawn: it stands in no prompt any more, also not with earlier turns."""

        def without(seen: Seen[Row]) -> Seen[Row]:
            return replace(seen, rows=[row for row in seen.rows if row.source != source])

        self._now, self._before = without(self._now), [without(seen) for seen in self._before]
        self._told = {reply: without(seen) for reply, seen in self._told.items()}
        self._fixed = self._fixed and [without(seen) for seen in self._fixed]

    def _asks(self, text: str) -> bool:
        """Whether all that is known of what is in view is to be told: the words need eyes, or they are about what was
        left out."""
        if not self._sight.on:
            return False
        left_out = [row.same[NOTE_CHARS:] for row in self._now.rows if row.key and not row.key.startswith("document")]
        return self._needed(text) or relevance(" ".join(left_out), [text]) >= RELEVANT

    def _needed(self, text: str) -> bool:
        return self._sight.on and needs_eyes(text, self._language)

    def _ask(self, question: str) -> None:
        self._asked_s = self._sight.now_s()
        self._sight.ask(question)

    def _waits(self) -> bool:
        return self._sight.worker.naming or not self._answered()

    def _answered(self) -> bool:
        teller, tells = self._sight.teller, self._sight.worker.notes.tells
        return all(
            frame_at_s is not None and (not teller or tells(source, teller, frame_at_s))
            for source, frame_at_s in self._sight.awaited.items()
        )

    def _missing(self) -> str:
        """What the model must know when there is no answer to be seen."""
        sight = self._sight
        if not sight.live:
            return OFF
        if sight.dark.issuperset(sight.live):
            return DARK
        if not self._answered() and not self._known():
            return TOO_LATE
        fresh = [sight.worker.notes.newest(source, sight.teller) for source in sight.awaited]
        if not fresh or not sight.only_text or any(one is not None and one.text for one in fresh):
            return ""
        return ONLY_OBJECTS if any(self._named(source) for source in sight.awaited) else NO_TEXT

    def _known(self) -> bool:
        """Whether words were read in all that was asked about, where a model that should tell more has not."""
        return all(
            frame_at_s is not None
            and any(
                one.source == source and one.text and one.how != OBJECTS
                for one in self._sight.worker.notes.since(frame_at_s)
            )
            for source, frame_at_s in self._sight.awaited.items()
        )

    def _named(self, source: str) -> bool:
        """Whether objects are told of what is in view."""
        objects = self._sight.worker.notes.newest(source, OBJECTS)
        return objects is not None and bool(objects.text) and self._sight.in_view(objects)
