"""How near tools are to what the person asks: how ready the embedded model is to speak, and what it may call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.errors import ModelError
from visavis.think.base import Message, ToolSpec
from visavis.think.fitting import MOST, Fit, Fitting, fit_of
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


async def judged(*messages: Message) -> Fit:
    return await fitting(ByWords()).judge(messages, TOOLS)


async def test_a_near_tool_makes_calling_likelier_and_one_far_behind_cannot_be_called() -> None:
    assert await judged(*said("Where is my order?")) == Fit(-MOST, TOOLS[1:])


def test_between_near_and_far_the_choice_is_the_models() -> None:
    assert fit_of([0.5, 0.3], [0.5, 0.3], TOOLS) == Fit(0.0, TOOLS)


async def test_tools_that_are_both_near_may_both_be_called() -> None:
    assert (await judged(*said("Will the weather hold up my order?"))).tools == TOOLS


async def test_with_no_tool_near_speaking_gains_and_all_stay_callable() -> None:
    assert await judged(*said("Calculate the volume of a ball.")) == Fit(MOST, TOOLS)


async def test_a_follow_up_asks_for_what_the_question_before_did_but_does_not_press_for_a_call() -> None:
    first = [*said("How is the weather in Rome?"), Message("assistant", "Sunny.")]
    for newest in ("And tomorrow?", "Thanks."):
        assert await judged(*first, Message("user", newest)) == Fit(0.0, TOOLS[:1])
    assert await judged(*said("Hello.", "And tomorrow?")) == Fit(MOST, TOOLS)


async def test_yes_to_an_offer_is_not_far_from_what_was_offered() -> None:
    offered = [*said("Hello."), Message("assistant", "Shall I look for your order?")]
    assert await judged(*offered, Message("user", "Yes, please.")) == Fit(0.0, TOOLS[1:])


async def test_data_before_the_words_is_not_what_is_asked() -> None:
    assert await judged(*said("A page about the weather.\n\nCalculate the volume of a ball.")) == Fit(MOST, TOOLS)


async def test_a_result_is_told_or_gone_on_with_as_the_model_likes() -> None:
    after = [*said("Where is my order?"), Message("tool", "not found", tool_call_id="1")]
    assert await judged(*after) == Fit(0.0, TOOLS)


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=6))
def test_the_nearest_tool_can_always_be_called_and_nearness_never_makes_speaking_likelier(
    cosines: list[float],
) -> None:
    tools = [ToolSpec(f"tool_{number}", "", {}) for number in range(len(cosines))]
    fit, nearer = fit_of(cosines, cosines, tools), fit_of(more := [*cosines[1:], max(cosines) + 0.1], more, tools)
    assert tools[cosines.index(max(cosines))] in fit.tools
    assert -MOST <= nearer.speaking <= fit.speaking <= MOST


async def test_tools_are_embedded_once() -> None:
    embedder = ByWords()
    judge = fitting(embedder)
    for _ in range(3):
        await judge.judge(said("Where is my order?"), TOOLS)
    assert embedder.texts.count("find order: Finds an order.") == 1


async def test_without_the_embedder_nothing_is_judged() -> None:
    tries = 0

    async def missing() -> ByWords:
        nonlocal tries
        tries += 1
        raise ModelError("minilm is missing", stage="setup")

    judge = Fitting(missing)
    for _ in range(2):
        assert await judge.judge(said("Calculate the volume of a ball."), TOOLS) == Fit(0.0, TOOLS)
    assert tries == 1
