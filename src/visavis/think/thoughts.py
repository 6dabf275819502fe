"""Thoughts that a server leaves in the text, as `<think>…</think>` at its beginning: nobody says them aloud."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class SpokenText:
    """Feed it the text in any pieces; it returns what is to be said. Text that begins otherwise passes at once."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._thought = False
        """A thought is over: white space behind it is not said either."""
        self._passing = False

    def feed(self, text: str) -> str:
        if self._passing:
            return text
        self._held += text
        while True:  # a thought may follow another
            if self._thinking:
                _, closed, rest = self._held.partition(_CLOSE)
                if not closed:
                    self._held = self._held[-len(_CLOSE) + 1 :]
                    return ""
                self._thinking, self._thought, self._held = False, True, rest
            begin = self._held.lstrip()
            if len(begin) < len(_OPEN) and _OPEN.startswith(begin):
                return ""
            if not begin.startswith(_OPEN):
                return self._released()
            self._thinking, self._held = True, begin[len(_OPEN) :]

    def end(self) -> str:
        """What was held in case a thought began; an unfinished thought is dropped."""
        return "" if self._thinking else self._released()

    def _released(self) -> str:
        self._passing = True
        held, self._held = self._held, ""
        return held.lstrip() if self._thought else held
