"""`bench loop` with shaped stages: real WebRTC (or no network), real detector, floor and pacer; three turns each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from visavis.bench.loop import measure
from visavis.cli.main import parser

LEGS = ("endpoint", "asr", "llm_first_token", "first_clause", "tts", "release")


@pytest.mark.parametrize("transport", ["webrtc", "file"])
async def test_shaped_turns_are_answered_and_explained(transport: str) -> None:
    words = ["bench", "loop", "--turns", "3", "--stack", "shaped", "--transport", transport, "--openers", "off"]
    figures: dict[str, Any] = await measure(parser().parse_args(words))
    assert json.loads(json.dumps(figures)) == figures
    assert figures["turns"] == figures["answered"] == 3
    assert figures["wer"] <= 0.1, "the recogniser double knows the words"
    content = figures["first_content_ms"]
    assert 250 < content["p50"] <= content["p95"] <= content["p99"]
    assert 120 <= figures["stages_ms"]["tts"] < 400
    assert all(figures["stages_ms"][leg] >= 0 for leg in LEGS)
    assert figures["stages_ms"]["outbound"] > 0
    assert 0 < figures["critical_path_ms"]["p50"] < content["p95"]
    assert -5 <= figures["added_ms"]["p50"] < content["p50"]
