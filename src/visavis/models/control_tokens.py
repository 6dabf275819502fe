"""Signs that a model's template is made of, such as `<|im_end|>`, in somebody's words: made plain text.

A server that puts words into a template reads such a sign as the model's own: what a person types, or what stands in
a document, could end its message and open one of another role. A space behind the first character keeps it readable
and takes that away. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_IN_ANGLES = (
    "start_of_turn|end_of_turn|start_of_image|end_of_image|bos|eos|pad|unk|mask|s|think|tool_call|tool_response"
)
_IN_BRACKETS = (
    "INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|CALL_ID|ARGS|THINK|IMG|IMG_BREAK|IMG_END"
    "|AUDIO|BEGIN_AUDIO|PREFIX|MIDDLE|SUFFIX"
)
FAMILIES = rf"<[|｜][^\s|｜<>]{{1,64}}[|｜]?>|</?(?:{_IN_ANGLES})>|<</?SYS>>|\[/?(?:{_IN_BRACKETS})\]"
"""Of ChatML and Qwen, Llama 2 to 4, Gemma, Mistral, DeepSeek, Phi, gpt-oss; read in their templates, 2026-11-23."""


def pattern(tokens: Iterable[str] = ()) -> re.Pattern[str]:
    """What to look for: these control tokens of a model, and those of common templates."""
    own = sorted({token for token in tokens if len(token) > 1 and not re.search(r"\s", token)}, key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, own), FAMILIES]))


_COMMON = pattern()


def inert(text: str, signs: re.Pattern[str] = _COMMON) -> str:
    """`text` without any of the `signs`."""
    while (broken := signs.sub(_broken, text)) != text:  # taking one apart may bring out another one around it
        text = broken
    return text


def _broken(found: re.Match[str]) -> str:
    return f"{found[0][0]} {found[0][1:]}"
