"""How a text ends: may the sentence stop here, or is more of it still to come? Pure, by closed word lists.

Recognisers write what they like at a pause: a full stop or a question mark after half a sentence, or nothing after a
whole one. So words come first, marks second.
"""

from __future__ import annotations

import re
from typing import Literal

from visavis.turn.completeness_words import (
    ACKNOWLEDGEMENTS,
    CLOSINGS,
    FILLERS,
    LEADS,
    NEVER_LAST,
    OPEN_PHRASES,
    QUESTION_VERBS,
    QUESTION_WORDS,
    SELDOM_LAST,
    WANTING,
    WHOLE,
)
from visavis.turn.words import words

Sign = Literal["", "filler", "open", "wanting", "comma", "question", "asking", "closing", "stop"]
"""`filler`: "um". `open`: a function word stands last. `wanting`: a verb whose object, or an "if it rains" whose
main clause has not come. `comma`: a
comma, dash or dots. `question`, `stop`: a sentence by its mark; `asking`: a question by its first
word alone. `closing`: thanks, please, goodbye. '': words
without a mark, or of a language without lists."""

LONGEST_LEAD = 7
"""Words; longer sentences are taken to hold their main clause."""

_LONGEST_ACKNOWLEDGEMENT = 3


def how_it_ends(text: str, language: str) -> Sign:
    """The strongest sign at the end of `text`; `language` is a BCP 47 tag."""
    code = _code(language)
    stripped = text.rstrip().rstrip("\"'”»)")
    sentence = words(re.split(r"[.!?…]\s+", stripped)[-1])
    if not sentence:
        return ""
    last = sentence[-1]
    asks = stripped.endswith(("?", "？"))
    if last in FILLERS.get(code, ()):
        return "filler"
    if not asks and _ends_with(sentence, CLOSINGS.get(code, ())):
        return "closing"
    if _is_open(sentence, code, asks=asks):
        return "open"
    if len(sentence) > 1 and (
        last in WANTING.get(code, ()) or (not asks and _is_first_half(sentence, stripped, code))
    ):
        return "wanting"
    if asks:
        return "question"
    if stripped.endswith((",", ":", ";", "-", "–", "—", "...", "…", "，", "、")):
        return "comma"
    if stripped.endswith((".", "!", "。", "！")):
        return "stop"
    return "asking" if _asks(sentence, code) else ""


def is_acknowledgement(text: str, language: str) -> bool:
    """All that was said is "okay", "sure", "all right": an answer to a yes-or-no question, else a beginning."""
    said = words(text)
    known = ACKNOWLEDGEMENTS.get(_code(language), frozenset())
    return 0 < len(said) <= _LONGEST_ACKNOWLEDGEMENT and all(word in known for word in said)


def _is_open(sentence: list[str], code: str, *, asks: bool) -> bool:
    last = sentence[-1]
    if last in NEVER_LAST.get(code, ()) or (not asks and _ends_with(sentence, OPEN_PHRASES.get(code, ()))):
        return True
    if _ends_with(sentence, WHOLE.get(code, ())):
        return False
    if last not in SELDOM_LAST.get(code, ()):
        return False
    # "Where are you from?", "can you tell me where it is?": a question may end in what a statement cannot.
    return not (asks and QUESTION_WORDS.get(code, frozenset()).intersection([sentence[0], *sentence[-4:-1]]))


def _asks(sentence: list[str], code: str) -> bool:
    """A question by its first words, after any "and" or "okay"."""
    lead_ins = ACKNOWLEDGEMENTS.get(code, frozenset())
    first = next((word for word in sentence if word not in lead_ins), "")
    return len(sentence) > 2 and (first in QUESTION_WORDS.get(code, ()) or first in QUESTION_VERBS.get(code, ()))


def _is_first_half(sentence: list[str], text: str, code: str) -> bool:
    """ "If it rains": a short clause that only leads to the next."""
    leads = sentence[0] in LEADS.get(code, ()) and sentence[1] not in QUESTION_VERBS.get(code, ())
    return leads and len(sentence) <= LONGEST_LEAD and "," not in text.rstrip(",")[-len(" ".join(sentence)) :]


def _ends_with(said: list[str], phrases: tuple[str, ...]) -> bool:
    return (" " + " ".join(said[-4:])).endswith(tuple(" " + phrase for phrase in phrases))


def _code(language: str) -> str:
    return language.split("-")[0].lower()
