"""Silence and time: asks whether the person is still there, says goodbye, ends a call that runs too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from visavis.kernel.clock import MediaClock
from visavis.kernel.settings import SessionSettings


class Presence:
    """`touch` whenever the person or the agent does something; `busy()` says whether something is going on."""

    def __init__(self, settings: SessionSettings, media: MediaClock, busy: Callable[[], bool]) -> None:
        self._settings = settings
        self._media = media
        self._busy = busy
        self._last_s = media.now()
        self._prompts = 0

    def touch(self, *, by_person: bool = True) -> None:
        self._last_s = self._media.now()
        if by_person:
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
            due_s = self._last_s + settings.idle_prompt_s
            if now_s >= due_s:
                if self._prompts >= settings.idle_prompts:
                    return "idle"
                self._prompts += 1
                self._last_s = now_s
                prompt(self._prompts)
                continue
            await asyncio.sleep(min(due_s, settings.max_call_s) - now_s + 0.001)
