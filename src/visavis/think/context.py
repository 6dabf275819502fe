"""The prompt, from the agent and what the journal's readers know: one pure function, within a budget of tokens.

Kind to a prompt cache, by its order. What never changes comes first (persona, the same for all calls of an agent),
then what changes when old turns are dropped (memory and summary: many turns go at once, so that it is rare), then the
turns. What is seen stands before the words that it was first told with, and stays there (`seen.py`). What holds for
one turn only (passages) stands in the person's last message before their words: words that are still being said can
be computed ahead behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from visavis.kernel.agent import Agent
from visavis.think.base import Message, Role, ToolCall, ToolSpec
from visavis.think.budget import MESSAGE_TOKENS, Room, clipped, cost, first_kept, prompt_tokens, tokens, tools_tokens
from visavis.think.data_marks import FROM_DOCUMENTS, FROM_PAGE, FROM_SIGHT, FROM_TOOL, as_data
from visavis.think.remembered import Remembered, rows
from visavis.think.seen import Seen, told

__all__ = [
    "Known", "Passage", "Turn", "as_data", "build", "cost", "fill", "prompt_tokens", "system_prompt", "tokens",
    "tool_message",
]  # fmt: skip

_STYLE = """\
You are in a live voice call: what you write is spoken aloud.
- Answer in one or two short sentences of plain words, and begin with a short clause.
- No lists, markdown, emoji, headings or code.
- Names, titles, places, numbers and prices that you were not told are unknown to you: say so, never make them up.
- If something is unclear or cut off, ask one short question.
- A reply of yours that ends with "—" was interrupted there; the person heard nothing after it."""

_GROUNDED = """\
- Questions of fact you answer only from the passages of the documents that stand before them, never from memory. \
Begin with the number of the passage that the answer is taken from, such as [2]; begin with [0] when none of them \
answers the question."""

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

_MARK_TOKENS = 24
"""What `as_data` adds, at most."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation. Of an assistant turn, `text` is what was *heard*.

    A tool exchange is an assistant turn with `tool_calls`, then one turn of role `tool` per call, whose
    `tool_call_id` names it. `page`: not said; what the person did on the call page. `seq`: its journal record's.
    """

    role: Role
    text: str
    interrupted: bool = False
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    page: bool = False
    seq: int = 0


class Passage(Protocol):
    """A piece of a document that was found for the person's words; `id` is what an answer cites."""

    @property
    def id(self) -> str: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Known:
    """What a prompt holds besides persona and turns. None: this call has no such thing, and no room is kept for it.

    `recalled`: from earlier calls with this person. `noted`: in this call; a note stands in the prompt once the turn
    it was taken from does not. `passages`: for the words that are answered, best first. `sight`: what was seen when
    the turns were answered, and last what is seen now. `begun`: the beginning of the answer that is being said
    already (`LlmRequest.begun`); only its room is kept.
    """

    recalled: Sequence[Remembered] | None = None
    noted: Sequence[Remembered] = field(default=())
    passages: Sequence[Passage] | None = None
    sight: Sequence[Seen[Any]] | None = None
    begun: str = ""


NOTHING = Known()


def build(
    agent: Agent,
    turns: Sequence[Turn],
    *,
    budget_tokens: int,
    tools: Sequence[ToolSpec] = (),
    known: Known = NOTHING,
) -> list[Message]:
    """The messages of the next request. `budget_tokens` counts all of it, descriptions of `tools` included, as
    estimated by `tokens`; only the persona and the person's last turn are never cut.
    """
    system = Message("system", system_prompt(agent))
    free = max(0, budget_tokens - cost(system) - tools_tokens(tools) - tokens(known.begun))
    room = Room.of(
        free,
        memory=known.recalled is not None,
        passages=known.passages is not None,
        sight=known.sight is not None,
    )
    said = [(message, turn) for turn in turns if (message := _message(turn)) is not None]
    roles: list[Role] = ["tool" if turn.page else turn.role for _, turn in said]  # what the page did is no new turn
    with_sight, _ = _seen(known, said, room)
    start = first_kept([cost(message) for message in with_sight], roles, room.turns)
    said = said[start:]
    kept, now = _seen(known, said, room)
    if prompt_tokens(kept) > free:
        kept = [message for message, _ in said]
    # A turn alone may be larger than its section: then the others get what is left.
    left = max(0, free - prompt_tokens(kept) - 2 * MESSAGE_TOKENS)
    head, left = _head(known, room, _dropped(said) if start else 0, left)
    unsaid = bool(turns) and turns[-1].role == "user" and not turns[-1].text.strip()
    for_turn = _for_turn(known, now, room, left) if unsaid or (kept and kept[-1].role == "user") else ""
    if for_turn and unsaid:
        kept.append(Message("user", for_turn))  # nothing is said yet: what will stand before it can be computed ahead
    elif for_turn:
        kept[-1] = Message("user", f"{for_turn}\n\n{kept[-1].text}")
    return [system, *_merged([Message("user", head), *kept] if head else kept)]


