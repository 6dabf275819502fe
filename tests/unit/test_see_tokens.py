"""Tokens of a picture, by the examples that the vendors give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.see.tokens import cost


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        ("gpt-4o", 1024, 1024, 765),  # OpenAI's guide
        ("gpt-4o-2024-08-06", 2048, 4096, 1105),  # OpenAI's guide
        ("gpt-4.1-mini", 1024, 1024, 1659),  # 1,024 patches times 1.62
        ("gemini-2.5-flash", 384, 384, 258),
        ("claude-sonnet-4-5", 200, 200, 54),  # Anthropic's guide
        ("claude-sonnet-4-5", 1000, 1000, 1334),
        ("Qwen/Qwen2.5-VL-7B-Instruct", 1280, 720, 46 * 26),
        ("openbmb/MiniCPM-V-2_6", 448, 448, 64),
        ("tesseract", 1280, 720, 0),
    ],
)
def test_tokens_are_as_documented(model: str, width: int, height: int, tokens: int) -> None:
    assert cost(model, width, height).tokens == tokens
    assert cost(model, width, height).known


def test_money_follows_the_longest_name() -> None:
    assert cost("gpt-4o", 1024, 1024).usd == pytest.approx(765 * 2.5e-6)
    assert cost("gpt-4o-mini", 1024, 1024).usd == pytest.approx((2833 + 4 * 5667) * 0.15e-6)
    unknown = cost("somebody/else-9b", 1280, 720)
    assert unknown.tokens > 0 and unknown.usd == 0 and not unknown.known


@given(
    st.sampled_from(
        ["gpt-4o", "gpt-5-mini", "gemini-2.5-pro", "claude-opus-4-1", "qwen3-vl", "llama-3.2-11b-vision"]
    ),
    st.integers(1, 9000),
    st.integers(1, 9000),
)
def test_every_size_has_a_bounded_cost(model: str, width: int, height: int) -> None:
    assert 0 < cost(model, width, height).tokens < 40_000
