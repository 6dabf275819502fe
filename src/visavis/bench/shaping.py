"""The script of a `shaped` run: what its recogniser double must know of the caller's speech."""

from __future__ import annotations

from collections.abc import Sequence

from visavis.bench.conversation import Line
from visavis.bench.speech import RATE_HZ, breaths, parts_of
from visavis.testing.shaped_script import Breath, ShapedScript, voiced_s


async def script_of(calls: Sequence[Sequence[Line]], voices: str, *, llm: str, seed: int) -> ShapedScript:
    """Says every line once to learn how much sound it is."""
    known: dict[Line, list[Breath]] = {}
    for line in dict.fromkeys(line for call in calls for line in call):
        sounds = await breaths(line.text, line.voice, voices)
        parts = parts_of(line.text)
        known[line] = [
            Breath(part.text, voiced_s(sound, RATE_HZ), part is parts[-1])
            for part, sound in zip(parts, sounds, strict=True)
        ]
    return ShapedScript([[breath for line in call for breath in known[line]] for call in calls], llm, seed)
