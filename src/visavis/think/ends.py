"""Does the sentence end here? What a language model expects after the words of a message, read as a probability."""

from __future__ import annotations

import math
from typing import Any

CANDIDATES = 40
"""Next tokens that are looked at; those left out have next to no weight."""

_MARKS = frozenset(".?!…")
_CLOSING = ".?!,;:…-–— \n"


def unmarked(text: str) -> str:
    """`text` without the marks at its end, which recognisers put at any pause."""
    return text.rstrip(_CLOSING)


def p_ends(answer: dict[str, Any]) -> float | None:
    """P(a sentence or the message ends here), 0–1, of an answer of llama.cpp's `/completion` to a prompt that ends
    with the words: the weight of full stops, question marks, line ends and ends of message among the next tokens.
    None when the answer tells no probabilities. Source: llama.cpp's server README (`n_probs`), read 2026-11-23.
    """
    try:
        likely = answer["completion_probabilities"][0]["top_logprobs"]
        weights = [(str(token["token"]), math.exp(token["logprob"])) for token in likely]
    except (KeyError, IndexError, TypeError):
        return None
    return min(1.0, sum(weight for token, weight in weights if _ends(token)))


def _ends(token: str) -> bool:
    """The end of a message has no text."""
    return token.startswith("\n") or not token.strip() or token.strip()[0] in _MARKS
