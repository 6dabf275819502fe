"""The openers of each language, and the words by which one is chosen. A language is added by a row in each table."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["explain", "question", "yes_no", "request", "statement", "complaint", "thanks", "greeting", "tool"]
Cue = Literal["never", "explain", "question", "yes_no", "request", "complaint", "thanks", "greeting"]

FILLERS: tuple[Kind, ...] = ("explain", "question", "yes_no", "request", "statement")
"""Kinds whose openers say nothing but "I have heard you": an answer loses nothing without them."""

# An opener that ends with a comma or colon is gone on with in the same sentence.
OPENERS: dict[str, dict[Kind, tuple[str, ...]]] = {
    "en": {
        "explain": ("Good question:", "Let me see,", "Well,"),
        "question": ("Let me see,", "So,", "Right,"),
        "yes_no": ("Let me see,", "Let's see,"),
        "request": ("All right,", "Okay,", "Right,"),
        "statement": ("I see,", "Okay,", "All right,"),
        "complaint": ("I'm sorry to hear that.", "Oh, I'm sorry about that."),
        "thanks": ("You're welcome,", "My pleasure,"),
        "greeting": ("Hello there,", "Hi there,"),
        "tool": ("One moment, please.", "Let me check.", "Just a second."),
    },
    "es": {
        "explain": ("Buena pregunta:", "A ver,", "Pues,"),
        "question": ("A ver,", "Veamos,", "Pues,"),
        "yes_no": ("A ver,", "Déjame pensar,", "Veamos,"),
        "request": ("Muy bien,", "De acuerdo,", "Vale,"),
        "statement": ("Entiendo,", "De acuerdo,", "Ya veo,"),
        "complaint": ("Lo siento mucho.", "Vaya, lo siento."),
        "thanks": ("De nada,", "Un placer,"),
        "greeting": ("Hola,", "Muy buenas,"),
        "tool": ("Un momento, por favor.", "Voy a mirarlo.", "Un segundo."),
    },
}

# ruff: noqa: SIM905
CONNECTIVES: dict[str, frozenset[str]] = {
    "en": frozenset("and but or so because then that which who though although too".split()),
    "es": frozenset("y e pero o así porque entonces que aunque también".split()),
}
"""Content that begins with one of these hangs on to what stands before it."""


def _cues(**patterns: str) -> dict[Cue, re.Pattern[str]]:
    return {cue: re.compile(pattern, re.VERBOSE) for cue, pattern in patterns.items()}  # type: ignore[misc]


# Patterns are read against lower-case text, and sentences without the mark they begin with.
CUES: dict[str, dict[Cue, re.Pattern[str]]] = {
    "en": _cues(
        # Nothing to think about, somebody in need, a correction, letters and digits still being told.
        never=r"""
            \bhow\s+(?:are|do)\s+you(?:\s+(?:doing|today|feel\w*))?\b(?!\s+\w{3}) | \bhow's\s+it\s+going\b
            | \bwho\s+are\s+you\b | \byour\s+name\b
            | \bare\s+you\s+(?:there|a\s+(?:robot|human|person|machine|bot)|human|real|an?\s+ai)\b
            | \b(?:can|do)\s+you\s+(?:hear|see|understand)\s+me\b | \bgood\s?bye\b | \bbye\b | \bsee\s+you\b
            | \b(?:911|112|999|ambulance|emergency|suicid\w*|kill\w*|dying|bleeding|heart\s+attack|can't\s+breathe)\b
            | \bchest\s+pain | \bhelp\s+me\b
            | ^(?:no|nope|wait|stop|sorry|i\s+said|i\s+mean|not)\b
            | (?:\b\d[\s,.-]*){5,} | (?:\b[a-z]\b[\s,.-]*){4,} | \bat\s+\w+\s+dot\s+\w+
        """,
        explain=r"^(?:(?:and|so|well|okay|but|um|uh),?\s+)*(?:why\b|how\s+(?:do(?:es)?|can|could|come|would|should)\b"
        r"|what(?:'s|\s+is)\s+the\s+difference\b|what\s+(?:do\s+you\s+think|would\s+you|should)\b)",
        question=r"""
            ^(?:(?:and|so|well|okay|but|um|uh|hi|hello|hey),?\s+)*
                (?:what|what's|when|when's|where|where's|which|who|who's|whose|how)\b
            | \b(?:tell|show)\s+me\s+(?:about|how|what|when|where|which|who|why|if|whether|the|your|more)\b
            | \b(?:know|wonder(?:ing)?|ask|understand)\s+(?:if|whether|how|what|when|where|which|who|why)\b
        """,
        yes_no=r"^(?:(?:and|so|well|okay|but|um|uh|hi|hello|hey|excuse\s+me|then),?\s+)*"
        r"(?:is|isn't|are|aren't|am|was|were|do|don't|does|doesn't|did|didn't|have|has|had|can|can't|could|will|won't"
        r"|would|should|may|might)\b",
        request=r"\bplease\b | \bi(?:'d|\s+would)\s+(?:like|love)\b | \bi\s+(?:want|need|have)\s+to\b"
        r" | \bi\s+(?:want|need)\b | ^(?:let's|give|show|book|send|call|make|find|explain|describe|list|repeat)\b",
        complaint=r"""
            \b(?:my|our|i|i'm|i've|we|it|it's|this|that|the)\b .* \b(?:broken?|bent|stolen|lost|missing|damaged
            | crashed|cracked|leak(?:s|ing|ed)|stuck|late\s+again|delayed|terrible|awful|horrible|unacceptable
            | disappoint\w*|frustrat\w*|annoy\w*|upset|angry|furious|hurts?|injured|sick|died|passed\s+away|fell
            | accident|(?:doesn't|does\s+not|isn't|won't|didn't|not|stopped)\s+work(?:ing)?|overcharged
            | wrong\s+(?:order|item|size))\b
        """,
        thanks=r"(?:(?:oh|okay|ok|great|perfect|all\s+right|no)[\s,.!]+)*"
        r"(?:thanks|thank\s+you|cheers)\b(?:[\s,.!]+(?!(?:and|but|also|need|want|can|could|would|what|how|when|where|is"
        r"|bye|goodbye)\b)[\w'’]+){0,10}",
        greeting=r"(?:hi|hello|hey|good\s+(?:morning|afternoon|evening|day))(?:[\s,]+(?:there|hello|hi|again|\w{2,12}))?",
    ),
    "es": _cues(
        never=r"""
            \b(?:qué|que)\s+tal\b | \bcómo\s+(?:estás|está|te\s+llamas|se\s+llama)\b | \b(?:tu|su)\s+nombre\b
            | \bquién\s+(?:eres|es\s+usted)\b | \beres\s+(?:un|una|real|humano|humana)\b
            | \bme\s+(?:oyes|oye|escuchas|escucha|entiendes|entiende|ves)\b | \bestás\s+ahí\b
            | \badiós\b | \bhasta\s+(?:luego|pronto|mañana)\b
            | \b(?:112|911|ambulancia|emergencia|socorro|suicid\w*|morir\w*|muriendo|infarto|sangr\w*)\b
            | \bno\s+puedo\s+respirar\b | \bayúdame\b | \bdolor\s+en\s+el\s+pecho\b
            | ^(?:no|espera|espere|perdón|perdona|he\s+dicho|quiero\s+decir)\b
            | (?:\b\d[\s,.-]*){5,} | (?:\b[a-zñ]\b[\s,.-]*){4,} | \barroba\b
        """,
        explain=r"^(?:(?:y|pues|bueno|pero|oye),?\s+)*(?:por\s+qué\b|cómo\s+(?:se|puedo|funciona|hago)\b"
        r"|cuál\s+es\s+la\s+diferencia\b|qué\s+(?:opinas|piensas|me\s+recomiend\w+)\b)",
        question=r"""
            ^(?:(?:y|pues|bueno|pero|oye|hola|a|en|de|desde|hasta),?\s+)*
                (?:qué|cuál|cuáles|cuándo|cuánto|cuánta|cuántos|cuántas|dónde|quién|cómo)\b
            | \b(?:dime|dígame|decirme|saber|preguntar)\b
        """,
        yes_no=r"^(?:(?:y|pues|bueno|pero|oye|hola),?\s+)*(?:es|está|están|hay|tiene|tienen|tienes|puede|puedes|pueden"
        r"|puedo|podría|podrías|debo|hace|hacen|haces|necesito\s+una?\s+\w+\s*\?|se\s+puede|abren|cierran|acepta\w*)\b",
        request=r"\bpor\s+favor\b | \b(?:quiero|quisiera|querría|necesito|me\s+gustaría)\b",
        complaint=r"""
            \b(?:roto|rota|robado|robada|perdido|perdida|dañado|estropead[oa]|horrible|terrible|inaceptable|enfadad[oa]
            | molest[oa]|harto|harta|retraso|accidente|no\s+funciona|murió|fallecido|enferm[oa]|me\s+duele)\b
        """,
        thanks=r"(?:(?:ah|vale|bien|perfecto|genial|muy\s+bien|no)[\s,.!]+)*(?:muchas\s+|mil\s+)?gracias"
        r"(?:[\s,.!]+(?:por|todo|la|tu|su|ayuda|muy|amable|de\s+verdad))*",
        greeting=r"(?:hola|buenas|buenos\s+días|buenas\s+tardes|buenas\s+noches)"
        r"(?:[\s,]+(?:buenas|buenos\s+días|buenas\s+tardes|qué\s+hay|\w{2,12}))?",
    ),
}
