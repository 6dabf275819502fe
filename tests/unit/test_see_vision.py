"""The vision worker: notes with their age, bounded in queue and time, alive whatever its describers do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import numpy as np
import pytest

from visavis.kernel.agent import Trigger
from visavis.kernel.errors import Rejected
from visavis.kernel.events import DocumentRead, Event, ProviderFailed, Record, SightNoted, SightTriggered
from visavis.kernel.media import VideoFrame, VideoSource
from visavis.see.base import Image, Sight
from visavis.see.covers import Covers
from visavis.see.documents import Documents
from visavis.see.look import NO_PICTURE, NOTHING, look_tool
from visavis.see.notes import Notes
from visavis.see.reading import Line, Word
from visavis.see.vision import MOST_FAILURES, REST_S, Sighted, VisionWorker
from visavis.trust.consent import Consent
from visavis.trust.gate import Gate

INVOICE = """Harbour Mill Bakery Supplies, invoice 2041 of 3 March 2026
Flour, 25 kg | $72.00
Salt, 10 kg | $14.90
Total | $96.80
Payable within 30 days. Thank you for your order."""
LETTER = "dear reader this is a letter about flour and salt with best regards from harbour mill"


def frame(at_s: float = 1.0, source: VideoSource = "screen", shade: int = 90) -> VideoFrame:
    image = np.full((120, 160, 3), shade, np.uint8)
    image[::7, ::5] = 200
    return VideoFrame(image, source, at_s)


def lines(text: str) -> list[Line]:
    return [Line(tuple(Word(word, (5 + 9 * n, 5, 8, 10)) for n, word in enumerate(text.split())))]


@dataclass
class Reader:
    """Reads `text`, once `gate` is open."""

    name: str = "reader"
    text: str = "Total | $5"
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    raises: Exception | None = None
    seen: list[Image] = field(default_factory=list)

    async def read(self, image: Image) -> list[Line]:
        self.seen.append(image)
        await self.gate.wait()
        if self.raises is not None:
            raise self.raises
        return lines(self.text)

    async def describe(self, image: Image, *, question: str = "") -> str:
        await self.read(image)
        return f"{self.text} {question}".strip()


class Call:
    """A worker with a clock and a record of its facts."""

    def __init__(self, sighted: Sighted, *triggers: Trigger) -> None:
        self.now_s = 1.0
        self.facts: list[Event] = []
        consent = Consent()
        consent.give(["camera", "screen"])
        self.gate = Gate(consent)
        self.gave_way: list[float] = []
        self.worker = VisionWorker(
            sighted,
            triggers,
            self.facts.append,
            lambda: self.now_s,
            consent.allows,
            lambda sent: self.gave_way.append(sent.at_s),
        )

    def send(self, sent: VideoFrame, question: str = "") -> None:
        self.worker.send(self.gate.clear(sent), question)

    def of(self, kind: type[Event]) -> list[Event]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@asynccontextmanager
async def working(call: Call) -> AsyncIterator[Call]:
    task = asyncio.create_task(call.worker.run())
    try:
        yield call
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - what it waits for is no event
            await asyncio.sleep(0.002)


def told(call: Call) -> str:
    """What a turn is told when none of it is in view any more."""
    return "\n".join(row.text for row in call.worker.rows(5_000, lambda note: False))


def opened(**more: object) -> Reader:
    reader = Reader(**more)  # type: ignore[arg-type]
    reader.gate.set()
    return reader


async def test_a_note_of_what_is_gone_is_told_with_its_age() -> None:
    async with working(Call(Sighted(reader=opened()))) as call:
        assert told(call) == ""
        call.send(frame(at_s=1.0))
        await until(lambda: call.of(SightNoted))
        call.now_s = 5.2
        assert told(call) == "Screen: Total | $5 (seen at most 5 s ago)"
    assert call.of(SightNoted) == [SightNoted("screen", 1.0, "Total | $5", "reader", 0.0)]


async def test_old_notes_are_told_no_more_unless_it_is_all_still_there() -> None:
    async with working(Call(Sighted(reader=opened()))) as call:
        call.send(frame())
        await until(lambda: call.of(SightNoted))
        times = (1.5, 40.0, 200.0)
        rows = []
        for call.now_s in times:
            rows.append([row.text for row in call.worker.rows(500, lambda note: True)])
        assert rows == [["Screen: Total | $5"]] * 3, "in view: not a letter changes with time"
        assert told(call) == ""


async def test_a_long_note_is_cut_but_the_same_by_all_of_it() -> None:
    async with working(Call(Sighted(reader=opened(text="Total | $5")))) as call:
        call.send(frame())
        await until(lambda: call.of(SightNoted))
        (row,) = call.worker.rows(500, lambda note: True, 5)
    assert (row.text, row.same) == ("Screen: Total …", "Total | $5")


def test_a_note_holds_again_when_its_picture_comes_back() -> None:
    notes = Notes()
    for at_s, text in ((1.0, "one"), (2.0, "two")):
        notes.add(Sight("screen", at_s, 16, 9, text, "reader", 0.1))
    assert notes.again("screen", 1.0) and not notes.again("screen", 1.5) and not notes.again("camera", 1.0)
    rows = notes.rows(3.0, lambda note: note.frame_at_s == 1.0)
    assert [row.text for row in rows] == ["Screen: one"]
    notes.forget("screen")
    assert not notes.again("screen", 1.0)


async def test_the_queue_is_bounded_and_drops_the_oldest() -> None:
    reader = Reader()
    async with working(Call(Sighted(reader=reader))) as call:
        call.send(frame(1.0))
        await until(lambda: reader.seen)
        for at_s in (2.0, 3.0, 4.0):
            call.send(frame(at_s))
        assert call.gave_way == [2.0]
        reader.gate.set()
        await until(lambda: len(call.of(SightNoted)) == 3)
    assert [fact.frame_at_s for fact in call.of(SightNoted)] == [1.0, 3.0, 4.0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "code"), [(Rejected("no", stage="vision"), "rejected"), (ZeroDivisionError("what"), "provider")]
)
async def test_what_fails_is_told_rests_and_works_again(error: Exception, code: str) -> None:
    bad = opened(raises=error)
    async with working(Call(Sighted(reader=bad))) as call:
        for n in range(MOST_FAILURES):
            call.send(frame(float(n)))
            await until(lambda n=n: len(call.facts) == n + 1)
        assert call.facts[0] == ProviderFailed("vision", "reader", code, type(error).__name__)
        bad.raises = None
        call.send(frame(8.0))
        await asyncio.sleep(0.05)
        assert len(bad.seen) == MOST_FAILURES, "it rests"
        call.now_s += REST_S
        call.send(frame(9.0))
        await until(lambda: call.of(SightNoted))


async def test_a_describer_that_hangs_keeps_nobody_from_reading() -> None:
    hangs = Reader(name="model")
    async with working(Call(Sighted(reader=opened(), describer=hangs, remote=False, deadline_s=-0.95))) as call:
        call.send(frame())
        await until(lambda: len(call.facts) == 2)
    assert call.of(SightNoted)
    assert call.of(ProviderFailed) == [ProviderFailed("vision", "model", "provider_timeout", "TimeoutError")]


async def test_an_answer_that_is_no_text_is_refused() -> None:
    class Nonsense(Reader):
        async def describe(self, image: Image, *, question: str = "") -> str:
            return {"not": "text"}  # type: ignore[return-value]

    async with working(Call(Sighted(describer=Nonsense(name="model")))) as call:
        call.send(frame())
        await until(lambda: call.facts)
    assert call.facts == [ProviderFailed("vision", "model", "protocol_violation", "ProtocolViolation")]


async def test_after_consent_went_nothing_is_noted() -> None:
    reader = Reader()
    async with working(Call(Sighted(reader=reader))) as call:
        call.send(frame())
        await until(lambda: reader.seen)
        call.gate.consent.withdraw(["screen"])
        call.worker.forget("screen")
        reader.gate.set()
        await asyncio.sleep(0.05)
    assert call.facts == [] and told(call) == ""


async def test_when_consent_goes_no_other_provider_gets_the_frame_that_is_under_way() -> None:
    first, second = Reader(name="first", raises=Rejected("no", stage="vision")), opened(name="second")

    class InTurn(Reader):
        async def describe(self, image: Image, *, question: str = "") -> str:
            with suppress(Rejected):
                return await first.describe(image)
            return await second.describe(image)

    async with working(Call(Sighted(describer=InTurn(name="model"), remote=False))) as call:
        call.send(frame())
        await until(lambda: first.seen)
        call.gate.consent.withdraw(["screen"])
        call.worker.forget("screen")
        first.gate.set()
        await asyncio.sleep(0.05)
        assert not second.seen and call.facts == [], "neither asked, nor told as a failure"
        call.gate.consent.give(["screen"])
        call.send(frame(2.0))
        await until(lambda: call.facts)
    assert [fact.frame_at_s for fact in call.of(SightNoted)] == [2.0]  # type: ignore[attr-defined]


async def test_what_leaves_the_process_is_covered_first_and_what_cannot_be_covered_stays() -> None:
    class Faces:
        async def boxes(self, image: Image) -> list[tuple[int, int, int, int]]:
            return [(0, 0, 80, 80), (90, 20, 40, 40)]

    model = opened(name="model")
    async with working(Call(Sighted(describer=model, covers=Covers(["bystanders"], Faces())))) as call:
        call.send(frame(source="camera"), "what is this?")
        await until(lambda: call.facts)
    assert (model.seen[0][20:60, 90:130] != frame().image[20:60, 90:130]).any()
    assert call.of(SightNoted)[0].text.endswith("what is this?")  # type: ignore[attr-defined]
    async with working(Call(Sighted(describer=model, covers=Covers(["bystanders"], None)))) as call:
        call.send(frame(source="camera"))
        await until(lambda: call.facts)
    assert call.of(ProviderFailed) and len(model.seen) == 1


async def test_personal_data_is_covered_where_the_words_stand() -> None:
    reader, model = opened(text="write to a.meier@example.com"), opened(name="model")
    sighted = Sighted(reader=reader, describer=model, covers=Covers(["personal"], None))
    async with working(Call(sighted)) as call:
        call.send(frame())
        await until(lambda: model.seen)
    covered = model.seen[0][3:17, 21:33]
    assert len(np.unique(covered.reshape(-1, 3), axis=0)) == 1


def page_frame(text_seed: int, at_s: float) -> VideoFrame:
    image = np.full((240, 320, 3), 40, np.uint8)
    image[40:200, 90:230] = 240
    rng = np.random.default_rng(text_seed)
    image[60:180:12, 100:220] = rng.choice([30, 240], (10, 120, 1))
    return VideoFrame(image, "camera", at_s)


async def test_a_page_is_kept_as_a_document_once_and_triggers() -> None:
    reader = opened(text=LETTER)
    async with working(Call(Sighted(reader=reader), Trigger("document", tell="Thank them for the page."))) as call:
        call.send(page_frame(1, 1.0))
        await until(lambda: call.of(SightNoted))
        first = told(call)
        assert "Thank them for the page." in first and f"Document 1 (held to the camera):\n{LETTER}" in first
        assert "Thank them" in told(call), "until an answer with it was heard"
        call.worker.triggers.told([row.text for row in call.worker.triggers.due(call.now_s)])
        assert "Thank them" not in told(call), "told once"
        reader.text = LETTER.replace("flour", "flower")
        call.send(page_frame(2, 2.0))
        await until(lambda: len(call.of(SightNoted)) == 2)
    assert [type(fact) for fact in call.facts] == [DocumentRead, SightTriggered, SightNoted, SightNoted]
    assert call.facts[-1].text == "(document 1)"  # type: ignore[attr-defined]


NEXT_MONTH = INVOICE.replace("2041", "2077").replace("3 March", "17 April").replace("96.80", "78.55")


@pytest.mark.parametrize(
    ("second", "sure", "number", "told"),
    [
        (INVOICE.replace("Flour", "Floor").replace("2041", "2O41"), 0.95, 1, "96.80"),
        (INVOICE.replace("2041", "2047").replace("96.80", "98.88"), 0.8, 1, "96.80"),
        (NEXT_MONTH, 0.92, 2, "78.55"),
        (INVOICE.replace("Payable", "Paid 15 November, $20.00. Payable"), 0.92, 1, "$20.00"),
    ],
    ids=["read again", "read again, badly", "the next month's", "uncovered"],
)
def test_another_page_of_the_same_form_is_another_document(second: str, sure: float, number: int, told: str) -> None:
    documents = Documents()
    documents.found("camera", 1.0, INVOICE, 0.93)
    assert documents.found("camera", 9.0, second, sure)[0] == number
    assert documents.found("camera", 19.0, second, sure)[0] == number, "and stays that"
    assert documents.found("camera", 29.0, INVOICE, 0.94)[0] == 1
    documents = Documents()
    documents.found("camera", 1.0, INVOICE, 0.93)
    documents.found("camera", 9.0, second, sure)
    assert told in documents.told(5_000) and len(documents) == number


def test_a_page_that_is_edited_on_the_screen_stays_one_document_and_is_told_as_it_is_now() -> None:
    documents = Documents()
    for edit in ("72.00", "73.11", "74.22", "75.33"):
        number, _ = documents.found("screen", 1.0, INVOICE.replace("72.00", edit).replace("96.80", f"1{edit}"))
        assert number == 1 and f"${edit}" in documents.told(5_000)
    assert len(documents) == 1
    assert documents.found("screen", 9.0, re.sub(r"\d", "7", INVOICE))[0] == 2


def test_a_page_that_was_badly_read_first_is_replaced_when_it_is_read_well() -> None:
    documents = Documents()
    documents.found("camera", 1.0, INVOICE.replace("2041", "2047").replace("96.80", "98.88"), 0.75)
    number, event = documents.found("camera", 9.0, INVOICE, 0.93)
    assert number == 1 and event is not None
    assert "$96.80" in documents.told(5_000) and "98.88" not in documents.told(5_000)


async def test_documents_of_an_earlier_process_are_known() -> None:
    call = Call(Sighted())
    call.worker.read(Record("s", 1, 1.0, 1.0, DocumentRead(1, "camera", 0.5, LETTER)))
    assert "Document 1" in told(call)
    call.worker.forget("camera")
    assert told(call) == ""


def test_people_are_told_when_a_second_comes_and_not_again_at_once() -> None:
    call = Call(Sighted(), Trigger("people"))
    for faces in (1, 2, 2, 1, 2):
        call.worker.people(faces)
    assert call.facts == [SightTriggered("people", "camera", 1.0)]
    call.now_s = 30.0
    call.worker.people(1)
    call.worker.people(3)
    assert len(call.facts) == 2


def test_what_is_not_declared_does_nothing() -> None:
    call = Call(Sighted())
    call.worker.people(3)
    assert call.facts == []


async def test_look_waits_for_a_fresh_note_and_not_for_ever() -> None:
    reader = Reader()
    async with working(Call(Sighted(reader=reader))) as call:

        def force(question: str) -> list[str]:
            reader.gate.set()
            call.send(frame(call.now_s), question)
            return ["screen"]

        look = look_tool(call.worker, force, lambda: call.now_s, 30.0)
        assert await look("the total") == "Screen: Total | $5 (seen at most 2 s ago)"
        reader.gate.clear()
        call.now_s = 20.0
        slow = look_tool(call.worker, lambda question: call.send(frame(20.0)) or ["screen"], lambda: call.now_s, 0.01)
        assert await slow() == NOTHING, "the old note is not told as a fresh one"
        assert await look_tool(call.worker, lambda question: [], lambda: 0.0, 5.0)() == NO_PICTURE
