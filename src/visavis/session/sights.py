"""What the agent sees, for the call page: frames sent with a small picture, what was read in them, and the totals."""

from __future__ import annotations

import base64
from collections import Counter, deque
from collections.abc import Callable, Iterable

from visavis.kernel.events import (
    ConsentRevoked,
    DocumentRead,
    FramesDropped,
    FrameSent,
    FramesSeen,
    Record,
    SightNoted,
    SightTriggered,
)
from visavis.kernel.messages import Frame, ServerMessage, Sight, SightTotals, Triggered

MAX_THUMBNAIL_BYTES = 12_000
"""A larger one is left out: a message must stay small beside the voice."""

MAX_TEXT_CHARS = 1_200

FRAMES_DUE = 16
"""Frames on record whose small picture may still come."""


class Sights:
    """One session's view. `read` takes the journal's records; `show` a frame that is on record. Nothing blocks.
    `past` are those of earlier processes of this call: they are counted, not sent.
    """

    def __init__(self, send: Callable[[ServerMessage], None], past: Iterable[Record] = ()) -> None:
        self._send: Callable[[ServerMessage], None] = lambda message: None
        self._due: deque[tuple[str, float]] = deque(maxlen=FRAMES_DUE)
        self._seen = 0
        self._dropped: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._tokens: Counter[str] = Counter()
        self._price_usd = 0.0
        for record in past:
            self.read(record)
        self._due.clear()
        self._send = send

    def read(self, record: Record) -> None:
        match record.event:
            case FramesSeen(source=source, frames=frames):
                self._seen += frames
                self._seconds[source] += 1
            case FramesDropped(counts=counts):
                self._dropped.update(counts)
                self._tell()
            case FrameSent(source=source, frame_at_s=at_s, tokens=tokens, price_usd=price):
                self._due.append((source, at_s))
                self._sent[source] += 1
                self._tokens[source] += tokens
                self._price_usd += price
                self._tell()
            case SightNoted(source=source, frame_at_s=at_s, text=text, how=how):
                self._send(Sight(source, at_s, _cut(text), how))
            case DocumentRead(source=source, frame_at_s=at_s, text=text, document=document):
                self._send(Sight(source, at_s, _cut(text), "", document))
            case SightTriggered(kind=kind, source=source, frame_at_s=at_s):
                self._send(Triggered(kind, source, at_s))
            case ConsentRevoked(purposes=purposes):
                kept = [due for due in self._due if due[0] not in purposes]
                self._due = deque(kept, maxlen=FRAMES_DUE)

    def show(self, event: FrameSent, thumbnail: bytes) -> None:
        """A frame whose `event` is on record, with a JPEG of it, or b''. One that is not on record, or whose consent
        has been withdrawn since, is not shown.
        """
        key = (event.source, event.frame_at_s)
        if key not in self._due:
            return
        self._due.remove(key)
        small = thumbnail if len(thumbnail) <= MAX_THUMBNAIL_BYTES else b""
        self._send(
            Frame(
                event.source,
                event.frame_at_s,
                event.why,
                event.width,
                event.height,
                event.tokens,
                event.price_usd,
                event.age_s,
                event.provider,
                base64.b64encode(small).decode(),
            )
        )

    def again(self) -> None:
        """For a page that knows nothing yet: the totals. Pictures are not kept."""
        if self._sent or self._dropped:
            self._tell()

    def _tell(self) -> None:
        sent, tokens = self._sent.total(), self._tokens.total()
        dropped = dict(sorted(self._dropped.items()))
        price = round(self._price_usd, 6)
        self._send(SightTotals(self._seen, sent, dropped, tokens, price, self._saved()))

    def _saved(self) -> float:
        """Of the tokens that a frame a second of each source would have cost; frames where none cost any."""
        mean = {source: self._tokens[source] / count for source, count in self._sent.items()}
        usual = max(mean.values(), default=0.0) or 1.0
        price = {source: mean.get(source) or usual for source in self._seconds}
        clocked = sum(seconds * price[source] for source, seconds in self._seconds.items())
        spent = sum(self._sent[source] * price[source] for source in self._seconds)
        return round(max(0.0, 1 - spent / clocked), 4) if clocked else 0.0


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARS else text[: MAX_TEXT_CHARS - 2].rstrip() + " …"
