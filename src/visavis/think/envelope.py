"""Tools for small models: every reply is one JSON object with one key, `say` or the name of a tool.

A grammar made from the schema keeps the model to it, so that the choice is always readable; what is said is read
out while it is still being written. One key, because each token before the first word costs about 80 ms. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from visavis.think.base import Message, ToolSpec

SAY = "say"

_KEY = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:')

_INSTRUCTION = """\


You answer with one JSON object and nothing else. Either you speak: {{"say": "..."}}
or you use one of these tools:
{tools}
Use a tool when the person asks for what it does or wants to know what it knows; do not guess what a tool can tell. \
Arguments come only from what the person said; if one is missing, ask for it: {{"say": "..."}}. \
After a result, tell it: {{"say": "..."}}
Examples:
Hello there! → {{"say": "Hello! How can I help?"}}
Thanks, bye. → {{"say": "You're welcome. Goodbye!"}}"""


def instruction(tools: Sequence[ToolSpec]) -> str:
    """What the system prompt says about the tools; the same for the same tools."""
    lines = "\n".join(f"{_form(tool)} {_first_paragraph(tool.description)}{_notes(tool)}" for tool in tools)
    return _INSTRUCTION.format(tools=lines)


def schema(tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """JSON Schema of one action: `anyOf` of one object per tool, and one that speaks."""
    said = _object(SAY, {"type": "string"})
    definitions: dict[str, Any] = {}
    actions = [_object(tool.name, _placed(tool, definitions)) for tool in tools]
    whole: dict[str, Any] = {"anyOf": [said, *actions], "x-guidance": _LENIENT}
    return whole | ({"$defs": definitions} if definitions else {})


_LENIENT = {"lenient": True, "coerce_one_of": True}
"""For the grammar's maker (llguidance 1): what it cannot hold the model to is left to the check of the arguments."""


def _placed(tool: ToolSpec, definitions: dict[str, Any]) -> dict[str, Any]:
    """The tool's parameters; with references among them, as a definition: those count from the document's root."""
    parameters: dict[str, Any] = _unbounded(tool.parameters)
    if "$ref" not in json.dumps(parameters):
        return parameters
    definitions[tool.name] = _rebased(parameters, f"#/$defs/{tool.name}")
    return {"$ref": f"#/$defs/{tool.name}"}


_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_BY_NAME = ("properties", "patternProperties", "$defs", "dependentSchemas")
_VALUES = ("enum", "const", "default", "examples", "required")


