"""The patterns of `words.py`, by language. Each matches within one sentence, case aside."""

# A pattern is read as one line.
# ruff: noqa: E501

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_END_EN = r"(?=[.!?;]*$|,? (?:and|but|so|because|though) (?:my|i|i'm|i've|it|we|you|can|could|what|how|when|please|that)\b|,? but\b|, (?:so|can|could|would|will|what|how|when|where|please|my|i|i'm|thanks|thank|okay|right)\b)"
_END_ES = r"(?=[.!?;]*$|,? (?:y|pero|así que|porque) (?:mi|mis|yo|me|tengo|vivo|quiero|puedes?|qué|cómo|cuándo)\b|,? pero\b|, (?:puedes?|podrías?|qué|cómo|cuándo|por favor|mi|gracias|vale)\b)"

_FACTS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("name", r"\b(?:my name(?:'s| is)|i'm called|i am called) (?!not\b)(?P<value>[\w'-]+(?: [\w'-]+){0,2}?)"),
        ("name", r"\bcall me (?!back|again|tomorrow|later|at|on|when|if|a|any|crazy)(?P<value>[\w'-]+)"),
        ("name", r"\bthis is (?P<value>[\w'-]+(?: [\w'-]+)?) (?:speaking|calling)"),
        (
            "*",
            r"\bmy (?P<key>(?!name\b|question|point|guess|bad\b|god|goodness|turn\b|understanding)\w[\w'-]*(?: (?!is\b|are\b)\w[\w'-]*){0,3})"
            r" (?:is|are|was born on) (?!not\b|there|still)(?P<value>\S+?(?: \S+?){0,13}?)",
        ),
        ("home", r"\bi (?:live|am living) in (?P<value>\S+?(?: \S+?){0,5}?)"),
        ("origin", r"\bi(?:'m| am| come) from (?P<value>\S+?(?: \S+?){0,4}?)"),
        ("work", r"\bi work (?:as|at|for|in) (?P<value>\S+?(?: \S+?){0,6}?)"),
        ("", r"\bi(?:'m| am) allergic to (?P<value>\S+?(?: \S+?){0,6}?)"),
        ("", r"\bi(?:'m| am) an? (?!bit|little|lot|big fan|few|while)(?P<value>\w[\w'-]*?(?: \S+?){0,4}?)"),
        ("", r"\bi (?:really |always |usually )?prefer (?!that\b|it\b|this\b)(?P<value>\S+?(?: \S+?){0,9}?)"),
        (
            "",
            r"\bi (?:really |just )?(?:like|love|hate|enjoy|don't like|do not like|can't stand)"
            r" (?!it\b|that\b|this\b|you|to know|the sound)(?P<value>\S+?(?: \S+?){0,8}?)",
        ),
        (
            "",
            r"\bi(?:'ve got| have)(?: got)? (?:an?|one|two|three|four|five|\d+)"
            r" (?!question|quick|look|feeling|chance|moment|minute|second|request|favou?r|thought)(?P<value>\w[\w'-]*?(?: \S+?){0,9}?)",
        ),
        (
            "",
            r"(?:^|[,.;] ?|\b(?:please|and|so|okay|also) )(?:remember|keep in mind|make a note|don't forget)(?: that)?:? "
            r"(?P<whole>(?!me\b|it\b|to\b|when\b|what\b|how\b)\S+?(?: \S+?){2,20}?)",
        ),
    ),
    "es": (
        ("nombre", r"\b(?:me llamo|mi nombre es) (?P<value>[\w'-]+(?: [\w'-]+){0,2}?)"),
        (
            "*",
            r"\bmis? (?P<key>(?!nombre\b|pregunta|duda\b|turno\b)\w+(?: (?!es\b|son\b|está\b)\w+){0,3})"
            r" (?:es|son|está en) (?!no\b)(?P<value>\S+?(?: \S+?){0,13}?)",
        ),
        ("casa", r"\bvivo en (?P<value>\S+?(?: \S+?){0,5}?)"),
        ("origen", r"\bsoy de (?P<value>\S+?(?: \S+?){0,4}?)"),
        ("trabajo", r"\btrabajo (?:de|en|como|para) (?P<value>\S+?(?: \S+?){0,6}?)"),
        ("", r"\bsoy (?:muy )?alérgic[oa] a(?:l| la| los| las)? (?P<value>\S+?(?: \S+?){0,6}?)"),
        ("", r"\bprefiero (?!que\b|eso\b)(?P<value>\S+?(?: \S+?){0,9}?)"),
        ("", r"\b(?:no )?me (?:gustan?|encantan?) (?!eso\b|esto\b|la idea)(?P<value>\S+?(?: \S+?){0,8}?)"),
        ("", r"\btengo (?:una?|dos|tres|cuatro|\d+) (?!pregunta|duda|momento|segundo)(?P<value>\S+?(?: \S+?){0,9}?)"),
        (
            "",
            r"(?:^|[,.;] ?|\b(?:y|por favor) )(?:recuerda|acuérdate de|ten en cuenta|apunta|anota|no olvides) que "
            r"(?P<whole>\S+?(?: \S+?){2,20}?)",
        ),
    ),
}

