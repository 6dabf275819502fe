"""The noise bench's arithmetic: what it mixes, and what it counts."""

from __future__ import annotations

import json
import re
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.bench import noise_echo, noise_events
from visavis.bench.noise import streams
from visavis.bench.noise_chains import auc, false_starts, listen, mixed, row
from visavis.bench.noise_echo import Path as EchoPath
from visavis.bench.noise_echo import echo_of, in_common, microphone_hears
from visavis.bench.noise_material import Clip, Material, as_pcm, at_level, gather, noise_at, speaking
from visavis.hear.base import Words
from visavis.kernel.errors import UsageError
from visavis.testing.doubles import ScriptedVad

RATE = 16_000
DOCS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def voice(seconds: float, seed: int = 1) -> np.ndarray[Any, np.dtype[np.float64]]:
    made: np.ndarray[Any, np.dtype[np.float64]] = (
        np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * 900
    )
    return made


def db(sound: np.ndarray[Any, np.dtype[Any]]) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) / 32_768**2 + 1e-12))


def material() -> Material:
    room = np.zeros(400)
    room[0], room[300] = 0.9, 0.4
    clips = [Clip(voice(1.0, n), "one two three") for n in (1, 2)]
    return Material("synthesised", clips, {"hum": voice(3.0, 7)}, {"first": room, "second": room}, voice(4.0, 8))


class Parrot:
    """A recogniser that always hears the same."""

    name = "parrot"

    def stream(self, language: str, on_partial: Callable[[Words], None]) -> Parrot:
        return self

    def push(self, pcm: Any) -> None: ...

    async def final(self) -> Words:
        return Words("one two", "en", 0.0)

    def commit(self) -> None: ...

    async def close(self) -> None: ...


def test_speech_and_noise_are_mixed_at_the_ratio() -> None:
    rng = np.random.default_rng(1)
    speech = np.concatenate((np.zeros(RATE), voice(1.0), np.zeros(RATE)))
    assert speaking(speech).sum() == pytest.approx(RATE, rel=0.03)
    assert db(at_level(speech, -26.0)[RATE : 2 * RATE]) == pytest.approx(-26.0, abs=0.3)
    assert db(noise_at(voice(0.5), 2 * RATE, -36.0, rng)) == pytest.approx(-36.0, abs=0.1)


def test_a_stream_knows_where_its_words_are() -> None:
    clips = [Clip(voice(1.0), "a"), Clip(voice(2.0), "b")]
    stream = mixed(clips, -26.0, None, -80.0, seed=1)
    for (first, last, _), seconds in zip(stream.clips, (1.0, 2.0), strict=True):
        assert stream.speech[first:last].sum() == pytest.approx(seconds * RATE, rel=0.03)
    assert not stream.speech[-10 * RATE :].any(), "noise alone at the end"
    assert db(stream.pcm[-10 * RATE :]) == pytest.approx(-80.0, abs=1.0)


def test_every_condition_is_there_once() -> None:
    named = [(condition, snr_db) for condition, snr_db, _ in streams(material(), 1)]
    assert named == [("clean", None), ("quiet", None), ("loud", None), *(("hum", snr) for snr in (5, 10, 15, 20))]


def test_the_area_under_the_curve() -> None:
    low, high = np.array([0.1, 0.2]), np.array([0.8, 0.9])
    assert (auc(high, low), auc(low, high), auc(low, low)) == (1.0, 0.0, 0.5)


def test_starts_far_from_any_voice_are_false() -> None:
    speech = np.zeros(4 * RATE, bool)
    speech[RATE : 2 * RATE] = True
    assert false_starts(speech, [0.2, 0.9, 1.5, 2.1, 2.6, 3.9]) == 3


def test_words_in_common_keep_their_order() -> None:
    assert in_common(["i", "would", "like", "a", "table"], ["would", "you", "like", "the", "table"]) == 3
    assert in_common(["a", "b"], ["b", "a"]) == 1
    assert in_common([], ["a"]) == 0


async def test_suppression_keeps_time_and_length_within_a_window() -> None:
    stream = mixed([Clip(voice(1.0), "a")], -26.0, None, -60.0, seed=1)
    plain, cleaned = [await listen(stream, chain, ScriptedVad()) for chain in ("none", "ns")]
    assert abs(len(plain.windows) - len(cleaned.windows)) <= 1
    before, after = (np.concatenate(heard.windows)[: 3 * RATE].astype(np.float64) for heard in (plain, cleaned))
    shifts = range(-40, 41)
    best = max(
        shifts, key=lambda shift: float(np.dot(before[RATE : 2 * RATE], after[RATE + shift : 2 * RATE + shift]))
    )
    assert abs(best) <= 16


def test_an_echo_is_as_late_and_as_loud_as_its_path_says() -> None:
    click = np.zeros(2 * RATE)
    click[: RATE // 2] = voice(0.5)
    echo = echo_of(click, np.array([1.0, 0.0]), EchoPath("x", 50, 250))
    assert np.flatnonzero(np.abs(echo) > 1)[0] == pytest.approx(RATE // 4, abs=3)
    near = as_pcm(echo)
    untouched = microphone_hears(near, as_pcm(click), EchoPath("x", 50, 250), cancel=False)
    assert np.array_equal(untouched, near[: len(untouched)])


async def test_every_key_is_explained() -> None:
    made = material()
    stream = mixed(made.clips, -26.0, None, -80.0, seed=1)
    echo = await noise_echo.rows(made, ScriptedVad(), Parrot(), 1)
    [event, *_] = await noise_events.rows("", ScriptedVad(), 1)
    cell = await row(stream, "gain", ScriptedVad(), Parrot())
    assert cell["wer"] == pytest.approx(1 / 3, abs=1e-3)
    assert {found["words_lost"] for found in echo} == {None, 0.3333}
    explained = set(re.findall(r"`(\w+)`", DOCS.read_text()))
    for key in {"source", "clips", "rows", "echo", "events", "condition", "snr_db", "chain", *cell, *echo[0], *event}:
        assert key in explained, f"docs/benchmarks.md does not explain {key}"


def write_wav(path: Path, seconds: float, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(as_pcm(voice(seconds / 2, seed)).tobytes())


async def test_a_directory_in_the_documented_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def said(text: str, voice_name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return voice(0.5)

    monkeypatch.setattr("visavis.bench.noise_material._said", said)
    rows = [
        {"audio": f"a{n}.wav", "text": "hello", "lang": lang, "duration_s": length}
        for n, (lang, length) in enumerate([("en", 3.0), ("en", 3.0), ("es", 3.0), ("en", 1.0), ("en", 30.0)])
    ]
    for n, entry in enumerate(rows):
        write_wav(tmp_path / str(entry["audio"]), float(str(entry["duration_s"])), n)
    for name in ("cafe", "x_rir1", "y_bursts_horn"):
        write_wav(tmp_path / "noise" / f"{name}.wav", 2.0, 1)
    with pytest.raises(UsageError, match=r"asr\.jsonl"):
        await gather(str(tmp_path), 5, 1)
    (tmp_path / "asr.jsonl").write_text("\n".join(json.dumps(entry) for entry in rows))
    found = await gather(str(tmp_path), 5, 1)
    assert (found.source, len(found.clips), list(found.noises), list(found.rooms)) == (
        "data",
        2,
        ["cafe"],
        ["x_rir1"],
    )
    assert {len(clip.pcm) for clip in found.clips} == {3 * RATE}, "at 16 kHz"
