"""A session's eyes: which pictures are looked at, for what, and only as far as the person has agreed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from visavis.kernel.clock import MediaClock
from visavis.kernel.errors import PolicyError, ProviderError
from visavis.kernel.events import Event, FaceCue, GestureSeen, ProviderFailed
from visavis.kernel.media import VideoFrame
from visavis.kernel.messages import Cue
from visavis.see.base import FaceEngine, FaceObservation, FaceTracker, GestureEngine, Image
from visavis.see.gesture_watch import GestureWatch
from visavis.see.watcher import Watcher
from visavis.session.frames import FrameCounter
from visavis.session.providers import limited, translated
from visavis.session.sight import Sight
from visavis.transport.base import Adjustable, Transport
from visavis.trust.gate import Gate

CUES_FPS = 12.0
LOOK_S = 3.0
"""Longest wait for one look at a face."""


class Eyes:
    """`note` writes facts down; `fact` takes those that the floor reads too. `face` and `gestures` may be None: no
    engine is set.
    """

    def __init__(
        self,
        face: FaceEngine | None,
        transport: Transport,
        media: MediaClock,
        gate: Gate,
        note: Callable[[Event], object],
        fact: Callable[[Event], object],
        sight: Sight,
        gestures: GestureEngine | None = None,
    ) -> None:
        self._gate = gate
        self._transport = transport
        self._note = note
        self._fact = fact
        self._face = face
        self._tracker: FaceTracker | None = face.tracker() if face is not None else None
        self._frames = FrameCounter(note)
        self._sight = sight
        self._watcher = Watcher(
            self._look if face is not None else None, media, self._tell, self._failed, self._looked
        )
        self._closely = False
        self._hands = GestureWatch(gestures, sight.now_s, self._held, self._hands_failed) if gestures else None

    async def run(self) -> None:
        """Looks until cancelled."""
        try:
            async with asyncio.TaskGroup() as all_eyes:
                all_eyes.create_task(self._watcher.run(), name="face-watcher")
                all_eyes.create_task(self._sight.run(), name="sight")
                if self._hands is not None:
                    all_eyes.create_task(self._hands.run(), name="gesture-watch")
        finally:
            self._frames.flush()

    def see(self, frame: VideoFrame) -> None:
        """A picture came in; one that nobody agreed to is not looked at. Never blocks."""
        with suppress(PolicyError):
            cleared = self._gate.clear(frame)
            self._frames.see(frame)
            self._sight.see(cleared)
            if frame.source == "camera" and self._hands is not None:
                self._hands.see(cleared)
            if frame.source == "camera" and self._face is not None:
                self._watcher.see(self._gate.clear(frame, "cues"))
                self._look_closely(True)

    def told(self, cue: Cue) -> None:
        """The page tells what it has seen itself; without consent to cues it is not heard."""
        if self._gate.consent.allows("cues"):
            self._watcher.told(FaceCue(cue.mouth, cue.facing, cue.faces), nodded=cue.nod)

    def track(self, kind: str, on: bool) -> None:
        """A device was switched on or off."""
        if not on:
            self._frames.flush()
            self._sight.off(kind)
            if kind == "camera":
                self._forget_hands()

    def agreeing(self) -> None:
        """Consent is about to change: what was counted with it is told while it holds."""
        self._frames.flush()
        self._sight.flush()

    def agreed(self) -> None:
        """Consent has changed. What is no longer agreed to stops at once."""
        self._sight.agreed()
        if not self._gate.consent.allows("camera"):
            self._forget_hands()
        if not self._gate.consent.allows("cues"):
            self._watcher.stop()
            self._look_closely(False)

    def _look_closely(self, closely: bool) -> None:
        if closely != self._closely and isinstance(self._transport, Adjustable):
            self._transport.camera_fps(CUES_FPS if closely else None)
        self._closely = closely

    async def _look(self, image: Image) -> FaceObservation | None:
        assert self._face is not None and self._tracker is not None
        with translated("face", self._face.name):
            async with limited("face", LOOK_S, "total"):
                return await self._tracker.look(image)

    def _tell(self, event: Event) -> None:
        if not self._gate.consent.allows("cues"):
            return
        self._fact(event)
        if isinstance(event, FaceCue):
            self._sight.people(event.faces)

    def _looked(self, at_s: float, seen: FaceObservation | None) -> None:
        if self._gate.consent.allows("cues"):
            self._sight.face(at_s, seen)

    def _held(self, seen: GestureSeen) -> None:
        if self._gate.consent.allows(seen.source):
            self._note(seen)
            for event in self._sight.worker.triggers.gesture(seen):
                self._note(event)

    def _forget_hands(self) -> None:
        if self._hands is not None:
            self._hands.forget()

    def _hands_failed(self, error: ProviderError) -> None:
        self._note(ProviderFailed.of("vision", "gestures", error))

    def _failed(self, error: ProviderError) -> None:
        name = self._face.name if self._face is not None else ""
        self._note(ProviderFailed.of("face", name, error))
