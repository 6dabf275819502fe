"""Plain text, and bytes to text."""

from __future__ import annotations

import re

from visavis.kernel.errors import DocumentRefused
from visavis.think.knowledge.base import Reading, Section

_MOST_ODD = 0.02
"""Share of control characters above which bytes are no text."""


def decoded(data: bytes) -> str:
    """The text of `data`: by its byte order mark, as UTF-8, else as Windows-1252. Raises DocumentRefused."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _checked(data.decode(name, "replace"))
    if b"\0" in data[:65_536]:
        raise DocumentRefused("this is binary data, not text", stage="think")
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(data.decode("cp1252", "replace"))


def _checked(text: str) -> str:
    sample = text[:200_000]
    odd = sum((char < " " and char not in "\t\n\r\f") or char == "\ufffd" for char in sample)
    if odd > _MOST_ODD * len(sample):
        raise DocumentRefused("this is binary data, not text", stage="think")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")


def read_text(data: bytes) -> Reading:
    """Paragraphs are what blank lines part."""
    return Reading("", (Section((), decoded(data)),))


def squeezed(text: str) -> str:
    """Runs of blanks as one blank, blank lines kept."""
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
