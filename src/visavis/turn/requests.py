"""Requests that ask the agent for nothing but to wait: "one moment", "let me check", "stop talking".

Pure. A text counts only when that is all it says: "hold on" does, "hold on, what about Monday?" does not. Each
language is a small grammar over lower-case words without apostrophes or punctuation.
"""

from __future__ import annotations

import functools
import re
from typing import Literal

from visavis.turn.words import words

WaitRequest = Literal["hold", "quiet"]
"""`hold`: the person needs a moment and will go on. `quiet`: the agent is to stop talking."""

_MOMENT_EN = r"(?:quick )?(?:moments?|moe?|seconds?|secs?|minutes?|mins?|ticks?|bit)"
_A_EN = r"(?:a|one|1|two|a couple of|a few|another|just a|just one)"
_POLITE_EN = (
    r"(?:(?:can|could|would|will) (?:you|we)(?: please| just)*|(?:i )?(?:need|want|would like|id like) (?:you )?to)"
)
_LOOK_EN = (
    r"(?:check|see|look|think|find|get|grab|fetch|read|search|concentrate|focus|listen|look around|have a look"
    r"|take a look|write (?:that|this|it) down|(?:look|pull|bring) (?:it|that|this|them) up"
    r"|(?:check|see|find|get|grab|read|open) (?:it|that|this|them|out)|think (?:about|over) (?:it|that|this)"
    r"|think (?:it|that|this) (?:over|through)|answer (?:the|my) (?:phone|door)|take this(?: call)?"
    r"|(?:check|find|get|grab|fetch|open|look at|look for|look in|look into|look through) (?:my|the|for the|for my)"
    r"(?: \w+){1,2})(?: for (?:a|one) (?:moment|second|minute))?(?: first| here| quickly| real quick)*"
)
_QUIET_VERB_EN = (
    r"(?:be|keep|stay|remain|go) (?:quiet|silent|still)|shut up|shut it|hush(?: up)?|pipe down|zip it|stop it"
    r"|(?:stop|quit|cease|stopped) (?:talking|speaking|rambling|chatting|chattering|yapping|babbling|blabbering|going on"
    r"|explaining|interrupting)(?: (?:to|over|at) me| any (?:more|further))*"
    r"|(?:shut|close|hold) your (?:mouth|tongue|trap)|mute yourself|not (?:talk|speak|say anything)"
    r"|stop your (?:talking|rambling|babbling|chatter|chattering|yapping|noise)|refrain from (?:talking|speaking)"
)
_GRAMMARS: dict[str, dict[str, str]] = {
    "en": {
        "lead": r"um|uh|er|erm|hmm|oh|ok|okay|well|so|sorry|hey|yes|yeah|no|and|but|actually|right|alright|please|just"
        r"|excuse me|sure|ah|oops",
        "hold": rf"(?:{_POLITE_EN} )?(?:(?:wait|hold on|hang on|hold up|hold it|hold the line|hold|stand by|bear with me"
        rf"|stay on the line|stay there|hang tight|wait up)(?: (?:please|there|up|for me))*(?: (?:for )?{_A_EN} {_MOMENT_EN})?)"
        rf"|{_A_EN} {_MOMENT_EN}|(?:{_POLITE_EN} )?(?:give|gimme|allow) ?(?:me )?(?:{_A_EN}|some) (?:{_MOMENT_EN}|time)"
        rf"|let me(?: just| quickly| please)* {_LOOK_EN}"
        rf"|i(?:ll| will)? (?:just )?need (?:just )?(?:{_A_EN}|some) (?:{_MOMENT_EN}|time)(?: to {_LOOK_EN})?"
        rf"|(?:i(?:ll| will) )?be (?:right )?back(?: in {_A_EN} {_MOMENT_EN})?|ill be with you in {_A_EN} {_MOMENT_EN}"
        r"|(?:do|would) you mind (?:waiting|holding)(?: on)?|i(?:m| am) (?:still )?(?:thinking|looking|checking)"
        r"|not so fast",
        "quiet": rf"(?:{_POLITE_EN} )?(?:{_QUIET_VERB_EN})|(?:quiet|silence|stop|halt|enough|shush|shh+|thats enough)"
        r"|(?:i need|can we have|could we have|lets have) (?:some |a bit of )?(?:quiet|silence|peace|peace and quiet)"
        rf"|id appreciate it if you (?:could )?(?:{_QUIET_VERB_EN})",
        "tail": rf"please|thanks|thank you|ok|okay|for me|now|sorry|then|immediately|right now|if you dont mind|will you"
        rf"|would you|(?:just )?for {_A_EN} {_MOMENT_EN}|for (?:a while|now)|{_A_EN} {_MOMENT_EN}|while i {_LOOK_EN}"
        rf"|(?:i (?:just )?(?:need|have|want|got)|ive got|i gotta)(?: to)? {_LOOK_EN}|so i can {_LOOK_EN}"
        r"|(?:someone|somebody)s? (?:is )?at the door|my phone is ringing|(?:its )?(?:too|getting|so) (?:\w+ )?\w+",
    },
    "es": {
        "lead": r"eh|ay|ah|oh|sí|si|no|bueno|vale|pues|perdón|perdona|perdone|disculpe|disculpa|oye|oiga|por favor|ok",
        "hold": r"(?:dame|deme|déme|solo|sólo|es)? ?(?:un|una) (?:momento|momentito|segundo|segundito|minuto|minutito"
        r"|instante)|(?:puedes|puede|podrías|podría) (?:esperar|esperarme)(?: un (?:momento|segundo|minuto))?"
        r"|(?:espera|espere|espérame|espéreme|aguarda|aguarde|aguanta|esperad)(?: (?:ahí|aquí))?"
        r"|(?:déjame|déjeme|dejame|dejeme) (?:ver|mirar|pensar|comprobar|comprobarlo|buscar|buscarlo|verlo|mirarlo"
        r"|pensarlo|consultarlo|(?:ver|mirar|buscar|comprobar) (?:mi|el|la|en mi|en el|en la)(?: \w+){1,2})"
        r"|ahora vuelvo|ya vuelvo|enseguida vuelvo|no cuelgues?|voy a (?:mirar|ver|comprobar)(?:lo)?",
        "quiet": r"cállate|callate|calla|cállese|silencio|basta|para|pare|(?:deja|deje|para|pare) de hablar|no hables?"
        r"(?: más)?|(?:necesito|quiero) (?:silencio|que te calles|que se calle)|ya basta",
        "tail": r"por favor|gracias|vale|ya|un (?:momento|segundo|minuto)|(?:que )?(?:voy|tengo que) "
        r"(?:mirar|mirarlo|pensar|buscarlo|comprobarlo)",
    },
    "de": {
        "lead": r"äh|ähm|oh|ok|okay|ja|nein|also|so|bitte|entschuldigung|sorry|na|gut",
        "hold": r"(?:nur |noch )?(?:einen |ein )?(?:kleinen )?(?:moment|momentchen|augenblick)(?: mal)?"
        r"|(?:nur |noch )?(?:eine |ne )?(?:sekunde|minute)|(?:warte|wart|warten sie|bleiben sie dran|bleib dran)"
        r"(?: mal| kurz| bitte| noch)*|(?:lass|lassen sie) mich (?:mal |kurz )*(?:nachsehen|schauen|nachschauen|gucken"
        r"|überlegen|nachdenken|suchen)|ich (?:muss |schaue |sehe |gucke )(?:mal |kurz )*(?:nach|nachsehen|nachschauen"
        r"|überlegen)|(?:ich )?bin gleich (?:wieder )?da|(?:gib|geben sie) mir (?:einen moment|eine minute|kurz zeit)",
        "quiet": r"(?:sei|seien sie) (?:mal |bitte |doch )*(?:still|ruhig|leise)|ruhe|stopp?|halt|halt den mund"
        r"|(?:hör|hören sie) (?:bitte |mal )*auf(?: zu reden)?|nicht (?:mehr )?reden|schweig|klappe",
        "tail": r"bitte|danke|mal|kurz|ok|okay|jetzt|einen moment|ich (?:schaue|sehe|gucke) (?:mal |kurz )*nach",
    },
    "fr": {
        "lead": r"euh|oh|ah|ok|oui|non|bon|alors|pardon|désolée?|excusez moi|excuse moi|attendez|attends|sil vous plaît|juste",
        "hold": r"(?:juste |encore )?(?:un (?:petit )?(?:instant|moment)|une (?:petite )?(?:seconde|minute))"
        r"|attends|attendez|patientez|(?:laisse|laissez) moi (?:voir|vérifier|regarder|réfléchir|chercher|le temps)"
        r"|(?:donne|donnez) moi (?:un instant|un moment|une seconde|une minute)|ne quitte[zs]? pas|je reviens"
        r"(?: tout de suite)?|je (?:vérifie|regarde|cherche)",
        "quiet": r"tais toi|taisez vous|silence|chut|stop|(?:arrête|arrêtez|cesse|cessez)(?: de parler)?|ça suffit",
        "tail": r"sil vous plaît|sil te plaît|merci|ok|un instant|un moment|une seconde|maintenant"
        r"|je (?:vérifie|regarde|cherche|reviens)",
    },
}


