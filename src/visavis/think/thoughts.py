"""Thoughts that a server leaves in the text, as `<think>…</think>` at its beginning: nobody says them aloud."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class SpokenText:
    """Feed it the text in any pieces; it returns what is to be said. Text that begins otherwise passes at once."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._passing = False

    def feed(self, text: str) -> str:
        if self._passing:
            return text
        self._held += text
        if not self._thinking:
            begin = self._held.lstrip()
            if len(begin) < len(_OPEN) and _OPEN.startswith(begin):
                return ""
            if not begin.startswith(_OPEN):
                return self._released()
            self._thinking, self._held = True, begin[len(_OPEN) :]
        _, closed, said = self._held.partition(_CLOSE)
        if not closed:
            self._held = self._held[-len(_CLOSE) + 1 :]
            return ""
        self._held = said.lstrip()
        if not self._held:
            self._held, self._thinking = "", False  # white space, or another thought, may follow
            return ""
        return self._released()

    def end(self) -> str:
        """What was held in case a thought began; an unfinished thought is dropped."""
        return "" if self._thinking else self._released()

    def _released(self) -> str:
        self._passing = True
        held, self._held = self._held, ""
        return held
