"""The one gate. Sinks and hops take `Cleared` values, and only this makes them."""

from __future__ import annotations

from typing import TypeVar

from visavis.kernel.cleared import Cleared
from visavis.kernel.errors import ConsentMissing
from visavis.kernel.events import (
    DocumentRead,
    Event,
    FaceCue,
    FramesDropped,
    FrameSent,
    FrameUsed,
    GestureSeen,
    MemoryRecalled,
    Nodded,
    SightNoted,
    SightTriggered,
)
from visavis.kernel.media import AudioFrame, VideoFrame
from visavis.trust.consent import Consent, Purpose

T = TypeVar("T", Event, AudioFrame, VideoFrame, str)


class Gate:
    """Clears things for one session according to its consent; anything it does not know is refused."""

    def __init__(self, consent: Consent) -> None:
        self.consent = consent

    def clear(self, item: T, also: Purpose | None = None) -> Cleared[T]:
        """Raises ConsentMissing when the person has not agreed to what this needs, and to the purpose `also`."""
        for purpose in (_needs(item), also):
            if purpose and not self.consent.allows(purpose):
                raise ConsentMissing(f"no consent to {purpose}", stage="trust")
        return Cleared.by_trust(item)


def _needs(item: Event | AudioFrame | VideoFrame | str) -> str:
    """The purpose that `item` serves; '' for content-free facts. `str` is what the person typed or said."""
    if isinstance(item, FaceCue | Nodded):
        return "cues"
    if isinstance(item, MemoryRecalled):
        return "memory"
    if isinstance(
        item, SightNoted | DocumentRead | SightTriggered | GestureSeen | FrameSent | FramesDropped | FrameUsed
    ):
        return _shown(item.source) if item.content else item.source
    if isinstance(item, Event):
        return "listen" if item.content else ""
    if isinstance(item, VideoFrame):
        return _shown(item.source)
    return "listen"


def _shown(source: str) -> str:
    """The purpose of what `source` shows; to what comes from nowhere nobody has agreed."""
    return source or "nowhere"
