"""The prompt: what the agent is, then what was said and heard, within a budget of tokens.

Pure, and kind to a prompt cache: the system message of an agent never changes, and when old turns must go, many
go at once, so that the beginning of the prompt stays the same for several turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visavis.kernel.agent import Agent
from visavis.think.base import Message, Role, ToolCall

KEPT_SHARE = 0.6
"""Share of the budget that stays filled when old turns are dropped."""

MESSAGE_TOKENS = 5
"""What a message costs besides its text, about."""

_STYLE = """\
You are in a live voice call: what you write is spoken aloud.
- Answer in one or two short sentences of plain words, and begin with a short clause.
- No lists, markdown, emoji, headings or code.
- Names, titles, places, numbers and prices that you were not told are unknown to you: say so, never make them up.
- If something is unclear or cut off, ask one short question.
- A reply of yours that ends with "—" was interrupted there; the person heard nothing after it."""

LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "it": "Italian",
    "pt": "Portuguese",
    "ja": "Japanese",
    "zh": "Chinese",
    "hi": "Hindi",
    "ar": "Arabic",
    "nl": "Dutch",
    "pl": "Polish",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation. Of an assistant turn, `text` is what was *heard*.

    A tool exchange is an assistant turn with `tool_calls`, then one turn of role `tool` per call, whose
    `tool_call_id` names it.
    """

    role: Role
    text: str
    interrupted: bool = False
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


def build(agent: Agent, turns: Sequence[Turn], *, budget_tokens: int) -> list[Message]:
    """The messages of the next request: the system message, then the newest turns that fit `budget_tokens`.

    The budget counts the system message too and is approximate (`tokens`). The last user turn is always kept.
    """
    system = Message("system", system_prompt(agent))
    messages = _merged([message for turn in turns if (message := _message(turn)) is not None])
    room = max(0, budget_tokens - cost(system))
    return [system, *messages[_start(messages, room) :]]


def system_prompt(agent: Agent) -> str:
    """Who the agent is and how it speaks; the same for every turn of every call of this agent."""
    base = agent.language.split("-")[0].lower()
    language = LANGUAGES.get(base, agent.language)
    return f"You are {agent.name}. {agent.instructions.strip()}\n\n{_STYLE}\n- Speak {language}."


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


def _message(turn: Turn) -> Message | None:
    text = turn.text.strip()
    if turn.role == "assistant" and turn.interrupted and text:
        text = text.rstrip(" ,;:-–—") + "—"
    if not text and not turn.tool_calls and turn.role != "tool":
        return None
    return Message(turn.role, text, turn.tool_calls, turn.tool_call_id)


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Two things the person said with no heard reply between them become one message."""
    merged: list[Message] = []
    for message in messages:
        if merged and message.role == "user" == merged[-1].role:
            message = Message("user", f"{merged.pop().text}\n{message.text}")
        merged.append(message)
    return merged


def _start(messages: Sequence[Message], room: int) -> int:
    """Index of the first message to keep. Depends only on the past, so that it moves rarely and far."""
    start = total = 0
    for index, message in enumerate(messages):
        total += cost(message)
        if total <= room:
            continue
        while total > room * KEPT_SHARE and start < index:
            total -= cost(messages[start])
            start += 1
        while start < index and messages[start].role != "user":
            total -= cost(messages[start])
            start += 1
    last_user = max((i for i, message in enumerate(messages) if message.role == "user"), default=start)
    return min(start, last_user)
