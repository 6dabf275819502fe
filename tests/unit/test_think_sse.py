"""Server-sent events: any chunking gives the same events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.errors import ProtocolViolation
from visavis.think.sse import MAX_EVENT_CHARS, SseParser


def read(*chunks: bytes) -> list[str]:
    parser = SseParser()
    return [data for chunk in chunks for data in parser.feed(chunk)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_three_ways(end: str) -> None:
    text = end.join([": hello", "event: x", "data: one", "", "data:two", "data: three", "", "id: 1", "", ""])
    assert read(text.encode() + b"\n") == ["one", "two\nthree"]


def test_an_unfinished_event_is_not_given() -> None:
    assert read(b"data: one\n") == []


@given(st.lists(st.sampled_from(["data: é", "data:", "\n", "\r\n", "\r", ": c", "x", "data: [DONE]"])), st.data())
def test_any_chunking_gives_the_same_events(parts: list[str], data: st.DataObject) -> None:
    raw = "".join(parts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    chunks = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    end = b"\nx: 1\n"  # settles a CR at the very end
    assert read(*chunks, end) == read(raw, end)


def test_an_event_without_end_is_refused() -> None:
    with pytest.raises(ProtocolViolation):
        read(b"data: " + b"x" * (MAX_EVENT_CHARS + 1))


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ProtocolViolation):
        read(b"data: \xff\xfe\n\n")


def test_a_mark_of_byte_order_costs_no_event() -> None:
    assert read(b"\xef", b"\xbb\xbfdata: one\n\n") == ["one"]
