"""What tools show and what comes back; frames that were looked at; the sources of an answer: as the page is told."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from visavis.kernel.events import (
    ButtonPressed,
    ConsentRevoked,
    DocumentRead,
    Event,
    FormFilled,
    FramesDropped,
    FrameSent,
    FramesSeen,
    LookedAt,
    MessageRejected,
    OptionsChosen,
    PageShown,
    Record,
    ReplyEnded,
    SessionResumed,
    SightNoted,
    SourcesCited,
    TextTyped,
)
from visavis.kernel.messages import (
    MAX_MESSAGE_BYTES,
    Chosen,
    Clicked,
    Filled,
    Frame,
    Looked,
    PageAct,
    Problem,
    ServerMessage,
    ShowCard,
    ShowChoices,
    ShowForm,
    ShowHighlight,
    Sight,
    SightTotals,
    Transcript,
    encode,
)
from visavis.kernel.shown import TEXT_CHARS, AnyShown, Card, Choices, Field, Form, Highlight, Source
from visavis.session.page import PageView
from visavis.session.shows import KEPT
from visavis.session.sights import MAX_THUMBNAIL_BYTES
from visavis.think.shown import in_words, on_page

CARD = Card("Flight", rows=[("Gate", "B 12"), ("Seat", "4 A")], buttons=["Call back", "Cancel it"])
CHOICE = Choices("Which suits you?", ["Tuesday", "Friday"])
SEVERAL = Choices("What shall we check?", ["Boiler", "Radiators", "Valves"], many=True)
FORM = Form(
    "Receipt",
    [
        Field("name", "Name"),
        Field("mail", "E-mail", "email", False),
        Field("phone", "Phone", "phone", False),
        Field("many", "How many", "number", False),
        Field("day", "From", "date", False),
        Field("more", "Remarks", "lines", False),
    ],
)


class Page:
    """A view, what it has sent, and the journal that it reads."""

    def __init__(self, *events: Event) -> None:
        self.sent: list[ServerMessage] = []
        self.records: list[Record] = []
        self.view = PageView(self.sent.append, "en")
        for event in events:
            self.note(event)

    def note(self, event: Event) -> int:
        self.records.append(Record("s", len(self.records) + 1, 0.0, 0.0, event))
        self.view.read(self.records[-1])
        return len(self.records)

    def shows(self, what: AnyShown) -> int:
        return self.note(PageShown(1, "c1", what))

    def acts(self, message: PageAct) -> list[Event]:
        """What is noted for it."""
        before = len(self.records)
        facts: list[Event] = []

        def fact(event: Event) -> None:
            facts.append(event)
            self.note(event)

        self.view.acted(message, self.note, fact)
        assert all(isinstance(event, TextTyped) for event in facts), "the floor reads words only"
        return [record.event for record in self.records[before:]]

    def told(self, kind: type[ServerMessage]) -> list[Any]:
        return [message for message in self.sent if isinstance(message, kind)]


def test_what_a_tool_shows_is_named_by_its_place_in_the_journal() -> None:
    page = Page(ReplyEnded(1, "Hello.", True))
    assert (page.shows(CARD), page.shows(CHOICE), page.shows(FORM)) == (2, 3, 4)
    assert page.sent[1:] == [ShowCard(2, CARD), ShowChoices(3, CHOICE), ShowForm(4, FORM)]


@pytest.mark.parametrize(
    ("what", "act", "fact", "words"),
    [
        (CARD, Clicked(1, "Call back"), ButtonPressed(1, "Call back"), "Call back"),
        (CHOICE, Chosen(1, ["Friday"]), OptionsChosen(1, ["Friday"]), "Friday"),
        (SEVERAL, Chosen(1, ["Valves", "Boiler"]), OptionsChosen(1, ["Valves", "Boiler"]), "Valves, Boiler"),
        (
            FORM,
            Filled(1, {"mail": "ada@example.org ", "name": "Ada", "more": " "}),
            FormFilled(1, {"mail": "ada@example.org", "name": "Ada"}),
            "Receipt — Name: Ada; E-mail: ada@example.org",
        ),
    ],
    ids=["card", "choices", "several", "form"],
)
def test_an_answer_is_on_record_and_counts_as_typed_words_once(
    what: AnyShown, act: PageAct, fact: Event, words: str
) -> None:
    page = Page()
    page.shows(what)
    assert page.acts(act) == [fact, TextTyped(words)]
    assert page.sent[-1].answered  # type: ignore[attr-defined]
    (refused,) = page.acts(act)
    assert isinstance(refused, MessageRejected)
    assert page.told(Problem)[0].text == "That did not reach me: this has been answered already."


@pytest.mark.parametrize(
    "act",
    [
        Clicked(1, "Pay it"),
        Clicked(2, "Friday"),
        Clicked(9, "Call back"),
        Chosen(2, ["Sunday"]),
        Chosen(2, ["Tuesday", "Friday"]),
        Chosen(1, ["Call back"]),
        Chosen(3, ["Boiler", "Boiler"]),
        Filled(2, {"name": "Ada"}),
        Filled(4, {}),
        Filled(4, {"name": " "}),
        Filled(4, {"name": "Ada", "shoe_size": "39"}),
        Filled(4, {"name": "Ada\nLovelace"}),
        Filled(4, {"name": "Ada", "mail": "nowhere"}),
        Filled(4, {"name": "Ada", "phone": "()-()"}),
        Filled(4, {"name": "Ada", "many": "1_000"}),
        Filled(4, {"name": "Ada", "many": "nan"}),
        Filled(4, {"name": "Ada", "day": "20260504"}),
        Filled(4, {"name": "Ada", "day": "2026-02-30"}),
        Filled(4, {"name": "Ada", "more": "x" * 1_990}),
        Looked(),
        Looked(9),
        Looked(1, "terms#4"),
        Looked(source="terms#5"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_said_and_can_be_answered_still(act: PageAct) -> None:
    page = Page()
    for what in (CARD, CHOICE, SEVERAL, FORM):
        page.shows(what)
    page.note(SourcesCited(1, [Source("terms#4", "Terms")]))
    before = len(page.sent)
    (refused,) = page.acts(act)
    assert refused == MessageRejected("does not fit what is shown", len(encode(act)))
    now = page.sent[before:]
    assert isinstance(now[-1], Problem)
    if 1 <= act.show <= 4:
        assert now[0].show == act.show  # type: ignore[attr-defined]
        assert not now[0].answered  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value"), [("phone", "+44 (20) 7946-0991"), ("many", "-2.5"), ("day", "2026-05-04"), ("more", "a\nb")]
)
def test_fields_take_what_is_of_their_kind(name: str, value: str) -> None:
    page = Page()
    page.shows(FORM)
    assert page.acts(Filled(1, {"name": "Ada", name: value}))[0] == FormFilled(1, {"name": "Ada", name: value})


def test_what_is_only_looked_at_says_nothing() -> None:
    page = Page()
    page.shows(CARD)
    page.note(SourcesCited(1, [Source("terms#4", "Terms")]))
    assert page.acts(Looked(1)) == [LookedAt(1)]
    assert page.acts(Looked(source="terms#4")) == [LookedAt(0, "terms#4")]


def test_a_highlight_points_at_the_newest_that_has_the_part() -> None:
    page = Page()
    older, newer = page.shows(CARD), page.shows(CARD)
    page.shows(Highlight("Gate"))
    page.shows(Highlight("Nothing of the kind"))
    assert page.told(ShowHighlight) == [ShowHighlight(newer, "Gate")]
    assert older != newer


def test_a_page_that_comes_back_is_shown_what_is_open_and_what_is_answered() -> None:
    page = Page()
    page.shows(CARD)
    page.shows(CHOICE)
    page.shows(Highlight("Friday"))
    page.acts(Chosen(2, ["Friday"]))
    page.sent.clear()
    page.view.again()
    assert page.sent[1:] == [ShowCard(1, CARD), ShowChoices(2, CHOICE, True), ShowHighlight(2, "Friday")]
    # The same after a restart of the server, which has the journal only.
    sent: list[ServerMessage] = []
    restarted = PageView(sent.append, "en", page.records)
    assert sent == []
    restarted.read(Record("s", 9, 0.0, 0.0, SessionResumed("server_restart", 1)))
    assert sent == page.sent[1:]


def test_only_so_much_can_still_be_answered() -> None:
    page = Page()
    for _ in range(KEPT + 1):
        page.shows(CHOICE)
    assert isinstance(page.acts(Chosen(1, ["Friday"]))[0], MessageRejected)
    assert page.acts(Chosen(2, ["Friday"]))[0] == OptionsChosen(2, ["Friday"])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Card(""),
        lambda: Card("x" * 201),
        lambda: Card("x", "y" * 1_201),
        lambda: Card("x", rows=[("", "1")]),
        lambda: Card("x", rows=[(str(n), "1") for n in range(13)]),
        lambda: Card("x", buttons=["a", "a"]),
        lambda: Card("x", buttons=list("abcde")),
        lambda: Choices("Which?", []),
        lambda: Choices("Which?", ["a", " "]),
        lambda: Choices("Which?", [3]),  # type: ignore[list-item]
        lambda: Form("x", []),
        lambda: Form("x", [Field("a", "A"), Field("a", "B")]),
        lambda: Form("x", [Field("a", "A"), Field("b", "A")]),
        lambda: Field("not a name", "A"),
        lambda: Highlight(""),
    ],
)
def test_what_the_page_cannot_show_is_not_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()


def test_limits_hold_for_what_is_read_too() -> None:
    read = msgspec.json.Decoder(Card | Choices | Form | Highlight)
    assert read.decode(msgspec.json.encode(FORM)) == FORM
    with pytest.raises(msgspec.ValidationError):
        read.decode(b'{"kind":"choices","question":"Which?","options":[]}')
    with pytest.raises(msgspec.ValidationError):
        read.decode(b'{"kind":"card","title":"x","colour":"red"}')


def test_a_tools_result_is_told_apart_from_what_it_shows() -> None:
    assert on_page("nine to six") == ("nine to six", None)
    assert on_page((1, 2)) == ((1, 2), None)
    told, shown = on_page(CHOICE)
    assert shown is CHOICE
    assert told == in_words(CHOICE) and "Tuesday; Friday" in told
    assert on_page(({"id": 7}, CARD)) == ({"result": {"id": 7}, "page": in_words(CARD)}, CARD)
    for label in ("Gate: B 12", "Call back"):
        assert label in in_words(CARD)
    assert "Remarks" in in_words(FORM)


# What the agent sees.

SENT = FrameSent("screen", 12.5, 1280, 720, "text_changed", "gpt-4o", 1105, 0.000221, 0.4)


def test_a_frame_is_shown_once_and_only_when_it_is_on_record() -> None:
    page = Page()
    page.view.frame_sent(SENT, b"jpeg")
    assert page.told(Frame) == []
    page.note(SENT)
    page.view.frame_sent(SENT, b"jpeg")
    page.view.frame_sent(SENT, b"jpeg")
    thumbnail = base64.b64encode(b"jpeg").decode()
    frame = Frame("screen", 12.5, "text_changed", 1280, 720, 1105, 0.000221, 0.4, "gpt-4o", thumbnail)
    assert page.told(Frame) == [frame]


def test_no_frame_is_shown_after_its_consent_has_been_withdrawn() -> None:
    other = msgspec.structs.replace(SENT, source="camera")
    page = Page(SENT, other, ConsentRevoked(("screen",)))
    page.view.frame_sent(SENT, b"jpeg")
    page.view.frame_sent(other, b"jpeg")
    assert [frame.source for frame in page.told(Frame)] == ["camera"]


def test_a_large_picture_is_left_out_and_a_message_stays_small() -> None:
    page = Page(SENT)
    page.view.frame_sent(SENT, b"x" * (MAX_THUMBNAIL_BYTES + 1))
    assert page.told(Frame)[0].thumbnail == ""
    page.note(SENT)
    page.view.frame_sent(SENT, b"x" * MAX_THUMBNAIL_BYTES)
    assert len(encode(page.told(Frame)[1])) <= MAX_MESSAGE_BYTES + 256


def test_what_was_read_is_told_and_cut() -> None:
    page = Page(SightNoted("screen", 12.5, "Total 42.50", "ocr", 0.3), DocumentRead(2, "screen", 12.5, "word " * 400))
    short, long = page.told(Sight)
    assert short == Sight("screen", 12.5, "Total 42.50", "ocr")
    assert long.document == 2 and len(long.text) <= TEXT_CHARS


def test_totals_tell_what_was_saved_against_a_frame_a_second() -> None:
    page = Page()
    assert page.told(SightTotals) == []
    for _ in range(40):
        page.note(FramesSeen("screen", 5, 1280, 720))
        page.note(FramesSeen("camera", 15, 640, 360))
    page.note(FramesDropped("screen", {"unchanged": 5, "over_budget": 1}))
    page.note(FramesDropped("camera", {"unchanged": 15}))
    page.note(SENT)
    page.note(FrameSent("camera", 13.0, 512, 288, "held_up", "gpt-4o", 255, 0.00005))
    # 40 s of 1105 and 255 tokens each would have been 54,400.
    saved = round(1 - (1105 + 255) / 54_400, 4)
    totals = SightTotals(800, 2, {"over_budget": 1, "unchanged": 20}, 1360, 0.000271, saved)
    assert page.told(SightTotals)[-1] == totals
    page.view.again()
    assert page.sent[-1] == totals


def test_saved_counts_frames_where_none_costs_tokens() -> None:
    page = Page()
    for _ in range(20):
        page.note(FramesSeen("screen", 5, 1280, 720))
    page.note(FrameSent("screen", 3.0, 1280, 720, "first_frame"))
    assert page.told(SightTotals)[-1].saved == 0.95


# Sources.


def test_sources_stand_under_the_caption_of_their_reply() -> None:
    sources = [Source.of("terms#4", "Terms of sale", "Goods may be returned. " * 100)]
    page = Page(SourcesCited(3, sources), ReplyEnded(3, "You may return them.", True), ReplyEnded(4, "Bye.", True))
    assert page.told(Transcript) == [
        Transcript("agent", "You may return them.", True, 3, sources),
        Transcript("agent", "Bye.", True, 4),
    ]
    assert len(sources[0].text) <= TEXT_CHARS and sources[0].text.endswith(" …")
