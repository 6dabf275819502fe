"""What page and server say to each other: exactly the protocol's messages, everything else refused."""

from __future__ import annotations

import json
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel import messages
from visavis.kernel.messages import (
    MAX_MESSAGE_BYTES,
    MAX_TYPED_CHARS,
    AnyClientMessage,
    BadMessage,
    Chosen,
    Clicked,
    Consent,
    Cue,
    Filled,
    Leave,
    Looked,
    Playout,
    Say,
    Start,
    Track,
    Transcript,
    Typing,
    VisemeTrack,
    decode_client,
    decode_server,
    encode,
)
from visavis.kernel.shown import Card, Choices, Field, Form, Source

CLIENT: list[Any] = [
    Consent(True),
    Consent(False, []),
    Say("hello"),
    Typing(),
    Playout(120.5),
    Track("camera", True, "1"),
    Cue("moving", "here", 1, nod=True),
    Clicked(4, "Call back"),
    Chosen(4, ["Tuesday", "Friday"]),
    Filled(5, {"name": "Ada"}),
    Looked(source="tariff#3"),
    Start(8000, True),
    Leave(),
]


@pytest.mark.parametrize("message", CLIENT, ids=lambda message: type(message).__name__)
def test_client_messages_come_back_as_they_were(message: Any) -> None:
    assert decode_client(encode(message)) == message


def test_every_client_message_is_covered() -> None:
    assert {type(message) for message in CLIENT} == set(typing.get_args(AnyClientMessage))


@pytest.mark.parametrize("kind", typing.get_args(messages.AnyServerMessage), ids=lambda kind: kind.__name__)
def test_server_messages_come_back_as_they_were(kind: type[msgspec.Struct]) -> None:
    samples: dict[Any, Any] = {
        str: "x",
        int: 7,
        float: 1.5,
        bool: True,
        dict[str, int]: {"unchanged": 14},
        Card: Card("Flight", rows=[("Gate", "B 12")], buttons=["Call back"]),
        Choices: Choices("When?", ["Tuesday", "Friday"], many=True),
        Form: Form("Address", [Field("street", "Street"), Field("mail", "E-mail", "email", False)]),
        list[Source]: [Source("tariff#3", "Tariffs", "Baggage is free.")],
    }
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        if typing.get_origin(hint) is typing.Literal:
            values[field.name] = typing.get_args(hint)[0]
        elif hint in samples:
            values[field.name] = samples[hint]
        elif typing.get_origin(hint) is dict:
            values[field.name] = {"asr": 12.0}
        else:
            values[field.name] = [(0, "sil"), (120, "aa")]
    message = kind(**values)
    assert decode_server(encode(message)) == message  # type: ignore[arg-type]
    assert json.loads(encode(message))["type"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"[]",
        b"null",
        b"{}",
        b'{"type":"shout"}',
        b'{"type":"say"}',
        b'{"type":"say","text":3}',
        b'{"type":"say","text":"x","loud":true}',
        b'{"type":"hello","session":"s","agent":"a","language":"en"}',
        b'{"type":"track","kind":"printer","on":true}',
        b'{"type":"consent","given":"yes"}',
        b"\xff\xfe",
        b'{"type":"say","text":"\\ud800"}',
        b"[" * 10_000,
    ],
    ids=lambda data: data[:40].decode("latin-1"),
)
def test_anything_else_is_refused_without_being_quoted(data: bytes) -> None:
    with pytest.raises(BadMessage) as told:
        decode_client(data)
    assert "hello" not in str(told.value)


def test_sizes_are_limited() -> None:
    with pytest.raises(BadMessage, match="too large"):
        decode_client(b" " * (MAX_MESSAGE_BYTES + 1))
    with pytest.raises(BadMessage, match="too long"):
        decode_client(encode(Say("x" * (MAX_TYPED_CHARS + 1))))
    assert decode_client(encode(Say("x" * MAX_TYPED_CHARS)))


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_noise_is_a_message_or_refused(data: bytes | str) -> None:
    try:
        decode_client(data)
    except BadMessage:
        return


@given(st.floats())
def test_a_delay_is_a_number_or_refused(delay_ms: float) -> None:
    try:
        message = decode_client(json.dumps({"type": "playout", "delay_ms": delay_ms}))
    except BadMessage:
        return
    assert isinstance(message, Playout)


def test_half_a_character_does_not_stop_a_caption() -> None:
    assert decode_server(encode(Transcript("agent", "half \ud83d", True))) == Transcript("agent", "half �", True)


def test_mouth_shapes_are_short_on_the_wire() -> None:
    assert json.loads(encode(VisemeTrack([(0, "sil"), (80, "aa")], 300))) == {
        "type": "visemes",
        "marks": [[0, "sil"], [80, "aa"]],
        "total_ms": 300,
    }
