"""What the agent's last words ask for, and how much of it has come: numbers, e-mail addresses, spelled names. Pure.

People say such things in groups with pauses between them; a group sounds complete, and is not.
"""

from __future__ import annotations

import re
from typing import Literal

from visavis.turn.words import words

Kind = Literal["", "phone", "card", "digits", "email", "spelling", "address", "yes_no", "open"]
"""`digits`: a number of unknown length. `open`: a question, but for none of the others."""

State = Literal["", "coming", "come"]
"""Whether the thing asked for (or begun) is still coming, or is all there. '': cannot be told."""

# ruff: noqa: SIM905
# One pattern for all languages: the words for these things are few and hardly collide.
_ASKED: tuple[tuple[Kind, str], ...] = (
    ("email", r"e-?mail|correo|courriel|mail-?adresse"),
    ("spelling", r"spell|deletre|buchstabier|épel"),
    ("card", r"card number|(?:número|numéro) de (?:la |su |votre |tu )?(?:tarjeta|carte)|kartennummer|\biban\b"),
    ("phone", r"(?:phone|call ?back|mobile|cell|contact) number|number (?:can|could|should|do|to) (?:we|i|you|reach)"
              r"|teléfono|numéro de téléphone|telefonnummer|handynummer|rückrufnummer"),
    ("digits", r"\b(?:account|order|reference|policy|member(?:ship)?|booking|case|customer|serial|tracking|id"
               r"|insurance|zip|post|postal|pin|security) (?:number|code|id)\b|\bnúmero\b|\bnuméro\b|\w*nummer\b"),
    ("address", r"\baddress\b|dirección|\badresse\b|anschrift|where (?:do you live|should we send)"),
)  # fmt: skip
_REQUEST = re.compile(
    r"\?|\b(?:tell|give|say|spell|repeat|need|enter|provide|what's|diga|dígame|dame|indique|sagen|nennen|geben|brauche"
    r"|donnez|dites|épelez|deletree)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^(?:(?:so|and|but|okay|ok|great|alright|then|y|und|et) )*(?:do|does|did|is|are|was|were|have|has|had|can|could"
    r"|would|will|shall|should|may|am|isn't|aren't|don't|doesn't|won't|quiere|quieres|es|está|puede|tiene|desea|hay"
    r"|ist|sind|haben|hast|möchten|können|wollen|soll|est-ce|êtes|avez|voulez|souhaitez|pouvez)\b",
)
_DIGITS = frozenset(
    "zero oh o nought one two three four five six seven eight nine cero uno dos tres cuatro cinco seis siete ocho "
    "nueve null eins zwei zwo drei vier fünf sechs sieben acht neun zéro un deux trois quatre cinq sept huit".split()
)
_TWO_DIGITS = frozenset(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty "
    "seventy eighty ninety diez veinte treinta zehn zwanzig dreißig dix vingt trente".split()
)
_MANY = {"double": 2, "triple": 3, "doble": 2, "doppel": 2}
_LEAST = {"phone": 7, "card": 15, "digits": 4}
_ALL = {"phone": 10, "card": 16}
BEGUN_GROUPS = 3
"""So many digits, or groups of them, at the end are a number being told, even if none was asked for."""


def expected(asked: str) -> Kind:
    """What `asked`, the agent's last words, wants to hear; '' for no question at all."""
    last = re.split(r"(?<=[.!?])\s+", asked.strip().lower().replace("’", "'"))[-2:]
    request = next((sentence for sentence in reversed(last) if _REQUEST.search(sentence)), "")
    for kind, pattern in _ASKED:
        if re.search(pattern, request):
            return kind
    if not request.endswith("?"):
        return ""
    question = " ".join(words(request))
    return "yes_no" if _YES_NO.match(question) and " or " not in question else "open"


def how_much(text: str, kind: Kind) -> State:
    """Is what was asked for (`kind`) still coming? Things begun without being asked for count as well."""
    said = words(text)
    if kind == "email" or _begun_email(said, text):
        return _email(text)
    if kind == "spelling":
        return "coming" if said and len(said[-1]) == 1 else ""
    digits = trailing_digits(text)
    if kind in _LEAST:
        if digits >= _ALL.get(kind, 99):
            return "come"
        return "coming" if digits < _LEAST[kind] and (digits or len(said) < 4) else ""
    return "coming" if len(_digit_groups(text)) >= BEGUN_GROUPS and digits < _LEAST["phone"] else ""


def trailing_digits(text: str) -> int:
    """How many digits stand at the end, as figures ("4155 55") or as words ("four one double five")."""
    return sum(_digit_groups(text))


def _digit_groups(text: str) -> list[int]:
    """The lengths of the groups of digits at the end, last first."""
    groups: list[int] = []
    after = ""
    for token in reversed(re.findall(r"\d+|[^\W\d]+", text.lower())):
        if token.isdigit():
            groups.append(len(token))
        elif token in _TWO_DIGITS and after in _DIGITS:
            groups[-1] = 2  # "twenty two"
        elif token in _DIGITS or token in _TWO_DIGITS:
            groups.append(1 if token in _DIGITS else 2)
        elif token in _MANY and groups:
            groups[-1] += _MANY[token] - 1
        else:
            break
        after = token
    return groups


def _begun_email(said: list[str], text: str) -> bool:
    return "@" in text or (len(said) > 1 and said[-1] in ("at", "dot", "underscore", "arroba", "punto", "arobase"))


def _email(text: str) -> State:
    """An address is there once a dot and a domain have come after its at."""
    plain = text.lower().rstrip(" .!?")
    _, at, domain = plain.partition("@")
    if not at:
        parts = re.split(r"\b(?:at|arroba|arobase|ät)\b", plain)
        at, domain = ("@", parts[-1]) if len(parts) > 1 else ("", "")
    if at and re.search(r"(?:\.|\bdot |\bpunto |\bpunkt |\bpoint )\s*\w{2,}$", domain):
        return "come"
    return "coming"
