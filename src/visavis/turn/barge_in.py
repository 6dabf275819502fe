"""The person makes a sound while the agent speaks: duck at once, then decide what it was; pure.

A sound goes: `Ducked` → maybe `VoicePaused` (silence at the ear, nothing lost yet) → `FloorTaken` (an interruption)
or `BargeInIgnored` (the voice goes on: at full level, and where it was paused at the word it had not finished).
Every judgement comes to an end: by words, by the end of the sound, or by `wake_at_s`.
"""

from __future__ import annotations

from visavis.kernel.events import BargeInIgnored, Ducked, Event, FloorTaken, VoicePaused
from visavis.kernel.settings import TurnSettings
from visavis.turn.overlap import Said, is_echo, weigh

PAUSE_S = 1.5
"""Longest silence of the agent while it is not clear whether it was interrupted."""


DOUBT_S = 0.1
"""How much longer than `barge_in_s` a sound without words may last before the voice pauses for it as well."""

HINT_S = 0.4
"""A hint that is not followed by speech within this is forgotten."""

SHORT_S = 0.5
"""A single word shorter than this, which is no command and no question, may be any cough or murmur."""

SIGN_S = 1.0
"""So may two words shorter than this, where a quick pass took them for a listener's sign."""


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
        self._hint_s: float | None = None
        """When a sound began that may become speech."""
        self.wake_at_s: float | None = None
        self.protected = False
        """The passage that is heard now is said to its end, whoever speaks."""
        self.facing = ""
        """Where the person looks, as `FaceCue.facing` says."""
        self._paused = False
        self._looked = False
        """The sound has lasted `barge_in_s`."""
        self._waited = False
        """It was decided then what to do meanwhile; when `wake_at_s` comes again, the sound has lasted too long."""
        self._nodded_to = False
        """A quick pass over this sound took it for a listener's sign."""
        self._asked = False
        """The latest quick pass found a command or content."""
        self._saying = ("", "")

    def began(self, reply: int) -> None:
        """Reply `reply` is heard from now on."""
        self._forget()
        self.reply, self.protected = reply, False
        self._saying = ("", "")

    def stopped(self) -> None:
        """The agent's voice has fallen silent by itself."""
        self._forget()
        self.reply, self.protected = 0, False

    def saying(self, text: str) -> None:
        """A piece of the reply begins to be heard; echoes are of this one or of the one before."""
        self._saying = (self._saying[1], text)

    def passage(self, protected: bool) -> list[Event]:
        """A passage begins. A sound that was being judged must wait for the end of a protected one."""
        ducked = self._ducked
        self._forget()
        self.protected = protected
        return [BargeInIgnored(self.reply, "protected")] if ducked else []

    def hinted(self, at_s: float) -> list[Event]:
        """Perhaps the person begins to speak: turn down, and wait a moment for speech."""
        if self.protected or self.since_s is not None or self._hint_s is not None:
            return []
        self._hint_s, self.wake_at_s = at_s, at_s + HINT_S
        return [Ducked(self.reply)]

    def sound(self, since_s: float) -> list[Event]:
        """The person makes a sound that began at `since_s`."""
        if self.protected:
            return []
        ducked, hint_s = self._ducked, self._hint_s
        self._hint_s = None
        self.since_s = self.since_s if self.since_s is not None else since_s
        if not self._looked:
            heard_s = since_s if hint_s is None else min(since_s, hint_s)
            self.wake_at_s = heard_s + self._settings.barge_in_s
        return [] if ducked else [Ducked(self.reply)]

    def partial(self, text: str) -> list[Event]:
        """Words so far, while the sound goes on or before its full pass is in."""
        said = self._confirmed(text)
        self._nodded_to = self._nodded_to or said == "backchannel"
        if self.protected or self._meant_for_others(said):
            return []
        if said == "unclear" and self._looked and not self._paused:
            return self._pause()
        return self.take("words") if said in ("command", "content") else []

    def final(self, text: str, ended_s: float) -> list[Event]:
        """The sound is over since `ended_s`, and its words are in."""
        lasted_s = ended_s - self.since_s if self.since_s is not None else SIGN_S
        nodded_to = self._nodded_to and lasted_s < SIGN_S
        short = lasted_s < SHORT_S or nodded_to
        said = self._weigh(text, 1 if not short else 3 if nodded_to else 2)
        if said in ("begun", "unclear") and short:
            return self.ignore("unclear")
        if said == "nothing":
            return self.ignore("no_words")
        if said in ("backchannel", "echo"):
            return self.ignore(said)
        if self._meant_for_others(said):
            return self.ignore("side_talk")
        return self.take("words")

    def hushed(self) -> None:
        """The person has fallen silent; the words of the sound will come, or the floor gives them up."""
        if not self._paused:
            self.wake_at_s = None

    def timer(self, text: str, at_s: float) -> list[Event]:
        """`wake_at_s` has come: the sound goes on, and its words so far are `text`."""
        if self._hint_s is not None:
            return self.ignore("unclear")
        said = self._weigh(text, self._settings.barge_in_words)
        if self._waited:
            return self.ignore({"nothing": "no_words", "content": "side_talk", "begun": "unclear"}.get(said, said))
        if said == "nothing" and not self._looked:
            self._looked, self.wake_at_s = True, at_s + DOUBT_S
            return []
        self._looked = self._waited = True
        self.wake_at_s = at_s + PAUSE_S
        if self._paused or said in ("backchannel", "begun", "echo") or self._meant_for_others(said):
            return []
        return self._pause()

    def _confirmed(self, text: str) -> Said:
        """Early on it takes a word more, and two passes: half of a "that makes sense" may read "that means", half of
        a "great" may read "wait"."""
        early = self.since_s is not None and not self._looked
        said = self._weigh(text, self._settings.barge_in_words + self._nodded_to + early)
        before, self._asked = self._asked, said in ("command", "content")
        return "unclear" if self._asked and early and not before else said

    def _pause(self) -> list[Event]:
        self._paused = True
        return [VoicePaused(self.reply, "sustained")]

    def ignore(self, why: str) -> list[Event]:
        self._forget()
        return [BargeInIgnored(self.reply, why)]

    def take(self, why: str) -> list[Event]:
        self._forget()
        self.taken, self.reply, self.protected = self.reply, 0, False
        return [FloorTaken(self.taken, why)]

    def _weigh(self, text: str, content_words: int) -> Said:
        if is_echo(text, " ".join(self._saying)):
            return "echo"
        return weigh(text, self._language, content_words)

    def _meant_for_others(self, said: Said) -> bool:
        """Somebody who looks away talks to somebody else, unless it is to stop us."""
        return self.facing == "away" and said != "command"

    @property
    def _ducked(self) -> bool:
        return self.since_s is not None or self._hint_s is not None

    def _forget(self) -> None:
        self.since_s = self._hint_s = self.wake_at_s = None
        self._paused = self._looked = self._waited = self._nodded_to = self._asked = False
