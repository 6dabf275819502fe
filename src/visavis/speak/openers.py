"""Openers: the few words that begin an answer aloud before the model has written it ("Let me see,").

Pure. An opener fits what was said and promises nothing: no "yes", no "sure", for nobody knows the answer yet. Where
none fits, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from visavis.speak.opener_words import CONNECTIVES, CUES, FILLERS, OPENERS, Kind

_WHOLE: tuple[Literal["thanks", "greeting"], ...] = ("thanks", "greeting")
_ASKED: tuple[Literal["explain", "question", "yes_no", "request"], ...] = (
    "explain",
    "question",
    "yes_no",
    "request",
)
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")
_WORD = re.compile(r"[\w'’-]+")
_BETWEEN = " \t\r\n,;:.…–—-!"
_STRONG = ",;:.…–—!"
MIN_WORDS = 3
"""Shorter texts ("Monday", "yes, please") are answers to a question of the agent's, and want none."""


def opener(text: str, language: str, recent: Sequence[str] = ()) -> str:
    """The opener for an answer to `text`, '' when none fits. Of those that fit it is the one that `recent` (those
    heard before, newest last) holds least lately, and never its last, unless there is no other."""
    code = _code(language)
    kind = kind_of(text, language)
    return _least_recent(OPENERS[code][kind], recent) if kind is not None else ""


def tool_opener(language: str, recent: Sequence[str] = ()) -> str:
    """What is said while a tool runs; '' in a language we have none in."""
    code = _code(language)
    return _least_recent(OPENERS[code]["tool"], recent) if code in OPENERS else ""


def phrases(language: str) -> list[str]:
    """All openers of a language, each once; none for a language we have none in."""
    kinds = OPENERS.get(_code(language), {})
    return list(dict.fromkeys(phrase for phrases in kinds.values() for phrase in phrases))


def kind_of(text: str, language: str) -> Kind | None:
    """What sort of opener fits `text`; None when none does, or the language has none."""
    cues = CUES.get(_code(language))
    said = " ".join(text.lower().replace("’", "'").split())
    if cues is None or cues["never"].search(said):
        return None
    for whole in _WHOLE:
        if cues[whole].fullmatch(said.strip(_BETWEEN + "?¿¡")):
            return whole
    sentences = [sentence.strip(_BETWEEN + "¿¡") for sentence in _SENTENCE.findall(said)]
    if len(_WORD.findall(said)) < MIN_WORDS:
        return None
    if any(cues["complaint"].search(sentence) and not sentence.endswith("?") for sentence in sentences):
        return "complaint"
    last = sentences[-1]
    for kind in _ASKED:
        if cues[kind].search(last):
            return kind
    return "yes_no" if last.endswith("?") else "statement"


def can_be_left_out(opener: str, content: str, language: str) -> bool:
    """Whether `content`, written to come after `opener`, can stand without it: the opener only filled time, and the
    content does not hang on to it with an "and" or a "but"."""
    code = _code(language)
    words = _WORD.findall(content.lower())
    filler = any(opener in OPENERS[code][kind] for kind in FILLERS) if code in OPENERS else False
    return filler and bool(words) and words[0] not in CONNECTIVES[code]


def _least_recent(phrases: Sequence[str], recent: Sequence[str]) -> str:
    order = list(recent)
    return min(phrases, key=lambda phrase: len(order) - order[::-1].index(phrase) if phrase in order else 0)


def _code(language: str) -> str:
    return language.split("-")[0].lower()


class Continuation:
    """What a model writes after `begun`: without the words of `begun`, should it repeat them, and without a comma or
    a space of its own at the start. The same for any chunking of the text."""

    def __init__(self, begun: str) -> None:
        self._begun = _spoken(begun)
        self._waiting = ""
        self._decided = False

    def feed(self, delta: str) -> str:
        """The part of `delta`, and of what waited before it, that may be said."""
        return delta if self._decided else self._take(delta, final=False)

    def flush(self) -> str:
        """What still waited when the model had ended."""
        return "" if self._decided else self._take("", final=True)

    def _take(self, delta: str, *, final: bool) -> str:
        self._waiting += delta
        start = self._start(final)
        if start is None:
            return ""
        self._decided = True
        return self._waiting[start:]

    def _start(self, final: bool) -> int | None:
        """Where the content starts; None while that cannot be said."""
        text = self._waiting
        begin = _skip(text, 0)
        end = begin
        for wanted in self._begun:
            found = _WORD.match(text, _skip(text, end))
            if found is None:
                return begin if final or _skip(text, end) < len(text) else None
            [word] = _spoken(found.group()) or [""]
            if found.end() == len(text) and not final:
                return None if wanted.startswith(word) else begin
            if word != wanted:
                return begin
            end = found.end()
        after = _skip(text, end)
        if after == len(text) and not final:
            return None
        one_word_goes_on = len(self._begun) == 1 and not any(char in _STRONG for char in text[end:after])
        return begin if one_word_goes_on and after < len(text) else after


def _skip(text: str, start: int) -> int:
    while start < len(text) and text[start] in _BETWEEN:
        start += 1
    return start


def _spoken(text: str) -> list[str]:
    return [word.lower().replace("’", "'").strip("-") for word in _WORD.findall(text)]