def wait_request(text: str, language: str) -> WaitRequest | None:
    """What `text` asks for when it asks for nothing else; None for anything more, and for unknown languages."""
    code = language.split("-")[0].lower()
    if code not in _GRAMMARS:
        return None
    said = " ".join(words(text)).replace("'", "").replace("_", " ")
    if text.rstrip().endswith("?") and not said.startswith(("can", "could", "would", "will", "do", "pued", "podr")):
        return None
    hold, quiet = _patterns(code)
    if quiet.fullmatch(said):
        return "quiet"
    return "hold" if hold.fullmatch(said) else None


def is_hold_request(text: str, language: str) -> bool:
    """True when all that was said is a request to wait: "one moment", "let me check my calendar"."""
    return wait_request(text, language) == "hold"


@functools.cache
def _patterns(code: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Lead-ins, then the request (one or more), then its tail; a quiet request may also carry a hold request."""
    grammar = _GRAMMARS[code]
    lead, hold, quiet, tail = (rf"(?:{grammar[part]})" for part in ("lead", "hold", "quiet", "tail"))
    before, after = rf"(?:{lead} )*", rf"(?: (?:{tail}|{lead}))*"
    holds = rf"{hold}(?: (?:{lead} )*{hold})*"
    mixed = rf"(?:{hold} )?{quiet}(?: (?:{lead} )*(?:{quiet}|{hold}))*"
    return re.compile(before + holds + after), re.compile(before + mixed + after)