_ASKED = {
    "en": r"^(?:and |so |but |okay,? |well,? )?(?:is|are|was|were|do|does|did|can|could|would|will|what|which|who|where|when|why|how|if|whether|unless|imagine|suppose)\b",
    "es": r"^(?:y |pero |bueno,? )?(?:¿|es|son|puedes?|podrías?|qué|cuál|quién|dónde|cuándo|por qué|cómo|si|imagina)\b",
}
"""A sentence that begins so tells nothing about the person, when it ends with a question mark or begins with "if"."""

_ONLY_IF = {"en": r"\b(?:if|whether|unless|in case|when)\b[^,]*$", "es": r"\b(?:si|cuando|en caso de que)\b[^,]*$"}
"""What stands right before a clause and takes its claim back."""

_PROMISES = {
    "en": (
        r"\b(?:i'll|i will|i am going to|i'm going to|we'll|we will)(?: (?:also|then|definitely|just|gladly))?"
        r" (?P<verb>send|email|mail|call|ring|text|message|forward|look into|check|find out|get back|let you know|follow up|"
        r"arrange|book|order|remind|prepare|bring|pay|transfer|sign|return|file|report|submit|upload|update|share)\b[^.!?;]*"
    ),
    "es": (
        r"\b(?:(?:te|le|os|les|se lo|te lo) )?(?P<verb>enviaré|mandaré|llamaré|escribiré|reenviaré|averiguaré|comprobaré|"
        r"avisaré|reservaré|recordaré|prepararé|traeré|pagaré|firmaré|voy a (?:enviar|mandar|llamar|escribir|comprobar|"
        r"avisar|reservar|averiguar)\w*)\b[^.!?;]*"
    ),
}
_NOT_YET = {
    "en": r"\b(?:if|once|unless|whether)\b|\bright now\b|\blet me\b",
    "es": r"\b(?:si|cuando|ahora mismo)\b",
}

_KEPT = {
    "en": {
        "send": "sent",
        "email": "emailed",
        "mail": "mailed",
        "call": "called",
        "text": "texted",
        "forward": "forwarded",
        "arrange": "arranged",
        "book": "booked",
        "order": "ordered",
        "pay": "paid",
        "sign": "signed",
        "return": "returned",
        "submit": "submitted",
        "upload": "uploaded",
    },
    "es": {
        "enviaré": "enviado",
        "mandaré": "mandado",
        "llamaré": "llamado",
        "reservaré": "reservado",
        "pagaré": "pagado",
    },
}

