"""The agent as a listener: nods and, where the settings ask for it, a soft "mm-hm", while the person has the floor.

A "mm-hm" is no reply: it takes no floor, stands in no history, and gives way the moment a reply is to be heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np

from visavis.kernel.agent import Agent
from visavis.kernel.clock import MediaClock
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import Acknowledged, Event, ProviderFailed, Record
from visavis.kernel.media import Pcm
from visavis.kernel.resample import Resampler
from visavis.kernel.settings import SessionSettings
from visavis.session.alarm import Alarm
from visavis.session.mouth import Mouth
from visavis.session.phrases import murmur
from visavis.session.providers import spoken
from visavis.speak.base import Speech, Tts
from visavis.transport.base import OUT_FRAME_S
from visavis.turn.listening import Listening

GAIN = 0.35
"""About −9 dB: present, and no claim to the floor."""

_murmurs: WeakKeyDictionary[Tts, dict[tuple[str, str], Speech]] = WeakKeyDictionary()
"""By voice engine, then by voice and words: made once in a process."""


class Listener:
    """A reader of the session's facts; `run` is one of its tasks. `note` writes what was shown to the journal."""

    def __init__(
        self,
        settings: SessionSettings,
        agent: Agent,
        tts: Tts,
        mouth: Mouth,
        media: MediaClock,
        note: Callable[[Event], object],
    ) -> None:
        self._listening = Listening(settings.backchannels, agent.language)
        self._sounds = settings.backchannels == "sounds"
        self._agent = agent
        self._tts = tts
        self._mouth = mouth
        self._media = media
        self._note = note
        self._alarm = Alarm(media, lambda: self._listening.wake_at_s)

    def read(self, record: Record) -> None:
        before_s = self._listening.wake_at_s
        self._listening.feed(record.event)
        if self._listening.wake_at_s != before_s:
            self._alarm.reset()

    async def run(self) -> None:
        """Shows what is due, until cancelled."""
        sound = await self._synthesised() if self._sounds else None
        while True:
            await self._alarm.rings()
            for shown in self._listening.due(self._media.now()):
                if shown == Acknowledged("sound") and sound is None:
                    continue
                self._note(shown)
                if sound is not None and shown == Acknowledged("sound"):
                    await self._play(sound)

    async def _synthesised(self) -> Pcm | None:
        """The "mm-hm" at the door's rate and at a low level; None when the voice fails: then there are only nods."""
        known = _murmurs.setdefault(self._tts, {})
        key = (self._agent.voice, murmur(self._agent.language))
        if key not in known:
            try:
                known[key] = await self._speak(key[1])
            except ProviderError as error:
                self._note(ProviderFailed.of("tts", self._tts.name, error))
                return None
        speech, rate_hz = known[key], self._mouth.pacer.rate_hz
        pcm = speech.pcm
        if speech.rate_hz != rate_hz:
            pcm = Resampler(speech.rate_hz, rate_hz).push(pcm)
        quiet: Pcm = (pcm * GAIN).astype(np.int16)
        return quiet

    async def _speak(self, words: str) -> Speech:
        pieces = await spoken(self._tts, words, self._agent)
        if not pieces:
            raise ProviderError("the voice made no sound", stage="speak")
        return Speech(np.concatenate([piece.pcm for piece in pieces]), pieces[0].rate_hz, ())

    async def _play(self, sound: Pcm) -> None:
        self._mouth.begin_aside(len(sound) / self._mouth.pacer.rate_hz)
        size = round(self._mouth.pacer.rate_hz * OUT_FRAME_S)
        next_s = self._media.now()
        for at in range(0, len(sound), size):
            frame = np.zeros(size, np.int16)
            frame[: len(sound) - at] = sound[at : at + size]
            if not self._mouth.aside(frame, next_s):
                return
            next_s += OUT_FRAME_S
            await asyncio.sleep(max(0.0, next_s - self._media.now()))
