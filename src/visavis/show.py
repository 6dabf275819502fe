"""What a tool can show on the call page: return one of these, alone or as `(result, Card(…))`.

    def free_slots(day: str) -> Choices:
        return Choices("Which suits you?", ["Tuesday at ten", "Wednesday at three"])

What the person picks, presses or fills in comes back as their next words.
"""

from __future__ import annotations

from visavis.kernel.shown import Card, Choices, Field, Form, Highlight

__all__ = ["Card", "Choices", "Field", "Form", "Highlight"]
