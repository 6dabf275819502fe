"""What was put on the call page, and what the person did with it. `show` is the `seq` of the `PageShown` meant."""

from __future__ import annotations

from typing import ClassVar

from visavis.kernel.events.base import Event
from visavis.kernel.shown import AnyShown, Source


class PageShown(Event, frozen=True):
    """A tool of reply `reply` put something on the page: a card, choices, a form, or a highlight."""

    content: ClassVar[bool] = True
    reply: int
    call: str
    what: AnyShown


class ButtonPressed(Event, frozen=True):
    """The person pressed this button of a card; its words are what they said."""

    content: ClassVar[bool] = True
    show: int
    button: str


class OptionsChosen(Event, frozen=True):
    content: ClassVar[bool] = True
    show: int
    options: list[str]


class FormFilled(Event, frozen=True):
    """A form came back: what the person wrote, by field name; fields that may stay empty are left out when empty."""

    content: ClassVar[bool] = True
    show: int
    values: dict[str, str]


class LookedAt(Event, frozen=True):
    """The person opened the rest of a card (`show`), or the passage `source` under a caption; nothing was said."""

    content: ClassVar[bool] = True
    show: int = 0
    source: str = ""


class SourcesCited(Event, frozen=True):
    """The passages that reply `reply` rests on, best first, as its captions name them."""

    content: ClassVar[bool] = True
    reply: int
    sources: list[Source]
