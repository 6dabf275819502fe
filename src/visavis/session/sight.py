"""A session's sight: what becomes of the frames of camera and screen.

frame → gate (on a thread of low priority) → ledger → the vision worker, whose notes the next turns are told
(`session/look.py`). Of each source the newest frame waits for the gate; nothing of the voice waits for any of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from visavis.kernel.agent import Agent
from visavis.kernel.cleared import Cleared
from visavis.kernel.errors import ConsentMissing, ProviderError
from visavis.kernel.events import Event, FrameSent, SightNoted, TrackChanged
from visavis.kernel.media import VIDEO_SOURCES, VideoFrame, VideoSource
from visavis.kernel.settings import VisionSettings
from visavis.see.aside import aside
from visavis.see.base import ChangeKind, Decision, FaceObservation, Image
from visavis.see.base import Sight as Noted
from visavis.see.budget import Budget, Limits
from visavis.see.gate import NOT_LOOKED_AT, SENT, FrameGate
from visavis.see.glance import Glimpse
from visavis.see.ledger import FrameLedger
from visavis.see.picture import bounded, fault, to_jpeg
from visavis.see.sizes import longest_px
from visavis.see.vision import Sighted, VisionWorker
from visavis.see.vlm_embedded import remote
from visavis.session.scribe import Scribe

LOST_S = 5.0
"""A source of which no frame has come for so long has died, or its device is off."""

GROWN = 1.5
"""A picture with so many times the pixels of the last one sent may show what could not be read in that: a line that
has just come up sends small pictures first."""

THUMBNAIL_PX = 160

NOTHING_IN_IT = frozenset({*NOT_LOOKED_AT, "too_small"})
"""What becomes of a picture in which nothing is in view."""

KIND_OF: dict[str, ChangeKind] = {why: kind for kind, why in SENT.items()}  # type: ignore[misc]

CUT_SHORT = Decision(False, "busy")
"""The device went, or the call ended, before the gate was done."""

MOST_FACES = 16
"""Looks that wait for the gate; of a second there are 15 at most, and older ones tell nothing."""

Show = Callable[[FrameSent, bytes], None]
Face = tuple[float, FaceObservation | None]


class Sight:
    """`show` puts a sent frame on the person's page; `talk` tells the last turns' words. Without `sighted` there is
    nobody to look, and frames are left alone.
    """

    def __init__(
        self,
        sighted: Sighted | None,
        agent: Agent,
        settings: VisionSettings,
        scribe: Scribe,
        show: Show,
        talk: Callable[[], Sequence[str]],
    ) -> None:
        self._sighted = sighted = sighted or Sighted()
        self._scribe = scribe
        self._consent = scribe.gate.consent
        self._show = show
        self._talk = talk
        self._model = (settings.model if remote(settings) else settings.provider) if sighted.describer else ""
        self._budget = Budget(Limits.of(settings))
        self._ledger = FrameLedger(self._note)
        self._gates: dict[VideoSource, FrameGate] = {}
        self._waiting: dict[VideoSource, Cleared[VideoFrame]] = {}
        self._came_s: dict[VideoSource, float] = {}
        self._lost: set[VideoSource] = set()
        self._faces: deque[Face] = deque(maxlen=MOST_FACES)
        self._sent_px: dict[VideoSource, int] = {}
        self._sent_s: dict[VideoSource, float] = {}
        self._view_s: dict[str, float] = {}
        self._arrived = asyncio.Event()
        self._question = ""
        self._to_force: list[VideoSource] = []
        self.awaited: dict[VideoSource, float | None] = {}
        """Of the last question: the sources that are to answer it, and when the frame was captured that does."""
        self.dark: set[str] = set()
        """The sources whose pictures show nothing: covered, or black."""
        self.changed = asyncio.Event()
        """Set when a note has come, or `awaited` has changed."""
        self.noted: Callable[[], None] = lambda: None
        """Called when there is something new to tell."""
        self.holds: Callable[[], bool] = lambda: False
        """Whether what is new waits for the next turn."""
        self.forgot: Callable[[str], None] = lambda source: None
        """Called when consent to a source was withdrawn."""
        self.worker = VisionWorker(sighted, agent.triggers, self._told, self.now_s, self._consent.allows, self._late)
        for record in scribe.log.past:
            self.worker.read(record)
            self._budget.read(record)

    @property
    def on(self) -> bool:
        """Whether anybody looks in this call."""
        return any((self._sighted.reader, self._sighted.describer, self._sighted.objects))

    @property
    def teller(self) -> str:
        """Whose note answers a question: the model's where there is one. '' where only objects are named."""
        one = self._sighted.describer or self._sighted.reader
        return one.name if one is not None else ""

    @property
    def only_text(self) -> bool:
        return self._sighted.describer is None

    @property
    def live(self) -> list[VideoSource]:
        """The sources of which frames come."""
        return [source for source, at_s in self._came_s.items() if self.now_s() - at_s <= LOST_S]

    @property
    def seq(self) -> int:
        """Number of the journal's last record."""
        return self._scribe.log.seq

    def now_s(self) -> float:
        return self._scribe.log.media.now()

    def in_view(self, note: Noted) -> bool:
        """Whether what the note tells of is in view now, as far as the gate can tell."""
        known = note.source in self.live and note.source not in self.dark
        return known and self._view_s.get(note.source) == note.frame_at_s

    def see(self, frame: Cleared[VideoFrame]) -> None:
        """A frame came in; never blocks. One that still waits for the gate goes for it."""
        if not self.on:
            return
        source = frame.value.source
        if (older := self._waiting.get(source)) is not None:
            self._ledger.dropped(source, "busy", older.value.at_s)
        if source in self._lost:
            self._lost.discard(source)
            self._note(TrackChanged(source, "back"))
        self._waiting[source] = frame
        self._came_s[source] = self.now_s()
        self._arrived.set()

    def people(self, faces: int) -> None:
        """So many faces are in the camera's view; known only with consent to cues."""
        if self.on:
            self.worker.people(faces)

    def face(self, at_s: float, seen: FaceObservation | None) -> None:
        """What a look for faces found in the camera's picture of media time `at_s`; only with consent to cues. It
        goes to the gate with the next picture, on the gate's thread."""
        if self.on:
            self._faces.append((at_s, seen))

    def off(self, source: str) -> None:
        """The device was switched off: what comes next is a first frame."""
        for one in [known for known in self._came_s if known == source]:
            self._forget_pictures(one)
            self._ledger.flush(one)

    def flush(self) -> None:
        """Tell what has been counted: consent is about to change."""
        self._ledger.flush()

    def agreed(self) -> None:
        """Consent has changed: nothing is left of a source that is not agreed to any more."""
        for source in [one for one in VIDEO_SOURCES if not self._consent.allows(one)]:
            self._forget_pictures(source)
            self.worker.forget(source)
            self.forgot(source)

    def ask(self, question: str) -> list[VideoSource]:
        """The best fresh frame of each source is to be looked at with `question` in mind, whatever the gate thinks of
        it. Returns these sources: none that is dark, and none when no device is on.
        """
        sources = [one for one in self.live if one not in self.dark]
        self._question, self._to_force = question, sorted(sources, reverse=True)  # a screen, with more words, first
        self.awaited = dict.fromkeys(sources)
        self._arrived.set()
        return sources

    async def run(self) -> None:
        """Looks until cancelled."""
        if self.on:
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self.worker.run(), name="vision-worker")
                    both.create_task(self._watch(), name="vision-gate")
            finally:
                for source in VIDEO_SOURCES:
                    self.off(source)

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOST_S / 2 if self._came_s else None):
                    await self._arrived.wait()
            self._arrived.clear()
            for source in [one for one in self._came_s if one not in self.live]:
                self._lose(source)
            while self._to_force:
                await self._force(self._to_force.pop(0))
            for source in list(self._waiting):
                if (frame := self._waiting.pop(source, None)) is not None:
                    await self._take(frame.value)

    def _lose(self, source: VideoSource) -> None:
        self._note(TrackChanged(source, "silent"))
        self.off(source)
        self._lost.add(source)

    async def _take(self, frame: VideoFrame) -> None:
        grown = self._grown(frame)
        if grown:
            self._gates.pop(frame.source, None)
        gate = self._gate(frame.source)
        faces = self._known_faces() if frame.source == "camera" else []
        decision = CUT_SHORT
        try:
            decision = await aside(lambda: _decided(gate, frame, faces))
        finally:
            known = gate is self._gates.get(frame.source)
            self._ledger.decided(frame, decision if known else CUT_SHORT)
        if grown and decision.why == "first_frame":
            decision = replace(decision, why="larger")
        if known:
            self._lit(frame.source, decision)
            self._viewed(frame.source, decision)
            await self._send(decision, gate)

    def _lit(self, source: VideoSource, decision: Decision) -> None:
        """A camera may be covered, or send black; what comes after is compared with what was there before."""
        dark = decision.why in NOTHING_IN_IT
        if dark != (source in self.dark):
            (self.dark.add if dark else self.dark.discard)(source)
            self._tell_news()

    def _viewed(self, source: VideoSource, decision: Decision) -> None:
        """Which frame shows what is in view; unknown where a change could not be looked at."""
        if decision.send and decision.frame is not None:
            self._view_s[source] = decision.frame.at_s
        elif decision.why == "over_budget":
            self._view_s.pop(source, None)
            if self.awaited.get(source, 0.0) is None:
                del self.awaited[source]
                self.changed.set()
        elif decision.like_s is not None:
            self._view_s[source] = decision.like_s
            if self.worker.notes.again(source, decision.like_s):
                self._tell_news()

    def _known_faces(self) -> list[Face] | None:
        """None without consent: faces are not looked for, and those seen before are forgotten."""
        faces = list(self._faces) if self._consent.allows("cues") else None
        self._faces.clear()
        return faces

    def _grown(self, frame: VideoFrame) -> bool:
        sent_px = self._sent_px.get(frame.source)
        return sent_px is not None and frame.image.size >= GROWN * sent_px

    async def _force(self, source: VideoSource) -> None:
        gate, now_s = self._gate(source), self.now_s()
        decision = await aside(lambda: gate.ask(now_s))
        if gate is self._gates.get(source):
            self._viewed(source, decision)
            await self._send(decision, gate)

    async def _send(self, decision: Decision, gate: FrameGate) -> None:
        frame, why = decision.frame, decision.why
        if not decision.send or frame is None or not self._consent.allows(frame.source):
            return
        asked = why == "asked"
        if asked and frame.source in self.awaited:
            self.awaited[frame.source] = frame.at_s
            self.changed.set()
        if self._sent_s.get(frame.source) == frame.at_s and self.only_text:
            return  # it is being read already
        self._sent_px[frame.source], self._sent_s[frame.source] = frame.image.size, frame.at_s
        # Small pictures save a model's tokens; what is only read here is read as it is.
        asked_or_read = asked or self.only_text
        longest = longest_px(KIND_OF.get(why), frame.source, asked=asked_or_read)
        twice, novelty = self._sighted.looks_twice and not asked, self._sighted.novelty
        event = None if twice else self._record(frame, why, longest)
        if twice and novelty is not None and novelty.remote:  # a frame that leaves is told, to whomever it goes
            event = self._ledger.sent(frame, why, self.now_s(), longest=longest, provider=novelty.name)
        self.worker.send(
            self._scribe.gate.clear(frame),
            self._question if asked else "",
            longest=longest,
            worth=partial(self._worth, gate, frame, why, longest) if twice else None,
        )
        if event is not None:
            await self._picture(event, frame)

    async def _worth(
        self, gate: FrameGate, frame: VideoFrame, why: str, longest: int, text: str, seen: Glimpse
    ) -> bool:
        """The second look, once a frame's words are known and before a model is asked that costs money."""
        talk, now_s = list(self._talk()), self.now_s()
        decision = await aside(
            lambda: gate.second_look(text, talk, now_s, forced=False, vector=seen.vector, told=seen.told)
        )
        if not self._consent.allows(frame.source):
            return False
        if not decision.send:
            self._ledger.dropped(frame.source, decision.why, frame.at_s)
            await aside(lambda: gate.unsent(frame, longest))
            return False
        await self._picture(self._record(frame, why, longest), frame)
        return True

    def _record(self, frame: VideoFrame, why: str, longest: int) -> FrameSent:
        describer = self._sighted.describer
        provider = describer.name if describer is not None else ""
        return self._ledger.sent(frame, why, self.now_s(), longest=longest, provider=provider, model=self._model)

    async def _picture(self, event: FrameSent, frame: VideoFrame) -> None:
        """The sent frame, small and covered as it is for a model, for the person's page."""
        covers, image = self._sighted.covers, frame.image
        thumbnail = b""
        with suppress(ProviderError):
            # Letters are too small to be read in it: no text has to be looked for.
            image = await covers.cover(image, frame.source, []) if covers is not None else image
            thumbnail = await aside(lambda: _thumbnail(image))
        if self._consent.allows(frame.source):
            self._show(event, thumbnail)

    def _gate(self, source: VideoSource) -> FrameGate:
        if source not in self._gates:
            self._gates[source] = FrameGate(source, self._budget, self._model)
        return self._gates[source]

    def _forget_pictures(self, source: VideoSource) -> None:
        """A gate that is just computing on another thread is left to itself."""
        self._gates.pop(source, None)
        if (frame := self._waiting.pop(source, None)) is not None:
            self._ledger.decided(frame.value, CUT_SHORT)
        self._came_s.pop(source, None)
        self._sent_px.pop(source, None)
        self._view_s.pop(source, None)
        self.dark.discard(source)
        self._lost.discard(source)
        self._to_force = [one for one in self._to_force if one != source]
        self.awaited.pop(source, None)
        self.changed.set()

    def _late(self, frame: VideoFrame) -> None:
        self._ledger.dropped(frame.source, "queue_full", frame.at_s)

    def _told(self, event: Event) -> None:
        self._note(event)
        self.changed.set()
        if isinstance(event, SightNoted):
            if (view_s := self._view_s.get(event.source)) is not None and view_s < event.frame_at_s:
                self.worker.notes.again(event.source, view_s)  # it is late: what was in view before is back
            self._tell_news()

    def _tell_news(self) -> None:
        if not self.holds():
            self.noted()

    def _note(self, event: Event) -> None:
        with suppress(ConsentMissing):
            self._scribe.note(event)


def _decided(gate: FrameGate, frame: VideoFrame, faces: Sequence[Face] | None) -> Decision:
    if faces is None:
        gate.forget_faces()
    for at_s, seen in faces or ():
        gate.face(at_s, seen)
    if why := fault(frame.image):
        return Decision(False, why)
    try:
        return gate.take(frame)
    except Exception:  # noqa: BLE001 - a picture that cannot be computed on is dropped; the call goes on
        return Decision(False, "unreadable")


def _thumbnail(image: Image) -> bytes:
    return to_jpeg(bounded(image, THUMBNAIL_PX), 9)
