"""Tools for small models: every reply is one JSON object that either speaks or names a tool.

A grammar made from the schema keeps the model to it, so that the choice is always readable; the `text` of a
reply is read out while it is still being written. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from visavis.think.base import Message, ToolSpec

REPLY = "reply"

_INSTRUCTION = """\


You answer with one JSON object and nothing else. Either speak:
{{"action": "reply", "text": "what you say"}}
or use one of these tools:
{tools}
Use a tool when the person asks for what it does or for what it knows. Take arguments only from what was said; if \
one is missing, ask for it with a reply. Otherwise reply. When a tool's result is given, tell it with a reply.
Examples:
Hello there! → {{"action": "reply", "text": "Hello! How can I help?"}}
Thanks, bye. → {{"action": "reply", "text": "You're welcome. Goodbye!"}}
(what {first} is for) → {example}"""


def instruction(tools: Sequence[ToolSpec]) -> str:
    """What the system prompt says about the tools; the same for the same tools."""
    lines = "\n".join(f"{_example(tool)}  — {_first_line(tool.description)}{_about(tool)}" for tool in tools)
    return _INSTRUCTION.format(tools=lines, first=tools[0].name, example=_example(tools[0]))


def schema(tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """JSON Schema of one action: `anyOf` of one object per tool, and a reply."""
    reply = {"action": {"const": REPLY}, "text": {"type": "string"}}
    return {
        "anyOf": [
            *(_object({"action": {"const": tool.name}, "arguments": tool.parameters}) for tool in tools),
            _object(reply),
        ]
    }


def enveloped(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[Message]:
    """The conversation as the model would have written it: its turns as actions, results as messages to it."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    rows: list[Message] = []
    for index, message in enumerate(messages):
        if message.role == "system" and index == 0:
            rows.append(Message("system", message.text + instruction(tools)))
        elif message.role == "assistant":
            rows += [Message("assistant", action) for action in _actions(message)]
        elif message.role == "tool":
            name = names.get(message.tool_call_id, "tool")
            rows.append(Message("user", f"[Result of {name}: {message.text}]"))
        else:
            rows.append(message)
    return rows


def _actions(message: Message) -> list[str]:
    said = [json.dumps({"action": REPLY, "text": message.text}, ensure_ascii=False)] if message.text else []
    calls = [f'{{"action": {json.dumps(call.name)}, "arguments": {call.arguments}}}' for call in message.tool_calls]
    return said + calls


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _example(tool: ToolSpec) -> str:
    arguments = {name: _placeholder(spec) for name, spec in tool.parameters.get("properties", {}).items()}
    return json.dumps({"action": tool.name, "arguments": arguments}, ensure_ascii=False)


def _placeholder(spec: dict[str, Any]) -> Any:
    if "enum" in spec:
        return "|".join(str(value) for value in spec["enum"])
    kind = spec.get("type", "")
    return {"integer": 1, "number": 1.5, "boolean": True, "array": []}.get(kind, "...")


def _about(tool: ToolSpec) -> str:
    described = {name: spec.get("description") for name, spec in tool.parameters.get("properties", {}).items()}
    notes = "; ".join(f"{name}: {text}" for name, text in described.items() if text)
    return f" ({notes})" if notes else ""


def _first_line(text: str) -> str:
    return text.strip().split("\n\n")[0].replace("\n", " ")


class Action(msgspec.Struct, frozen=True):
    """What the model decided. `arguments` is JSON text; empty for a reply."""

    name: str
    arguments: str = ""


class EnvelopeReader:
    """Reads one action while it is written. `feed` returns the new part of a reply's text, often ''."""

    def __init__(self) -> None:
        self._raw = ""
        self._depth = 0
        self._in_string = False
        self._escape = ""
        self._high = 0
        self._string = ""
        self._key = ""
        self._action = ""
        self._expect_value = False

    def feed(self, delta: str) -> str:
        self._raw += delta
        return "".join(self._char(char) for char in delta)

    def action(self) -> Action | None:
        """The whole action once all is read; None when it is not complete JSON of the schema's form."""
        try:
            value = json.loads(self._raw)
        except ValueError:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("action"), str):
            return None
        if value["action"] == REPLY:
            return Action(REPLY)
        return Action(value["action"], json.dumps(value.get("arguments", {}), ensure_ascii=False))

    @property
    def replying(self) -> bool:
        """Whether it is known to be a reply."""
        return self._action == REPLY

    def _char(self, char: str) -> str:
        if self._in_string:
            return self._string_char(char)
        if char == '"':
            self._in_string, self._string = True, ""
        elif char in "{[":
            self._depth += 1
        elif char in "}]":
            self._depth -= 1
        elif char == ":" and self._depth == 1:
            self._key, self._expect_value = self._string, True
        elif char == "," and self._depth == 1:
            self._expect_value = False
        return ""

    def _string_char(self, char: str) -> str:
        if self._escape:
            return self._escaped(char)
        if char == "\\":
            self._escape = char
            return ""
        if char == '"':
            self._in_string = False
            if self._depth == 1 and self._expect_value and self._key == "action":
                self._action = self._string
            return ""
        return self._put(char)

    def _escaped(self, char: str) -> str:
        self._escape += char
        if self._escape[1] != "u":
            self._escape = ""
            return self._put({"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}.get(char, char))
        if len(self._escape) < 6:
            return ""
        code, self._escape = int(self._escape[2:], 16), ""
        if 0xD800 <= code < 0xDC00:
            self._high = code
            return ""
        if 0xDC00 <= code < 0xE000 and self._high:
            code, self._high = 0x10000 + ((self._high - 0xD800) << 10) + (code - 0xDC00), 0
        return self._put(chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd")

    def _put(self, char: str) -> str:
        self._string += char
        speaks = self._depth == 1 and self._expect_value and self._key == "text" and self._action == REPLY
        return char if speaks else ""
