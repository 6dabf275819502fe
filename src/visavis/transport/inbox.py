"""What a line has brought and the session has not taken yet. Bounded: see `Inbox` for what gives way."""

from __future__ import annotations

import asyncio
from collections import deque

from visavis.kernel.media import AudioFrame, VideoFrame
from visavis.transport.base import Gone, Incoming, Lost, Remapped, Returned

AUDIO_S = 1.0
MAX_MESSAGES = 128


class Inbox:
    """A queue of one reader. Audio beyond 1 s drops the oldest audio; a new picture replaces the waiting one of
    its source; messages beyond 128 are refused (`put` is False), news of the line itself never is.

    `put` never blocks and may be called only on the event loop.
    """

    def __init__(self) -> None:
        self._items: deque[Incoming] = deque()
        self._audio_s = 0.0
        self._messages = 0
        self._waiter: asyncio.Future[None] | None = None
        self.dropped_audio_s = 0.0

    def put(self, item: Incoming) -> bool:
        if isinstance(item, AudioFrame):
            self._put_audio(item)
        elif isinstance(item, VideoFrame):
            self._put_video(item)
        elif self._messages >= MAX_MESSAGES and not isinstance(item, Lost | Returned | Gone | Remapped):
            return False
        else:
            self._messages += 1
            self._items.append(item)
        self._wake()
        return True

    async def get(self, timeout_s: float) -> Incoming | None:
        """The next item, or None when none comes within `timeout_s`. Cancelling loses nothing."""
        if not self._items:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(timeout_s, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        return self._take() if self._items else None

    def _take(self) -> Incoming:
        item = self._items.popleft()
        if isinstance(item, AudioFrame):
            self._audio_s -= item.duration_s
        elif not isinstance(item, VideoFrame):
            self._messages -= 1
        return item

    def _put_audio(self, frame: AudioFrame) -> None:
        self._items.append(frame)
        self._audio_s += frame.duration_s
        while self._audio_s > AUDIO_S + 1e-6:
            index, oldest = next((i, item) for i, item in enumerate(self._items) if isinstance(item, AudioFrame))
            if oldest is frame:
                break
            del self._items[index]
            self._audio_s -= oldest.duration_s
            self.dropped_audio_s += oldest.duration_s

    def _put_video(self, frame: VideoFrame) -> None:
        for index, item in enumerate(self._items):
            if isinstance(item, VideoFrame) and item.source == frame.source:
                del self._items[index]
                break
        self._items.append(frame)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class MessageGate:
    """How many messages a client may send: a bucket of `burst` that refills at `rate_hz` a second. Pure."""

    def __init__(self, rate_hz: float = 20.0, burst: int = 40) -> None:
        self._rate_hz = rate_hz
        self._burst = float(burst)
        self._left = float(burst)
        self._seen_s: float | None = None
        self._complained_s: float | None = None

    def allows(self, now_s: float) -> bool:
        if self._seen_s is not None:
            self._left = min(self._burst, self._left + (now_s - self._seen_s) * self._rate_hz)
        self._seen_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def may_complain(self, now_s: float) -> bool:
        """True at most once a second, so that refusing a flood is no flood itself."""
        if self._complained_s is not None and now_s - self._complained_s < 1.0:
            return False
        self._complained_s = now_s
        return True
