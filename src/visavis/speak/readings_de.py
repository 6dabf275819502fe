"""German readings; first rule that matches wins. Numbers become words here."""

from __future__ import annotations

import re

from visavis.speak.number_words import cardinal, ordinal, written, year
from visavis.speak.readings import CODE, EMAIL, PHONE, URL, Rule, address, digits, email

_MONTHS = ["Januar", "Februar", "März", "April", "Mai", "Juni"]
_MONTHS += ["Juli", "August", "September", "Oktober", "November", "Dezember"]
_MONTH = "|".join(_MONTHS)
_MONEY = {"€": "Euro", "$": "Dollar", "£": "Pfund", "CHF": "Franken"}
_AMOUNT = r"\d{1,3}(?:[.\u00a0\u202f]\d{3})+|\d+"
_NUMBER = rf"-?(?:{_AMOUNT})(?:,\d+)?"
_DATIVE = re.compile(
    r"\b(?:am|dem|den|zum|vom|im|beim|bis|ab|seit|zur|des|diesem|jedem|ihrem|diesen|jeden)\s+$", re.IGNORECASE
)
_ARTICLE = re.compile(r"\b(?:der|die|das)\s+$", re.IGNORECASE)
_UNITS = {"km/h": "Kilometer pro Stunde", "km": "Kilometer", "kg": "Kilogramm", "cm": "Zentimeter"}
_UNITS |= {"mm": "Millimeter", "ml": "Milliliter", "mg": "Milligramm"}
_UNITS |= {"Min.": "Minuten", "Std.": "Stunden", "°C": "Grad"}
_ABBREVIATIONS = {
    "z.B.": "zum Beispiel", "d.h.": "das heißt", "u.a.": "unter anderem", "bzw.": "beziehungsweise", "ca.": "circa",
    "usw.": "und so weiter", "inkl.": "inklusive", "evtl.": "eventuell", "ggf.": "gegebenenfalls", "Tel.": "Telefon",
    "Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Fr.": "Frau", "Mio.": "Millionen", "Mrd.": "Milliarden",
}  # fmt: skip
_ABBREVIATION = "|".join(re.sub(r"\\\.(?=.)", r"\\.\\s?", re.escape(short)) for short in _ABBREVIATIONS)


def _said(text: str) -> str:
    number = written(text, thousands=".", decimal=",")
    return f"minus {cardinal(-number, 'de')}" if text.startswith("-") else cardinal(number, "de")


def _before(words: str) -> str:
    """A number before a noun: 'eins' → 'ein'."""
    return words[:-1] if words.endswith("eins") else words


_FEMININE = re.compile(r"(?:e|ung|heit|keit|schaft|ion|tät|Person|Nacht|Fahrt)$")


def _one(match: re.Match[str]) -> str:
    """ "1 Euro", "1 Stunde": the number before a noun agrees with it."""
    return "eine" if _FEMININE.search(match[1]) else "ein"


def _money(match: re.Match[str]) -> str:
    amount, cents = match["amount"] or match["amount2"], match["cents"] or match["cents2"]
    words = f"{_before(_said(amount))} {_MONEY[match['sign'] or match['sign2']]}"
    return f"{words} {cardinal(int(cents), 'de')}" if cents and int(cents) else words


def _clock(match: re.Match[str]) -> str:
    minutes = int(match[2] or 0)
    hour = f"{_before(cardinal(int(match[1]), 'de'))} Uhr"
    return f"{hour} {cardinal(minutes, 'de')}" if minutes else hour


def _th(match: re.Match[str]) -> str:
    """The ordinal as the word before it asks for: am dritten, der dritte, dritter."""
    before = match.string[: match.start()]
    number = int(match["day"])
    if _DATIVE.search(before):
        return ordinal(number, "de", "n")
    return ordinal(number, "de") if _ARTICLE.search(before) else ordinal(number, "de", "r")


def _date(match: re.Match[str]) -> str:
    month = match["month"] if match["month"] else _MONTHS[int(match["number"]) - 1]
    written_year = match["year"] or match["year2"]
    return f"{_th(match)} {month}" + (f" {year(int(written_year), 'de')}" if written_year else "")


def _range(match: re.Match[str]) -> str:
    return f"{_said(match[1])} bis {_said(match[2])}"


GERMAN: tuple[Rule, ...] = (
    (EMAIL, email("ät", {".": "Punkt", "_": "Unterstrich", "-": "Strich", "+": "plus"})),
    (URL, address("Punkt", "Schrägstrich", "Strich")),
    (re.compile(rf"(?<![\w.,])(?P<day>[0-3]?\d)\.\s?(?:(?P<month>{_MONTH})\b|(?P<number>0?[1-9]|1[0-2])\."
                r"(?P<year2>\d{4})?(?!\d))(?:(?<=[a-zä])\s(?P<year>\d{4})\b)?"), _date),
    (PHONE, lambda m: ("plus " if m.group().startswith("+") else "") + digits(m.group())),
    (CODE, lambda m: digits(m.group())),
    (re.compile(r"(?<![\w.,:])([01]?\d|2[0-4])(?:[:.]([0-5]\d))?\s?Uhr\b"), _clock),
    (re.compile(r"(?<![\w.,:])([01]?\d|2[0-3]):([0-5]\d)(?![\d:])"), _clock),
    (re.compile(rf"(?<![\w.,])(?P<amount>{_AMOUNT})(?:,(?P<cents>\d{{2}}))?\s?(?P<sign>[€$£]|CHF\b)"
                rf"|(?P<sign2>[€$£]|\bCHF)\s?(?P<amount2>{_AMOUNT})(?:,(?P<cents2>\d{{2}}))?(?!\d)"), _money),
    (re.compile(rf"(?<![\w.,-])({_AMOUNT})\s?[-–—]\s?({_AMOUNT})(?![\d,-])"), _range),
    (re.compile(rf"(?<![\w.,])({_NUMBER})\s?%"), lambda m: f"{_said(m[1])} Prozent"),
    (re.compile(rf"(?<![\w.,])({_NUMBER})\s?({'|'.join(map(re.escape, _UNITS))})(?!\w)"),
     lambda m: f"{_before(_said(m[1]))} {_UNITS[m[2]]}"),
    (re.compile(r"\bNr\.\s?(\d+)"), lambda m: f"Nummer {_said(m[1])}"),
    (re.compile(r"(?<![\w.,])(?P<day>\d{1,2})\.(?=\s\w)"), _th),
    (re.compile(r"\busw\.(?=\s*$)"), lambda m: "und so weiter."),
    (re.compile(rf"(?<!\w)(?:{_ABBREVIATION})(?!\w)"), lambda m: _ABBREVIATIONS[m.group().replace(" ", "")]),
    (re.compile(r"(?<=\w)str\.(?=\s?\d)"), lambda m: "straße"),
    (re.compile(r"(?<![\w.,:-])1(?=\s([A-ZÄÖÜ][a-zäöüß]+))"), _one),
    (re.compile(r"(?<![\w.,-])1[1-9]\d\d(?![.,]?\w)"), lambda m: year(int(m.group()), "de")),
    (re.compile(rf"(?<![\w.,]){_NUMBER}(?![.,]?\w)"), lambda m: _said(m.group())),
    (re.compile(r"(?<=\s)&(?=\s)"), lambda m: "und"),
)  # fmt: skip
