"""Takes markdown and emoji out of text, so that what is left can be read aloud and shown as a caption."""

from __future__ import annotations

import re

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_IMAGE_OR_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)?[^\s<>]+[.@][^\s<>]+)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,80}>")
_RULE = re.compile(r"^[ \t]*(?:[-*_][ \t]*){3,}$", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-{3,}[ \t:|-]*$", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*(?:[-*+•‣▪][ \t]+|>[ \t]?)+", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3}|~~)(?=\S)(.+?)(?<=\S)\1(?![\w*])", re.DOTALL)
_LEFT_OVER = re.compile(r"\*\*+|~~|`+|(?<!\w)\*(?=\w)|(?<=[\w.,!?])\*(?!\w)|(?<!\w)__?(?=\w)|(?<=[\w.,!?])__?(?!\w)")
_OUTER_PIPE = re.compile(r"^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$", re.MULTILINE)
_INNER_PIPE = re.compile(r"[ \t]*\|[ \t]*")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U0001fc00-\U0001fdff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\ufe0f\u200d\u20e3"
    "\U000e0020-\U000e007f]+"
)
_SPACES = re.compile(r"[^\S\n]+")


def plain(text: str) -> str:
    """`text` as words: no markdown, no code blocks, no emoji; a link is its text. Idempotent.

    It also takes a piece that was cut in the middle of a mark ("**Sure,") and drops the half of the mark.
    """
    previous = ""
    while text != previous:
        previous, text = text, _pass(text)
    return text


def _pass(text: str) -> str:
    text = _FENCE.sub(" ", text)
    text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _TAG.sub("", text)
    text = _TABLE_RULE.sub("", _RULE.sub("", text))
    text = _BULLET.sub("", _HEADING.sub("", text))
    text = _EMPHASIS.sub(r"\2", text)
    text = _LEFT_OVER.sub("", text)
    text = _INNER_PIPE.sub(", ", _OUTER_PIPE.sub("", text))
    text = _EMOJI.sub("", text)
    return _SPACES.sub(" ", text).strip()
