"""Which calls the person is asked about first: by the builder's rule, or because of what the model has read.

A model may be talked into a call by a text: a tool's result, a passage, something held into the camera. Whether it
was cannot be told, so it does not matter here: what the prompt had in it when the call was made does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visavis.kernel.tool import ASK
from visavis.session.tool_ledger import ToolLedger
from visavis.think.approval import question
from visavis.think.base import Message
from visavis.think.data_marks import has_data
from visavis.think.tools import Checked


@dataclass(frozen=True, slots=True)
class Asking:
    """The person is to say yes to `question` first. `why`: `approval`, a rule of the tool; or `after_reading`."""

    checked: Checked
    question: str
    why: str


def asking(
    checked: Checked, prompt: Sequence[Message], text: str, ledger: ToolLedger, language: str
) -> Asking | None:
    """None when the call may run at once. The model made it in answer to `prompt`, in a turn of the words `text`."""
    rules = checked.tool.rules
    if rules.approval:
        return Asking(checked, question(checked.tool.spec, rules.approval, checked.shown, language), "approval")
    if not rules.writes or rules.after_reading == "run":
        return None
    if not (ledger.hearsay(checked) or (has_data(prompt) and not ledger.asked_for(checked, text))):
        return None
    return Asking(checked, question(checked.tool.spec, ASK, checked.shown, language), "after_reading")
