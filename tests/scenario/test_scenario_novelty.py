"""What a picture is about decides whether a model that costs money gets it; where that is not known, its words do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import pytest
from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import FramesDropped, FrameSent, ProviderFailed, SightNoted
from visavis.kernel.messages import Consent, Frame
from visavis.see.base import Image
from visavis.see.covers import Covers
from visavis.see.glance import Glance
from visavis.see.novelty import Embedding
from visavis.see.reading import Box
from visavis.see.vision import Sighted
from visavis.testing.scenario import Played, Scenario
from visavis.testing.shown import ScriptedReader, shown

SIGN = "Gate 14 closes at 9:40"


@dataclass
class ScriptedEmbedder:
    """Pictures of one number in `alike` mean the same; others have a meaning of their own."""

    alike: dict[int, int] = field(default_factory=dict)
    answers: object = None
    name: str = "clip"

    async def embed(self, image: Image) -> Embedding:
        number = int(image[0, 0, 0])
        if isinstance(self.answers, Exception):
            raise self.answers
        if self.answers is not None:
            return cast(Embedding, self.answers)
        return np.eye(64)[self.alike.get(number, number)]


@dataclass
class Keeps(ScriptedReader):
    seen: list[Image] = field(default_factory=list)

    async def describe(self, image: Image, *, question: str = "") -> str:
        self.seen.append(image)
        return await super().describe(image, question=question)


@dataclass
class Faces:
    """One near, and a bystander."""

    looks: int = 0

    async def boxes(self, image: Image) -> list[Box]:
        self.looks += 1
        return [(200, 20, 100, 100), (60, 60, 40, 40)]


def played(sighted: Sighted, *, numbers: tuple[int, ...] = (1, 2), withdrawn_s: float | None = None) -> Played:
    """Each picture is on the screen for four seconds."""
    call = Scenario(Agent("Ada", "You answer.", greeting=""), arrange=lambda layers: replace(layers, sighted=sighted))
    for nth, number in enumerate(numbers):
        for at_s in np.arange(1.0 + 4 * nth, 5.0 + 4 * nth, 0.2).round(4).tolist():
            call.does(at_s, shown(number, at_s))
    if withdrawn_s is not None:
        call.does(withdrawn_s, Consent(given=False, purposes=["screen"]))
    return checked(call, until=1.0 + 4 * len(numbers))


def model() -> ScriptedReader:
    return ScriptedReader({1: "A board.", 2: "A cat.", 3: "A dog."}, name="model")


def dropped(one: Played, why: str) -> int:
    return sum(event.counts.get(why, 0) for event in one.events(FramesDropped))


def sees(embedder: ScriptedEmbedder, words: dict[int, str] | None) -> Sighted:
    reader = ScriptedReader(words) if words is not None else None
    return Sighted(reader=reader, describer=model(), remote=False, novelty=Glance(embedder, remote=False))


def looks(sighted: Sighted) -> int:
    assert isinstance(sighted.describer, ScriptedReader)
    return sighted.describer.looks


@pytest.mark.parametrize("words", [{1: SIGN, 2: SIGN}, {}, None], ids=["same words", "no words", "nobody reads"])
def test_the_same_words_with_another_meaning_are_sent(words: dict[int, str] | None) -> None:
    sighted = sees(ScriptedEmbedder(), words)
    one = played(sighted)
    assert looks(sighted) == 2 and dropped(one, "nothing_new") == 0
    assert [event.provider for event in one.events(FrameSent)] == ["model", "model"], "the encoder is in the process"


@pytest.mark.parametrize("words", [{1: SIGN, 2: SIGN}, {}, None], ids=["same words", "no words", "nobody reads"])
def test_what_means_the_same_is_nothing_new(words: dict[int, str] | None) -> None:
    sighted = sees(ScriptedEmbedder(alike={2: 1}), words)
    one = played(sighted)
    assert looks(sighted) == 1 and dropped(one, "nothing_new") == 1
    assert len(one.events(FrameSent)) == 1


def test_new_words_are_news_whatever_the_meaning() -> None:
    sighted = sees(ScriptedEmbedder(alike={2: 1}), {1: SIGN, 2: "Boarding has begun"})
    played(sighted)
    assert looks(sighted) == 2


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (ZeroDivisionError("what"), "provider"),
        ([0.1], "protocol_violation"),
        (np.full(3, np.nan), "protocol_violation"),
    ],
    ids=["raises", "no vector", "nowhere"],
)
def test_where_the_glance_fails_the_words_decide(answers: object, code: str) -> None:
    sighted = sees(ScriptedEmbedder(answers=answers), {1: SIGN, 2: SIGN, 3: "Boarding has begun"})
    one = played(sighted, numbers=(1, 2, 3))
    assert looks(sighted) == 2 and dropped(one, "nothing_new") == 1
    failed = one.events(ProviderFailed)
    assert {(event.layer, event.provider, event.code) for event in failed} == {("vision", "clip", code)}


def test_a_small_model_that_hangs_keeps_frames_for_its_time_at_most() -> None:
    sighted = Sighted(
        reader=ScriptedReader({1: SIGN}),
        describer=model(),
        deadline_s=1.0,
        novelty=Glance(ScriptedReader(takes_s=1e6, name="small")),
    )
    one = played(sighted, numbers=(1,))
    assert looks(sighted) == 1
    assert [event.code for event in one.events(ProviderFailed)] == ["provider_timeout"]
    words, told = one.events(SightNoted)
    assert words.how == "reader" and words.took_s < 1, "what was read does not wait for it"
    assert told.how == "model" and 2 < told.took_s < 3


def test_consent_that_goes_during_a_glance_keeps_the_frame_here() -> None:
    small = ScriptedReader(takes_s=1.5, name="small")
    sighted = Sighted(describer=model(), novelty=Glance(small))
    one = played(sighted, numbers=(1,), withdrawn_s=2.0)
    assert small.looks == 1 and looks(sighted) == 0
    assert [event.provider for event in one.events(FrameSent)] == ["small"]


def test_a_small_model_tells_what_is_new_and_nobody_is_told_of_that() -> None:
    """The second telling is the first in other words; the third has another number."""
    told = {
        1: "A red gauge on a white wall shows 40 degrees",
        2: "A red gauge on the white wall shows 40 degrees",
        3: "A red gauge on the white wall shows 90 degrees",
    }
    small = ScriptedReader(told, name="small")
    sighted = Sighted(describer=model(), remote=False, novelty=Glance(small))
    one = played(sighted, numbers=(1, 2, 3))
    assert small.looks == 3 and looks(sighted) == 2 and dropped(one, "nothing_new") == 1
    assert {event.how for event in one.events(SightNoted)} == {"model"}
    assert [event.provider for event in one.events(FrameSent)] == ["small", "model", "small", "small", "model"]
    assert len(one.messages(Frame)) == 5, "each that left is on the page"


def test_a_small_model_elsewhere_gets_covered_pictures_or_none() -> None:
    """The one that describes is in the process, so that whatever is covered is covered for the small one."""
    faces = Faces()
    small = Keeps({1: "A board."}, name="small")
    played(Sighted(describer=model(), remote=False, covers=Covers(["bystanders"], faces), novelty=Glance(small)))
    own = shown(1, 0.0).image
    assert faces.looks and small.seen and not (small.seen[0][60:100, 60:100] == own[60:100, 60:100]).all()
    assert (small.seen[0][:40, :40] == own[:40, :40]).all()

    small = Keeps({1: "A board."}, name="small")
    blind = Sighted(describer=model(), remote=False, covers=Covers(["bystanders"], None), novelty=Glance(small))
    one = played(blind, numbers=(1,))
    assert not small.seen and {event.provider for event in one.events(ProviderFailed)} == {"small"}
