"""Where no tool is near to what the person asks, the embedded model is made readier to speak."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visavis.kernel.errors import ModelError
from visavis.think.base import Message, ToolSpec
from visavis.think.fitting import READIER, Fitting
from visavis.think.knowledge.base import Vectors

TOOLS = [ToolSpec("tell_weather", "Tells the weather.", {}), ToolSpec("find_order", "Finds an order.", {})]
ABOUT = ("weather", "order", "volume")


class ByWords:
    """A text's vector says which of a few words it has."""

    name = "by words"
    remote = False

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        self.texts += texts
        rows = np.array([[float(word in text.lower()) for word in ABOUT] for text in texts], np.float32)
        return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)

    async def close(self) -> None:
        """Nothing to close."""


def fitting(embedder: ByWords) -> Fitting:
    async def load() -> ByWords:
        return embedder

    return Fitting(load)


def said(*texts: str) -> list[Message]:
    return [Message("system", "You are Ada."), *(Message("user", text) for text in texts)]


async def test_a_near_tool_leaves_the_choice_alone() -> None:
    assert await fitting(ByWords()).readier(said("Where is my order?"), TOOLS) == 0.0


async def test_with_no_tool_near_speaking_gains() -> None:
    assert await fitting(ByWords()).readier(said("Calculate the volume of a ball."), TOOLS) == READIER


async def test_a_follow_up_asks_for_what_the_question_before_did() -> None:
    asked = [*said("How is the weather in Rome?"), Message("assistant", "Sunny."), Message("user", "And tomorrow?")]
    assert await fitting(ByWords()).readier(asked, TOOLS) == 0.0
    assert await fitting(ByWords()).readier(said("Hello.", "And tomorrow?"), TOOLS) == READIER


async def test_data_before_the_words_is_not_what_is_asked() -> None:
    shown = said("A page about the weather.\n\nCalculate the volume of a ball.")
    assert await fitting(ByWords()).readier(shown, TOOLS) == READIER


async def test_a_result_is_told_or_gone_on_with_as_the_model_likes() -> None:
    after = [*said("Calculate the volume."), Message("tool", "not found", tool_call_id="1")]
    assert await fitting(ByWords()).readier(after, TOOLS) == 0.0


async def test_tools_are_embedded_once() -> None:
    embedder = ByWords()
    judge = fitting(embedder)
    for _ in range(3):
        await judge.readier(said("Where is my order?"), TOOLS)
    assert embedder.texts.count("find order: Finds an order.") == 1


async def test_without_the_embedder_nothing_is_judged() -> None:
    tries = 0

    async def missing() -> ByWords:
        nonlocal tries
        tries += 1
        raise ModelError("minilm is missing", stage="setup")

    judge = Fitting(missing)
    for _ in range(2):
        assert await judge.readier(said("Calculate the volume of a ball."), TOOLS) == 0.0
    assert tries == 1
