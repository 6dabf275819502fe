"""The journal as JSON lines, and back: one record a line, the event's own fields beside the envelope's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from visavis.kernel.errors import UsageError
from visavis.kernel.events import AnyEvent, Record
from visavis.kernel.json_text import encode_json


class _Line(msgspec.Struct, frozen=True):
    session: str
    seq: int
    at_s: float
    wall_s: float
    event: AnyEvent


def write_jsonl(records: Iterable[Record], out: IO[str]) -> int:
    """Writes each record as one line; returns how many."""
    lines = [encode_json(record).decode() + "\n" for record in records]
    out.writelines(lines)
    return len(lines)


def read_jsonl(lines: Iterable[str], source: str = "journal") -> Iterator[Record]:
    """Records of an export. Raises UsageError naming the line that is not one."""
    decode = msgspec.json.Decoder(_Line).decode
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = decode(text)
        except msgspec.DecodeError as error:
            raise UsageError(f"{source}:{number}: not a journal record: {error}") from error
        yield Record(line.session, line.seq, line.at_s, line.wall_s, line.event)
