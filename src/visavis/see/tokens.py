"""What a picture costs a vision-language model: tokens by its size, and money by the model's price. Pure.

Estimates, made before a frame is sent; providers bill what they count. Each rule names its source. Prices are US
dollars for a million input tokens as the vendors listed them in 2025, without discounts for batches or caches: check
them before you rely on them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

_Count = Callable[[int, int], int]


@dataclass(frozen=True, slots=True)
class Cost:
    """`known` is False for a model that stands in no table here: then the tokens are a guess and the price is 0."""

    tokens: int
    usd: float
    known: bool


def _fitted(width: int, height: int, longest: float) -> tuple[float, float]:
    factor = min(1.0, longest / max(width, height))
    return width * factor, height * factor


def _tiles(base: int, tile: int) -> _Count:
    """OpenAI, high detail: into a square of 2,048, then the shorter side to 768, then tiles of 512.

    Source: OpenAI's guide "Images and vision", calculating costs, as AgentScope's counter has it, read 2026-11-23.
    """

    def count(width: int, height: int) -> int:
        across, down = _fitted(width, height, 2048)
        factor = min(768 / min(across, down), 2048 / max(across, down))
        return base + tile * math.ceil(across * factor / 512) * math.ceil(down * factor / 512)

    return count


def _patches(side: int, least: int, most: int, factor: float = 1.0) -> _Count:
    """Squares of `side` pixels, at least and at most so many: beyond, the picture is reduced.

    Source: OpenAI's same page (patches of 32, at most 1,536); preprocessors of Qwen2.5-VL (28) and Qwen3-VL (32).
    """

    def count(width: int, height: int) -> int:
        patches = math.ceil(width / side) * math.ceil(height / side)
        return round(factor * max(least, min(most, patches)))

    return count


def _gemini(width: int, height: int) -> int:
    """258 a tile of at most 768; a picture of at most 384 by 384 is one. Source: Gemini API, "Understand and count
    tokens"."""
    if max(width, height) <= 384:
        return 258
    tile = max(256.0, min(768.0, min(width, height) / 1.5))
    return 258 * math.ceil(width / tile) * math.ceil(height / tile)


def _claude(width: int, height: int) -> int:
    """Width times height over 750, the longer side at most 1,568. Source: Anthropic, "Vision", image costs."""
    across, down = _fitted(width, height, 1568)
    return min(1600, math.ceil(across * down / 750))


def _llama(width: int, height: int) -> int:
    """Llama 3.2 Vision: at most four tiles of 560, 1,601 embeddings each, seen by cross-attention. Source: its
    preprocessor and model card."""
    across = min(4, math.ceil(width / 560))
    return 1601 * min(4, across * min(4, math.ceil(height / 560)))


def _minicpm(width: int, height: int) -> int:
    """MiniCPM-V 2.6: 64 for the whole and for each of at most 9 slices of 448. Source: its model card."""
    slices = min(9, math.ceil(width * height / 448**2))
    return 64 * (1 + (slices if slices > 1 else 0))


_MODELS: tuple[tuple[str, _Count, float], ...] = (
    # The longest beginning of a name counts. A price of 0: models that you run yourself.
    ("gpt-4o-mini", _tiles(2833, 5667), 0.15),
    ("gpt-4o", _tiles(85, 170), 2.50),
    ("gpt-4.1-mini", _patches(32, 1, 1536, 1.62), 0.40),
    ("gpt-4.1-nano", _patches(32, 1, 1536, 2.46), 0.10),
    ("gpt-4.1", _tiles(85, 170), 2.00),
    ("gpt-5-mini", _patches(32, 1, 1536, 1.62), 0.25),
    ("gpt-5-nano", _patches(32, 1, 1536, 2.46), 0.05),
    ("gpt-5", _tiles(70, 140), 1.25),
    ("gemini-2.5-flash-lite", _gemini, 0.10),
    ("gemini-2.5-flash", _gemini, 0.30),
    ("gemini-2.5-pro", _gemini, 1.25),
    ("gemini-2.0-flash", _gemini, 0.10),
    ("claude-opus", _claude, 15.0),
    ("claude-sonnet", _claude, 3.0),
    ("claude-haiku", _claude, 1.0),
    ("qwen2-vl", _patches(28, 4, 16384), 0.0),
    ("qwen2.5-vl", _patches(28, 4, 16384), 0.0),
    ("qwen3-vl", _patches(32, 4, 16384), 0.0),
    ("llama-3.2", _llama, 0.0),
    ("minicpm-v", _minicpm, 0.0),
)

_LOCAL = ("", "tesseract", "embedded")
"""Describers that read here, without tokens."""


def cost(model: str, width: int, height: int) -> Cost:
    """What a picture of so many pixels costs `model`, a provider's name for it ("Qwen/Qwen2.5-VL-7B-Instruct")."""
    if model in _LOCAL or width <= 0 or height <= 0:
        return Cost(0, 0.0, model in _LOCAL)
    name = model.rpartition("/")[2].lower()
    rules = [rule for rule in _MODELS if name.startswith(rule[0])]
    if not rules:
        return Cost(_claude(width, height), 0.0, known=False)
    _, count, usd = max(rules, key=lambda rule: len(rule[0]))
    tokens = count(width, height)
    return Cost(tokens, tokens * usd / 1e6, known=True)
