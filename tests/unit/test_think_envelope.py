"""The action envelope: read while it is written, in any chunking; and what the model sees of a conversation."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from visavis.think.base import Message, ToolCall, ToolSpec
from visavis.think.envelope import SAY, Action, EnvelopeReader, enveloped, instruction, schema
from visavis.think.tool_schema import Validator

WEATHER = ToolSpec(
    "weather",
    "Tells the weather.",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "where"},
            "days": {"type": "integer"},
            "unit": {"enum": ["C", "F"]},
        },
        "required": ["city"],
        "additionalProperties": False,
    },
)


@given(st.text(max_size=60), st.booleans(), st.data())
def test_what_is_said_comes_out_in_any_chunking(text: str, ascii_only: bool, data: st.DataObject) -> None:
    written = json.dumps({SAY: text}, ensure_ascii=ascii_only)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=10)))
    reader = EnvelopeReader()
    got = [reader.feed(written[a:b]) for a, b in zip([0, *cuts], [*cuts, len(written)], strict=True)]
    assert "".join(got) == text
    assert reader.saying
    assert reader.action() == Action(SAY)


def test_text_comes_before_the_object_is_whole() -> None:
    reader = EnvelopeReader()
    assert reader.feed('{"say": "Of course, ') == "Of course, "
    assert reader.feed('let \\"me\\" lo') == 'let "me" lo'
    assert reader.action() is None


@given(
    st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=8) | st.integers() | st.booleans(), max_size=4),
    st.integers(1, 7),
)
def test_a_tool_call_says_nothing(arguments: dict[str, object], size: int) -> None:
    written = json.dumps({"weather": {**arguments, SAY: "not this"}})
    reader = EnvelopeReader()
    assert "".join(reader.feed(written[at : at + size]) for at in range(0, len(written), size)) == ""
    action = reader.action()
    assert action is not None and action.name == "weather"
    assert json.loads(action.arguments) == {**arguments, SAY: "not this"}


@given(st.text(alphabet='{}[]":,\\usay0 \ud800x', max_size=40))
def test_garbage_is_read_without_a_crash(text: str) -> None:
    reader = EnvelopeReader()
    reader.feed(text)
    reader.action()


def test_two_actions_at_once_are_none() -> None:
    reader = EnvelopeReader()
    reader.feed('{"weather": {}, "say": "x"}')
    assert reader.action() is None


def test_the_schema_has_one_object_per_choice() -> None:
    choices = schema([WEATHER])["anyOf"]
    assert [choice["required"] for choice in choices] == [[SAY], ["weather"]]
    assert choices[1]["properties"]["weather"] == WEATHER.parameters
    assert all(choice["additionalProperties"] is False for choice in choices)


def test_the_instruction_shows_each_tools_form_with_blanks() -> None:
    text = instruction([WEATHER])
    assert '{"weather": {"city": "<city>"}} Tells the weather. (city: where; ' in text
    assert 'only if the person says so, else leave out: "days": <whole number>, "unit": "C"|"F")' in text


def test_references_stay_inside_their_tool() -> None:
    parameters = {
        "type": "object",
        "properties": {"to": {"$ref": "#/$defs/Place"}},
        "$defs": {"Place": {"type": "object", "properties": {"in": {"$ref": "#/$defs/Place"}}}},
    }
    whole = schema([WEATHER, ToolSpec("go", "Goes.", parameters)])
    assert whole["anyOf"][2]["properties"]["go"] == {"$ref": "#/$defs/go"}
    assert whole["$defs"]["go"]["properties"]["to"] == {"$ref": "#/$defs/go/$defs/Place"}
    checked = Validator(whole)
    assert checked.accepts({"go": {"to": {"in": {}}}})
    assert not checked.accepts({"go": {"to": {"in": 1}}})


def test_the_grammar_does_not_bend_numbers_into_their_bounds() -> None:
    parameters = {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 1, "maximum": 3},
            "maximum": {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "maxItems": 2},
        },
        "default": {"minimum": 1},
    }
    assert schema([ToolSpec("order", "Orders.", parameters)])["anyOf"][1]["properties"]["order"] == {
        "type": "object",
        "properties": {
            "count": {"type": "integer"},
            "maximum": {"type": "array", "items": {"type": "number"}, "maxItems": 2},
        },
        "default": {"minimum": 1},
    }


def test_arguments_are_passed_on_as_they_were_written() -> None:
    reader = EnvelopeReader()
    reader.feed('{"weather": {"days": 1.50, "city": "a", "city": "b"} }')
    assert reader.action() == Action("weather", '{"days": 1.50, "city": "a", "city": "b"}')


def test_the_conversation_is_written_as_the_model_would_have() -> None:
    call = ToolCall("c1", "weather", '{"city": "Oslo"}')
    rows = enveloped(
        [
            Message("system", "You are Ada."),
            Message("assistant", "Hello!"),
            Message("user", "Rain in Oslo?"),
            Message("assistant", "", (call,)),
            Message("tool", "yes", tool_call_id="c1"),
        ],
        [WEATHER],
    )
    assert rows[0].text.startswith("You are Ada.")
    assert [(row.role, row.text) for row in rows[1:]] == [
        ("assistant", '{"say": "Hello!"}'),
        ("user", "Rain in Oslo?"),
        ("assistant", '{"weather": {"city": "Oslo"}}'),
        ("user", "[Result of weather: yes]"),
    ]
