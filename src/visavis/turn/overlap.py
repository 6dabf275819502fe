"""What words said over the agent's voice amount to: a listener's sign, a command to stop or a question, or the
beginning of a turn.

Pure; by tables for English, Spanish, German and French. In other languages all words count as content.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Literal

from visavis.turn.words import words

Said = Literal["nothing", "echo", "backchannel", "begun", "unclear", "command", "content"]
"""`echo`: the agent's own words. `command`: asks for silence or an answer. `begun`: may become a
backchannel. `unclear`: too few words to tell."""

_HUM = re.compile(r"(?:m+h*m*|h+m+|mh+m*|u+h+(?:hu+h+)?|u+m+|a+h+(?:h?a+)?|o+h*|e+h+m*|ä+h*m*|e+r+m*|u+h*u+h+)")
"""Sounds that recognisers write in many ways: "Mhm", "mm-hmm", "uh-huh", "ah"."""

# Phrases stand as one string each, so that they can be read and mended as text.
_BACKCHANNELS = {
    "en": "mhm|yeah|yea|yah|yo|yep|yup|yes|okay|ok|kay|right|sure|alright|all right|i see|got it|gotcha|good|great|"
    "nice|cool|wow|really|true|exactly|absolutely|definitely|indeed|perfect|fine|i know|i understand|understood|"
    "of course|that's right|that's true|that's good|that's great|that's fine|sounds good|sounds great|makes sense|"
    "that makes sense|no problem|no worries|no way|fair enough|good to know|go on|go ahead|interesting|huh|"
    "lovely|oh my|my god|oh dear|thanks|thank you|very good|very nice|o i c",
    "es": "ajá|aja|sí|si|vale|bien|claro|claro que sí|ok|okay|ya|ya veo|entiendo|entendido|comprendo|bueno|exacto|"
    "perfecto|de acuerdo|por supuesto|muy bien|genial|estupendo|qué bien|qué bueno|no me digas|cierto|es verdad|"
    "sigue|siga|gracias|pues|así es|eso es",
    "de": "ja|ja ja|jo|okay|ok|gut|genau|klar|na klar|richtig|stimmt|alles klar|verstehe|ich verstehe|ach so|aha|"
    "sehr gut|super|prima|schön|toll|natürlich|in ordnung|doch|danke|echt|wirklich|sicher",
    "fr": "oui|ouais|d'accord|ok|okay|bien|très bien|bon|voilà|exactement|je vois|je comprends|compris|bien sûr|"
    "c'est ça|c'est vrai|entendu|parfait|super|ah bon|vraiment|merci|tout à fait|absolument|en effet|allez y",
}
_COMMANDS = {
    "en": "stop|wait|no|nope|hold on|hold it|hang on|excuse me|sorry|pardon|quiet|enough|pause|listen|but|actually|"
    "what|why|who|where|when|how|which|can|could|hello|hey|help",
    "es": "para|pare|espera|espere|no|alto|basta|perdón|perdona|perdone|disculpa|disculpe|un momento|oye|oiga|pero|"
    "cállate|por qué|quién|dónde|cuándo|cómo|cuál|cuánto|puedes|puede|hola|ayuda",
    "de": "stopp|stop|halt|warte|warten|nein|moment|entschuldigung|sorry|aber|ruhe|"
    "was|warum|wer|wo|wann|wie|welche|kannst|können|hallo|hilfe",
    "fr": "stop|attends|attendez|non|pardon|excusez|excuse|arrête|arrêtez|mais|un instant|une seconde|silence|"
    "quoi|pourquoi|qui|où|quand|comment|combien|quel|quelle|allô",
}

ECHO_WORDS = 2
"""Fewer words in a row than this may be the same by chance."""

_Phrases = frozenset[tuple[str, ...]]


def weigh(text: str, language: str, content_words: int) -> Said:
    """`content_words`: different words beyond backchannels that make it `content`; fewer are `unclear`."""
    said = _tokens(text)
    if not said:
        return "nothing"
    code = language.split("-")[0].lower()
    backchannels = _phrases(_BACKCHANNELS.get(code, ""))
    rest = _beyond(said, backchannels)
    if not rest:
        return "backchannel"
    if any(tuple(rest[: len(command)]) == command for command in _phrases(_COMMANDS.get(code, ""))):
        return "command"
    if any(phrase[: len(rest)] == tuple(rest) for phrase in backchannels):
        return "begun"
    return "unclear" if len(set(rest)) < content_words else "content"


def is_echo(text: str, saying: str) -> bool:
    """True when `text` is a stretch of the words that the agent is just `saying`."""
    said, spoken = _tokens(text), _tokens(saying)
    if len(said) < ECHO_WORDS:
        return False
    return any(spoken[at : at + len(said)] == said for at in range(len(spoken) - len(said) + 1))


def _tokens(text: str) -> list[str]:
    return words(text.replace("-", ""))


def _beyond(said: Sequence[str], phrases: _Phrases) -> list[str]:
    """What is left of `said` after the backchannels it begins with."""
    rest = list(said)
    while rest:
        known = max((len(p) for p in phrases if tuple(rest[: len(p)]) == p), default=0)
        if not known and not _HUM.fullmatch(rest[0]):
            break
        del rest[: known or 1]
    return rest


@functools.cache
def _phrases(table: str) -> _Phrases:
    return frozenset(tuple(_tokens(phrase)) for phrase in table.split("|") if phrase)
