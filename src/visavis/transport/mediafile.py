"""A recording as the caller: any audio or video file plays as microphone and camera, paced by the loop's clock.

Under `VirtualTimeLoop` that is as fast as the models allow. After the file the line stays open in silence until
the agent has finished answering.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np

from visavis.kernel.clock import MediaClock
from visavis.kernel.media import AudioFrame, Pcm, VideoFrame
from visavis.kernel.messages import Consent, ServerMessage
from visavis.kernel.virtual_time import holding
from visavis.transport.base import Gone, Incoming
from visavis.transport.media_reader import RATE_HZ, Chunk, MediaReader, Picture
from visavis.transport.recording import CallRecording

_FRAME = RATE_HZ // 50
_FRAME_S = 0.02
_CHUNK_S = 1.0
_LOUD = 500


class MediaFileTransport:
    """One call from `path`; see `Transport`. Use it once.

    `consent` is what the operator says on the command line for the people in the recording. With `record` a
    stereo WAV of both sides is written there. After the end of the file the line closes once the agent has been
    silent for `quiet_s`; when it has not answered the last words at all, after `patience_s`. Raises UsageError on
    construction for files that cannot be a call.
    """

    name = "file"
    out_rate_hz = 24_000
    echo_free = True
    consent_via = "flag"
    playout_delay_s = 0.0

    def __init__(
        self,
        path: str | Path,
        *,
        consent: bool,
        record: Path | None = None,
        fps: float = 5.0,
        quiet_s: float = 3.0,
        patience_s: float = 12.0,
    ) -> None:
        self._reader = MediaReader(Path(path), fps=fps)
        self._consent = consent
        self._recording = CallRecording(record, agent_hz=self.out_rate_hz) if record is not None else None
        self._quiet_s = quiet_s
        self._patience_s = patience_s
        self._next: asyncio.Task[Chunk | None] | None = None
        self._agent_spoke_s = -1.0
        self._caller_spoke_s = 0.0
        self._gone: str | None = None
        self._closed = False
        self.sent: list[ServerMessage] = []

    async def incoming(self, media: MediaClock) -> AsyncIterator[Incoming]:
        yield Consent(self._consent, ["listen", "camera"] if self._consent else [])
        loop = asyncio.get_running_loop()
        start_s, begun_s, count = media.now(), loop.time(), 0
        self._read_ahead()
        while not self._over():
            chunk = await self._take_chunk()
            if chunk is None:
                break
            pictures = [Picture(p.image, p.at_s + start_s) for p in chunk.pictures]
            for offset in range(0, len(chunk.pcm), _FRAME):
                pcm = _padded(chunk.pcm[offset : offset + _FRAME])
                await _until(begun_s + (count + 1) * _FRAME_S)
                if self._over():
                    break
                frame = self._heard(pcm, start_s + count * _FRAME_S)
                count += 1
                yield frame
                while pictures and pictures[0].at_s < frame.end_s:
                    picture = pictures.pop(0)
                    yield VideoFrame(picture.image, "camera", picture.at_s)
        ended_s = start_s + count * _FRAME_S
        while not self._over() and not self._answered(media.now(), ended_s):
            await _until(begun_s + (count + 1) * _FRAME_S)
            frame = self._heard(np.zeros(_FRAME, dtype=np.int16), start_s + count * _FRAME_S)
            count += 1
            yield frame
        yield Gone(self._gone or "media_ended")

    def play(self, pcm: Pcm, at_s: float) -> None:
        if len(pcm) == 0 or self._closed:
            return
        self._agent_spoke_s = at_s + len(pcm) / self.out_rate_hz
        if self._recording is not None:
            self._recording.agent(pcm, at_s)

    def clear(self) -> None:
        """Nothing waits here: what was played has been heard."""

    def send(self, message: ServerMessage) -> None:
        """Nobody reads them; the last 1000 are kept in `sent`."""
        self.sent.append(message)
        del self.sent[:-1000]

    async def close(self, reason: str) -> None:
        if self._closed:
            return
        self._closed = True
        self._gone = self._gone or reason
        if self._next is not None:
            await asyncio.wait([self._next])
            self._next = None
        self._reader.close()
        if self._recording is not None:
            self._recording.close()

    def _over(self) -> bool:
        return self._gone is not None

    def _answered(self, now_s: float, ended_s: float) -> bool:
        """The agent has answered the caller's last words and then been silent for a while, or never will."""
        silent_s = now_s - max(ended_s, self._agent_spoke_s)
        if silent_s < self._quiet_s:
            return False
        return self._agent_spoke_s > self._caller_spoke_s or now_s - ended_s >= self._patience_s

    def _heard(self, pcm: Pcm, at_s: float) -> AudioFrame:
        frame = AudioFrame(pcm, RATE_HZ, at_s)
        if int(np.abs(pcm).max()) > _LOUD:
            self._caller_spoke_s = frame.end_s
        if self._recording is not None and not self._closed:
            self._recording.caller(pcm, at_s)
        return frame

    def _read_ahead(self) -> None:
        self._next = asyncio.create_task(self._read(), name="media-read")

    async def _read(self) -> Chunk | None:
        with holding():
            return await asyncio.to_thread(self._reader.read, _CHUNK_S)

    async def _take_chunk(self) -> Chunk | None:
        if self._next is None:
            return None
        await asyncio.wait([self._next])  # cancelling the call must not leave the decoder running
        chunk = self._next.result()
        self._next = None
        if chunk is not None and not self._closed:
            self._read_ahead()
        return chunk


def _padded(pcm: Pcm) -> Pcm:
    return pcm if len(pcm) == _FRAME else np.pad(pcm, (0, _FRAME - len(pcm)))


async def _until(at_s: float) -> None:
    """Always lets others run, even when late."""
    await asyncio.sleep(max(0.0, at_s - asyncio.get_running_loop().time()))
