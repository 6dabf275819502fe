"""Silence and time: asks whether the person is still there, says goodbye, ends a call that runs too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from visavis.kernel.clock import MediaClock
from visavis.kernel.events import (
    AudioHeard,
    GestureSeen,
    HoldRequested,
    PlaybackStarted,
    Record,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    TurnEnded,
)
from visavis.kernel.settings import SessionSettings
from visavis.session.phrases import Silence
from visavis.turn.requests import is_farewell

LAST_WORD_S = 1.0
"""After the goodbye the line stays open this long: people answer to a goodbye."""

DECIDED_WITHIN_S = 12.0
"""Longest wait for the words of somebody who speaks as the call ends; noise does not keep it open for ever."""

HEAR_OUT_S = 3.0
"""At the end of its time a call waits this long for what is just being said."""

_POLL_S = 0.1


async def heard_out(speaking: Callable[[], bool]) -> None:
    """What the person is just saying becomes a turn first, if that does not take long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HEAR_OUT_S):
            while speaking():  # noqa: ASYNC110
                await asyncio.sleep(0.05)


class Presence:
    """A reader: feed it records. `busy()` says whether somebody speaks or a reply is under way."""

    def __init__(self, settings: SessionSettings, media: MediaClock, busy: Callable[[], bool]) -> None:
        self._settings = settings
        self._media = media
        self._busy = busy
        self._last_s = media.now()
        self._prompts = 0
        self._held = False
        self._asked = False
        self._kind = ""
        self._sooner = asyncio.Event()
        """The next prompt may be due sooner than was thought."""
        self._answer: str | None = None
        """What the person said since the goodbye began."""

    @property
    def silence(self) -> Silence:
        """What kind of silence it would be: after a request to wait, after a question of the agent, or neither."""
        if self._held:
            return "hold"
        return "question" if self._asked else "silence"

    def read(self, record: Record) -> None:
        match record.event:
            case SpeechStarted() | SpeechStopped() | GestureSeen():
                self.touch()
            case TextTyped(text=text) | TurnEnded(text=text):
                self._held, self._answer = False, text
                self._sooner.set()
                self.touch()
            case HoldRequested():
                self._held = True
            case ReplyStarted(kind=kind):
                self._kind = kind
            case ReplyEnded(text=text):
                if self._kind != "idle":
                    self._asked = text.rstrip(" \"'”’»)—").endswith(("?", "？", "؟"))
                self._last_s = self._media.now()
            case PlaybackStarted() | AudioHeard():
                self._last_s = self._media.now()

    def touch(self) -> None:
        """The person does something."""
        self._last_s = self._media.now()
        self._prompts = 0

    async def watch(self, prompt: Callable[[int], None]) -> str:
        """Calls `prompt(count)` after each long silence. Returns `idle` when enough prompts went unanswered, or
        `time_limit` when the call has lasted too long."""
        settings = self._settings
        while True:
            now_s = self._media.now()
            if now_s >= settings.max_call_s:
                return "time_limit"
            if self._busy():
                self._last_s = now_s
            due_s = self._last_s + (settings.hold_s if self._held else settings.idle_prompt_s)
            if now_s >= due_s:
                if self._prompts >= settings.idle_prompts:
                    return "idle"
                self._prompts += 1
                self._last_s = now_s
                prompt(self._prompts)
                continue
            self._sooner.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(due_s, settings.max_call_s) - now_s + 0.001):
                    await self._sooner.wait()

    def saying_goodbye(self) -> None:
        """From now on words of the person keep the call, unless they say goodbye too."""
        self._answer = None

    async def answered(self, undecided: Callable[[], bool], language: str) -> bool:
        """True when the person answered to the goodbye and wants to stay. `undecided()`: they make sounds, or their
        words are not all in."""
        ended_s = self._media.now()
        while self._answer is None:
            waited_s = self._media.now() - ended_s
            if waited_s >= (DECIDED_WITHIN_S if undecided() else LAST_WORD_S):
                return False
            await asyncio.sleep(_POLL_S)
        return not is_farewell(self._answer, language)
