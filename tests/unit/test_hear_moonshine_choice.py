"""Which of the two Moonshine models is believed, and how much work that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from visavis.hear.moonshine import MoonshineAsr
from visavis.hear.redecode import Heard
from visavis.kernel.errors import ConfigError
from visavis.kernel.media import Samples
from visavis.models.scheduler import ComputeScheduler, Priority, Yield

RATE = 16_000
AUDIO = np.random.default_rng(0).integers(-9000, 9000, 3 * RATE).astype(np.int16)


class Says:
    """Stands for one model: says `text` whatever it hears, after giving way `rounds` times."""

    def __init__(self, text: str, rounds: int = 0) -> None:
        self.text = text
        self.rounds = rounds
        self.drafts: list[list[int]] = []
        self.tokens = [7, 8]

    def decoding(self, samples: Samples, draft: Sequence[int]) -> Any:
        self.drafts.append(list(draft))
        return self

    def advance(self, give_way: Yield) -> bool:
        self.rounds -= 1
        return self.rounds < 0


async def best(tiny: str, base: str | None, before: Heard | None = None) -> tuple[str, int, int]:
    """What is believed, and how often each model was asked."""
    scheduler = ComputeScheduler(1)
    models = Says(tiny), Says(base) if base is not None else None
    asr = MoonshineAsr(*models, scheduler)  # type: ignore[arg-type]
    heard = await asr.best(AUDIO, "en", before, Priority.FINAL)
    scheduler.close()
    assert heard.samples == len(AUDIO)
    return heard.text, len(models[0].drafts), len(models[1].drafts) if models[1] else 0


def words(count: int) -> str:
    return " ".join(["word"] * count)


async def test_base_is_believed_when_a_recent_partial_vouches_for_it() -> None:
    partial = Heard("I would like to book", len(AUDIO) - RATE // 2, (4, 5))
    assert await best("never asked", "I would like to book a table", partial) == (
        "I would like to book a table",
        0,
        1,
    )


async def test_tiny_is_asked_when_there_is_no_recent_partial() -> None:
    old = Heard("I would", RATE, (4,))
    assert await best("yes please do", "Yes, please do.", old) == ("Yes, please do.", 1, 1)
    assert await best("yes please do", "Yes, please do.") == ("Yes, please do.", 1, 1)


async def test_tiny_wins_over_an_empty_base() -> None:
    assert await best("Yes.", "") == ("Yes.", 1, 1)
    assert await best("", "") == ("", 1, 1)


@pytest.mark.parametrize(
    ("tiny", "base", "winner"),
    [
        (5, 8, "base"),
        (5, 9, "tiny"),
        (9, 6, "base"),
        (9, 5, "tiny"),
        (20, 27, "base"),
        (20, 28, "tiny"),
        (0, 3, "base"),
    ],
)
async def test_word_counts_too_far_apart_make_base_suspect(tiny: int, base: int, winner: str) -> None:
    text, _, _ = await best(words(tiny), words(base).replace("word", "WORD"))
    assert text.startswith("WORD") == (winner == "base")


async def test_a_partial_that_contradicts_base_calls_tiny_in() -> None:
    partial = Heard(words(3), len(AUDIO), (4, 5))
    assert await best(words(3), words(30), partial) == (words(3), 1, 1)


async def test_without_base_tiny_gives_the_final() -> None:
    assert await best("hello there", None) == ("hello there", 1, 0)


async def test_work_that_gave_way_goes_on() -> None:
    scheduler = ComputeScheduler(1)
    tiny = Says("hello", rounds=5)
    heard = await MoonshineAsr(tiny, None, scheduler).quick(AUDIO, "en", None)  # type: ignore[arg-type]
    scheduler.close()
    assert heard == Heard("hello", len(AUDIO), (7, 8))
    assert tiny.rounds == -1
    assert len(tiny.drafts) == 1


async def test_other_languages_are_refused_with_advice() -> None:
    scheduler = ComputeScheduler(1)
    asr = MoonshineAsr(Says("x"), None, scheduler)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="whisper"):
        asr.stream("es", print)
    await asr.stream("en-GB", print).close()
    scheduler.close()
    await asyncio.sleep(0)
