"""Server-sent events from bytes, any chunking. Source: WHATWG HTML, section 9.2, read 2026-11-22."""

from __future__ import annotations

import codecs

from visavis.kernel.errors import ProtocolViolation

MAX_EVENT_CHARS = 1_000_000


class SseParser:
    """Feed it bytes; it returns the `data` of each complete event. Only `data` matters here; comments are dropped.

    Raises ProtocolViolation for bytes that are not UTF-8 and for an event that never ends.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._rest = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[str]:
        try:
            text = self._rest + self._decode.decode(chunk)
        except UnicodeDecodeError as error:
            raise ProtocolViolation("the model's stream is not UTF-8", stage="think") from error
        held = "\r" if text.endswith("\r") else ""  # may be the first half of a CRLF
        lines = text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + held
        events = [data for line in lines if (data := self._line(line)) is not None]
        if len(self._rest) + sum(map(len, self._data)) > MAX_EVENT_CHARS:
            raise ProtocolViolation("the model's stream has an event without end", stage="think")
        return events

    def _line(self, line: str) -> str | None:
        if not line:
            data, self._data = self._data, []
            return "\n".join(data) if data else None
        field, _, value = line.partition(":")
        if field == "data":
            self._data.append(value.removeprefix(" "))
        return None
