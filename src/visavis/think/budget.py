"""Tokens: about how many a prompt has, how a budget is shared out, and which old turns go. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visavis.think.base import Message, Role, ToolSpec

MESSAGE_TOKENS = 5
"""What a message costs besides its text, about."""

KEPT_SHARE = 0.5
"""Share of the turns' room that stays filled when old turns are dropped."""

NEXT_SHARE = 0.15
NEXT_TOKENS = 400
"""Room that is kept free for what the person says next: turns are dropped behind a reply, while nobody waits for the
changed prompt to be computed, and only in need behind the person's words."""

MEMORY_SHARE = 0.1
SUMMARY_SHARE = 0.12
PASSAGES_SHARE = 0.25
SIGHT_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Room:
    """Most tokens of each section of a prompt; `turns` is what is left when all others are full."""

    turns: int
    memory: int
    summary: int
    passages: int
    sight: int

    @classmethod
    def of(cls, free: int, *, memory: bool, passages: bool, sight: bool) -> Room:
        """Shares out `free` tokens, those besides persona and tools. A section that a call does not use gets none,
        and the shares depend on nothing else, so that they stay the same from turn to turn."""
        summary = round(free * SUMMARY_SHARE)
        parts = (
            round(free * MEMORY_SHARE) if memory else 0,
            summary,
            round(free * PASSAGES_SHARE) if passages else 0,
            round(free * SIGHT_SHARE) if sight else 0,
        )
        return cls(max(0, free - sum(parts)), *parts)


def tokens(text: str) -> int:
    """About how many tokens `text` has: a little high, so that a budget holds."""
    ascii_chars = sum(char < "\x80" for char in text)
    return round(ascii_chars / 3.6 + (len(text) - ascii_chars) / 1.5)


def cost(message: Message) -> int:
    """About how many tokens the message takes in a prompt."""
    calls = sum(tokens(call.name + call.arguments) + MESSAGE_TOKENS for call in message.tool_calls)
    return tokens(message.text) + calls + MESSAGE_TOKENS


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens a prompt of these has."""
    return sum(cost(message) for message in messages)


def tools_tokens(tools: Sequence[ToolSpec]) -> int:
    """About how many tokens the descriptions of `tools` take."""
    return sum(tokens(f"{tool.name}{tool.description}{tool.parameters}") + MESSAGE_TOKENS for tool in tools)


def clipped(text: str, most: int) -> str:
    """The beginning of `text` that has at most `most` tokens, cut at a word, with a sign of the cut."""
    if tokens(text) <= most:
        return text
    sign = " …"
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if tokens(text[:middle] + sign) <= most else (low, middle - 1)
    kept = text[:low]
    kept = kept.rsplit(None, 1)[0] if len(kept.split()) > 1 else kept
    return kept.rstrip() + sign if kept.strip() else ""


def first_kept(costs: Sequence[int], roles: Sequence[Role], room: int) -> int:
    """Index of the first turn to keep: one of the person's, so that no tool's result stands alone.

    It depends only on the past, so that it moves rarely and far. The last turn of the person always stays.
    """
    start = total = last_user = 0
    ahead = min(NEXT_TOKENS, round(room * NEXT_SHARE))
    for index, tokens_of in enumerate(costs):
        total += tokens_of
        last_user = index if roles[index] == "user" else last_user
        if total <= (room - ahead if roles[index] == "assistant" else room):
            continue
        while start < last_user and (total > room * KEPT_SHARE or roles[start] != "user"):
            total -= costs[start]
            start += 1
    return start
