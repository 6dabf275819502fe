"""The ladder of one call: what it goes without at the moment, and what the person has been told of it.

Vision off → smaller model → other voice → captions only → text chat → a person is asked for → a call-back is offered.
The rungs are no strict order: each layer goes down by itself and climbs back by itself. Words are told once for each
time that something is lost, and count as told only when they were heard or shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from visavis.kernel.events import (
    Apologized,
    AudioHeard,
    Degraded,
    Event,
    HandoffRequested,
    ProviderFailed,
    Record,
    Recovered,
    ReplyDiscarded,
    ReplyEnded,
    ReplyStarted,
    SightNoted,
    TextTyped,
    TranscriptRevised,
)
from visavis.kernel.events.survival import Rung
from visavis.session.phrases import phrase
from visavis.session.rungs import noted_words, rung_words

MOST_FAILURES = 3
"""Failures of vision in a row after which it is off."""

_Told = Literal["not_yet", "given", "heard"]


class Ladder:
    """A reader of the session's facts (`read`); the session asks it for words. `note` writes facts down."""

    def __init__(
        self, note: Callable[[Event], object] = lambda event: None, language: str = "en", *, call_back: bool = True
    ) -> None:
        self._note = note
        self._language = language
        self._call_back = call_back
        self._told: dict[Rung, _Told] = {}
        self._unanswered = 0
        self._unheard = 0
        self._unseen: dict[str, int] = {}
        self._spoken: set[str] = set()
        self._apologies: set[int] = set()
        self._answers: set[int] = set()

    def on(self, rung: Rung) -> bool:
        """Whether the call goes without what `rung` stands for."""
        return rung in self._told

    def down(self, rung: Rung, why: str) -> None:
        if rung not in self._told:
            self._told[rung] = "not_yet"
            self._note(Degraded(rung, why))

    def up(self, rung: Rung) -> None:
        if self._told.pop(rung, None) is not None:
            self._note(Recovered(rung))

    def words(self, rung: Rung) -> str:
        """What is to be said of `rung` now, '' for nothing. They are given once: again only if that reply comes to
        nobody's ear."""
        if self._told.get(rung) != "not_yet":
            return ""
        self._told[rung] = "given"
        words = rung_words(rung, self._language)
        self._spoken.add(words)
        return words

    @property
    def spoke(self) -> bool:
        """Whether words were given in this call."""
        return bool(self._spoken)

    def unmarked(self, text: str) -> str:
        """`text` without words of the ladder: the model shall not take them for its own way of talking."""
        for words in self._spoken:
            if words in text:
                text = " ".join(text.replace(words, " ").split())
        return text

    # Nobody answers, nobody hears.

    def unanswered(self, code: str, *, said_any: bool) -> str:
        """A reply came to nothing, for the reason `code`: what is said instead. First sorry, then a person is asked
        for, then a call-back is offered."""
        self._unanswered += 1
        if self._unanswered == 1:
            return phrase("lost_thread" if said_any else "apology", self._language)
        if self._unanswered == 2:
            self.down("handoff", code)
            self._note(HandoffRequested(code))
            return self.words("handoff")
        if not self._call_back:
            return rung_words("handoff", self._language)
        self.down("call_back", code)
        return self.words("call_back") or noted_words(self._language)

    def unheard(self, code: str) -> str:
        """The person's words did not arrive: what is said."""
        self._unheard += 1
        if self._unheard == 1:
            return phrase("apology", self._language)
        self.down("text_chat", code)
        return self.words("text_chat") or rung_words("text_chat", self._language)

    # What the journal tells.

    def read(self, record: Record) -> None:
        match record.event:
            case AudioHeard(saying=saying):
                self._heard(saying)
            case ReplyStarted(reply=reply, kind="answer"):
                self._answers.add(reply)
            case ReplyDiscarded(reply=reply):
                self._over(reply)
            case Apologized(reply=reply):
                self._apologies.add(reply)
            case ReplyEnded(reply=reply, text=text, ok=ok):
                self._heard(text)
                answered = ok and reply in self._answers and reply not in self._apologies
                self._over(reply)
                if answered:
                    self._answered()
            case TranscriptRevised(pause=pause) if pause:
                self._unheard = 0
                self.up("text_chat")
            case TextTyped():
                self._unheard = 0
            case ProviderFailed(layer="vision", provider=provider, code=code):
                self._unseen[provider] = self._unseen.get(provider, 0) + 1
                if self._unseen[provider] >= MOST_FAILURES:
                    self.down("vision_off", code)
            case SightNoted(how=how):
                if self._unseen.pop(how, 0) >= MOST_FAILURES:
                    self.up("vision_off")

    def _answered(self) -> None:
        self._unanswered = 0
        self.up("call_back")
        self.up("handoff")

    def _heard(self, said: str) -> None:
        """Some of a reply was heard: the words of a rung were, if it holds a piece of them."""
        for rung, told in self._told.items():
            words = rung_words(rung, self._language)
            if told == "given" and said and (words in said or (len(said.split()) > 1 and said in words)):
                self._told[rung] = "heard"

    def _over(self, reply: int) -> None:
        """Words that were given and not heard are to be given again."""
        self._apologies.discard(reply)
        self._answers.discard(reply)
        for rung, told in self._told.items():
            if told == "given":
                self._told[rung] = "not_yet"
