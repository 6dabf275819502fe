"""What the words alone tell: is the sentence still open, are these the same words?"""

from __future__ import annotations

import re

_WORD = re.compile(r"[\w']+", re.UNICODE)

# Word lists stand as one string each, so that they can be read and mended as text.
# ruff: noqa: SIM905
_OPEN_ENDINGS = {
    "en": frozenset(
        "a an the and or but because if when while which whose of to into than with from by about my your his her "
        "its our their is are was were am be i'm you're we're they're it's he's she's there's what's where's let's "
        "i'd i've i'll does did would will should may might must um uh er erm hmm plus every each".split()
    ),
    "es": frozenset(
        "un una el la los las y o pero porque si cuando que de del a al en con por para como mi tu su nuestro este "
        "esta es son era soy estoy está muy eh este pues entonces cada algún".split()
    ),
}


def words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return _WORD.findall(text.lower().replace("’", "'"))


def same_words(one: str, other: str) -> bool:
    """True when two texts differ only in case and punctuation."""
    return words(one) == words(other)


def is_open(text: str, language: str) -> bool:
    """True when the text cannot well end here: a function word, a filler or a comma stands last."""
    stripped = text.rstrip()
    if not stripped:
        return False
    if stripped.endswith((",", ":", ";", "-", "–", "—", "...", "…")):
        return True
    if stripped.endswith("?"):
        return False
    last = words(stripped)[-1:]
    return bool(last) and last[0] in _OPEN_ENDINGS.get(language.split("-")[0], frozenset())
