"""Every wire format reads the same reply as the same events, however it is cut, disturbed, broken or ended."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_wires import CASES, Call, Case, Reply, joined, read, sse

from visavis.kernel.errors import AtCapacity, ProtocolViolation, ProviderError, Rejected
from visavis.think.base import Finished, TextDelta, ToolCall, Usage
from visavis.think.chat_wire import ChatStream
from visavis.think.gemini_wire import GeminiStream
from visavis.think.messages_wire import MessagesStream
from visavis.think.responses_wire import ResponsesStream
from visavis.think.thoughts import SpokenText

TEXT = Reply(["¡Olé! ", "好, it is ", "\u2028 nine.\n\n"])
PARALLEL = Reply(
    ["One moment."],
    [
        Call("c1", "weather", ['{"ci', 'ty": "Os', 'lo 🌧"}']),
        Call("c2", "time"),
        Call("c3", "book", ['{"at":', ' {"hour": 9}}']),
    ],
)
wires = pytest.mark.parametrize("case", CASES, ids=str)


def normal(events: Any) -> Any:
    """Arguments as values: one format streams their text, another sends an object."""
    text, rest = joined(events)
    return text, [
        ToolCall(event.id, event.name, json.dumps(json.loads(event.arguments)))
        if isinstance(event, ToolCall)
        else event
        for event in rest
    ]


@wires
@pytest.mark.parametrize("reply", [TEXT, PARALLEL, Reply(["and so"], why="length")])
def test_a_reply_is_the_same_in_every_format(case: Case, reply: Reply) -> None:
    events = read(case.wire(), case.frames(reply))
    assert normal(events) == normal(reply.events())
    assert [event.text for event in events if isinstance(event, TextDelta)] == list(reply.texts), "as it arrives"


@wires
@pytest.mark.parametrize("reply", [TEXT, PARALLEL])
def test_it_may_be_cut_at_any_byte(case: Case, reply: Reply) -> None:
    raw = b"".join(case.frames(reply))
    whole = read(case.wire(), [raw])
    assert read(case.wire(), [raw[at : at + 1] for at in range(len(raw))]) == whole
    for at in range(0, len(raw), 7):
        assert read(case.wire(), [raw[:at], raw[at:]]) == whole


@wires
@given(data=st.data())
@settings(max_examples=30)
def test_it_may_be_cut_anywhere(case: Case, data: st.DataObject) -> None:
    raw = b"".join(case.frames(PARALLEL))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=40)))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert normal(read(case.wire(), pieces)) == normal(PARALLEL.events())


@wires
def test_what_means_nothing_changes_nothing(case: Case) -> None:
    frames = case.frames(PARALLEL)
    plain = read(case.wire(), frames)
    for noise in case.noise:
        noisy = [piece for frame in frames[:-1] for piece in (noise, frame)] + frames[-1:]
        assert read(case.wire(), noisy) == plain, noise


@wires
def test_a_stream_that_ends_early_is_never_a_whole_reply(case: Case) -> None:
    frames = case.frames(PARALLEL)
    for kept in range(len(frames)):
        reader = case.wire().reader()
        for frame in frames[:kept]:
            reader.feed(frame.decode().split("data: ", 1)[1].strip())
        if reader.complete:
            assert kept >= len(frames) - 2, "only what is said of the end may be missing"
            continue
        with pytest.raises(ProtocolViolation, match="cut short"):
            reader.end()


@wires
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n\n",
        b"data: \n\n",
        b"data: {not json}\n\n",
        b"data: 7\n\n",
        b'data: "x"\n\n',
        b"data: [[]]\n\n",
        b"\xff\xfe\n\n",
        b"<html>busy</html>\n\n",
        b"data: " + b"[" * 3_000 + b"\n\n",
    ],
)
def test_garbage_and_nothing_are_violations(case: Case, raw: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        read(case.wire(), [raw])


@wires
def test_damaged_bytes_end_in_events_or_in_an_error_of_ours(case: Case) -> None:
    whole = b"".join(case.frames(PARALLEL))
    chance = random.Random(7)
    outcomes = set()
    for _ in range(400):
        raw = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(raw))
            if chance.random() < 0.5:
                raw[at] = chance.randrange(256)
            else:
                del raw[at : at + chance.randint(1, 40)]
        try:
            read(case.wire(), [bytes(raw)])
            outcomes.add("read")
        except ProviderError as error:
            outcomes.add(error.code)
    assert "protocol_violation" in outcomes


@wires
def test_frames_of_the_wrong_types_are_violations(case: Case) -> None:
    """Every value of every frame replaced: nothing but our own errors comes out."""
    for number, frame in enumerate(frames := case.frames(PARALLEL)):
        text = frame.decode().split("data: ", 1)[1].strip()
        if text == "[DONE]":
            continue
        for wrong in damaged(json.loads(text)):
            try:
                read(case.wire(), [*frames[:number], sse(wrong), *frames[number + 1 :]])
            except ProviderError:
                continue


def damaged(value: Any) -> list[Any]:
    """Copies of a JSON value, each with one place of another type."""
    copies: list[Any] = [None, 7, "x", [], {}, [None], {"type": 1}]
    if isinstance(value, dict):
        copies += [{**value, key: wrong} for key, inner in value.items() for wrong in damaged(inner)]
    if isinstance(value, list):
        copies += [
            [*value[:at], wrong, *value[at + 1 :]] for at, inner in enumerate(value) for wrong in damaged(inner)
        ]
    return copies


@wires
def test_errors_inside_of_a_stream_are_told_apart(case: Case) -> None:
    begun = case.frames(TEXT)[:3]
    with pytest.raises(AtCapacity, match="slow down"):
        read(case.wire(), [*begun, case.overloaded])
    with pytest.raises(ProviderError, match="oops") as caught:
        read(case.wire(), [*begun, case.broken])
    assert type(caught.value) is ProviderError
    assert caught.value.retryable


@wires
def test_what_a_filter_stopped_is_refused(case: Case) -> None:
    with pytest.raises(Rejected, match="refused"):
        read(case.wire(), case.frames(Reply(["Well"], why="filter")))


@pytest.mark.parametrize("case", CASES[:3], ids=str)
def test_a_call_that_was_cut_is_not_one_without_arguments(case: Case) -> None:
    """The limit came between the name and the arguments: `{}` would be executed."""
    [call, _] = read(case.wire(), case.frames(Reply([], [Call("c1", "delete")], why="length")))
    assert isinstance(call, ToolCall)
    assert call.arguments == ""
    [call, _] = read(case.wire(), case.frames(Reply([], [Call("c1", "delete", ['{"all": tr'])], why="length")))
    assert isinstance(call, ToolCall)
    assert call.arguments == '{"all": tr'


# What single vendors do.


def chunk(delta: dict[str, Any], why: str | None = None) -> str:
    return json.dumps({"choices": [{"delta": delta, "finish_reason": why}]})


def chat(*data: str) -> list[Any]:
    reader = ChatStream()
    events = [event for text in data for event in reader.feed(text)]
    return [*events, *reader.end()]


def calls(*deltas: dict[str, Any]) -> list[ToolCall]:
    events = chat(*(chunk({"tool_calls": [delta]}) for delta in deltas), chunk({}, "tool_calls"))
    return [event for event in events if isinstance(event, ToolCall)]


def test_calls_that_share_an_index_are_told_apart_by_their_ids() -> None:
    a = {"index": 0, "id": "a", "function": {"name": "x", "arguments": '{"n": 1}'}}
    b = {"index": 0, "id": "b", "function": {"name": "y", "arguments": {"n": 2}}}
    wanted = [ToolCall("a", "x", '{"n": 1}'), ToolCall("b", "y", '{"n": 2}')]
    assert calls(a, b) == wanted
    assert calls(*({key: value for key, value in call.items() if key != "index"} for call in (a, b))) == wanted


@wires
def test_half_a_character_costs_no_answer(case: Case) -> None:
    """Some proxies part text between the halves of a surrogate pair."""
    frames = [frame.replace(b"HALF", rb"\ud83d") for frame in case.frames(Reply(["It is HALF", " nine."]))]
    text, rest = joined(read(case.wire(), frames))
    assert text == "It is \ufffd nine."
    assert isinstance(rest[-1], Finished)


def test_a_name_that_is_repeated_in_each_fragment_is_one_name() -> None:
    stream = ChatStream()
    for arguments in '{"city":', '"Oslo"}':
        function = {"name": "weather", "arguments": arguments}
        stream.feed(
            json.dumps({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c", "function": function}]}}]})
        )
    stream.feed('{"choices": [{"delta": {}, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": null}}')
    assert stream.end()[0] == ToolCall("c", "weather", '{"city":"Oslo"}')


def test_fragments_may_come_in_another_order_than_the_calls() -> None:
    assert calls(
        {"index": 1, "id": "b", "function": {"name": "y"}},
        {"index": 0, "id": "a", "function": {"name": "x", "arguments": "{"}},
        {"index": 1, "id": "b", "function": {"arguments": "{}"}},
        {"index": 0, "function": {"arguments": "}"}},
    ) == [ToolCall("a", "x", "{}"), ToolCall("b", "y", "{}")]


def test_usage_may_come_first_or_in_another_vendors_words() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2}
    said = chunk({"content": "Hi"}, "stop")
    for told in (
        {"usage": usage | {"prompt_cache_hit_tokens": 5, "prompt_cache_miss_tokens": 4}},
        {"x_groq": {"id": "r", "usage": usage | {"prompt_tokens_details": {"cached_tokens": 5}}}},
        {"usage": usage | {"cached_tokens": 5, "prompt_tokens_details": None}},
    ):
        for data in ([json.dumps(told), said], [said, json.dumps(told)]):
            assert chat(*data) == [TextDelta("Hi"), Finished("stop", Usage(9, 2, 5))]


def test_thoughts_are_not_said() -> None:
    told = chat(
        chunk({"reasoning_content": "The user"}),
        chunk({"reasoning": " greets"}),
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}),
        chunk({"content": "<thi"}),
        chunk({"content": "nk>I could say </thi"}),
        chunk({"content": "nk>\n\n"}),
        chunk({"content": "Hello"}),
        chunk({"content": [{"type": "text", "text": "!"}]}),
        chunk({}, "stop"),
    )
    assert joined(told)[0] == "Hello!"


def test_a_thought_may_follow_another_in_one_piece() -> None:
    assert SpokenText().feed("<think></think> <think>hm</think>\n Hi <think>") == "Hi <think>"


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "a", " ", "\n", "x < y"]), max_size=12), st.data())
def test_thoughts_are_the_same_however_the_text_is_cut(parts: list[str], data: st.DataObject) -> None:
    def spoken(pieces: list[str]) -> str:
        reader = SpokenText()
        return "".join(reader.feed(piece) for piece in pieces) + reader.end()

    text = "".join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert spoken(pieces) == spoken([text])
    if "<think>" not in text:
        assert spoken(pieces) == text


def test_a_refusal_in_the_models_words_is_an_answer() -> None:
    assert chat(chunk({"refusal": "I'd rather not."}), chunk({}, "stop"))[0] == TextDelta("I'd rather not.")
    reader = ResponsesStream()
    assert reader.feed('{"type": "response.refusal.delta", "delta": "No."}') == [TextDelta("No.")]


def test_a_call_that_groq_refused_goes_where_wrong_calls_are_explained() -> None:
    wrong = {"name": "weather", "arguments": {"town": "Oslo"}}
    error = {"message": "failed", "code": "tool_use_failed", "status_code": 400}
    [call, finished] = chat(json.dumps({"error": error | {"failed_generation": json.dumps(wrong)}}))
    assert call == ToolCall("call_0", "weather", '{"town": "Oslo"}')
    assert finished.why == "tools"
    with pytest.raises(ProtocolViolation, match="wrongly"):
        chat(json.dumps({"error": error | {"failed_generation": "<weather Oslo"}}))


def test_responses_that_only_tell_the_end_of_a_call_are_enough() -> None:
    reader = ResponsesStream()
    item = {"type": "function_call", "call_id": "c1", "name": "time", "arguments": '{"zone": "CET"}'}
    reader.feed(json.dumps({"type": "response.output_item.done", "output_index": 4, "item": item}))
    reader.feed(json.dumps({"type": "response.completed", "response": {}}))
    assert reader.end()[0] == ToolCall("c1", "time", '{"zone": "CET"}')


def test_tools_that_a_vendor_runs_itself_are_not_ours_to_run() -> None:
    reader = MessagesStream()
    block = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
    reader.feed(json.dumps({"type": "content_block_start", "index": 0, "content_block": block}))
    delta = {"type": "input_json_delta", "partial_json": '{"query": "x"}'}
    reader.feed(json.dumps({"type": "content_block_delta", "index": 0, "delta": delta}))
    reader.feed(json.dumps({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}))
    assert reader.end() == [Finished("stop", Usage(0, 0))]


def test_what_anthropic_reads_from_the_cache_is_input_too() -> None:
    reader = MessagesStream()
    usage = {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": 1}
    reader.feed(json.dumps({"type": "message_start", "message": {"usage": usage}}))
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}
    reader.feed(json.dumps(delta))
    assert reader.end() == [Finished("stop", Usage(125, 7, 100))]


def gemini(**chunk: Any) -> str:
    return json.dumps(chunk)


def test_gemini_blocks_prompts_and_writes_wrong_calls() -> None:
    with pytest.raises(Rejected, match="PROHIBITED_CONTENT"):
        GeminiStream().feed(gemini(promptFeedback={"blockReason": "PROHIBITED_CONTENT"}))
    with pytest.raises(ProtocolViolation, match="wrongly: no such"):
        GeminiStream().feed(
            gemini(candidates=[{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "no such call"}])
        )


def test_gemini_signs_its_calls_and_pays_for_its_thoughts() -> None:
    reader = GeminiStream()
    parts = [
        {"functionCall": {"name": "time"}, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "time", "args": {"zone": "CET"}}},
    ]
    usage = {"promptTokenCount": 7, "candidatesTokenCount": 2, "thoughtsTokenCount": 40}
    reader.feed(gemini(candidates=[{"content": {"parts": parts}, "finishReason": "STOP"}], usageMetadata=usage))
    assert reader.end() == [
        ToolCall("call_0", "time", "{}", "c2ln"),
        ToolCall("call_1", "time", '{"zone":"CET"}'),
        Finished("tools", Usage(7, 42, 0)),
    ]
