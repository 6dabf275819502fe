"""What tools have put on the call page, and what comes back from there, checked against what was shown.

What the person presses, chooses or fills in is on record as such, and then counts as typed words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from visavis.kernel.events import (
    ButtonPressed,
    Event,
    FormFilled,
    LookedAt,
    OptionsChosen,
    PageShown,
    Record,
    SourcesCited,
    TextTyped,
)
from visavis.kernel.messages import (
    MAX_TYPED_CHARS,
    Chosen,
    Clicked,
    Filled,
    Looked,
    PageAct,
    ServerMessage,
    ShowCard,
    ShowChoices,
    ShowForm,
    ShowHighlight,
)
from visavis.kernel.shown import Card, Choices, Field, Form, Highlight, parts

KEPT = 24
"""So many of the last things shown can still be answered, and are shown again to a page that comes back."""

_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_PHONE = re.compile(r"\+?[\d\s()./-]{3,30}")


class NotAnAnswer(ValueError):
    """What came back does not fit what was shown; the text says why without quoting it."""


@dataclass(slots=True)
class _Shown:
    what: Card | Choices | Form
    answered: bool = False


class Shows:
    """A reader: feed it records in order. `send` must not block."""

    def __init__(self, send: Callable[[ServerMessage], None], past: Iterable[Record] = ()) -> None:
        self._shown: dict[int, _Shown] = {}
        self._lit: ShowHighlight | None = None
        self._cited: set[str] = set()
        self._send: Callable[[ServerMessage], None] = lambda message: None
        for record in past:
            self.read(record)
        self._send = send

    def read(self, record: Record) -> None:
        match record.event:
            case PageShown(what=Highlight(part=part)):
                self._point(part)
            case PageShown(what=Card() | Choices() | Form() as what):
                self._shown[record.seq] = _Shown(what)
                while len(self._shown) > KEPT:
                    self._shown.pop(next(iter(self._shown)))
                self._tell(record.seq)
            case SourcesCited(sources=sources):
                self._cited |= {source.id for source in sources}
            case ButtonPressed(show=show) | OptionsChosen(show=show) | FormFilled(show=show):
                if show in self._shown:
                    self._shown[show].answered = True
                    self._tell(show)

    def facts(self, message: PageAct) -> list[Event]:
        """What the message says has happened, to be noted in this order. Raises NotAnAnswer; the page is then told
        how things stand."""
        try:
            match message:
                case Looked(show=show, source=source):
                    return self._looked(show, source)
                case Clicked(show=show, button=button):
                    return [ButtonPressed(show, button), TextTyped(self._pressed(show, button))]
                case Chosen(show=show, options=options):
                    return [OptionsChosen(show, options), TextTyped(self._chosen(show, options))]
                case Filled(show=show, values=values):
                    kept = {name: value.strip() for name, value in values.items() if value.strip()}
                    return [FormFilled(show, kept), TextTyped(self._filled(show, kept))]
            raise TypeError(f"{type(message).__name__} is no act of the page")
        except NotAnAnswer:
            if message.show in self._shown:
                self._tell(message.show)
            raise

    def again(self) -> None:
        """For a page that knows nothing yet."""
        for show in self._shown:
            self._tell(show)
        if self._lit is not None:
            self._send(self._lit)

    def _tell(self, show: int) -> None:
        shown = self._shown[show]
        match shown.what:
            case Card():
                self._send(ShowCard(show, shown.what, shown.answered))
            case Choices():
                self._send(ShowChoices(show, shown.what, shown.answered))
            case Form():
                self._send(ShowForm(show, shown.what, shown.answered))

    def _point(self, part: str) -> None:
        """At the newest that has such a part; a highlight of what is not there points at nothing."""
        for show, shown in reversed(self._shown.items()):
            if part in parts(shown.what):
                self._lit = ShowHighlight(show, part)
                self._send(self._lit)
                return

    def _open(self, show: int) -> Card | Choices | Form:
        shown = self._shown.get(show)
        if shown is None:
            raise NotAnAnswer("this is not on the page")
        if shown.answered:
            raise NotAnAnswer("this has been answered already")
        return shown.what

    def _looked(self, show: int, source: str) -> list[Event]:
        if (show in self._shown) == (source in self._cited) or bool(show) == bool(source):
            raise NotAnAnswer("this is not on the page")
        return [LookedAt(show, source)]

    def _pressed(self, show: int, button: str) -> str:
        card = self._open(show)
        if not isinstance(card, Card) or button not in card.buttons:
            raise NotAnAnswer("there is no such button")
        return button

    def _chosen(self, show: int, options: list[str]) -> str:
        choices = self._open(show)
        if not isinstance(choices, Choices) or not set(options) <= set(choices.options):
            raise NotAnAnswer("there is no such option")
        if len(set(options)) != len(options) or (len(options) > 1 and not choices.many):
            raise NotAnAnswer("too many options")
        return ", ".join(options)

    def _filled(self, show: int, values: dict[str, str]) -> str:
        form = self._open(show)
        if not isinstance(form, Form) or not set(values) <= {field.name for field in form.fields}:
            raise NotAnAnswer("there is no such field")
        for field in form.fields:
            if field.required and field.name not in values:
                raise NotAnAnswer(f"“{field.label}” is missing")
            if field.name in values and not _suits(field, values[field.name]):
                raise NotAnAnswer(f"“{field.label}” cannot be read")
        lines = [f"{field.label}: {values[field.name]}" for field in form.fields if field.name in values]
        words = f"{form.title} — {'; '.join(lines) or '—'}"
        if len(words) > MAX_TYPED_CHARS:
            raise NotAnAnswer(f"it is longer than {MAX_TYPED_CHARS} characters")
        return words


def _suits(field: Field, value: str) -> bool:
    match field.kind:
        case "email":
            return _MAIL.fullmatch(value) is not None
        case "phone":
            return _PHONE.fullmatch(value) is not None and any(letter.isdigit() for letter in value)
        case "number":
            return _NUMBER.fullmatch(value) is not None
        case "date":
            return _date(value)
        case "text":
            return "\n" not in value
        case "lines":
            return True


def _date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