_FORGET_EN = (
    r"(?:(?:please|no|okay|ok|oh|sorry|actually|wait|um|uh|and|could you|can you|would you|will you|i want you to|i'd like you to|"
    r"you can|you should|just) )*"
)
_AFTER_EN = r"(?: (?:please|thanks|thank you|now|right away|again|for me|okay))*"
_FORGET_ES = r"(?:(?:por favor|no|vale|bueno|perdona|puedes|podrías|quiero que) )*"
_AFTER_ES = r"(?: (?:por favor|gracias|ya|ahora))*"
_FORGET: dict[str, dict[str, str]] = {
    "en": {
        "all": _FORGET_EN + r"(?:(?:forget|delete|erase|remove) (?:everything|all(?: of it| that)?)(?: (?:that )?(?:you(?:'ve| have)? "
        r"(?:know|noted|remembered|remember|stored|saved|learned)|i(?:'ve| have)? (?:ever )?(?:said|told you)|about me|so far))*|"
        r"forget (?:about )?me|(?:delete|erase) (?:your |the |all )*memor(?:y|ies) (?:of|about) me)" + _AFTER_EN,
        "that": _FORGET_EN + r"(?:forget|delete|erase|don't remember|do not remember|don't keep|strike) "
        r"(?:that|this|what i(?:'ve| have)? (?:just )?(?:said|told you)|the last thing(?: i (?:said|told you))?|"
        r"that last (?:part|bit|one|thing)|i (?:just )?said that)" + _AFTER_EN,
        "about": _FORGET_EN + r"(?:forget|delete|erase|don't remember|do not remember) (?:about |that |what i (?:just )?(?:said|told you) about |"
        r"everything (?:you know |i (?:said|told you) )?about |i (?:ever |just )?said (?:that )?)*(?P<what>(?!it$|that$|this$)\S.*?)" + _AFTER_EN,
    },
    "es": {
        "all": _FORGET_ES + r"(?:olvida|olvides|borra|borres|elimina) todo(?: lo que (?:sabes|te he (?:dicho|contado)|he dicho)(?: de mí| sobre mí)?)?"
        + _AFTER_ES,
        "that": _FORGET_ES + r"(?:olvida|olvides|borra|borres) (?:eso|esto|lo que (?:acabo de decir|te he dicho|he dicho|dije)|lo último)" + _AFTER_ES,
        "about": _FORGET_ES + r"(?:olvida|olvides|borra|borres) (?:que |lo de |lo que (?:dije|he dicho) (?:de|sobre) )?(?P<what>\S.*?)" + _AFTER_ES,
    },
}  # fmt: skip

_WRONG = {
    "en": r"(?:no|nope|sorry|actually|wait|hold on|hm+|oh|well|and|but|that's|that is|this is|it's|it is|you(?:'ve| have)? got (?:that|it)|"
    r"not|wrong|right|correct|incorrect|a mistake|quite|true)",
    "es": r"(?:no|perdón|perdona|en realidad|espera|bueno|eso|está|es|mal|incorrecto|correcto|así|un error|verdad)",
}
_IT_IS = {
    "en": r"(?:it's|it is|it should be|it was|it has to be|that should be|i meant|i said|the (?:right|correct) one is|"
    r"my (?P<key>\w[\w'-]*(?: \w[\w'-]*){0,2}) is)(?: actually| really)?",
    "es": r"(?:es|son|debería ser|quería decir|quise decir|mi (?P<key>\w+(?: \w+){0,2}) es)(?: en realidad)?",
}
_IS = {"en": r" (?:is|are|was|in|from|as|at|for) | me |'s ", "es": r" (?:es|son|en|de|como|para) |llamo "}
"""Where a fact's value begins, for one that is corrected."""


@dataclass(frozen=True, slots=True)
class Grammar:
    facts: tuple[tuple[str, re.Pattern[str]], ...]
    asked: re.Pattern[str]
    only_if: re.Pattern[str]
    promise: re.Pattern[str]
    not_yet: re.Pattern[str]
    kept: dict[str, str]
    forget: dict[str, re.Pattern[str]]
    correction: re.Pattern[str]
    is_: re.Pattern[str]


@cache
def grammar(language: str) -> Grammar | None:
    """Of `language`, such as "en-GB"; None for one that has none."""
    code = language.split("-")[0].lower()
    if code not in _FACTS:
        return None
    end = _END_EN if code == "en" else _END_ES
    flags = re.IGNORECASE
    wrong = rf"(?:(?:{_WRONG[code]})[ ,.;!]+)+"
    value = r"(?P<value>[^\s.,;!?]\S*(?: \S+){0,8}?)"
    return Grammar(
        tuple((key, re.compile(pattern + end, flags)) for key, pattern in _FACTS[code]),
        re.compile(_ASKED[code], flags),
        re.compile(_ONLY_IF[code], flags),
        re.compile(_PROMISES[code], flags),
        re.compile(_NOT_YET[code], flags),
        _KEPT[code],
        {scope: re.compile(pattern, flags) for scope, pattern in _FORGET[code].items()},
        re.compile(rf"{wrong}{_IT_IS[code]} {value}(?:,? not .*)?[.!?]*", flags),
        re.compile(_IS[code], flags),
    )
