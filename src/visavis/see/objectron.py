"""MediaPipe Objectron's detector as an engine: one per process, loaded when the first camera is looked at.

It knows 23 kinds of things. Told are only those that it was shown to recognise (docs/vision.md), each from where it
is sure enough. A look runs on the pictures' own low-priority thread, never on the event loop. Nobody is identified.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from visavis.kernel.errors import ConfigError, ModelError, ProviderError
from visavis.models.engines import EngineContext
from visavis.see.aside import aside
from visavis.see.base import Image
from visavis.see.ssd import Thing, ThingFinder

MODEL = "objectron-objects"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one and several are told. The surest of a picture must be `sure`; then others count from `more` on."""

    one: str
    several: str
    sure: float
    more: float


KINDS: Mapping[str, Kind] = {
    "Person": Kind("a person", "people", 0.3, 0.4),
    "Bottle": Kind("a bottle", "bottles", 0.55, 0.4),
    "Coffee cup": Kind("a coffee cup", "coffee cups", 0.45, 0.45),
    "Chair": Kind("a chair", "chairs", 0.45, 0.6),
    "Cat": Kind("a cat", "cats", 0.5, 0.5),
}
"""By the model's names. Chosen on every other picture of `visavis bench objects`; the figures are of the others."""

LEAST: Mapping[str, float] = {name: min(kind.sure, kind.more) for name, kind in KINDS.items()}


class ObjectronObjects:
    """The shared engine."""

    name = "objectron"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._finder: ThingFinder | None = None

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Checks the file only. Raises ModelError when it is missing or damaged."""
        return cls(await asyncio.to_thread(context.store.path, MODEL))

    async def describe(self, image: Image, *, question: str = "") -> str:
        """What is in `image`, such as "a person, 2 bottles"; '' for nothing that is told. `question` changes nothing.
        Raises ProviderError when the network cannot load or fails.
        """
        try:
            return told(counts(await aside(lambda: self.things(image))))
        except (ModelError, ConfigError, ImportError, ValueError, RuntimeError) as error:
            raise ProviderError(f"looking for objects failed: {error}", stage="vision") from error

    def things(self, image: Image, least: Mapping[str, float] = LEAST) -> list[Thing]:
        """What is in `image` of the kinds in `least`, so sure or more; blocking, one at a time. Raises ModelError."""
        if self._finder is None:
            self._finder = ThingFinder(self._directory)
        return self._finder.find(image, least)


def counts(things: Sequence[Thing]) -> dict[str, int]:
    """How many are told of each kind, in the order of `KINDS`, without zeros. `things`: surest of a kind first."""
    by_kind = {name: [thing.sure for thing in things if thing.kind == name] for name in KINDS}
    return {name: n for name, sure in by_kind.items() if (n := _count(KINDS[name], sure))}


def told(counts: Mapping[str, int]) -> str:
    return ", ".join(KINDS[name].one if n == 1 else f"{n} {KINDS[name].several}" for name, n in counts.items())


def _count(kind: Kind, sure: Sequence[float]) -> int:
    return max(1, sum(one >= kind.more for one in sure)) if sure and sure[0] >= kind.sure else 0
