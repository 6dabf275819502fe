"""Whether there is evidence for an answer, and what of it the model is shown. Pure.

Three things together keep an answer to the documents: without evidence a question is declined before a model is
asked; the model must begin its answer with the number of the passage that it rests on, 0 for none; and a 0 is
declined in fixed words, whatever the model would have said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.words import stem, telling, words

LEAST_COVERAGE = 0.6
"""A passage that is far by its vector counts all the same when it has this share of the question's telling words."""

SURE_COSINE = 0.5

_ASKING = re.compile(
    r"^(?:(?:so|and|but|ok|okay|well|um|uh|hi|hello|please|excuse me)[ ,]+)*"
    r"(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could|will|would|should|may|has|"
    r"have|am|tell me|explain|describe|i (?:want|need|would like|'d like) to know|i'd like to know|i wonder|i was "
    r"wondering|do you know|qué|que|cuál|cómo|cuándo|dónde|quién|por qué|comment|quel|quelle|qui|où|quand|pourquoi|"
    r"combien|wie|was|wer|wo|wann|warum|welche\w?|wieviel)\b",
    re.IGNORECASE,
)
_OF_THE_CALL = frozenset(
    stem(word)
    for word in words(
        "hear see name repeat speak speaking talk talking understand robot human real person today nice meet meeting "
        "call hello bye goodbye morning afternoon evening day wait moment minute second sorry thanks welcome listen "
        "listening doing louder slower faster question questions ask asking"
    )
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage as the model is shown it: `id` is its number in this prompt, from 1."""

    id: str
    text: str
    passage: Passage


def is_question(text: str) -> bool:
    """Whether `text` asks for something that documents could tell: not small talk, not about the call itself."""
    about = [word for word in telling(text) if stem(word) not in _OF_THE_CALL]
    return bool(about) and ("?" in text or "¿" in text or bool(_ASKING.match(text.strip())))


def evidence(passages: Sequence[Passage], least_cosine: float) -> list[Passage]:
    """The passages that may hold an answer, best first."""
    return [
        passage
        for passage in passages
        if passage.cosine >= SURE_COSINE
        or (passage.cosine >= least_cosine and passage.coverage > 0)
        or passage.coverage >= LEAST_COVERAGE
    ]


def quotes(question: str, passages: Sequence[Passage], chars: int) -> list[Quote]:
    """What of `passages` fits into `chars` characters, shared among them: the sentences nearest to the question."""
    if not passages:
        return []
    share = max(120, chars // len(passages))
    shown: list[Quote] = []
    for passage in passages:
        text = narrowed(question, passage.text, share)
        heading = passage.heading.rpartition(" › ")[2]
        told = f"{heading}: {text}" if heading and stem(heading.lower()) not in stem(text.lower()) else text
        shown.append(Quote(str(len(shown) + 1), told, passage))
    return shown


def narrowed(question: str, text: str, chars: int) -> str:
    """The run of whole sentences of `text`, at most about `chars` long, that has most of the question's words."""
    if len(text) <= chars:
        return " ".join(text.split())
    sentences = [part.strip() for part in _SENTENCE.split(text) if part.strip()]
    wanted = {stem(word) for word in telling(question)}
    best, best_worth = sentences[:1], -1.0
    for start in range(len(sentences)):
        run: list[str] = []
        for sentence in sentences[start:]:
            if run and len(" ".join(run)) + len(sentence) > chars:
                break
            run.append(sentence)
        there = {stem(word) for word in words(" ".join(run))}
        worth = len(wanted & there) - 0.05 * start  # of equals the first: definitions stand in front
        if worth > best_worth:
            best, best_worth = run, worth
    joined = " ".join(best)
    return joined if len(joined) <= 2 * chars else joined[: 2 * chars].rsplit(" ", 1)[0] + " …"
