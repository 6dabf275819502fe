"""What a tool may put on the call page: a card, choices, a form, a highlight; and the passages an answer rests on.

Limits are checked when a value is made (ValueError) and when one is read from JSON, so that what is on the journal
and on the wire always fits the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

TITLE_CHARS = 200
LABEL_CHARS = 80
TEXT_CHARS = 1_200
VALUE_CHARS = 300
MANY = 12
"""Most rows of a card, options, fields; a card has at most four buttons, an answer at most eight sources."""

FieldKind = Literal["text", "lines", "email", "phone", "number", "date"]

_NAME = re.compile(r"[A-Za-z_]\w{0,39}")


class Card(msgspec.Struct, frozen=True, tag_field="kind", tag="card", forbid_unknown_fields=True, omit_defaults=True):
    """A piece of information to keep in view: plain text, `rows` of label and value, and buttons whose words the
    person says by pressing them.
    """

    title: str
    text: str = ""
    rows: list[tuple[str, str]] = []
    buttons: list[str] = []

    def __post_init__(self) -> None:
        _fits("title", self.title, TITLE_CHARS)
        _fits("text", self.text, TEXT_CHARS, empty=True)
        _few("rows", self.rows, MANY)
        for label, value in self.rows:
            _fits("a row's label", label, LABEL_CHARS)
            _fits("a row's value", value, VALUE_CHARS, empty=True)
        _distinct("buttons", self.buttons, 4, LABEL_CHARS)


class Choices(
    msgspec.Struct, frozen=True, tag_field="kind", tag="choices", forbid_unknown_fields=True, omit_defaults=True
):
    """A question with the answers to choose from: one, or with `many` any number of them, at least one."""

    question: str
    options: list[str]
    many: bool = False

    def __post_init__(self) -> None:
        _fits("question", self.question, TITLE_CHARS)
        if not self.options:
            raise ValueError("choices need options")
        _distinct("options", self.options, MANY, TITLE_CHARS)


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a form. `name` is for the tool, `label` for the person; `value` is filled in already. A date is
    written as 2026-05-04.
    """

    name: str
    label: str
    kind: FieldKind = "text"
    required: bool = True
    value: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a field's name must be a plain word, not {self.name[:40]!r}")
        _fits("a field's label", self.label, LABEL_CHARS)
        _fits("a field's value", self.value, VALUE_CHARS, empty=True)


class Form(msgspec.Struct, frozen=True, tag_field="kind", tag="form", forbid_unknown_fields=True, omit_defaults=True):
    """What the person may fill in instead of spelling it out aloud. `button` sends it."""

    title: str
    fields: list[Field]
    button: str = "Send"

    def __post_init__(self) -> None:
        _fits("title", self.title, TITLE_CHARS)
        if not self.fields:
            raise ValueError("a form needs fields")
        _distinct("field names", [field.name for field in self.fields], MANY, LABEL_CHARS)
        _distinct("field labels", [field.label for field in self.fields], MANY, LABEL_CHARS)
        _fits("button", self.button, LABEL_CHARS)


class Highlight(msgspec.Struct, frozen=True, tag_field="kind", tag="highlight", forbid_unknown_fields=True):
    """Points at what is shown already: `part` is the title, or a row's, button's, option's or field's label of the
    newest card, choices or form that has it.
    """

    part: str

    def __post_init__(self) -> None:
        _fits("part", self.part, TITLE_CHARS)


AnyShown = Card | Choices | Form | Highlight


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A passage that an answer rests on: its id, its document's title, and its words, cut to what a caption bears."""

    id: str
    title: str
    text: str = ""

    @classmethod
    def of(cls, id: str, title: str, text: str) -> Source:
        """Of a passage of any length."""
        cut = text if len(text) <= TEXT_CHARS else text[: TEXT_CHARS - 2].rstrip() + " …"
        return cls(id, title[:TITLE_CHARS], cut)


def parts(shown: AnyShown) -> list[str]:
    """What a highlight may point at."""
    match shown:
        case Card():
            return [shown.title, *[label for label, _ in shown.rows], *shown.buttons]
        case Choices():
            return [shown.question, *shown.options]
        case Form():
            return [shown.title, *[field.label for field in shown.fields]]
        case Highlight():
            return []


def _fits(what: str, text: str, limit: int, *, empty: bool = False) -> None:
    if not isinstance(text, str):
        raise ValueError(f"{what} must be text")
    if not empty and not text.strip():
        raise ValueError(f"{what} is empty")
    if len(text) > limit:
        raise ValueError(f"{what} is longer than {limit} characters")


def _few(what: str, items: Sequence[object], limit: int) -> None:
    if len(items) > limit:
        raise ValueError(f"more than {limit} {what}")


def _distinct(what: str, items: Sequence[str], limit: int, chars: int) -> None:
    _few(what, items, limit)
    for item in items:
        _fits(f"one of the {what}", item, chars)
    if len(set(items)) != len(items):
        raise ValueError(f"two {what} are the same")