def fill(agent: Agent, turns: Sequence[Turn], *, budget_tokens: int) -> float:
    """How full of turns a prompt is, before any go: 0 with none, 1 when they alone take all the room."""
    taken = sum(cost(message) for turn in turns if (message := _message(turn)) is not None)
    return taken / max(1, budget_tokens - tokens(system_prompt(agent)))


def system_prompt(agent: Agent) -> str:
    """Who the agent is and how it speaks; the same for every turn of every call of this agent."""
    base = agent.language.split("-")[0].lower()
    language = LANGUAGES.get(base, agent.language)
    style = f"{_STYLE}\n{_GROUNDED}" if agent.knowledge else _STYLE
    return f"You are {agent.name}. {agent.instructions.strip()}\n\n{style}\n- Speak {language}."


def tool_message(call: str, text: str) -> Message:
    """What came of a tool call, as the model is told it: alike while the exchange runs and in the turns behind it, so
    that the prompt keeps its beginning. Nothing returned needs no mark.
    """
    text = text.strip()
    return Message("tool", as_data(FROM_TOOL, text) if text else "", tool_call_id=call)


def _message(turn: Turn) -> Message | None:
    text = turn.text.strip()
    if turn.role == "assistant" and turn.interrupted and text:
        text = text.rstrip(" ,;:-–—") + "—"
    if not text and not turn.tool_calls and turn.role != "tool":
        return None
    if turn.role == "tool":
        return tool_message(turn.tool_call_id, text)
    if turn.page:
        text = as_data(FROM_PAGE, text)
    return Message(turn.role, text, turn.tool_calls, turn.tool_call_id)


def _seen(known: Known, said: Sequence[tuple[Message, Turn]], room: Room) -> tuple[list[Message], str]:
    """The messages with what was seen before the person's words, and what is seen now."""
    asked = [at for at, (_, turn) in enumerate(said) if turn.role == "user" and turn.seq and not turn.page]
    *then, now = told(known.sight or (), [said[at][1].seq for at in asked], room.sight - _MARK_TOKENS)
    kept = [message for message, _ in said]
    for at, text in zip(asked, then, strict=True):
        if text:
            kept[at] = Message("user", f"{as_data(FROM_SIGHT, text)}\n\n{kept[at].text}")
    return kept, now


def _dropped(said: Sequence[tuple[Message, Turn]]) -> int:
    """Notes taken from records before this one have lost their turn."""
    return next((turn.seq for _, turn in said if turn.seq), 1 << 62)


def _head(known: Known, room: Room, dropped: int, left: int) -> tuple[str, int]:
    """What stands before the turns, and how many tokens are left then."""
    parts: list[str] = []
    lost = [note for note in known.noted if note.seq < dropped]
    sections = (
        ("earlier calls with this person", known.recalled or (), room.memory),
        ("earlier in this call", lost, room.summary),
    )
    for source, notes, most in sections:
        fitting = rows(notes, min(most, left) - _MARK_TOKENS)
        if fitting:
            parts.append(as_data(source, "\n".join(fitting)))
            left = max(0, left - tokens(parts[-1]) - 1)
    return "\n".join(parts), left


def _for_turn(known: Known, now: str, room: Room, left: int) -> str:
    """What stands before the last turn's words."""
    parts: list[str] = []
    if now and left > _MARK_TOKENS and (seen := clipped(now, left - _MARK_TOKENS)):
        parts.append(as_data(FROM_SIGHT, seen))
        left = max(0, left - tokens(parts[-1]) - 1)
    if found := _passages(known.passages or (), min(room.passages, left) - _MARK_TOKENS):
        parts.append(as_data(FROM_DOCUMENTS, found))
    return "\n".join(parts)


def _passages(passages: Sequence[Passage], most: int) -> str:
    """The best that fit; the first is cut if it must be."""
    fitting: list[str] = []
    for passage in passages:
        row = f"[{passage.id}] {passage.text.strip()}"
        if tokens("\n".join([*fitting, row])) > most:
            break
        fitting.append(row)
    if not fitting and passages and most > 0:
        return clipped(f"[{passages[0].id}] {passages[0].text.strip()}", most)
    return "\n".join(fitting)


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Two things the person said with no heard reply between them become one message."""
    merged: list[Message] = []
    for message in messages:
        if merged and message.role == "user" == merged[-1].role:
            message = Message("user", f"{merged.pop().text}\n{message.text}")
        merged.append(message)
    return merged
