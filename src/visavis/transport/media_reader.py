"""Reading audio and pictures out of any media file, a little at a time, off the event loop."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from visavis.kernel.errors import UsageError
from visavis.kernel.media import Pcm
from visavis.transport.webrtc_video import to_rgb

RATE_HZ = 16_000
_GAP_S = 0.1
_MAX_GAP_S = 3600.0
_AHEAD_S = 10.0
"""Pictures so long after the last sound are left out: sound has ended, and nobody will ask for them."""
_MAX_DAMAGED_PACKETS = 50


@dataclass(frozen=True, slots=True)
class Picture:
    """RGB uint8, shape (height, width, 3); `at_s` seconds from the beginning of the file."""

    image: np.ndarray[Any, np.dtype[np.uint8]]
    at_s: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next stretch of the file: mono PCM at 16 kHz, and the pictures that fall into it."""

    pcm: Pcm
    pictures: list[Picture]


class MediaReader:
    """Not thread-safe; `read` blocks while it decodes. Raises UsageError, saying what to do, for a file that is
    missing, is no media, has no audio, or breaks off before its first sound. Damage later on ends the file."""

    def __init__(self, path: Path, *, fps: float = 5.0) -> None:
        self._path = path
        self._fps = fps
        self._container = self._open()
        audio = self._container.streams.audio
        if not audio:
            self._container.close()
            raise UsageError(
                f"{path} has no audio stream", stage="transport", hint="give a file in which someone speaks"
            )
        video = [s for s in self._container.streams.video if not s.disposition & s.disposition.attached_pic]
        self.has_video = bool(video) and fps > 0
        self._streams = [audio[0], *video[:1]] if self.has_video else [audio[0]]
        if self.has_video:
            video[0].thread_type = "AUTO"
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        start = self._container.start_time
        self._start_s = float(Fraction(start, av.time_base)) if start is not None else 0.0
        self._packets = self._container.demux(self._streams)
        self._audio: deque[Pcm] = deque()
        self._queued = self._produced = 0
        self._pictures: list[Picture] = []
        self._next_picture_s = 0.0
        self._damaged_packets = 0
        self._ended = False
        self._decode_first()

    def read(self, seconds: float) -> Chunk | None:
        """The next `seconds` (fewer at the end); None after the end."""
        wanted = int(seconds * RATE_HZ)
        while self._queued < wanted and not self._ended:
            self._step()
        if not self._queued:
            return None
        pcm = np.concatenate(self._audio)
        self._audio.clear()
        if len(pcm) > wanted:
            self._audio.append(pcm[wanted:])
        self._queued = max(0, len(pcm) - wanted)
        until_s = (self._produced - self._queued) / RATE_HZ
        due = [p for p in self._pictures if p.at_s < until_s]
        self._pictures = [p for p in self._pictures if p.at_s >= until_s]
        return Chunk(pcm[:wanted], due)

    def close(self) -> None:
        self._container.close()

    def _open(self) -> av.container.InputContainer:
        if not self._path.exists():
            raise UsageError(f"there is no file {self._path}", stage="transport", hint="check the path")
        if self._path.is_dir():
            raise UsageError(f"{self._path} is a directory", stage="transport", hint="name a media file in it")
        try:
            return av.open(str(self._path))
        except (av.FFmpegError, OSError) as error:
            raise self._damaged() from error

    def _damaged(self) -> UsageError:
        return UsageError(
            f"{self._path} cannot be read as audio or video",
            stage="transport",
            hint="it is damaged or no media file; try to play it, or convert it to WAV or MP4",
        )

    def _decode_first(self) -> None:
        """Find the first sound now, so that a useless file is refused before a call begins."""
        while not self._queued and not self._ended:
            self._step()
        if not self._queued:
            self.close()
            raise self._damaged()

    def _step(self) -> None:
        packet = next(self._packets, None)
        if packet is None:
            self._finish()
            return
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            self._damaged_packets += 1
            if self._damaged_packets > _MAX_DAMAGED_PACKETS:
                self._finish()
            return
        except (av.FFmpegError, OSError):
            self._finish()
            return
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                self._hear(frame)
            elif isinstance(frame, av.VideoFrame):
                self._look(frame)

    def _hear(self, frame: av.AudioFrame) -> None:
        if frame.time is not None:
            gap_s = frame.time - self._start_s - self._produced / RATE_HZ
            if _GAP_S < gap_s < _MAX_GAP_S:
                self._add(np.zeros(int(gap_s * RATE_HZ), dtype=np.int16))
        for out in self._resampler.resample(frame):
            self._add(np.asarray(out.to_ndarray(), dtype=np.int16).reshape(-1))

    def _add(self, pcm: Pcm) -> None:
        self._audio.append(pcm)
        self._queued += len(pcm)
        self._produced += len(pcm)

    def _look(self, frame: av.VideoFrame) -> None:
        at_s = max(0.0, (frame.time or 0.0) - self._start_s)
        if at_s + 1e-6 < self._next_picture_s or at_s > self._produced / RATE_HZ + _AHEAD_S:
            return
        self._next_picture_s = at_s + 1.0 / self._fps
        self._pictures.append(Picture(to_rgb(frame), at_s))

    def _finish(self) -> None:
        if not self._ended:
            self._ended = True
            for out in self._resampler.resample(None):
                self._add(np.asarray(out.to_ndarray(), dtype=np.int16).reshape(-1))
