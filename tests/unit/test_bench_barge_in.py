"""From sounds over the agent's voice to figures."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.bench.barge_in import figures
from visavis.bench.barge_in_call import Outcome, _quiet_from
from visavis.bench.barge_in_sounds import KINDS, Kind, Overlap, overlaps
from visavis.bench.barge_in_talker import PILOT, PILOT_HZ, pilot_levels


def outcome(kind: Kind, *, duck: float = -1.0, stop: float = -1.0, taken: bool = False) -> Outcome:
    return Outcome(Overlap(kind, "synthesised", np.zeros(1, np.int16), 0.0, 0.1), duck, stop, taken)


def test_a_pause_of_the_voice_counts_as_a_stop_and_a_duck_does_not() -> None:
    told = figures(
        [
            outcome("interruption", duck=100, stop=400, taken=True),
            outcome("interruption", duck=120),
            outcome("cough", duck=150),
            outcome("noise", duck=150, stop=500),
            outcome("backchannel", duck=150, stop=500, taken=True),
            outcome("keyboard"),
            outcome("side_talk", stop=500, taken=True),
        ]
    )
    assert told["n"] == 7
    assert told["wrongly_ignored"] == 0.5
    assert told["wrongly_stopped"] == 0.5
    assert told["stop_ms"] == {"p50": 400.0, "p95": 400.0}
    assert told["duck_ms"]["p50"] == 110.0
    [cough] = [row for row in told["rows"] if row["class"] == "cough"]
    assert (cough["silenced"], cough["ducked"]) == (0.0, 1.0)
    assert cough["silenced_ci95"] == [0.0, pytest.approx(0.793, abs=0.001)]


def test_the_pilot_tells_the_level_of_the_voice() -> None:
    at_s = np.arange(24_000) / 24_000
    speech = 3000 * np.sin(2 * np.pi * 300 * at_s)
    tone = PILOT * np.sin(2 * np.pi * PILOT_HZ * at_s)
    full, ducked = (
        pilot_levels((speech + tone).astype(np.int16)),
        pilot_levels((0.2 * (speech + tone)).astype(np.int16)),
    )
    assert full.shape == (100,)
    assert np.median(full) == pytest.approx(PILOT, rel=0.05)
    assert np.median(ducked) == pytest.approx(PILOT / 5, rel=0.05)


async def test_sounds_are_the_same_for_a_seed_and_say_where_they_are_from() -> None:
    made = await overlaps("", 2, seed=3)
    again = await overlaps("", 2, seed=3)
    assert sorted(sound.kind for sound in made) == sorted(KINDS * 2)
    assert {sound.source for sound in made} == {"synthesised"}
    assert all(np.array_equal(a.pcm, b.pcm) for a, b in zip(made, again, strict=True))
    for sound in made:
        assert sound.onset_s < sound.end_s < len(sound.pcm) / 24_000


def test_a_silence_that_is_there_from_the_first_is_found() -> None:
    assert _quiet_from(np.zeros(50), 10.0, 0.3) == 0
    assert _quiet_from(np.concatenate((np.full(20, 99.0), np.zeros(40))), 10.0, 0.3) == 20
    assert _quiet_from(np.concatenate((np.zeros(20), np.full(40, 99.0))), 10.0, 0.3) is None
