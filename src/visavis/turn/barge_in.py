"""The person makes a sound while the agent speaks: duck at once, then decide what it was; pure.

A sound goes: `Ducked` → maybe `VoicePaused` (silence at the ear, nothing lost yet) → `FloorTaken` (an interruption)
or `BargeInIgnored` (the voice goes on: at full level, and where it was paused at the word it had not finished).
"""

from __future__ import annotations

from visavis.kernel.events import BargeInIgnored, Ducked, Event, FloorTaken
from visavis.kernel.settings import TurnSettings
from visavis.turn.words import is_backchannel, words


class BargeIn:
    """One session's overlaps. `reply` is what is heard now (0: nothing); `wake_at_s` as the floor's."""

    def __init__(self, settings: TurnSettings, language: str) -> None:
        self._settings = settings
        self._language = language
        self.reply = 0
        self.taken = 0
        """The reply that was interrupted last."""
        self.since_s: float | None = None
        """When the sound that is being judged began; None while there is none."""
        self.wake_at_s: float | None = None

    def began(self, reply: int) -> None:
        """Reply `reply` is heard from now on."""
        self.reply = reply

    def stopped(self) -> None:
        """The agent's voice has fallen silent by itself."""
        self.reply = 0
        self.since_s = self.wake_at_s = None

    def sound(self, since_s: float) -> list[Event]:
        """The person makes a sound that began at `since_s`."""
        self.since_s = since_s
        self.wake_at_s = since_s + self._settings.barge_in_s
        return [Ducked(self.reply)]

    def partial(self, text: str) -> list[Event]:
        """Words so far, while the sound goes on."""
        return self._on_words(text, self._settings.barge_in_words)

    def final(self, text: str) -> list[Event]:
        """The sound is over, and its words are in."""
        taken = self._on_words(text, 1)
        return taken or self.ignore("backchannel" if words(text) else "no_words")

    def hushed(self) -> None:
        """The person has fallen silent; the words of the sound will come."""
        self.wake_at_s = None

    def timer(self, text: str) -> list[Event]:
        """`wake_at_s` has come: the sound goes on, and its words so far are `text`."""
        self.wake_at_s = None
        return [] if is_backchannel(text, self._language) else self.take("sustained")

    def ignore(self, why: str) -> list[Event]:
        self.since_s = self.wake_at_s = None
        return [BargeInIgnored(self.reply, why)]

    def take(self, why: str) -> list[Event]:
        self.taken, self.reply = self.reply, 0
        self.since_s = self.wake_at_s = None
        return [FloorTaken(self.taken, why)]

    def _on_words(self, text: str, at_least: int) -> list[Event]:
        if len(words(text)) < at_least or is_backchannel(text, self._language):
            return []
        return self.take("words")
