"""The vision worker of one call: frames that were sent become notes for the next turn, never faster than they can.

It has a queue of its own, of which the oldest goes when it is full, and limits of its own on every wait; nothing of
the voice waits for it. What fails is told and left; what comes late is a note with its age, or no note at all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from visavis.kernel.agent import Trigger
from visavis.kernel.cleared import Cleared
from visavis.kernel.errors import ProtocolViolation, ProviderError, ProviderTimeout, VisavisError
from visavis.kernel.events import ConsentRevoked, Event, ProviderFailed, Record, SightNoted
from visavis.kernel.media import VideoFrame
from visavis.see.aside import aside
from visavis.see.base import Describer, Image, Sight
from visavis.see.covers import Covers
from visavis.see.documents import Documents
from visavis.see.glance import Glance, Glimpse
from visavis.see.notes import MOST_CHARS, InView, Notes, Row
from visavis.see.objects import HOW, ObjectNamer, noted
from visavis.see.sizes import TEXT_PX, shrunk
from visavis.see.text_reader import FrameText, LineReader, read_frame
from visavis.see.triggers import Triggers

QUEUE = 2
READ_S = 15.0
"""Longest reading of a frame, all turns of a page together."""

MOST_FAILURES = 3
REST_S = 30.0
"""After so many failures in a row a describer is left alone for so long."""

T = TypeVar("T")
Tell = Callable[[Event], object]
Worth = Callable[[str, Glimpse], Awaitable[bool]]
"""Told what was read in a frame, and what it is about: whether it goes on to the model."""


@dataclass(frozen=True, slots=True)
class Sighted:
    """Who looks: `reader` reads text here; `describer` tells more, elsewhere if `remote` (then it gets what `covers`
    leave), of frames that `novelty` finds new; `objects` names here what the camera shows. Each may be missing.
    """

    reader: LineReader | None = None
    describer: Describer | None = None
    remote: bool = True
    covers: Covers | None = None
    deadline_s: float = 8.0
    novelty: Glance | None = None
    objects: Describer | None = None

    @property
    def looks_twice(self) -> bool:
        """Whether something is known of a frame before the describer gets it."""
        return self.describer is not None and (self.reader is not None or self.novelty is not None)


@dataclass(frozen=True, slots=True)
class _Sent:
    frame: VideoFrame
    question: str
    at_s: float
    longest: int
    worth: Worth | None
    text: str = ""


class _Queue:
    """At most `QUEUE` frames wait; the oldest goes for a new one, and `gave_way` is told of it."""

    def __init__(self, gave_way: Callable[[VideoFrame], object]) -> None:
        self._gave_way = gave_way
        self._waiting: deque[_Sent] = deque()
        self._arrived = asyncio.Event()

    def put(self, sent: _Sent) -> None:
        if len(self._waiting) == QUEUE:
            self._gave_way(self._waiting.popleft().frame)
        self._waiting.append(sent)
        self._arrived.set()

    async def get(self) -> _Sent:
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()

    def forget(self, source: str) -> None:
        kept = [sent for sent in self._waiting if sent.frame.source != source]
        self._waiting.clear()
        self._waiting.extend(kept)


class VisionWorker:
    """`tell` takes facts, on the event loop; `now_s` is media time; `allowed` says whether a source is still agreed
    to: a note that comes after consent went is dropped. `gave_way` is told of each frame that was not read, or not
    described, because newer ones came.
    """

    def __init__(
        self,
        sighted: Sighted,
        triggers: Sequence[Trigger],
        tell: Tell,
        now_s: Callable[[], float],
        allowed: Callable[[str], bool],
        gave_way: Callable[[VideoFrame], object] = lambda frame: None,
    ) -> None:
        self._sighted = sighted
        self._tell = tell
        self._now_s = now_s
        self._allowed = allowed
        self._to_read, self._to_glance, self._to_describe = (_Queue(gave_way) for _ in range(3))
        self._namer = ObjectNamer(one, self._named, self._unnamed) if (one := sighted.objects) else None
        self._noted = asyncio.Event()
        self._failures: dict[str, int] = {}
        self._rests_until_s: dict[str, float] = {}
        self._under_way: dict[asyncio.Timeout, str] = {}
        self.triggers = Triggers(triggers)
        self.notes = Notes()
        self.documents = Documents()

    def send(
        self,
        frame: Cleared[VideoFrame],
        question: str = "",
        *,
        longest: int = TEXT_PX,
        worth: Worth | None = None,
    ) -> None:
        """Take a frame, with what the person wants to know of it; never blocks.

        A model gets it with a long side of at most `longest` pixels. With `worth` it is read and glanced at first,
        and goes to the model only if that says so; without, both begin at once.
        """
        sent = _Sent(frame.value, question, self._now_s(), longest, worth)
        if self._namer is not None and sent.frame.source == "camera":
            self._namer.take(sent.frame, sent.at_s)
        if self._sighted.reader is not None:
            self._to_read.put(sent)
        if self._sighted.describer is None:
            return
        if worth is None or not self._sighted.looks_twice:
            self._to_describe.put(sent)
        elif self._sighted.reader is None:
            self._to_glance.put(sent)

    @property
    def naming(self) -> bool:
        """Whether objects are being looked for in a frame that was sent."""
        return self._namer is not None and self._namer.busy

    def people(self, faces: int) -> None:
        """So many faces are in view, as the cues have it (with consent to them)."""
        self._tell_all(self.triggers.people(faces, self._now_s()))

    def read(self, record: Record) -> None:
        """A record of an earlier process of this call: its documents are known."""
        self.documents.read(record)
        if isinstance(record.event, ConsentRevoked):
            for purpose in record.event.purposes:
                self.documents.forget(purpose)

    def forget(self, source: str) -> None:
        """Consent to `source` was withdrawn: nothing of it is told any more, and who looks at it now stops."""
        for work in [work for work, of in self._under_way.items() if of == source]:
            del self._under_way[work]
            if not work.expired():
                work.reschedule(asyncio.get_running_loop().time())
        self._to_read.forget(source)
        self._to_glance.forget(source)
        self._to_describe.forget(source)
        if self._namer is not None and source == "camera":
            self._namer.forget()
        self.notes.forget(source)
        self.documents.forget(source)
        self.triggers.forget(source)

    def rows(self, document_chars: int, in_view: InView, note_chars: int = MOST_CHARS) -> list[Row]:
        """What a turn's prompt may tell of what was seen: documents, notes, triggers; what changes most is last."""
        now_s = self._now_s()
        notes = self.notes.rows(now_s, in_view, note_chars)
        return [*self.documents.rows(document_chars), *notes, *self.triggers.due(now_s)]

    async def look(self, since_s: float, deadline_s: float, sources: Collection[str]) -> list[Sight]:
        """Notes of frames captured at `since_s` or later: at once if there are any of each of `sources`, else when
        they come, or as many as there are after `deadline_s`. Objects are waited for, and do not do where somebody
        else looks, too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                while self.naming or not self._seen(since_s) >= set(sources):
                    self._noted.clear()
                    await self._noted.wait()
        return self.notes.since(since_s)

    def _seen(self, since_s: float) -> set[str]:
        others = self._sighted.reader is not None or self._sighted.describer is not None
        return {sight.source for sight in self.notes.since(since_s) if sight.how != HOW or not others}

    async def run(self) -> None:
        """Works until cancelled. Reading, glancing and describing do not wait for each other."""
        async with asyncio.TaskGroup() as both:
            if self._sighted.reader is not None:
                both.create_task(self._read_all(self._sighted.reader), name="vision-text")
            if self._sighted.novelty is not None:
                both.create_task(self._glance_at_all(self._sighted.novelty), name="vision-novelty")
            if self._sighted.describer is not None:
                both.create_task(self._describe_all(self._sighted.describer), name="vision-model")
            if self._namer is not None:
                both.create_task(self._namer.run(), name="vision-objects")

    async def _read_all(self, reader: LineReader) -> None:
        while True:
            await self._read_one(await self._to_read.get(), reader)

    async def _read_one(self, sent: _Sent, reader: LineReader) -> None:
        read = await self._guarded(sent, reader.name, READ_S, lambda: read_frame(sent.frame, reader))
        if not self._allowed(sent.frame.source):
            return
        twice = sent.worth if self._sighted.describer is not None else None
        text = read.text if read is not None else ""
        if twice is not None and self._sighted.novelty is not None:
            self._to_glance.put(replace(sent, text=text))
        elif twice is not None and await twice(text, Glimpse()):
            self._to_describe.put(sent)
        if read is not None and self._allowed(sent.frame.source):
            self._note(sent, self._filed(sent.frame, read), reader.name)

    def _filed(self, frame: VideoFrame, read: FrameText) -> str:
        """What the note says; a page goes among the documents, and the note names it."""
        if not read.page:
            return read.text
        known = len(self.documents)
        number, event = self.documents.found(frame.source, frame.at_s, read.page, read.sure)
        if event is not None:
            self._tell(event)
        if len(self.documents) > known:
            self._tell_all(self.triggers.document(frame.source, frame.at_s))
        return f"(document {number})" if number and read.page == read.text else read.text

    async def _glance_at_all(self, novelty: Glance) -> None:
        while True:
            await self._glance_at(await self._to_glance.get(), novelty)

    async def _glance_at(self, sent: _Sent, novelty: Glance) -> None:
        """Where the glance fails, the words that were read decide."""
        limit_s = self._limit_s(remote=novelty.remote)
        glimpse = await self._guarded(sent, novelty.name, limit_s, lambda: self._glimpse(sent, novelty))
        if self._allowed(sent.frame.source) and sent.worth and await sent.worth(sent.text, glimpse or Glimpse()):
            self._to_describe.put(sent)

    async def _glimpse(self, sent: _Sent, novelty: Glance) -> Glimpse | None:
        image = await self._picture(sent, remote=novelty.remote)
        return await novelty.look(image) if self._allowed(sent.frame.source) else None

    async def _describe_all(self, describer: Describer) -> None:
        while True:
            await self._describe_one(await self._to_describe.get(), describer)

    async def _describe_one(self, sent: _Sent, describer: Describer) -> None:
        limit_s = self._limit_s(remote=self._sighted.remote)
        told = await self._guarded(sent, describer.name, limit_s, lambda: self._description(sent, describer))
        if told and self._allowed(sent.frame.source):
            self._note(sent, told, describer.name)

    def _named(self, frame: VideoFrame, sent_s: float, named: str) -> None:
        text = noted(named, self.notes.newest(frame.source, HOW))
        self._note(_Sent(frame, "", sent_s, 0, None), text, HOW)
        self._noted.set()

    def _unnamed(self, error: Exception) -> None:
        self._tell_failure(HOW, error)
        self._noted.set()

    def _limit_s(self, *, remote: bool) -> float:
        covers = self._sighted.covers
        reads_first = remote and covers is not None and covers.need_text
        return self._sighted.deadline_s + (READ_S if reads_first else 1.0)

    async def _picture(self, sent: _Sent, *, remote: bool) -> Image:
        """The picture as a model gets it: covered if it leaves the process, no larger than need be."""
        image, covers = sent.frame.image, self._sighted.covers
        if remote and covers is not None:
            reader = self._sighted.reader if covers.need_text else None
            lines = await reader.read(image) if reader is not None else None
            image = await covers.cover(image, sent.frame.source, lines)
        return await aside(lambda: shrunk(image, sent.longest)) if max(image.shape[:2]) > sent.longest else image

    async def _description(self, sent: _Sent, describer: Describer) -> str:
        image = await self._picture(sent, remote=self._sighted.remote)
        if not self._allowed(sent.frame.source):
            return ""
        told = await describer.describe(image, question=sent.question)
        if not isinstance(told, str):
            raise ProtocolViolation(f"{describer.name} did not answer in words", stage="vision")
        return told

    def _note(self, sent: _Sent, text: str, how: str) -> None:
        frame = sent.frame
        height, width = frame.image.shape[:2]
        took_s = round(self._now_s() - sent.at_s, 3)
        if not self.notes.add(Sight(frame.source, frame.at_s, width, height, text, how, took_s)):
            return
        self._tell(SightNoted(frame.source, frame.at_s, text, how, took_s))
        self._noted.set()

    async def _guarded(self, sent: _Sent, name: str, within_s: float, work: Callable[[], Awaitable[T]]) -> T | None:
        """The result of `work`, or None: it failed, or rests after failures, or consent went. Whatever it raises is
        told."""
        if self._now_s() < self._rests_until_s.get(name, 0.0):
            return None
        error: Exception | None = None
        try:
            async with asyncio.timeout(within_s) as limit:
                self._under_way[limit] = sent.frame.source
                result = await work()
        except TimeoutError as raised:
            error = ProviderTimeout(f"{name} was silent too long", which="total", stage="vision")
            error.__cause__ = raised
        except Exception as raised:  # noqa: BLE001 - a describer may be anybody's; the call goes on
            error = raised
        if self._under_way.pop(limit, None) is None:
            return None
        if error is None:
            self._failures.pop(name, None)
            return result
        self._failed(name, error)
        return None

    def _tell_failure(self, name: str, error: Exception) -> None:
        known = error if isinstance(error, VisavisError) else ProviderError("failed", stage="vision")
        self._tell(ProviderFailed("vision", name, known.code, type(error.__cause__ or error).__name__))

    def _failed(self, name: str, error: Exception) -> None:
        self._tell_failure(name, error)
        self._failures[name] = self._failures.get(name, 0) + 1
        if self._failures[name] >= MOST_FAILURES:
            self._failures.pop(name)
            self._rests_until_s[name] = self._now_s() + REST_S

    def _tell_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self._tell(event)
