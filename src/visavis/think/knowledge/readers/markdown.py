"""Markdown: headings make the structure; marks of emphasis and links go, their words stay."""

from __future__ import annotations

import re

from visavis.think.knowledge.base import Reading
from visavis.think.knowledge.readers.outline import Outline
from visavis.think.knowledge.readers.plain import decoded

_HEADING = re.compile(r" {0,3}(#{1,6})\s(.*)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_FRONT = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:(.+)$", re.MULTILINE)


def read_markdown(data: bytes) -> Reading:
    text = decoded(data)
    title = ""
    if front := _FRONT.match(text):
        found = _FRONT_TITLE.search(front[1])
        title, text = found[1].strip().strip("\"'") if found else "", text[front.end() :]
    outline = Outline(title)
    block: list[str] = []
    fence = ""
    for line in [*text.split("\n"), ""]:
        if fence or (mark := _FENCE.match(line)):
            if fence and line.strip().startswith(fence):
                fence = ""
            elif not fence and mark is not None:
                fence = mark[1]
            else:
                block.append(line)
        elif heading := _HEADING.match(line):
            _flush(outline, block)
            outline.heading(len(heading[1]), plain(heading[2].strip().rstrip("#")))
        elif len(block) == 1 and block[0].strip() and (under := _UNDERLINE.match(line)):
            outline.heading(1 if under[1][0] == "=" else 2, plain(block.pop()))
        elif not line.strip():
            _flush(outline, block)
        else:
            block.append(plain(line))
    _flush(outline, block)
    return outline.reading()


def _flush(outline: Outline, block: list[str]) -> None:
    outline.text("\n".join(block))
    block.clear()


_LINK = r"\[([^\[\]]{PART})\]\((?:[^()]|\([^()]*\))*+\)"
_INLINE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<!--(?:(?!<!--|-->).)*+-->"), ""),
    (re.compile("!" + _LINK.replace("{PART}", "*+")), r"\1"),
    (re.compile(_LINK.replace("{PART}", "++")), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)((?:(?!\1).)++)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<!\w)\*(?=\S)((?:[^*]|(?<=\w)\*(?=\w))++)(?<=\S)\*(?!\w)"), r"\1"),
    (re.compile(r"(?<!\w)_(?=\S)((?:[^_]|(?<=\w)_(?=\w))++)(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"`([^`]++)`"), r"\1"),
    (re.compile(r"^\s*+>\s?"), ""),
    (re.compile(r"^\s*+\|?(?:\s*+:?-{3,}+:?\s*+\|)++\s*+:?-*+:?\s*+$"), ""),
)
"""Each looks at a line once, however long: between marks there are none of their kind, and nothing is given back."""


def plain(line: str) -> str:
    """One line of Markdown as words."""
    for pattern, kept in _INLINE:
        line = pattern.sub(kept, line)
    return line
