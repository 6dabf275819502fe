"""Words of the ladder and the mark of an answer: neither hides the other, and what nobody hears has no such words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.errors import ProviderError
from visavis.kernel.timeouts import Timeouts
from visavis.session.fallback import Pool, Watch
from visavis.session.fallback_llm import FallbackLlm
from visavis.session.ladder import Ladder
from visavis.session.preface import Preface
from visavis.session.rungs import rung_words
from visavis.testing.doubles import ScriptedLlm
from visavis.think.base import LlmRequest, Message, TextDelta

BACKUP, BLIND = rung_words("smaller_model", "en"), rung_words("vision_off", "en")


@given(st.lists(st.text(alphabet="[]【】0123 ,;ab", min_size=1, max_size=6)), st.booleans())
def test_nothing_is_lost_however_the_text_is_cut(pieces: list[str], marked: bool) -> None:
    preface = Preface(marked=marked)
    out = preface.say("Sorry. ") + "".join(preface.feed(piece) for piece in pieces) + preface.flush()
    before, words, behind = out.partition("Sorry. ")
    assert words and before + behind == "".join(pieces)
    assert set(before) <= set("[]【】0123 ,;"), "no word of the answer stands before them"
    assert marked or not before


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("[2] We open.", "[2] Sorry. We open."),
        ("[1, 2] We open.", "[1, 2] Sorry. We open."),
        ("We open [2].", "Sorry. We open [2]."),
        ("[0]", "[0]Sorry. "),
        ("", "Sorry. "),
    ],
)
def test_the_words_stand_behind_a_mark(text: str, out: str) -> None:
    preface = Preface(marked=True)
    assert preface.say("Sorry. ") == ""
    assert "".join(preface.feed(char) for char in text) + preface.flush() == out


def answered(ladder: Ladder, *requests: LlmRequest) -> list[str]:
    """By the second model; the first one breaks."""
    models: list[tuple[str, Any]] = [
        ("first", ScriptedLlm([ProviderError("broken")], first_s=0.0)),
        ("second", ScriptedLlm(["[1] At nine."], first_s=0.0, token_s=0.0)),
    ]
    llm = FallbackLlm(Pool("llm", models, Timeouts())).of(Watch(ladder=ladder))

    async def text(request: LlmRequest) -> str:
        return "".join([event.text async for event in llm.stream(request) if isinstance(event, TextDelta)])

    async def texts() -> list[str]:
        return [await text(request) for request in requests]

    return asyncio.run(texts())


def request(**more: Any) -> LlmRequest:
    return LlmRequest([Message("user", "When do you open?")], **more)


def test_what_nobody_hears_has_no_words_of_the_ladder_and_leaves_them_for_what_is_heard() -> None:
    ladder = Ladder()
    ladder.down("vision_off", "provider")
    schema = {"type": "object"}
    told = answered(ladder, request(), request(session="s", schema=schema), request(session="s"))
    assert told == ["[1] At nine.", "[1] At nine.", f"{BLIND} {BACKUP} [1] At nine."]


def test_with_passages_the_mark_comes_first() -> None:
    ladder = Ladder()
    ladder.down("vision_off", "provider")
    assert answered(ladder, request(session="s", cites=3)) == [f"[1] {BLIND} {BACKUP} At nine."]
