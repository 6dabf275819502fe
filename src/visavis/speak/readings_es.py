"""Spanish readings, lighter than the English ones. Numbers become words in `spanish_g2p.py`."""

from __future__ import annotations

import re

from visavis.speak.readings import CODE, EMAIL, PHONE, URL, Rule, address, digits, email

_MONEY_ES = {"€": ("euro", "euros"), "$": ("dólar", "dólares"), "£": ("libra", "libras"), "¥": ("yen", "yenes")}


def _money_es(match: re.Match[str]) -> str:
    """With either mark for thousands: "1.234,50 €" as in Spain, "$1,234.50" as in Mexico."""
    sign = match["before"] or match["after"]
    whole, cents = _CENTS.fullmatch(match["amount"] or match["amount2"]).groups()  # type: ignore[union-attr]
    amount = re.sub(r"\D", "", whole)
    words = f"{'un' if amount == '1' else amount} {_MONEY_ES[sign][0 if amount == '1' else 1]}"
    return f"{words} con {int(cents.ljust(2, '0'))}" if cents and int(cents) else words


def _clock_es(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    return str(hour) if minute == 0 else f"{hour} y {minute}"


_AMOUNT_ES = r"(?:\d{1,3}(?:[.\u00a0\u202f ]\d{3})+|\d{1,3}(?:,\d{3})+|\d+)(?:[.,]\d{1,2})?(?![.,]?\d)"
_CENTS = re.compile(r"(.+?)(?:[.,](\d{1,2}))?")
_UNITS_ES = {
    "km/h": "kilómetros por hora",
    "km": "kilómetros",
    "kg": "kilos",
    "cm": "centímetros",
    "mm": "milímetros",
}
_UNITS_ES |= {"ml": "mililitros", "mg": "miligramos", "min": "minutos", "°C": "grados", "ºC": "grados"}

_UNIT = "|".join(map(re.escape, _UNITS_ES))


def _range(match: re.Match[str]) -> str:
    words = f"{match[1]} a {match[2]}"
    return f"{words} {_UNITS_ES[match[3]]}" if match[3] else words


SPANISH: tuple[Rule, ...] = (
    (EMAIL, email("arroba", {".": "punto", "_": "guion bajo", "-": "guion", "+": "más"})),
    (URL, address("punto", "barra", "guion")),
    (re.compile(rf"(?:\bUS)?(?P<before>[$€£¥])\s?(?P<amount>{_AMOUNT_ES})"
                rf"|(?<![\w.,])(?P<amount2>{_AMOUNT_ES})\s?(?P<after>[$€£¥])"), _money_es),
    (PHONE, lambda m: ("más " if m.group().startswith("+") else "") + digits(m.group())),
    (re.compile(r"(?<![\w.,-])\d{3}(?: \d{2,3}){2,3}(?![\w,])"), lambda m: digits(m.group())),
    (CODE, lambda m: digits(m.group())),
    (re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s?[-–—]\s?(\d+(?:[.,]\d+)?)\s?%"),
     lambda m: f"{m[1]} a {m[2]} por ciento"),
    (re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)*)\s?%"), lambda m: f"{m[1]} por ciento"),
    (re.compile(r"(?<![\w:])([01]?\d|2[0-3]):([0-5]\d)(?:\s?(?:h|hs|horas)\b\.?)?(?![\d:])"), _clock_es),
    (re.compile(rf"(?<![\w.,-])(\d+)\s?[-–—]\s?(\d+)(?:\s?({_UNIT})(?!\w))?(?![\d,-])"), _range),
    (re.compile(rf"(?<![\w.,])(\d+(?:[.,]\d+)?)\s?({_UNIT})(?!\w)"), lambda m: f"{m[1]} {_UNITS_ES[m[2]]}"),
    (re.compile(r"(?<![\w/])([^\W\d_]+)/([^\W\d_]+)(?![\w/])"), lambda m: f"{m[1]} o {m[2]}"),
    (re.compile(r"(?i)\bp\.\s?ej\."), lambda m: "por ejemplo"),
    (re.compile(r"\betc\."), lambda m: "etcétera."),
    (re.compile(r"\bSra\."), lambda m: "Señora"),
    (re.compile(r"\bSr\."), lambda m: "Señor"),
    (re.compile(r"\bDra\."), lambda m: "Doctora"),
    (re.compile(r"\bDr\."), lambda m: "Doctor"),
    (re.compile(r"\bUds?\."), lambda m: "ustedes" if "s" in m.group() else "usted"),
    (re.compile(r"(?<=\s)&(?=\s)"), lambda m: "y"),
)  # fmt: skip