def _unbounded(schema: Any) -> Any:
    """Without bounds of numbers: a grammar that holds the model to "at most 3" makes one of the nine that the person
    asks for. The check refuses nine, and the model can say why."""
    if isinstance(schema, list):
        return [_unbounded(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in _BOUNDS}
    for key, value in kept.items():
        if key in _BY_NAME and isinstance(value, dict):
            kept[key] = {name: _unbounded(one) for name, one in value.items()}
        elif key not in _VALUES:
            kept[key] = _unbounded(value)
    return kept


def _rebased(schema: Any, root: str) -> Any:
    if isinstance(schema, list):
        return [_rebased(one, root) for one in schema]
    if not isinstance(schema, dict):
        return schema
    rebased = {key: _rebased(value, root) for key, value in schema.items()}
    if isinstance(reference := schema.get("$ref"), str) and reference[:1] == "#":
        rebased["$ref"] = root + reference[1:]
    return rebased


def enveloped(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[Message]:
    """The conversation as the model would have written it: its turns as actions, results as messages to it."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    rows: list[Message] = []
    for index, message in enumerate(messages):
        if message.role == "system" and index == 0:
            rows.append(Message("system", message.text + instruction(tools)))
        elif message.role == "assistant":
            rows.append(replace(message, text=_actions(message), tool_calls=()))
        elif message.role == "tool":
            name = names.get(message.tool_call_id, "tool")
            rows.append(Message("user", f"[Result of {name}: {message.text}]"))
        else:
            rows.append(message)
    return rows


def _actions(message: Message) -> str:
    """A call stands alone, as the model wrote it; what else was said before it is an opener it did not write."""
    if message.tool_calls:
        return "\n".join(f"{{{json.dumps(call.name)}: {call.arguments}}}" for call in message.tool_calls)
    return json.dumps({SAY: message.text}, ensure_ascii=False)


def _object(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}


def _form(tool: ToolSpec) -> str:
    """What every call has; what may be left out stands behind, for a small model fills in whatever it is shown."""
    required = tool.parameters.get("required", ())
    properties = tool.parameters.get("properties", {})
    arguments = ", ".join(f'"{name}": {_blank(name, properties.get(name, {}))}' for name in required)
    return f'{{"{tool.name}": {{{arguments}}}}}'


def _blank(name: str, spec: dict[str, Any]) -> str:
    """A blank to fill in. Not an example: a small model would copy it."""
    if "enum" in spec:
        return "|".join(json.dumps(value, ensure_ascii=False) for value in spec["enum"])
    if "anyOf" in spec:
        return _blank(name, spec["anyOf"][0])
    kind = spec.get("type", "string")
    if kind == "array":
        return f"[{_blank(name, spec.get('items', {}))}, …]"
    return {"integer": "<whole number>", "number": "<number>", "boolean": "true|false"}.get(kind, f'"<{name}>"')


def _notes(tool: ToolSpec) -> str:
    properties = tool.parameters.get("properties", {})
    required = tool.parameters.get("required", ())
    notes = [_note(name, properties[name], "") for name in required if "description" in properties.get(name, {})]
    optional = [_note(name, spec, f'"{name}": {_blank(name, spec)} ') for name, spec in properties.items()
                if name not in required]  # fmt: skip
    if optional:
        notes.append(f"only if the person says so, else leave out: {', '.join(optional)}")
    return f" ({'; '.join(notes)})" if notes else ""


def _note(name: str, spec: dict[str, Any], blank: str) -> str:
    described = spec.get("description", "")
    return f"{blank}{described}".strip() if blank else f"{name}: {described}"


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())


@dataclass(frozen=True, slots=True)
class Action:
    """What the model decided: `name` is `SAY` or a tool's; `arguments` is JSON text, empty for `SAY`."""

    name: str
    arguments: str = ""


class EnvelopeReader:
    """Reads one action while it is written. `feed` returns the new part of what is said, often ''."""

    def __init__(self) -> None:
        self._raw = ""
        self._depth = 0
        self._in_string = False
        self._escape = ""
        self._high = 0
        self._string = ""
        self._key = ""

    def feed(self, delta: str) -> str:
        self._raw += delta
        return "".join(self._char(char) for char in delta)

    @property
    def saying(self) -> bool:
        """Whether it is known that something is said."""
        return self._key == SAY

    def action(self) -> Action | None:
        """The action once all is read; None when it is not a whole object with one key."""
        try:
            value = json.loads(self._raw)
        except ValueError:
            return None
        if not isinstance(value, dict) or len(value) != 1:
            return None
        [name] = value
        key = _KEY.match(self._raw)
        assert key is not None
        return Action(SAY) if name == SAY else Action(name, self._raw[key.end() : self._raw.rindex("}")].strip())

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
            self._key = self._key or self._string
        return ""

    def _string_char(self, char: str) -> str:
        if self._escape:
            return self._escaped(char)
        if char == "\\":
            self._escape = char
            return ""
        if char == '"':
            self._in_string = False
            return ""
        return self._put(char)

    def _escaped(self, char: str) -> str:
        self._escape += char
        if self._escape[1] != "u":
            self._escape = ""
            return self._put({"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}.get(char, char))
        if len(self._escape) < 6:
            return ""
        code, self._escape = _hex(self._escape[2:]), ""
        if 0xD800 <= code < 0xDC00:
            self._high = code
            return ""
        if 0xDC00 <= code < 0xE000 and self._high:
            code, self._high = 0x10000 + ((self._high - 0xD800) << 10) + (code - 0xDC00), 0
        return self._put(chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd")

    def _put(self, char: str) -> str:
        self._string += char
        return char if self._depth == 1 and self.saying else ""


def _hex(digits: str) -> int:
    try:
        return int(digits, 16)
    except ValueError:
        return 0xFFFD
