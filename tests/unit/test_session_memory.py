"""The readers behind a prompt: what a notebook makes of a call, and what a history leaves out."""

from __future__ import annotations

from visavis.kernel.events import (
    ConsentRevoked,
    DocumentRead,
    Event,
    LookedAt,
    MemoryForgotten,
    MemoryNoted,
    MemoryRecalled,
    PageShown,
    PlaybackStarted,
    Record,
    ReplyEnded,
    TurnEnded,
)
from visavis.kernel.shown import Card
from visavis.session.history import History
from visavis.think.memory.notebook import Notebook


class Call:
    """A journal with its two readers; what follows from a record is recorded right behind it."""

    def __init__(self) -> None:
        self.notebook = Notebook("en")
        self.history = History(language="en")
        self.records: list[Record] = []
        self.turns = 0

    def note(self, event: Event) -> int:
        record = Record("s", len(self.records) + 1, len(self.records) * 1.0, 0.0, event)
        self.records.append(record)
        self.history.read(record)
        for follows in self.notebook.read(record):
            self.note(follows)
        return record.seq

    def says(self, text: str, *, again: bool = False) -> int:
        self.turns += not again
        return self.note(TurnEnded(self.turns, 1, text, 0.0, "silence"))

    def answers(self, text: str) -> int:
        self.note(PlaybackStarted(self.turns))
        return self.note(ReplyEnded(self.turns, text, True))

    def known(self) -> list[str]:
        return [item.text for item in [*self.notebook.recalled, *self.notebook.noted]]

    def prompt(self) -> list[str]:
        return [turn.text for turn in self.history.turns]


def test_each_item_names_the_record_it_was_taken_from() -> None:
    call = Call()
    seq = call.says("My name is Jordan.")
    reply = call.answers("Thanks, I'll send you the form today.")
    assert [(item.kind, item.seq) for item in call.notebook.noted] == [("fact", seq), ("promise", reply)]


def test_a_turn_that_goes_on_is_noted_as_it_ends() -> None:
    call = Call()
    call.says("My name is Jo.")
    call.says("My name is Jo Anne.", again=True)
    assert call.known() == ["My name is Jo Anne"]
    assert [event.why for event in events(call) if isinstance(event, MemoryForgotten)] == ["resaid"]


def test_a_reader_that_begins_later_knows_the_same() -> None:
    call = Call()
    call.says("My name is Jordan. My order number is 4471.")
    call.answers("I'll call you tomorrow.")
    call.says("No, that's wrong, my order number is 4472.")
    call.answers("All right.")
    later = Notebook("en", call.records)
    assert later.noted == call.notebook.noted
    assert [item.text for item in later.noted] == [
        "My name is Jordan",
        'you: "I\'ll call you tomorrow"',
        "My order number is 4472",
    ]


def test_a_promise_that_was_kept_is_gone() -> None:
    call = Call()
    call.says("Can you send me the form?")
    call.answers("Sure, I'll send you the form.")
    call.says("Thanks.")
    call.answers("I have just sent it.")
    assert call.known() == []


def test_documents_are_noted_until_their_consent_is_withdrawn() -> None:
    call = Call()
    call.note(DocumentRead(1, "screen", 0.5, "Invoice 77\nchain and labour, 20 euros"))
    call.note(DocumentRead(1, "screen", 1.5, "Invoice 77\nchain and labour, 20 euros, paid"))
    assert call.known() == ["Document 1: Invoice 77 chain and labour, 20 euros, paid"]
    call.note(ConsentRevoked(("screen",)))
    assert call.known() == []


def test_that_is_what_was_told_last_or_said_back() -> None:
    call = Call()
    call.note(MemoryRecalled(3, "fact", "I live in Oslo", "2026-01-01", "home"))
    call.says("My name is Jordan.")
    call.answers("Hello Jordan! Is it cold in Oslo?")
    assert call.notebook.would_forget("Forget that.")
    call.says("Forget that.")
    assert call.known() == []


def test_what_was_said_back_goes_first() -> None:
    call = Call()
    call.note(MemoryRecalled(3, "fact", "I live in Oslo", "2026-01-01", "home"))
    call.says("My name is Jordan.")
    call.answers("Is it cold in Oslo?")
    call.says("Forget that.")
    assert call.known() == ["My name is Jordan"]


def test_where_nothing_is_noted_the_turn_itself_is_forgotten() -> None:
    call = Call()
    call.says("The thing with the neighbour was awful.")
    call.answers("I am sorry.")
    call.says("Please forget that.")
    assert call.prompt() == ["[forgotten]", "I am sorry.", "Please forget that."]


def test_what_was_forgotten_leaves_every_turn() -> None:
    call = Call()
    call.says("My order number is 4471, where is it?")
    call.answers("Order 4471 is on its way, and 44710 is not yours.")
    call.says("Forget my order number.")
    assert "4471 " not in " ".join(call.prompt())
    assert call.prompt()[1] == "Order [forgotten] is on its way, and 44710 is not yours."


def test_to_forget_what_is_not_there_is_left_to_the_model() -> None:
    call = Call()
    call.says("My name is Jordan.")
    call.answers("Hello.")
    assert not call.notebook.would_forget("Delete my account.")
    assert not call.notebook.would_forget("Forget it.")
    call.says("Delete my account.")
    assert call.known() == ["My name is Jordan"]


def test_a_correction_that_may_mean_anything_corrects_nothing() -> None:
    call = Call()
    call.says("My order number is 4471.")
    call.answers("Thanks. Shall we say Monday?")
    call.says("No, it's Tuesday.")
    assert call.known() == ["My order number is 4471"]


def test_exchanges_wait_for_a_line_once() -> None:
    call = Call()
    first = call.says("When is the bike ready?")
    assert call.notebook.unlined == []
    call.answers("On Friday.")
    assert [one.seq for one in call.notebook.unlined] == [first]
    call.note(MemoryNoted("line", "The bike is ready on Friday.", first, by="model"))
    assert call.notebook.unlined == []


def test_what_was_looked_at_on_the_page_is_told_but_is_no_turn() -> None:
    call = Call()
    shown = call.note(PageShown(1, "c1", Card("Invoice 77", "20 euros")))
    call.says("What does it cost?")
    call.note(LookedAt(show=shown))
    assert [(turn.text, turn.page) for turn in call.history.turns] == [
        ('The person opened "Invoice 77".', True),
        ("What does it cost?", False),
    ]
    assert call.history.exchanged == 1
    asking = call.history.asking("What does it cost now?")
    assert [turn.text for turn in asking][1:] == ["What does it cost now?"], "words under way replace themselves"


def events(call: Call) -> list[Event]:
    return [record.event for record in call.records]
