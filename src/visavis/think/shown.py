"""A tool's result apart from what it puts on the call page."""

from __future__ import annotations

from typing import Any

from visavis.kernel.shown import AnyShown, Card, Choices, Form, Highlight


def on_page(result: Any) -> tuple[Any, AnyShown | None]:
    """What the model is told of `result`, and what the page shows of it: a tool returns something to show, alone or
    as `(result, something)`.
    """
    if isinstance(result, Card | Choices | Form | Highlight):
        return in_words(result), result
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Card | Choices | Form | Highlight):
        return {"result": result[0], "page": in_words(result[1])}, result[1]
    return result, None


def in_words(shown: AnyShown) -> str:
    """For the model: what the person sees now, and what may come back."""
    match shown:
        case Card(title=title, text=text, rows=rows, buttons=buttons):
            told = "; ".join([text] * bool(text) + [f"{label}: {value}" for label, value in rows])
            press = f" They may press or say: {', '.join(buttons)}." if buttons else ""
            return f"The person now sees a card “{title}” on the page. {told}{press}".strip()
        case Choices(question=question, options=options, many=many):
            some = "some" if many else "one"
            return (
                f"The person now sees “{question}” on the page and may press or say {some} of: {'; '.join(options)}."
            )
        case Form(title=title, fields=fields):
            labels = ", ".join(field.label for field in fields)
            return f"The person now sees the form “{title}” on the page and may fill in or say: {labels}."
        case Highlight(part=part):
            return f"The page now points at “{part}”, if it is shown there."
