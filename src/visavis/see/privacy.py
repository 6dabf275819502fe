"""Making parts of a picture unrecognisable before it leaves the process: background, other people's faces, personal
data in text. Pure.

Simple, and honest about it: the background is what lies outside a box around the nearest person, guessed from the
face; bystanders are faces that the detector finds; personal data is what looks like an e-mail address, a phone
number, a payment card or an IBAN. What is covered is gone: faces and background become a few coarse squares, text
becomes one colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from visavis.see.base import Image
from visavis.see.reading import Box, Line

SQUARES = 6
"""A covered face is left with so many squares across."""

BACKGROUND_SQUARES = 24

_EMAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\s?\.\s?[\w-]+)+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_DIGITS = re.compile(r"(?<![\w.,$€£])\+?\(?\d(?:[ ().\-/]{0,2}\d){6,18}(?![\w])")
_CARD_DIGITS = range(13, 20)
_PHONE_DIGITS = range(9, 16)
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")


def personal(text: str) -> list[tuple[int, int]]:
    """Where personal data stands in `text`: (start, end) in characters."""
    spans = [match.span() for pattern in (_EMAIL, _IBAN) for match in pattern.finditer(text)]
    for match in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        date = _DATE.fullmatch(match[0].strip())
        phone = len(digits) in _PHONE_DIGITS or (match[0].startswith(("+", "(", "0")) and len(digits) >= 7)
        if not date and ((len(digits) in _CARD_DIGITS and _luhn(digits)) or phone):
            spans.append(match.span())
    return sorted(spans)


def personal_boxes(lines: Sequence[Line]) -> list[Box]:
    """The words of personal data in text that was read."""
    boxes: list[Box] = []
    for line in lines:
        spans = personal(line.text)
        start = 0
        for word in line.words:
            end = start + len(word.text)
            if any(start < last and first < end for first, last in spans):
                boxes.append(word.box)
            start = end + 1
    return boxes


def bystanders(faces: Sequence[Box]) -> list[Box]:
    """All faces but the largest: the person of the call sits nearest."""
    return sorted(faces, key=lambda box: -box[2] * box[3])[1:]


def person(face: Box, width: int, height: int) -> Box:
    """Head and shoulders of who has this face, down to the picture's edge."""
    x, y, w, h = face
    left, right = max(0, x - w), min(width, x + 2 * w)
    top = max(0, y - round(0.6 * h))
    return left, top, right - left, height - top


def squared(image: Image, boxes: Iterable[Box], squares: int = SQUARES) -> Image:
    """A copy in which each box is left with about so many squares across, each the mean of what it covers."""
    covered = image.copy()
    for box in boxes:
        part = _cut(covered, box)
        side = max(1, -(-max(part.shape[:2]) // squares))
        for y in range(0, part.shape[0], side):
            for x in range(0, part.shape[1], side):
                square = part[y : y + side, x : x + side]
                square[:] = square.mean(axis=(0, 1)).astype(np.uint8)
    return covered


def filled(image: Image, boxes: Iterable[Box]) -> Image:
    """A copy in which each box, and a little around it, is one colour: letters can be guessed from squares."""
    covered = image.copy()
    for x, y, w, h in boxes:
        part = _cut(covered, (x - 2, y - 2, w + 4, h + 4))
        if part.size:
            part[:] = np.median(part, axis=(0, 1)).astype(np.uint8)
    return covered


def only(image: Image, kept: Sequence[Box]) -> Image:
    """A copy in which all outside the boxes is coarse; with no box, all of it."""
    height, width = image.shape[:2]
    covered = squared(image, [(0, 0, width, height)], BACKGROUND_SQUARES)
    for box in kept:
        _cut(covered, box)[:] = _cut(image, box)
    return covered


def _cut(image: Image, box: Box) -> Image:
    x, y, w, h = box
    return image[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
