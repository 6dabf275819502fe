"""Did the person ask for this very call? Told strictly, for a call that a text may have talked the model into. Pure.

Only words of one turn count. They name the tool (all words of its name stand in them), hold every value of its
arguments, and are a plain request: no refusal, no condition, no question about it. Whatever is in doubt is a no; the
person is then asked, which costs a turn.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from visavis.think.grounding import Source, ungrounded

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
SHORTEST = 3
"""Letters of the words of a tool's name that count: "to" in `send_to` tells nothing."""

_ENDINGS = frozenset(["", "s", "es", "d", "ed", "ing", "led", "ling"])

_IN_DOUBT = (
    "no not nor never without instead cannot except"
    " if unless whether until before after"
    " how what why which who should would"
    " nunca jamas ni sin salvo cuando como que por cual quien cuanto"
    " nicht kein keine keinen keiner nie niemals ohne wenn falls ob bevor wie was warum soll sollte"
    " ne pas jamais sans quand comment pourquoi quel quelle"
    " non senza quando come perche nao nunca sem se niet geen nooit als hoe waarom"
)
_NO_PLAIN_REQUEST = frozenset(_IN_DOUBT.split())
"""Of several languages at once: one too many only leads to a question."""

_ABOUT = re.compile(
    r"\b(?:can|could|may|might|must|do|did|have|am|will) (?:i|we)\b|\bi (?:can|could|may|might|must)\b"
)


def asked_for(name: str, arguments: Mapping[str, Any], said: Source, language: str = "en") -> bool:
    """Whether the words `said` ask for the tool `name` with these arguments and no others."""
    text = unicodedata.normalize("NFKD", said.text.casefold().replace("’", "'"))
    words = _WORD.findall("".join(char for char in text if not unicodedata.combining(char)))
    if any(word in _NO_PLAIN_REQUEST or word.endswith("n't") for word in words) or _ABOUT.search(" ".join(words)):
        return False
    if any(_tells_nothing(value) for value in arguments.values()):
        return False
    return _named(name, words) and not ungrounded(arguments, list(arguments), [said], language)


def _named(name: str, words: list[str]) -> bool:
    wanted = [part.lower() for part in _NAME_WORD.findall(name) if len(part) >= SHORTEST]
    return bool(wanted) and all(any(_same(part, word) for word in words) for part in wanted)


def _same(part: str, word: str) -> bool:
    return word.startswith(part) and word[len(part) :] in _ENDINGS


def _tells_nothing(value: Any) -> bool:
    """Whether a value has something in it that no words show: yes or no, nothing but signs."""
    return any(isinstance(leaf, bool) or not re.search(r"\w", str(leaf)) for leaf in _leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield key
            yield from _leaves(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _leaves(one)
    elif value is not None:
        yield value
