"""The tool `look`: the model asks to see, and waits a moment for a fresh note. An opener covers the wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from visavis.kernel.tool import tool
from visavis.see.notes import row
from visavis.see.vision import Sighted, VisionWorker

FRESH_S = 1.0
"""A frame this much older than the question still shows what was asked about."""

NOTHING = "Nothing could be read in time. Say so, and ask the person to hold it still or to show it again."
NO_PICTURE = "Camera and screen are off or black, so there is nothing to see."


def look_tool(
    worker: VisionWorker, force: Callable[[str], Collection[str]], now_s: Callable[[], float], deadline_s: float
) -> Callable[..., Awaitable[str]]:
    """`force(question)` sends the best fresh frames on, whatever the gate thinks, and tells of which sources."""

    @tool
    async def look(question: str = "") -> str:
        """Looks at what the person shows right now, on camera or screen. Use it when they ask what you see or read.

        question: what to look for
        """
        asked_s = now_s()
        if not (sources := force(question)):
            return NO_PICTURE
        found = await worker.look(asked_s - FRESH_S, deadline_s, sources)
        told = "\n".join(row(sight, now_s()) for sight in found if sight.text)
        documents = worker.documents.told(3_000) if "(document " in told else ""
        return "\n".join(part for part in (told, documents) if part) or NOTHING

    return look


def unbound_look() -> Callable[..., Awaitable[str]]:
    """The tool as a model is told of it, for no call."""
    nobody = VisionWorker(Sighted(), (), lambda event: None, lambda: 0.0, lambda source: False)
    return look_tool(nobody, lambda question: (), lambda: 0.0, 0.0)
