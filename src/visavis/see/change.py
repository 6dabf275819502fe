"""Has something changed that matters? One detector per source; pure: pictures with media time in, changes out.

A change is told once, when it has settled: nothing here follows a clock. What does not matter is told in
docs/vision.md, with what each detector can and cannot tell apart.
"""

from __future__ import annotations

from typing import Protocol

from visavis.kernel.media import VideoFrame, VideoSource
from visavis.see.base import Change
from visavis.see.presence import Presence


class ChangeDetector(Protocol):
    def push(self, frame: VideoFrame) -> Change | None:
        """Frames in order of media time, of any size, at most 30 a second. A frame that is not newer than the last
        is ignored, and so is one too small to tell anything from. The first picture is a change: `scene` or `window`.
        """
        ...


def detector(source: VideoSource, presence: Presence | None = None) -> ChangeDetector:
    """`presence`: what is known of the faces before a camera."""
    from visavis.see.camera_change import CameraChange
    from visavis.see.screen_change import ScreenChange

    return ScreenChange() if source == "screen" else CameraChange(presence)
