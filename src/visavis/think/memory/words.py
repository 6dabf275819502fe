"""What words tell without a model: facts about the person, promises, "forget that", "that is wrong, it is …". Pure.

Facts are clauses as they were said, so that nothing is made up. English and Spanish; other languages tell nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from visavis.think.memory.grammar import Grammar, grammar

LONGEST_CHARS = 160

Scope = Literal["all", "that", "about"]
SCOPES: tuple[Scope, ...] = ("all", "that", "about")

_SENTENCE = re.compile(r"(?<=[.!?;])\s+")


@dataclass(frozen=True, slots=True)
class Told:
    """A clause as it was said. `key`: what it is about, where that can be told ("order number")."""

    text: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Forget:
    """What is to be forgotten: what was just said, all, or what `about` names."""

    scope: Scope
    about: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """`value` is right. `key` when it was said what is corrected."""

    value: str
    key: str = ""


def facts(text: str, language: str) -> list[Told]:
    """What the person tells about themselves or their matter, in the order said."""
    rules = grammar(language)
    if rules is None:
        return []
    found: list[tuple[int, int, Told]] = []
    for sentence in _sentences(text):
        if rules.asked.match(sentence) and (sentence.endswith("?") or sentence.lower().startswith(("if ", "si "))):
            continue
        spans: list[tuple[int, int]] = []
        for key, pattern in rules.facts:
            for match in pattern.finditer(sentence):
                inside = any(start < match.end() and match.start() < end for start, end in spans)
                if inside or rules.only_if.search(sentence[: match.start()]):
                    continue
                spans.append(match.span())
                found.append((text.find(sentence), match.start(), _told(key, match)))
    return [told for _, _, told in sorted(found, key=lambda one: one[:2])]


def _told(key: str, match: re.Match[str]) -> Told:
    groups = match.groupdict()
    clause = groups.get("whole") or match[0].lstrip(" ,.;")
    named = groups.get("key")
    return Told(clause.strip(" ,.;!?")[:LONGEST_CHARS], " ".join(named.lower().split()) if named else key.strip("*"))


def promises(text: str, language: str) -> list[str]:
    """What is promised in `text`, each as it was said."""
    rules = grammar(language)
    if rules is None:
        return []
    found = (
        match[0].strip(" ,")[:LONGEST_CHARS]
        for sentence in _sentences(text)
        if not sentence.endswith("?") and not rules.not_yet.search(sentence)
        for match in rules.promise.finditer(sentence)
    )
    return [one for one in found if len(one.split()) > 2]


def keeps(text: str, promise: str, language: str) -> bool:
    """Whether `text` says that the promise has been kept: "I have sent it" for "I'll send …"."""
    rules = grammar(language)
    found = rules.promise.search(promise) if rules is not None else None
    if rules is None or found is None:
        return False
    done = rules.kept.get(found["verb"].lower())
    has = r"(?:i|we)(?:'ve| have) (?:just |already |now )?" if language.startswith("en") else r"(?:he|hemos) (?:ya )?"
    return done is not None and re.search(rf"\b{has}{done}\b", text, re.IGNORECASE) is not None


def forget_request(text: str, language: str) -> Forget | None:
    """What `text` asks to forget, when it asks for nothing else. "Forget it" asks for nothing: it says never mind."""
    rules = grammar(language)
    said = " ".join(re.sub(r"[^\w'@.+-]+|\.(?=\s|$)", " ", text.replace("’", "'")).split())
    if rules is None or len(said.split()) > 24:
        return None
    for scope in SCOPES:
        if found := rules.forget[scope].fullmatch(said):
            return Forget(scope, found["what"] if scope == "about" else "")
    return None


def correction(text: str, language: str) -> Correction | None:
    """The right value in "no, that's wrong, it's 456", when that is all it says."""
    rules = grammar(language)
    found = rules.correction.fullmatch(text.strip().replace("’", "'")) if rules is not None else None
    if found is None:
        return None
    return Correction(found["value"].strip(" ,.;!?"), " ".join((found["key"] or "").lower().split()))


def value_of(fact: str, language: str) -> str:
    """The part of a fact that is its value: "4471" of "my order number is 4471"; all of it where that is unclear."""
    parts = _parted(fact, grammar(language))
    return parts[1] if parts else fact


def corrected(fact: str, value: str, language: str) -> str:
    """The fact with another value; '' where it is unclear which part that is."""
    parts = _parted(fact, grammar(language))
    return f"{parts[0]}{value}" if parts else ""


def _parted(fact: str, rules: Grammar | None) -> tuple[str, str] | None:
    found = rules.is_.search(fact) if rules is not None else None
    return (fact[: found.end()], fact[found.end() :]) if found and fact[found.end() :] else None


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE.split(text.strip().replace("’", "'")) if sentence]
