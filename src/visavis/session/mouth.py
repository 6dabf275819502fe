"""The agent's voice at the door: paces what the pacer holds, in media time, and tells what was heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from visavis.kernel.clock import MediaClock
from visavis.kernel.events import AudioHeard, Event, PassageStarted, PlaybackStarted, PlaybackStopped
from visavis.kernel.media import Pcm
from visavis.kernel.messages import Transcript, VisemeTrack
from visavis.kernel.resample import Resampler
from visavis.session.echo_reference import EchoReference
from visavis.speak.base import Speech
from visavis.speak.pacer import Paced, Pacer
from visavis.transport.base import OUT_FRAME_S, Transport

ROUNDING_S = 0.005

LATE_S = 0.2
"""When the loop was held up longer than this, the pace starts afresh instead of hurrying after it."""


class Mouth:
    """One session's voice. Replies add pieces; `run` plays them. `on_fact` hears of playback, `on_content` (with the
    media time) of the first content that leaves behind an opener."""

    def __init__(
        self, transport: Transport, media: MediaClock, on_fact: Callable[[Event], None], *, echo: bool = False
    ) -> None:
        self.pacer = Pacer(transport.out_rate_hz, OUT_FRAME_S)
        self.echo = EchoReference(transport.out_rate_hz, lambda: transport.playout_delay_s) if echo else None
        self._transport = transport
        self._media = media
        self._on_fact = on_fact
        self.on_content: Callable[[float], None] = lambda now_s: None
        self.opening = False
        """What can be heard, if anything, is an opener."""
        self._work = asyncio.Event()
        self._resampler: Resampler | None = None
        self._audible = 0
        self._leaving_protected = self._protected = False
        self._protected_until_s = 0.0
        self._next_s = 0.0
        self._due: asyncio.Future[None] | None = None
        """What `run` waits for between two frames."""
        self.finished = asyncio.Event()

    @property
    def audible(self) -> int:
        """The reply that can be heard now; 0 for none."""
        return self._audible

    def begin(self, reply: int, *, released: bool) -> None:
        """Reply `reply` has the mouth now; it is heard once released."""
        self.pacer.begin(reply, released=released)
        self._resampler = None
        self.finished.clear()

    def release(self, released: bool = True) -> None:
        self.pacer.released = released
        self._work.set()

    def add(self, speech: Speech) -> None:
        """Queue a piece of the current reply, at any rate."""
        if speech.rate_hz != self.pacer.rate_hz:
            if self._resampler is None:
                self._resampler = Resampler(speech.rate_hz, self.pacer.rate_hz)
            pcm = self._resampler.push(speech.pcm)
            speech = replace(speech, pcm=pcm, rate_hz=self.pacer.rate_hz)
        self.pacer.add(speech)
        self._work.set()

    def skip_opener(self) -> bool:
        """Leave the current reply's opener out; False when it has begun to leave, or nothing waits behind it."""
        return self.pacer.skip_opener()

    def complete(self) -> None:
        """No more pieces will come for the current reply."""
        self.pacer.complete = True
        self._work.set()

    def reopen(self) -> None:
        """More pieces will come for the current reply after all."""
        self.pacer.complete = False
        self.finished.clear()

    def duck(self) -> None:
        """The voice turned down, until `resume`."""
        self.pacer.duck(True)

    def pause(self) -> None:
        """Silence at once, and nothing lost: `resume` goes on from the word that was at the ear."""
        now_s = self._media.now()
        self._hush(self.pacer.pause(now_s, self._transport.playout_delay_s), now_s)

    def resume(self) -> None:
        """The voice at full level again, and going on if it was paused."""
        self.pacer.duck(False)
        self.pacer.resume()
        self._work.set()

    def break_in_s(self, within_s: float) -> float:
        """Until the ear has heard the clause under way to its end, if that comes within `within_s`; else its word."""
        early_s = max(0.0, self._next_s - self._media.now())
        return early_s + self.pacer.break_in_s(within_s) + self._transport.playout_delay_s + ROUNDING_S

    def stop(self) -> str:
        """Silence at once, at the door and in its queues. Returns the words that were heard."""
        now_s = self._media.now()
        self._hush(self.pacer.stop(now_s), now_s)
        heard = self.pacer.heard(now_s, self._transport.playout_delay_s)
        self._fall_silent()
        self._work.set()
        return heard

    def _hush(self, tail: Pcm, at_s: float) -> None:
        """Drop what has not left the door yet, then fade out with `tail`."""
        if self._audible:
            self._transport.clear()
        if len(tail):
            frame = np.zeros(round(self.pacer.rate_hz * OUT_FRAME_S), np.int16)
            frame[: len(tail)] = tail
            self._play(frame, at_s)

    def begin_aside(self, seconds: float) -> None:
        """What `aside` plays is said with closed lips; a page that cut an earlier voice lets this one through."""
        self._transport.send(VisemeTrack([(0, "mm")], round(seconds * 1000)))

    def aside(self, frame: Pcm, at_s: float) -> bool:
        """Play 20 ms that are part of no reply (a soft "mm-hm"). False, and silence, when a reply has the ear."""
        if self._audible or self.pacer.ready:
            return False
        self._play(frame, at_s)
        return True

    def heard(self) -> str:
        """The words of the current reply that have reached the ear by now."""
        return self.pacer.heard(self._media.now(), self._transport.playout_delay_s)

    async def run(self) -> None:
        """Plays until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            self._next_s = max(self._next_s, self._media.now())
            while (paced := self.pacer.next_frame(self._next_s)) is not None:
                self._hand_over(paced)
                await self._pace()
            if self.pacer.done and not self.finished.is_set():
                await self._wind_up()

    def _hand_over(self, paced: Paced) -> None:
        if paced.started is not None:
            self._piece_started(paced.started)
        self._play(paced.pcm, self._next_s)
        self._tell_passage()

    def _tell_passage(self) -> None:
        """A protected passage begins when it leaves, and is over when all of it is at the ear."""
        if self._leaving_protected:
            self._protected_until_s = self._next_s + 2 * OUT_FRAME_S + self._transport.playout_delay_s
        protected = self._leaving_protected or self._next_s < self._protected_until_s
        if protected != self._protected:
            self._protected = protected
            self._on_fact(PassageStarted(self.pacer.reply, protected))

    def _play(self, frame: Pcm, at_s: float) -> None:
        self._transport.play(frame, at_s)
        if self.echo is not None:
            self.echo.played(frame, at_s)

    async def _pace(self) -> None:
        self._next_s += OUT_FRAME_S
        wait_s = self._next_s - self._media.now()
        if wait_s > 0:
            loop = asyncio.get_running_loop()
            self._due = loop.create_future()
            timer = loop.call_later(wait_s, self._wake)
            try:
                await self._due
            finally:
                timer.cancel()
        elif wait_s < -LATE_S:
            self._next_s = self._media.now()

    def _wake(self) -> None:
        if self._due is not None and not self._due.done():
            self._due.set_result(None)

    def nudge(self) -> None:
        """The process is awake for this session: a frame that is due within 20 ms leaves along with it.

        Called for each frame of the person's, this halves the times that a call wakes the processor up.
        """
        if self._next_s - self._media.now() <= OUT_FRAME_S:
            self._wake()

    def _piece_started(self, speech: Speech) -> None:
        reply = self.pacer.reply
        if not self._audible:
            self._audible, self.opening = reply, speech.opener
            self._protected, self._protected_until_s = False, 0.0
            self._on_fact(PlaybackStarted(reply))
        elif self.opening and not speech.opener:
            self.opening = False
            self.on_content(self._media.now())
        self._leaving_protected = speech.protected
        marks = [(round(at_s * 1000), shape) for at_s, shape in speech.visemes]
        self._transport.send(VisemeTrack(marks, round(speech.duration_s * 1000)))
        self._transport.send(Transcript("agent", self.pacer.spoken(), False, reply))
        saying = " ".join(word.text for word in speech.words)
        self._on_fact(AudioHeard(reply, self.heard(), saying))

    async def _wind_up(self) -> None:
        """Everything has left; wait until it is at the ear, then say so."""
        reply = self.pacer.reply
        if self._audible:
            early_s = max(0.0, self._next_s - self._media.now())
            await asyncio.sleep(early_s + self._transport.playout_delay_s)
        if self.pacer.reply == reply and self.pacer.done:
            self.pacer.heard_out()
            self._fall_silent()

    def _fall_silent(self) -> None:
        audible, self._audible = self._audible, 0
        self.finished.set()
        if audible:
            self._on_fact(PlaybackStopped(audible))
