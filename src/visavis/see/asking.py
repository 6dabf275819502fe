"""Does somebody ask for eyes? "What does it say here?", "can you see this?", "¿qué pone aquí?". Pure.

A question about what is in view right now makes the gate send the best fresh frame. Figures of speech ("I see",
"let's see", "see you later") ask for nothing.
"""

from __future__ import annotations

import re

_THING = r"the (?:screen|picture|page|slide|camera|document|letter|sign)"
_PAPERS = (
    r"(?:invoice|bill|receipt|letter|page|form|document|contract|paper|statement|label|card|screen|slide|sign|picture"
    r"|photo|table|chart|list|menu)s?"
)
_THIS = rf"(?:this|that|these|those|it|here|there|me|my \w+|{_THING})"
_SEE = r"(?:see|seeing|read|reading|look(?:ing)? at|recogni[sz]e)"
_ENGLISH = (
    rf"(?:can|could|do|are) you (?:\w+ )?{_SEE} (?:\w+ ){{0,2}}{_THIS}",
    r"can you see\b(?! why| how| whether| if)",
    r"(?:have|take|having) a (?:\w+ )?look",
    rf"look at (?:\w+ ){{0,2}}{_THIS}",
    r"look (?:here|closely|again)",
    r"what (?:do|can) you (?:\w+ )?see",
    rf"what(?:'s| is| does| do| are)?\b.{{0,24}}\b(?:say|says|written|stand)s? (?:on |in )?{_THIS}",
    r"what(?:'s| is| are) (?:written|shown|on (?:the|my|this) (?:screen|page|slide|label|paper|sign|letter))",
    r"what (?:am i|is he|is she|are they) (?:holding|showing|wearing|pointing)",
    r"what(?:'s| is| are| do you think of) (?:this|these|that thing|in my hand)(?: \w+)?$",
    r"(?:what|which) colou?r (?:is|are)",
    r"how many (?:\w+ ){0,3}(?:do you see|can you see|am i holding|are (?:on|in) (?:the|my))",
    rf"(?:read|describe) (?:\w+ )?{_THIS}",
    r"(?:i am|i'm|let me) (?:now )?(?:showing|sharing|holding|show|share|hold)",
    rf"(?:is|does|do) {_THIS} (?:look|right side up|readable|upside down|visible|in (?:view|focus))",
    rf"(?:on|in|of|from) (?:this|that|these|those) (?:\w+ )?{_PAPERS}\b",
    r"how do i look",
)
_SPANISH = (
    r"(?:puedes|podrías|puede|podría) (?:\w+ )?(?:ver|leer|mirar|leerme|verme|verlo|leerlo)",
    r"(?:me |lo |la |los |las )?(?:ves|ve usted|estás viendo)(?: esto| esta| este| aquí| algo| bien| mi \w+|$)",
    r"\bqué (?:ves|ve usted|pone|dice|hay escrito|está escrito)\b(?: (?:aquí|ahí|esto|en|ese|este|esta)|$)",
    r"\bqué (?:tengo en|estoy (?:mostrando|enseñando|sujetando)|hay en (?:la|mi) (?:pantalla|mano|foto|página))",
    r"\b(?:mira|mire|échale un vistazo|fíjate|fíjese)\b(?: bien)?(?: en)? (?:esto|esta|este|aquí|la|el|mi|a)\b",
    r"\b(?:lee|léeme|léelo|describe|descríbeme) (?:esto|lo|la|el|este|esta|aquí)",
    r"\b(?:en|de) (?:est|es)(?:e|a|os|as) (?:factura|recibo|carta|página|hoja|formulario|documento|contrato|papel"
    r"|etiqueta|tarjeta|pantalla|imagen|foto|tabla|lista)s?\b",
    r"\bde qué color\b",
    r"\b(?:te|le) (?:muestro|enseño|estoy mostrando|estoy enseñando|comparto)\b",
    r"\bqué es (?:esto|esta cosa)\b",
)
_PATTERNS = {
    "en": re.compile("|".join(f"(?:{one})" for one in _ENGLISH)),
    "es": re.compile("|".join(f"(?:{one})" for one in _SPANISH)),
}
_MARKS = re.compile(r"[^\w' ]+")


def needs_eyes(text: str, language: str) -> bool:
    """True when `text` asks about something in view. `language` such as 'en' or 'es-MX'; False for unknown ones."""
    pattern = _PATTERNS.get(language.split("-")[0].lower())
    if pattern is None:
        return False
    said = " ".join(_MARKS.sub(" ", text.lower().replace("’", "'")).split())
    return pattern.search(said) is not None
