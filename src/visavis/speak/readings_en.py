"""English readings; first rule that matches wins."""

from __future__ import annotations

import re

from visavis.speak.readings import CODE, EMAIL, NUMBER, PHONE, URL, Rule, address, digits, email

_MONEY_EN = {"€": ("euro", "euros"), "£": ("pound", "pounds"), "$": ("dollar", "dollars"), "¥": ("yen", "yen")}


def _money_en(match: re.Match[str]) -> str:
    sign, amount, cents = match.groups()
    one, many = _MONEY_EN[sign]
    words = f"{amount} {one if amount == '1' else many}"
    return f"{words} {int(cents)}" if cents and int(cents) else words


def _money_range_en(match: re.Match[str]) -> str:
    return f"{match[2]} to {match[3]} {_MONEY_EN[match[1]][1]}"


def _either(match: re.Match[str]) -> str:
    left, right = match.groups()
    if (left.lower(), right.lower()) == ("and", "or"):
        return "and or"
    return f"{left} {right}" if left.isupper() or right.isupper() else f"{left} or {right}"


_DAYS = {"Mon": "Monday", "Tue": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Fri": "Friday"}
_DAYS |= {"Sat": "Saturday", "Sun": "Sunday"}
_DAY = "|".join(_DAYS)
_CLOCK = r"\d{1,2}(?::\d{2})?\s?(?:[ap]\.?m\b\.?)?"

ENGLISH: tuple[Rule, ...] = (
    (EMAIL, email("at", {".": "dot", "_": "underscore", "-": "dash", "+": "plus"})),
    (URL, address("dot", "slash", "dash")),
    (PHONE, lambda m: ("plus " if m.group().startswith("+") else "") + digits(m.group())),
    (CODE, lambda m: digits(m.group())),
    (re.compile(rf"([$€£¥])({NUMBER})\s?[-–—]\s?[$€£¥]?({NUMBER})(?![\d.]*\d)"), _money_range_en),
    (re.compile(r"([€£])(\d+(?:,\d{3})*)(?:\.(\d{2}))?(?![\d.,]*\d|\s?(?:k|m|bn?|million|billion)\b)"), _money_en),
    (re.compile(rf"({NUMBER})%?\s?[-–—]\s?({NUMBER})\s?%"), lambda m: f"{m[1]} to {m[2]} percent"),
    (re.compile(rf"(?<![\w.])(-?{NUMBER})\s?%"), lambda m: f"{m[1].replace('-', 'minus ')} percent"),
    (re.compile(rf"(?<![\w:])({_CLOCK})\s?[-–—]\s?(\d{{1,2}}:\d{{2}}\s?(?:[ap]\.?m\b\.?)?|\d{{1,2}}\s?[ap]\.?m\b\.?)(?!\w)",
                re.IGNORECASE), lambda m: f"{m[1].strip()} to {m[2]}"),
    (re.compile(r"(?<![\w.,-])(\d+(?:\.\d+)?)\s?[–—]\s?(\d+(?:\.\d+)?)(?![\d,-])"), lambda m: f"{m[1]} to {m[2]}"),
    (re.compile(rf"\b({_DAY})\s?[-–]\s?({_DAY})\b"), lambda m: f"{_DAYS[m[1]]} to {_DAYS[m[2]]}"),
    (re.compile(r"(?<![\w/])24/7(?![\w/])"), lambda m: "twenty-four seven"),
    (re.compile(r"(?<![\w/.])([A-Za-z]+)/([A-Za-z]+)(?![\w/])"), _either),
    (re.compile(r"(?<![\w.])(\d+)\s?[x×]\s?(\d+)(?!\w)"), lambda m: f"{m[1]} by {m[2]}"),
    (re.compile(r"(?<![\w.$€£])(\d+(?:\.\d+)?)[kK](?!\w)"), lambda m: f"{m[1]} thousand"),
    (re.compile(r"\be\.g\.|\beg\.", re.IGNORECASE), lambda m: "for example"),
    (re.compile(r"\bi\.e\.", re.IGNORECASE), lambda m: "that is"),
    (re.compile(r"\b[Nn]o\.\s?(\d+)"), lambda m: f"number {m[1]}"),
    (re.compile(r"\betc\.(?=\s*$)"), lambda m: "et cetera."),
    (re.compile(r"\betc\."), lambda m: "et cetera"),
    (re.compile(r"(?<=\s)&(?=\s)"), lambda m: "and"),
)  # fmt: skip
