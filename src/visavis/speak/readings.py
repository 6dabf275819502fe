"""Readings that languages share: web and mail addresses, telephone numbers, codes."""

from __future__ import annotations

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]
"""What is written, and what is said for a match of it."""

_TOP_LEVEL = "com|org|net|edu|gov|io|ai|dev|app|info|biz|me|tv|co|uk|us|eu|de|es|fr|it|mx|ar|example|test|local"
EMAIL = re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?<![.-])")
URL = re.compile(
    rf"https?://[^\s<>\"'“”]+[^\s<>\"'“”.,;:!?)\]…]|(?<![\w.@/])(?:[\w-]+\.)+(?:{_TOP_LEVEL})\b(?:/[\w./%-]*[\w/])?(?!\.?\w)"
)
PHONE = re.compile(
    r"(?<![\w.-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?|\d{2,4}[ .-])\d{3,4}[ .-]\d{3,4}(?![\w-])"
    r"|(?<![\w.-])\+\d{1,3}(?:[ .-]?\d{2,4}){2,5}(?![\w-])"
    r"|(?<![\w.-])\d{3}-\d{4}(?![\w-])"
)
CODE = re.compile(r"(?<![\w.,$€£¥+-])(?:0\d{2,}|\d{7,})(?![\w%]|[.,]\d)")
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"


def digits(text: str) -> str:
    """Digit by digit, a comma for a short breath between groups; long groups are split."""
    groups = [group for run in re.findall(r"\d+", text) for group in _split_group(run)]
    return ", ".join(" ".join(group) for group in groups)


def _split_group(run: str) -> list[str]:
    if len(run) <= 4:
        return [run]
    size = 3 if len(run) % 3 != 1 else 4
    return [run[:size], *_split_group(run[size:])] if len(run) > size else [run]


def address(dot: str, slash: str, dash: str) -> Callable[[re.Match[str]], str]:
    def say(match: re.Match[str]) -> str:
        address = re.sub(r"^https?://(www\.)?", "", match.group()).rstrip("/")
        host, _, path = re.split(r"[?#]", address)[0].partition("/")
        if len(path) > 24 or re.search(r"\d{4,}|%", path):
            path = ""  # nobody takes that down by ear
        words = host + (f"/{path}" if path else "")
        for mark, name in ((".", dot), ("/", slash), ("-", dash), ("_", " "), (":", " ")):
            words = words.replace(mark, f" {name} ")
        return " ".join(words.split())

    return say


def email(at: str, names: dict[str, str]) -> Callable[[re.Match[str]], str]:
    def say(match: re.Match[str]) -> str:
        words = match.group().replace("@", f" {at} ")
        for mark, name in names.items():
            words = words.replace(mark, f" {name} ")
        return " ".join(words.split())

    return say
