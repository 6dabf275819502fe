"""Passages that are said to their end, whoever speaks: `[[This call is recorded.]] Hello!`

Pure. The marks are never spoken or shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from visavis.speak.segment import ClauseCutter

_OPENS, _CLOSES = "[[", "]]"


class Protected(str):
    """A piece of a reply that is said to its end."""

    __slots__ = ()


class PassageCutter:
    """A `ClauseCutter` whose pieces end where a passage begins or ends; those inside come as `Protected`."""

    def __init__(self, language: str) -> None:
        self._cutter = ClauseCutter(language)
        self._inside = False
        self._half = ""
        """The first half of what may be a mark."""

    def feed(self, delta: str) -> list[str]:
        """The pieces that `delta` completes, often none."""
        text, pieces = self._half + delta, []
        while True:
            mark = _CLOSES if self._inside else _OPENS
            before, found, text_after = text.partition(mark)
            if not found:
                break
            pieces += self._marked([*self._cutter.feed(before), *self._cutter.flush()])
            self._inside, text = not self._inside, text_after
        self._half = mark[0] if text.endswith(mark[0]) else ""
        return pieces + self._marked(self._cutter.feed(text.removesuffix(self._half)))

    def flush(self) -> list[str]:
        """What is left; a passage that was begun goes on with the next delta."""
        half, self._half = self._half, ""
        return self._marked([*self._cutter.feed(half), *self._cutter.flush()])

    def _marked(self, pieces: Sequence[str]) -> list[str]:
        return [Protected(piece) if self._inside else piece for piece in pieces]


def unmarked(text: str) -> str:
    """`text` as it is shown."""
    return text.replace(_OPENS, "").replace(_CLOSES, "")
