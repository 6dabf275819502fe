"""Words of the ladder in an answer: before it, but behind the mark of the passage that it rests on."""

from __future__ import annotations

import re

_MARK = re.compile(r"\s*[\[【][\d\s,;]+[\]】]\s*")
_MAY_BE_MARK = re.compile(r"\s*(?:[\[【][\d\s,;]*(?:[\]】]\s*)?)?")


class Preface:
    """Of one answer. `marked`: it is to begin with a mark such as "[2] ", which tells something only while it does:
    "[0]" declines."""

    def __init__(self, *, marked: bool) -> None:
        self._marked = marked
        self._words = ""
        self._begun = ""

    def say(self, words: str) -> str:
        """What is to be handed out of `words` now."""
        if not self._marked:
            return words
        self._words += words
        return ""

    def feed(self, text: str) -> str:
        """`text` of the answer, with the words where they belong; nothing while it may still be the mark."""
        if not self._marked:
            return text
        self._begun += text
        return "" if _MAY_BE_MARK.fullmatch(self._begun) else self.flush()

    def flush(self) -> str:
        """What still waited when the answer ended."""
        mark = _MARK.match(self._begun)
        end = mark.end() if mark else 0
        text = self._begun[:end] + self._words + self._begun[end:]
        self._marked, self._words, self._begun = False, "", ""
        return text
