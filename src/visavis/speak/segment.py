"""Cutting a reply that is still being written into pieces a voice can begin with.

Pure: text deltas in, speakable pieces out. The first piece of a reply ends at the first clause that can stand
alone, so that sound starts early; later ones are whole sentences, which sound better. A decision needs only the
text up to the next word, so that the pieces do not depend on how the text was chunked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from visavis.speak.segment_words import DATE_ABBREVIATIONS, WordLists, is_interjection, word_lists

FIRST_MIN_WORDS = 2
FIRST_SOFT_WORDS = 4
FIRST_HARD_WORDS = 8
BREAK_MIN_WORDS = 3
SOFT_CHARS = 220
HARD_CHARS = 340
CLAUSE_MIN_CHARS = 60

_STOPS = ".!?…।॥؟۔"
_WIDE_STOPS = "。！？｡"
_COMMAS = ",;:،؛"
_WIDE_COMMAS = "，、；："
_CLOSERS = "\"'”’»“‘«)]}*_`）」』】"
"""Close what a sentence is in when they stand right behind its mark; German closes with “ and «."""
_SPACED = "»?!:;%€"
"""Stand behind a space in French, and belong to what is before it."""
_EVENT = re.compile(
    rf"(?P<stop>[{_STOPS}]+)|(?P<wide_stop>[{_WIDE_STOPS}]+)|(?P<comma>[{_COMMAS}])|(?P<wide_comma>[{_WIDE_COMMAS}])"
    r"|(?P<dash>—+|(?<=\s)(?:–|--?)(?=\s))|(?P<line>\n)|(?P<space>(?:(?![\u00a0\u202f])[^\S\n])+)"
)
_LIST_MARK = re.compile(r"(?:^|\n)[^\S\n]*[\w]{1,3}$")
_INITIALS = re.compile(r"(?:^|[\s(\"“‘])(?:[^\W\d_]\.)*[^\W\d_]$")
_LAST_WORD = re.compile(r"[^\s(\"“'‘\[]*$")
_WIDE_LETTER = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")

_CLOCK = frozenset({"a.m", "p.m"})


class ClauseCutter:
    """Feed it a reply's text as it comes; it returns pieces in order. `flush` ends the reply and starts a new one.

    Pieces are stripped of outer whitespace and never empty; joined by spaces they are the text, but for whitespace.
    """

    def __init__(self, language: str = "en") -> None:
        self._lists = word_lists(language)
        self._text = ""
        self._first = True

    def feed(self, delta: str) -> list[str]:
        """The pieces that `delta` completes, often none."""
        self._text += delta
        return self._take(final=False)

    def flush(self) -> list[str]:
        """What is left, cut by the same rules; afterwards the cutter is as new."""
        pieces = self._take(final=True)
        if rest := self._text.strip():
            pieces.append(rest)
        self._text, self._first = "", True
        return pieces

    def _take(self, *, final: bool) -> list[str]:
        pieces: list[str] = []
        while True:
            self._text = self._text.lstrip()
            end = _Scan(self._text, self._lists, first=self._first, final=final).cut()
            if end is None:
                return pieces
            piece = self._text[:end].rstrip()
            pieces.append(piece)
            self._text = self._text[end:]
            # "Yes," is said quickly: what follows must come as quickly.
            self._first = self._first and piece.endswith(",") and is_interjection(piece)


class _NeedMore(Exception):
    """The text after a possible cut is not there yet."""


@dataclass(slots=True)
class _Scan:
    """One pass over waiting text for the end of its first piece. Never looks past what it has decided on."""

    text: str
    lists: WordLists
    first: bool
    final: bool
    clause_end: int = 0

    def cut(self) -> int | None:
        """Where the first piece ends, or None when that cannot be said yet."""
        try:
            for event in _EVENT.finditer(self.text):
                end = self._decide(event)
                if end is not None and end < len(self.text) and self.text.count("```", 0, end) % 2 == 0:
                    return end
        except _NeedMore:
            pass
        return None

    def _decide(self, event: re.Match[str]) -> int | None:
        kind = event.lastgroup
        if kind == "space":
            return self._too_long(event)
        if kind == "line":
            return event.start() if _words(self.text[: event.start()]) else None
        wide = kind in ("wide_stop", "wide_comma")
        end, following = self._after(event.end(), wide=wide or kind == "dash")
        if following is None:
            return None
        before = self.text[: event.start()]
        if kind == "wide_stop" or (kind == "stop" and self._ends_sentence(before, event.group(), following)):
            return end if _words(before) else None
        if before and before[-1].isdigit() and following.isdigit():
            return None
        return self._clause(before, end) if kind != "stop" or "…" in event.group() or ".." in event.group() else None

    def _after(self, at: int, *, wide: bool) -> tuple[int, str | None]:
        """End of the punctuation with closing quotes, and the first character of the next word.

        None instead of a character: no boundary, because text goes on without a space. '' is the end of the text.
        """
        text = self.text
        while at < len(text) and text[at] in _CLOSERS:
            at += 1
        following = at
        while following < len(text) and text[following].isspace():
            following += 1
        if following == len(text):
            if not self.final:
                raise _NeedMore
            return at, ""
        if following == at and not wide:
            return at, None
        if text[following] == "»":
            return self._after(following + 1, wide=wide)
        return at, text[following]

    def _clause(self, before: str, end: int) -> int | None:
        if self.first:
            return end if _words(before) >= FIRST_MIN_WORDS or is_interjection(before) else None
        if end > SOFT_CHARS:
            return end
        if end >= CLAUSE_MIN_CHARS:
            self.clause_end = end
        return None

    def _too_long(self, space: re.Match[str]) -> int | None:
        end = space.start()
        before = self.text[:end]
        if self.first:
            words = _words(before)
            if words < FIRST_SOFT_WORDS:
                return None
            return _phrase_break(before, self.lists) or (
                end if words >= FIRST_HARD_WORDS and self._may_part(space) else None
            )
        if end <= SOFT_CHARS:
            return None
        if self.clause_end or end <= HARD_CHARS:
            return self.clause_end or None
        return _phrase_break(before, self.lists) or (end if self._may_part(space) else None)

    def _may_part(self, space: re.Match[str]) -> bool:
        """False inside a number with spaces ("1 250") and before a mark that stands behind a space."""
        if space.end() == len(self.text):
            if not self.final:
                raise _NeedMore
            return True
        following = self.text[space.end()]
        return following not in _SPACED and not (self.text[space.start() - 1].isdigit() and following.isdigit())

    def _ends_sentence(self, before: str, mark: str, following: str) -> bool:
        if "!" in mark or "?" in mark or mark[0] in "।॥؟۔":
            return True
        if following.islower():
            return False
        if mark != ".":
            return True
        found = _LAST_WORD.search(before)
        word = found.group() if found else ""
        last = word.lower()
        if last in _CLOCK:
            return True
        if self._abbreviated(word, following) or self._ordinal(before, last):
            return False
        if _LIST_MARK.search(before) and (last.isdigit() or (len(last) == 1 and last.isascii())):
            return False
        return not (_INITIALS.search(before) and last != "i" and word[-1].isupper())

    def _abbreviated(self, word: str, following: str) -> bool:
        last = word.lower()
        if last in self.lists.abbreviations or word in DATE_ABBREVIATIONS:
            return True
        return following.isdigit() and (last in self.lists.before_number or last.endswith("str"))

    def _ordinal(self, before: str, last: str) -> bool:
        """ "am 3. Mai": a short number behind an article, a preposition or a day."""
        if not (self.lists.ordinal and last.isdigit() and len(last) <= 2):
            return False
        words = before.split()
        return len(words) > 1 and words[-2].lower() in self.lists.ordinal


def _words(text: str) -> int:
    """Words, where two characters of a script without spaces count as one."""
    wide = len(_WIDE_LETTER.findall(text))
    spaced = sum(any(char.isalnum() for char in word) for word in _WIDE_LETTER.sub(" ", text).split())
    return spaced + (wide + 1) // 2


def _phrase_break(text: str, lists: WordLists) -> int | None:
    """The last place, `BREAK_MIN_WORDS` or more words in, before a conjunction, or else a preposition or verb."""
    best: dict[bool, int] = {}
    for count, word in enumerate(re.finditer(r"\S+", text)):
        spoken = word.group().lower()
        if count >= BREAK_MIN_WORDS and (spoken in lists.conjunctions or spoken in lists.breaths):
            best[spoken in lists.conjunctions] = word.start()
    return best.get(True) or best.get(False)
