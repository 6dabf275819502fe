"""French readings; first rule that matches wins. Numbers become words here."""

from __future__ import annotations

import re

from visavis.speak.number_words import cardinal, ordinal, written
from visavis.speak.readings import CODE, EMAIL, PHONE, URL, Rule, address, digits, email

_MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin"]
_MONTHS += ["juillet", "août", "septembre", "octobre", "novembre", "décembre"]
_MONTH = "|".join(_MONTHS)
_MONEY = {"€": ("euro", "euros"), "$": ("dollar", "dollars"), "£": ("livre", "livres"), "CHF": ("franc", "francs")}
_AMOUNT = r"\d{1,3}(?:[ .\u00a0\u202f]\d{3})+|\d+"
_NUMBER = rf"-?(?:{_AMOUNT})(?:,\d+)?"
_UNITS = {"km/h": "kilomètres à l’heure", "km": "kilomètres", "kg": "kilos", "cm": "centimètres", "mm": "millimètres"}
_UNITS |= {"ml": "millilitres", "mg": "milligrammes", "min": "minutes", "°C": "degrés"}
_ABBREVIATIONS = {
    "M.": "monsieur", "MM.": "messieurs", "Mme": "madame", "Mme.": "madame", "Mlle": "mademoiselle", "Dr": "docteur",
    "Dr.": "docteur", "Me": "maître", "p.ex.": "par exemple", "etc.": "et cetera", "env.": "environ",
    "bd.": "boulevard", "av.": "avenue", "tél.": "téléphone",
}  # fmt: skip
_FEMININE = ("livre", "heure", "minute")
_ABBREVIATION = "|".join(
    re.escape(short).replace(r"p\.", r"p\.\s?", 1) + ("" if short.endswith(".") else r"(?=\s[A-ZÉÈ])")
    for short in sorted(_ABBREVIATIONS, key=len, reverse=True)
)


def _said(text: str) -> str:
    number = written(text, thousands=".", decimal=",")
    return f"moins {cardinal(-number, 'fr')}" if text.startswith("-") else cardinal(number, "fr")


def _count(text: str, noun: str) -> str:
    """A number of things: 'un euro', 'une heure', 'vingt-et-une heures'."""
    words = _said(text)
    return words + "e" if noun.startswith(_FEMININE) and words.endswith("un") else words


def _money(match: re.Match[str]) -> str:
    amount, cents = match["amount"] or match["amount2"], match["cents"] or match["cents2"]
    one, many = _MONEY[match["sign"] or match["sign2"]]
    words = f"{_count(amount, one)} {one if amount in ('0', '1') else many}"
    return f"{words} {cardinal(int(cents), 'fr')}" if cents and int(cents) else words


def _clock(match: re.Match[str]) -> str:
    hour, minutes = match[1].lstrip("0") or "0", int(match[2] or 0)
    words = f"{_count(hour, 'heure')} {'heure' if hour in ('0', '1') else 'heures'}"
    return f"{words} {_count(str(minutes), 'minute')}" if minutes else words


def _date(match: re.Match[str]) -> str:
    day = "premier" if match["first"] or int(match["day"]) == 1 else cardinal(int(match["day"]), "fr")
    month = match["month"] if match["month"] else _MONTHS[int(match["number"]) - 1]
    written_year = match["year"] or match["year2"]
    return f"{day} {month}" + (f" {cardinal(int(written_year), 'fr')}" if written_year else "")


def _th(match: re.Match[str]) -> str:
    feminine = match[2] in ("re", "ère", "nde")
    return ordinal(int(match[1]), "fr", "feminine" if feminine else "masculine")


def _pairs(match: re.Match[str]) -> str:
    """A French telephone number, in pairs."""
    pairs = re.findall(r"\d\d", match.group())
    return ", ".join(("zéro " if pair < "10" else "") + cardinal(int(pair), "fr") for pair in pairs)


FRENCH: tuple[Rule, ...] = (
    (EMAIL, email("arobase", {".": "point", "_": "tiret bas", "-": "tiret", "+": "plus"})),
    (URL, address("point", "slash", "tiret")),
    (re.compile(rf"(?<![\w.,/])(?P<day>[0-3]?\d)(?:(?P<first>er)?\s(?P<month>{_MONTH})\b|/(?P<number>0?[1-9]|1[0-2])"
                r"/(?P<year2>\d{4})\b)(?:(?<=[a-zéû])\s(?P<year>\d{4})\b)?"), _date),
    (re.compile(r"(?<![\w.,-])0\d(?:[ .-]?\d\d){4}(?![\w-])"), _pairs),
    (PHONE, lambda m: ("plus " if m.group().startswith("+") else "") + digits(m.group())),
    (CODE, lambda m: digits(m.group())),
    (re.compile(r"(?<![\w.,:])([01]?\d|2[0-4])\s?h(?:\s?([0-5]\d))?(?!\w)"), _clock),
    (re.compile(r"(?<![\w.,:])([01]?\d|2[0-3]):([0-5]\d)(?![\d:])"), _clock),
    (re.compile(rf"(?<![\w.,])(?P<amount>{_AMOUNT})(?:,(?P<cents>\d{{2}}))?\s?(?P<sign>[€$£]|CHF\b)"
                rf"|(?P<sign2>[€$£]|\bCHF)\s?(?P<amount2>{_AMOUNT})(?:,(?P<cents2>\d{{2}}))?(?!\d)"), _money),
    (re.compile(r"(?<![\w.,-])(\d+)\s?[-–—]\s?(\d+)(?![\d,-])"), lambda m: f"{_said(m[1])} à {_said(m[2])}"),
    (re.compile(rf"(?<![\w.,])({_NUMBER})\s?%"), lambda m: f"{_said(m[1])} pour cent"),
    (re.compile(rf"(?<![\w.,])({_NUMBER})\s?({'|'.join(map(re.escape, _UNITS))})(?!\w)"),
     lambda m: f"{_count(m[1], _UNITS[m[2]])} {_UNITS[m[2]]}"),
    (re.compile(r"(?<!\w)[nN]°\s?(\d+)"), lambda m: f"numéro {_said(m[1])}"),
    (re.compile(r"(?<![\w.,])(\d+)(er|re|ère|e|ème|nd|nde)\b"), _th),
    (re.compile(r"\betc\.(?=\s*$)"), lambda m: "et cetera."),
    (re.compile(rf"(?<!\w)(?:{_ABBREVIATION})(?!\w)"), lambda m: _ABBREVIATIONS[m.group().replace(" ", "")]),
    (re.compile(rf"(?<![\w.,]){_NUMBER}(?![.,]?\w)"), lambda m: _said(m.group())),
    (re.compile(r"(?<=\s)&(?=\s)"), lambda m: "et"),
)  # fmt: skip
