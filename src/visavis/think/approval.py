"""Asking the person before a tool runs, and telling a clear yes from anything else. Pure."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

from visavis.kernel.tool import ASK
from visavis.think.base import ToolSpec

Answer = Literal["yes", "no", "unclear"]

_ASKING = {
    "en": "Before I do that: {what}. Shall I go ahead?",
    "es": "Antes de hacerlo: {what}. ¿Sigo adelante?",
    "de": "Bevor ich das tue: {what}. Soll ich das machen?",
    "fr": "Avant de le faire : {what}. Est-ce que je continue ?",
}

_YES = {
    "en": "yes yeah yep yup sure absolutely definitely certainly correct right exactly okay ok agreed affirmative"
    " confirmed confirm|go ahead|do it|do that|please do|of course|sounds good|go for it|that's right|that is right"
    "|that's correct|that is correct|i do|i agree|i confirm|you may|you can|by all means",
    "es": "si claro vale correcto exacto adelante hazlo hagalo confirmo confirmado perfecto acuerdo|por supuesto"
    "|de acuerdo|asi es|eso es|desde luego|sigue adelante|siga adelante",
    "de": "ja jawohl klar sicher naturlich genau richtig korrekt stimmt einverstanden okay ok gerne gern bestatigt"
    "|mach das|mach es|machen sie das|machen sie es|tun sie das|auf jeden fall|in ordnung|nur zu|ich bestatige"
    "|das stimmt|das ist richtig|ich stimme zu|ich bin einverstanden",
    "fr": "oui ouais exact exactement certainement parfait confirme ok okay correct absolument volontiers d'accord"
    "|vas y|allez y|bien sur|c'est ca|c'est bon|c'est exact|je confirme|tout a fait|faites le|fais le"
    "|je suis d'accord",
}  # fmt: skip
_NO = {
    "en": "no nope nah not don't dont never stop wait cancel isn't wrong won't rather unsure",
    "es": "no nunca espera espere para pare mejor tampoco",
    "de": "nein nee ne nicht nichts kein keine keinen nie niemals stopp stop halt warte warten moment falsch"
    " abbrechen lieber anders",
    "fr": "non pas ne jamais aucun arrete arretez attends attendez stop plutot faux annule annulez",
}
_AROUND = {
    "en": "please thanks thank you uh um oh well then and now i'm sure it that would be great fine good very much",
    "es": "por favor gracias pues bueno ya y lo muchas muy bien eh",
    "de": "bitte danke schon gut sehr und jetzt dann ah ahm also doch mal",
    "fr": "s'il vous te plait merci bien beaucoup alors euh et maintenant tres",
}


def question(spec: ToolSpec, wording: str, arguments: Mapping[str, Any], language: str) -> str:
    """The words that ask for a call: the builder's, or made from the tool's description and its arguments."""
    if wording != ASK:
        return _Blanks().vformat(wording, (), {name: _said(value) for name, value in arguments.items()})
    what = spec.description.strip().split("\n")[0].rstrip(".") or spec.name.replace("_", " ")
    told = ", ".join(f"{name.replace('_', ' ')} {_said(value)}" for name, value in arguments.items())
    return _ASKING[_known(language)].format(what=f"{what} ({told})" if told else what)


def answer(text: str, language: str) -> Answer:
    """`yes` only when that is all that was said; any word of refusal makes it a no; the rest is unclear."""
    code = _known(language)
    folded = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    line = " ".join(re.findall(r"[\w']+", "".join(char for char in folded if not unicodedata.combining(char))))
    words = line.split()
    if set(words) & set(_NO[code].split()):
        return "no"
    first, *phrases = _YES[code].split("|")
    rest, agreed = line, False
    for phrase in phrases:
        shorter = re.sub(rf"\b{re.escape(phrase)}\b", " ", rest)
        agreed, rest = agreed or shorter != rest, shorter
    plain = set(first.split())
    agreed = agreed or bool(set(rest.split()) & plain)
    return "yes" if agreed and set(rest.split()) <= plain | set(_AROUND[code].split()) else "unclear"


def _known(language: str) -> str:
    code = language.split("-")[0].lower()
    return code if code in _ASKING else "en"


def _said(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_said, value))
    return str(value)


class _Blanks(string.Formatter):
    """Fills in `{name}` only: no attributes, no indexing; what is not known stays as it stands."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        return kwargs.get(field_name, f"{{{field_name}}}"), field_name
